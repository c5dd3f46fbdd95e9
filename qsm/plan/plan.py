"""What is moved, from where, to where: the request of a person and the plan that preflight makes of it.

    MigrationRequest ──preflight──> Plan ─┬─ PlannedDisk (one per disk: its chain, with the place of each file)
     (one form in the UI)                 ├─ SwitchChoice (one per adapter)
                                          ├─ PinnedAddress (one per adapter whose address is made static)
                                          └─ remembered settings of the VM

The plan is frozen, and is written into the record of both hosts: a fresh process needs nothing else to bring the VM
home or to finish. Paths are Windows paths, sizes are bytes.
"""

from __future__ import annotations

import ntpath
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.facts.machines import Adapter, PinnedAddress, SwitchChoice
from qsm.facts.names import path_key
from qsm.facts.states import LIVE_STATES, CheckpointType, StartAction, VMState
from qsm.plan import names
from qsm.plan.chain import Chain

PLAN_VERSION: Final = 5
"""Raised whenever a plan of this version could not be read by the last one, or the other way round."""


class TransferMode(StrEnum):
    """How the VM is stopped: with its memory saved, shut down by its guest, or not at all (saved or off already)."""

    SAVE = "save"
    SHUTDOWN = "shutdown"
    NONE = "none"


class PlannedDisk(Frozen):
    """One disk: its files as preflight saw them, and where the copies go. A copy keeps its file name."""

    index: int = Field(description="counted from 1; numbers of copies and merges on the target are made of it")
    chain: Chain

    @property
    def slot(self) -> str:
        """The disk's place in the VM."""
        return self.chain.slot

    @property
    def path(self) -> str:
        """The disk's file on the source, as the VM named it before the migration."""
        return self.chain.foot.file.path

    @property
    def target_path(self) -> str:
        """The disk's file on the target, as the VM will name it there."""
        return self.chain.foot.target_path


class Plan(Frozen):
    """Everything that was decided before anything was changed."""

    version: Literal[5] = PLAN_VERSION
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
    shared_folders: tuple[str, ...] = Field(
        description="folders of the source's disk files; the share number is the index"
    )
    export_folder: str = Field(description="where the source puts the exported configuration with the saved memory")
    switches: tuple[SwitchChoice, ...]
    adapters: tuple[Adapter, ...]
    pinned: tuple[PinnedAddress, ...] = Field(description="adapters whose MAC address the import makes static")
    state_before: VMState
    transfer: TransferMode
    memory_bytes: int = Field(description="bound of the saved memory")
    checkpoint_type: Literal[CheckpointType.PRODUCTION, CheckpointType.PRODUCTION_ONLY, CheckpointType.STANDARD] | None
    checkpoint_type_before: CheckpointType | None
    automatic_checkpoints_before: bool | None
    automatic_start_action: StartAction
    keep_source: bool
    reserve_bytes: int
    source_boot_ticks: int
    source_folders: tuple[str, ...] = Field(
        description="the VM's own folders on the source, removed when empty, deepest first"
    )
    window_wait_minutes: int = Field(default=0, description="longest wait for an agreed window, at each gate")
    gate_opened: str = Field(default="", description="reason for which a person lets it pass outside of agreed windows")
    notes: tuple[str, ...] = Field(default=(), description="sentences for the operator that speak against nothing")

    @property
    def checkpoint_name(self) -> str:
        """Name of our first checkpoint."""
        return names.checkpoint_name(self.migration_id)

    def is_our_checkpoint(self, name: str) -> bool:
        """Whether a checkpoint of that name is one of this migration's."""
        return names.is_our_checkpoint(name, self.migration_id)

    @property
    def live(self) -> bool:
        """Whether the guest runs (or is suspended) while the bases are copied, so that a checkpoint is needed."""
        return self.state_before in LIVE_STATES

    @property
    def wants_running(self) -> bool:
        """Whether the VM must be started on the target (and suspended again if it was paused)."""
        return self.live

    @property
    def text_at_target(self) -> str:
        """Where a VM is that was moved, and in which state: in the one that it had, for it is brought back to that."""
        return f"VM {self.vm_name} is {self.state_before.lower()} on host {self.target}."

    def disk(self, slot: str) -> PlannedDisk:
        """The disk in that slot."""
        return next(disk for disk in self.disks if disk.slot == slot)

    def work_number(self, slot: str, layer: int) -> int:
        """Number of the copy of a file, or of the merge above it; the layer is its place in the chain, 0 for the base."""
        return names.work_number(self.disk(slot).index, layer, disks=len(self.disks))

    def share_of(self, path: str) -> int | None:
        """Number of the share whose folder holds that file of the source; None where none does."""
        folders = [path_key(folder) for folder in self.shared_folders]
        folder = path_key(ntpath.dirname(path))
        return folders.index(folder) if folder in folders else None

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return self.model_dump(mode="json")
