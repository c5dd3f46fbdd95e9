"""Listens while a migration goes on, and makes its report.

The offline window is measured as users feel it: from the call that saves the VM to the answer that says it runs on the
target. Inside it, calls are counted, and `own_seconds` is the time in which none was under way: what the tool itself cost.
"""

from __future__ import annotations

import threading
import time

from qsm.hosts.meter import Meter, busy_seconds
from qsm.migration.progress import CopyProgressed, Event, LeafGrew, Noted, StepEnded, StepStarted
from qsm.plan.ending import Ending
from qsm.plan.plan import Plan
from qsm.report.report import CopyLine, OfflineWindow, Report, StepLine
from qsm.report.words import utc


class Recorder:
    """Listens to one migration; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[StepLine] = []
        self._copies: dict[str, tuple[float, CopyProgressed]] = {}
        self._notes: list[str] = []
        self._leaf_bytes = 0

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        with self._lock:
            match event:
                case StepEnded():
                    started = event.at - event.seconds
                    line = StepLine(
                        step=event.step, subject=event.subject, started_utc=utc(started),
                        seconds=round(event.seconds, 3), error=event.error,
                    )  # fmt: skip
                    self._steps.append(line)
                case CopyProgressed():
                    began, _ = self._copies.get(event.what, (event.at, event))
                    self._copies[event.what] = (began, event)
                case LeafGrew():
                    self._leaf_bytes = event.leaf_bytes
                case Noted():
                    self._notes.append(event.text)
                case StepStarted():
                    pass

    def report(self, plan: Plan, ending: Ending, *, meter: Meter, error: str = "") -> Report:
        """What became of the migration."""
        with self._lock:
            return Report(
                migration_id=plan.migration_id,
                vm_id=plan.vm_id,
                vm_name=plan.vm_name,
                source=plan.source,
                target=plan.target,
                target_folder=plan.target_folder,
                state=plan.state_before,
                end=ending.end,
                text=ending.text,
                left_over=ending.left_over,
                error=error,
                offline_window=offline_window(plan, meter),
                steps=tuple(sorted(self._steps, key=lambda line: line.started_utc)),
                copies=tuple(_copy_line(event) for _, event in self._copies.values()),
                leaf_bytes=self._leaf_bytes,
                notes=tuple(self._notes),
            )


def _copy_line(event: CopyProgressed) -> CopyLine:
    rate = event.bytes_per_second
    seconds = event.done_bytes / rate if rate else 0.0
    return CopyLine(what=event.what, bytes=event.done_bytes, seconds=round(seconds, 3), bytes_per_second=round(rate))


def offline_window(plan: Plan, meter: Meter) -> OfflineWindow | None:
    """From the save to the answer of the start on the target; None if the VM was not saved and started."""
    calls = meter.between(0, time.time())
    saves = [call for call in calls if call.operation == "save_vm"]
    starts = [call for call in calls if call.operation == "start_vm"]
    if not plan.wants_running or not saves or not starts:
        return None
    begin, end = saves[0].started, starts[-1].started + starts[-1].seconds
    inside = meter.between(begin, end)
    return OfflineWindow(
        started_utc=utc(begin),
        seconds=round(end - begin, 3),
        calls=len(inside),
        own_seconds=round(max(0.0, end - begin - busy_seconds(inside)), 3),
    )
