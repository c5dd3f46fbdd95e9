"""The story of one migration, for people and for scripts: timeline, bytes, rates, the offline window, the end.

`Recorder` listens while the migration goes on; `Report` is what it became. The offline window is measured where it
hurts: from the call that saves the VM to the answer that says it runs on the target. Inside it, calls are counted, and
`own_seconds` is the time in which none was under way: what the tool itself cost.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from qsm.hosts.meter import Meter, busy_seconds
from qsm.model import End, Frozen, Plan
from qsm.phases.settle import Ending
from qsm.progress import CopyProgressed, Event, LeafGrew, Noted, StepEnded, StepStarted

MIB = 1 << 20


class StepLine(Frozen):
    """One line of the timeline."""

    step: str
    subject: str
    started_utc: str
    seconds: float
    error: str


class CopyLine(Frozen):
    """One unit of copying."""

    what: str
    bytes: int
    seconds: float
    bytes_per_second: float


class OfflineWindow(Frozen):
    """The time in which the guest did not answer, as the tool measured it."""

    started_utc: str
    seconds: float
    calls: int
    own_seconds: float


class Report(Frozen):
    """Everything that is told of a migration. Sizes in bytes, times in seconds."""

    migration_id: str
    vm_id: str
    vm_name: str
    source: str
    target: str
    target_folder: str
    state: str = Field(description="state that the VM was in, and is in again")
    end: End
    text: str
    left_over: tuple[str, ...]
    error: str
    offline_window: OfflineWindow | None
    steps: tuple[StepLine, ...]
    copies: tuple[CopyLine, ...]
    leaf_bytes: int = Field(description="what the differencing disks held when last seen")
    notes: tuple[str, ...]

    def save(self, folder: Path) -> Path:
        """Writes `<migration id>.json` into the folder and returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.migration_id}.json"
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return path


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


def utc(at: float) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def size(amount: float) -> str:
    """Bytes for people: '1.5 GiB'."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def to_markdown(report: Report) -> str:
    """For an artifact: plain tables, which every Prefect UI shows."""
    window = report.offline_window
    lines = [
        f"# {report.vm_name}: {report.source} → {report.target}",
        "",
        f"**{report.end.value}**: {report.text}",
        "",
        f"- migration `{report.migration_id}`, VM `{report.vm_id}`, state {report.state}",
        f"- folder `{report.target_folder}`",
    ]
    if window:
        lines.append(
            f"- offline window **{window.seconds:.1f} s** ({window.calls} calls, {window.own_seconds:.1f} s of our own)"
        )
    if report.error:
        lines.append(f"- error: {report.error}")
    lines += [f"- left over: {item}" for item in report.left_over]
    lines += [f"- note: {item}" for item in report.notes]
    lines += ["", "| step | | started (UTC) | seconds | |", "| --- | --- | --- | ---: | --- |"]
    lines += [
        f"| {s.step} | {s.subject} | {s.started_utc[11:23]} | {s.seconds:.1f} | {'failed' if s.error else ''} |"
        for s in report.steps
    ]
    lines += ["", "| copied | bytes | seconds | rate |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {c.what} | {size(c.bytes)} | {c.seconds:.1f} | {size(c.bytes_per_second)}/s |" for c in report.copies]
    return "\n".join(lines) + "\n"
