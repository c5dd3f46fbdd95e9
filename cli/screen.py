"""Progress and report on the terminal: few named steps, a percentage at most every ten seconds, the window at the end.

Why a step failed is said once: when it is tried again, else by what the command says at its end, where the reader looks.
"""

from __future__ import annotations

import sys
import threading
import time

from rich.console import Console
from rich.markup import escape

from qsm.migration.progress import CopyProgressed, Event, LeafGrew, Noted, StepEnded, StepStarted
from qsm.report.words import size

LINE_SECONDS = 10.0


class Screen:
    """Listens to a migration and writes a line for what an operator wants to know, to standard error."""

    def __init__(self, *, line_seconds: float = LINE_SECONDS) -> None:
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._lock = threading.Lock()
        self._every = line_seconds
        self._last: dict[str, float] = {}
        self._began = time.time()
        self._leaf = ""
        self._failed: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        match event:
            case StepStarted():
                name = _name(event.step, event.subject)
                failed = self._failed.pop(name, "")
                self._line(event, f"{name} again, after {escape(failed)}" if failed else name)
            case StepEnded(error=error) if error:
                name = _name(event.step, event.subject)
                self._failed[name] = error
                self._line(event, f"[red]{name} failed[/red] ({error.partition(':')[0]})")
            case StepEnded():
                self._line(event, f"{_name(event.step, event.subject)}: done in {event.seconds:.1f} s")
            case LeafGrew():
                self._leaf = f"; {size(event.leaf_bytes)} changed meanwhile, {size(event.free_bytes)} free"
            case CopyProgressed():
                self._copy(event)
            case Noted():
                self._line(event, event.text)

    def _copy(self, event: CopyProgressed) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._last.get(event.what, float("-inf")) < self._every:
                return
            self._last[event.what] = now
        percent = 100.0 * event.done_bytes / event.total_bytes if event.total_bytes else 100.0
        rate = size(event.bytes_per_second)
        self._line(event, f"  {event.what}: {percent:.0f} % of {size(event.total_bytes)}, {rate}/s{self._leaf}")

    def _line(self, event: Event, text: str) -> None:
        self._console.print(f"[dim]{event.at - self._began:6.1f} s[/dim]  {text}")


def _name(step: str, subject: str) -> str:
    return step.replace("_", " ") + (f" {subject}" if subject else "")
