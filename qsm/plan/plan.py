"""What is moved, from where, to where: the request of a person and the plan that preflight makes of it.

    MigrationRequest ──preflight──> Plan ─┬─ PlannedDisk (one per disk: base file, place on the target)
     (one form in the UI)                 ├─ SwitchChoice (one per adapter)
                                          └─ remembered settings of the VM

The plan is frozen, and is written into the record of both hosts: a fresh process needs nothing else to bring the VM
home or to finish. Paths are Windows paths, sizes are bytes.
"""

from __future__ import annotations

import ntpath
import secrets
import time
from typing import Any, Literal

from pydantic import Field

from qsm.facts.files import DiskFile, SlotPath
from qsm.facts.frozen import Frozen
from qsm.facts.machines import Adapter, SwitchChoice


class PlannedDisk(Frozen):
    """One disk: its file as preflight saw it, and where the copy goes. A copy keeps its file name."""

    index: int = Field(description="number of copy and merge on the target")
    slot: str
    base: DiskFile
    share: int = Field(description="number of the share whose folder holds the file")
    target_path: str

    def target_of(self, source_path: str) -> str:
        """Where a differencing disk of this disk goes: beside the base, under its own name."""
        return ntpath.join(ntpath.dirname(self.target_path), ntpath.basename(source_path))


class Plan(Frozen):
    """Everything that was decided before anything was changed."""

    migration_id: str
    requested_by: str = Field(description="who asked, e.g. a flow run; lets a cancelled run find its own migration")
    vm_id: str
    vm_name: str
    source: str = Field(description="inventory name")
    target: str
    source_computer: str = Field(description="its own name, for texts")
    target_computer: str
    source_smb_name: str = Field(description="name under which the target reaches the source's shares")
    target_account: str = Field(description="computer account that reads the shares")
    target_folder: str
    created_folders: tuple[str, ...] = Field(
        description="folders below and including target_folder that are ours, deepest first"
    )
    disks: tuple[PlannedDisk, ...]
    shared_folders: tuple[str, ...] = Field(description="folders of the source's disks; the share number is the index")
    switches: tuple[SwitchChoice, ...]
    adapters: tuple[Adapter, ...]
    state_before: Literal["Running", "Paused", "Saved", "Off"]
    transfer: Literal["save", "shutdown", "none"]
    memory_bytes: int = Field(description="bound of the saved memory")
    checkpoint_type: Literal["Production", "Standard"] | None
    checkpoint_type_before: str | None
    automatic_start_action: str
    keep_source: bool
    reserve_bytes: int
    source_boot_ticks: int
    source_folders: tuple[str, ...] = Field(
        description="the VM's own folders on the source, removed when empty, deepest first"
    )

    @property
    def checkpoint_name(self) -> str:
        """Name of our checkpoint; nothing else on the host has it."""
        return f"QSM {self.migration_id}"

    @property
    def live(self) -> bool:
        """Whether the guest runs (or is suspended) while the bases are copied, so that a checkpoint is needed."""
        return self.state_before in ("Running", "Paused")

    @property
    def wants_running(self) -> bool:
        """Whether the VM must be started on the target (and suspended again if it was paused)."""
        return self.live

    def disk(self, slot: str) -> PlannedDisk:
        """The disk in that slot."""
        return next(disk for disk in self.disks if disk.slot == slot)

    def share_name(self, number: int) -> str:
        """Name of the numbered temporary share."""
        return f"qsm-{self.migration_id}-{number}$"

    def target_disks(self) -> tuple[SlotPath, ...]:
        """Where each disk lies on the target."""
        return tuple(SlotPath(slot=disk.slot, path=disk.target_path) for disk in self.disks)

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return self.model_dump(mode="json")


def new_migration_id() -> str:
    """Time and chance: sortable, unique, and safe in every name on a host."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(4)
