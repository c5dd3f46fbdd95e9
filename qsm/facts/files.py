"""Files and virtual disks, as a host reports them.

Times of files are .NET ticks in UTC (100 ns since 0001-01-01), because a number survives every JSON reader, while
PowerShell versions read dates differently. Paths are full Windows paths. A disk's place in the VM is its slot,
``"SCSI 0:1"`` (controller type, controller, location): SCSI controllers are counted by their device ids, as they are the
same on every host, and not as Windows shows them.
"""

from __future__ import annotations

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.facts.states import VhdFormat, VhdType


class FileFacts(Frozen):
    """Name, size and time of one file, as the host's file system reports them."""

    path: str
    length_bytes: int
    last_write_ticks: int


class DiskFile(FileFacts):
    """One virtual disk file with the facts that identify its contents."""

    format: VhdFormat = Field(description="VHDSet and others than VHD and VHDX are refused by preflight")
    type: VhdType
    size_bytes: int = Field(description="size that the guest sees")
    parent_path: str | None
    disk_identifier: str
    content_identity: str = Field(
        description="VHDX: DataWriteGuid of the current header, lower case; VHD: lower-case hex of the 512-byte footer"
    )


class VMDisk(Frozen):
    """One disk of a VM with its whole chain, leaf first; the chain is empty when it could not be read."""

    slot: str
    path: str
    pass_through: bool
    shared: bool = Field(description="SupportPersistentReservations, or a VHD Set")
    chain: tuple[DiskFile, ...]
    error: str | None = Field(description="why the chain could not be read")
    change_tracking: tuple[str, ...] = Field(
        default=(), description="files of backup's change tracking beside its files"
    )


class SlotPath(Frozen):
    slot: str
    path: str


class DiskPair(Frozen):
    """A disk after the checkpoint: the frozen base and the differencing disk that takes the writes."""

    slot: str
    base: DiskFile
    leaf: DiskFile


class FileEntry(FileFacts):
    access: tuple[str, ...] = Field(description="explicit entries 'account:right', sorted; no inherited ones")
