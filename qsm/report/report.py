"""The story of one migration, for people and for scripts: timeline, bytes, rates, the offline window, the end.

`Recorder` listens while the migration goes on; `Report` is what it became. The offline window is measured as users
feel it: from the call that saves the VM to the answer that says it runs on the target. Inside it, calls are counted, and
`own_seconds` is the time in which none was under way: what the tool itself cost.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.plan.ending import End

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
    """Everything that is known of a migration. Sizes in bytes, times in seconds."""

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
    error: str = Field(description="'Class: sentence' of the error that ended the migration; empty: none did")
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
