"""What is moved, from where, to where: the request of a person and the plan that preflight makes of it.

    MigrationRequest ──preflight──> Plan ─┬─ PlannedDisk (one per disk: base file, place on the target)
     (one form in the UI)                 ├─ SwitchChoice (one per adapter)
                                          └─ remembered settings of the VM

The plan is frozen, and is written into the record of both hosts: a fresh process needs nothing else to bring the VM
home or to finish. Paths are Windows paths, sizes are bytes.
"""

from __future__ import annotations

import ntpath
import re
import secrets
import time
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from qsm.hosts.messages import Adapter, DiskFile, SlotPath, SwitchChoice

Name = Annotated[str, Field(min_length=1, max_length=260)]
"""A text that a person types and that may not be empty."""


class StateTransfer(StrEnum):
    """How the VM stands still: with its memory saved, or shut down by its guest."""

    AUTO = "auto"
    SAVE = "save"
    SHUTDOWN = "shutdown"


class End(StrEnum):
    """The three ends of a migration; the report says which."""

    HOME = "home"
    FORWARD = "forward"
    HELD = "held"


class Frozen(BaseModel):
    """Base of the domain's values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SwitchPair(Frozen):
    """Which switch of the target takes the place of one of the source; an empty target leaves adapters unconnected."""

    source: str = Field(min_length=1)
    target: str

    @classmethod
    def parse(cls, text: str) -> SwitchPair:
        """From ``"source switch = target switch"``. Raises ValueError."""
        source, sign, target = text.partition("=")
        if not sign or not source.strip():
            raise ValueError(f"switch map entry {text!r} must look like 'switch on the source = switch on the target'")
        return cls(source=source.strip(), target=target.strip())


_DRIVE_PATH = re.compile(r"^[A-Za-z]:\\(?!\\)[^<>:\"/|?*\x00-\x1f]+$")


class MigrationRequest(Frozen):
    """What a person asks for. Raises pydantic's ValidationError on nonsense, before any host is touched."""

    vm: str = Field(min_length=1, max_length=200, description="name or id of the VM")
    source: str = Field(min_length=1, description="host of the inventory that runs the VM")
    target: str = Field(min_length=1, description="host of the inventory that shall run it")
    target_folder: str = Field(description=r"full path of a folder on the target, e.g. D:\VMs\sql-01")
    switch_map: tuple[SwitchPair, ...] = ()
    state_transfer: StateTransfer = StateTransfer.AUTO
    keep_source: bool = True

    @field_validator("target_folder")
    @classmethod
    def _full_folder(cls, folder: str) -> str:
        folder = folder.rstrip("\\")
        if folder.startswith("\\\\"):
            raise ValueError("SMB paths are not supported yet; give a folder on a local volume of the target")
        if re.fullmatch(r"[A-Za-z]:", folder):
            raise ValueError("the root of a volume is not supported by Hyper-V; give a subfolder")
        if not _DRIVE_PATH.match(folder) or ".." in folder.split("\\"):
            raise ValueError(r"must be a full Windows path such as D:\VMs\sql-01")
        return folder

    @model_validator(mode="after")
    def _two_hosts(self) -> MigrationRequest:
        if self.source.casefold() == self.target.casefold():
            raise ValueError("source and target are the same host; use Move-VMStorage to move storage within a host")
        sources = [pair.source.casefold() for pair in self.switch_map]
        if len(sources) != len(set(sources)):
            raise ValueError("switch_map names a source switch twice")
        return self


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
