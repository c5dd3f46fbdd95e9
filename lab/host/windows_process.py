"""Processes of a lab host that are threads here: who runs, and whether it has been ended.

A PowerShell process can be ended between any two cmdlets, and then nothing of it may go on; a thread cannot be ended
from outside. So each of these processes carries a flag, every cmdlet of the host model asks for it before and after it
acts (see `lab.host.cmdlets`), and what it then raises is no `Exception`: no operation's own error handling can catch it. What
a cmdlet has begun goes on to its end, as Hyper-V's service does on Windows when the caller is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.host.faults import ProcessEnded
from lab.platform.identity import Identity


@dataclass
class WindowsProcess:
    """One process on the lab host."""

    name: str
    identity: Identity
    ended: threading.Event = field(default_factory=threading.Event)
    at_end: list[Callable[[], None]] = field(default_factory=list)
    """What Windows does for a process that is gone: its handles are closed."""

    def end(self) -> None:
        """End it, however far it is."""
        self.ended.set()
        self.close_handles()

    def close_handles(self) -> None:
        """What it held open is open no more: it has come to its end, or was ended."""
        while self.at_end:
            self.at_end.pop()()

    def check(self) -> None:
        """Raise ProcessEnded if somebody has ended this process."""
        if self.ended.is_set():
            raise ProcessEnded(f"{self.name} was ended")


_current = threading.local()


@contextmanager
def running_as(process: WindowsProcess) -> Iterator[None]:
    """What this thread does now, that process does."""
    before = getattr(_current, "process", None)
    _current.process = process
    try:
        yield
    finally:
        _current.process = before


def current_process() -> WindowsProcess | None:
    """Return the process in which this thread runs; None for the lab itself."""
    return getattr(_current, "process", None)


def current_is_ended() -> bool:
    """Whether this thread's process has been ended."""
    process = current_process()
    return process is not None and process.ended.is_set()
