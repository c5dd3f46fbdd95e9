"""What travels between the tool and a host: arguments and results of every operation, as frozen types.

Two programs that never meet must agree on each field: this package, and the PowerShell module on the host. The types
here are the single source; JSON schemas, contract tests and the lab are made from them. Keys on the wire are these
field names. Times of files are .NET ticks in UTC (100 ns since 0001-01-01), because a number survives every JSON
reader, while PowerShell versions read dates differently. Paths are full Windows paths. A disk's place in the VM is its
slot, ``"SCSI 0:1"``: controller type, location, and for SCSI the controller's place among the device ids of the VM's
controllers, which is the same on every host, while the number that Windows shows is not.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qsm.facts.errors import ErrorFacts
from qsm.facts.files import DiskFile, DiskPair, FileEntry, FileFacts, SlotPath, VMDisk
from qsm.facts.frozen import Frozen
from qsm.facts.hosts import VolumeFacts
from qsm.facts.machines import AddressUse, CheckpointFacts, LockFacts, PinnedAddress, SwitchChoice, VMFacts
from qsm.facts.states import CheckpointType, CopyJobState, StartAction, VMOperationalStatus, VMState, WorkState
from qsm.plan.ending import End
from qsm.plan.plan import TransferMode
from qsm.plan.record import OperationOutcome, Record, Role
from qsm.plan.stored import StoredPlan


class CopyFile(Frozen):
    """One file to fetch: the length and time are those that the source reported, and are checked again after the copy."""

    source: str = Field(description="UNC path on the temporary share")
    destination: str
    length_bytes: int
    last_write_ticks: int


class CopyProgress(Frozen):
    destination: str
    job_state: CopyJobState
    bytes_total: int
    bytes_transferred: int


class ShareFacts(Frozen):
    name: str
    path: str
    files: tuple[str, ...]


# --- arguments and results, in the order of the table


class Nothing(Frozen):
    """No arguments, or nothing to report."""


class GetHostArguments(Frozen):
    paths: tuple[str, ...] = Field(default=(), description="paths whose volumes are asked for besides the fixed ones")


class GetVMArguments(Frozen):
    name_or_id: str = Field(min_length=1)


class GetVMResult(Frozen):
    matches: tuple[VMFacts, ...] = Field(description="names are not unique: all that match, planned VMs too")


class InventoryArguments(Frozen):
    folders: tuple[str, ...]


class InventoryResult(Frozen):
    """Everything that must be as before when a migration leaves a host clean."""

    vms: tuple[str, ...] = Field(description="'id name state'")
    planned_vms: tuple[str, ...]
    checkpoints: tuple[str, ...]
    shares: tuple[str, ...]
    tasks: tuple[str, ...] = Field(description="scheduled tasks under \\QuickStorageMigration\\")
    jobs: tuple[str, ...] = Field(description="BITS jobs whose name starts with 'qsm-', of all users")
    files: tuple[FileEntry, ...] = Field(description="all files below the folders")
    migrations: tuple[str, ...]
    locks: tuple[LockFacts, ...]
    modules: tuple[str, ...]


class TestTargetArguments(Frozen):
    vm_id: str
    folder: str
    source_address: str = Field(description="name by which the target reaches the source's SMB server")
    files: tuple[str, ...] = Field(description="paths that will be written; one that exists is in the way")
    switch_names: tuple[str, ...]
    mac_addresses: tuple[str, ...] = Field(description="of the VM's adapters; which of them are in use on the target")
    compatibility: str | None = Field(description="base64 of the source's compatibility information")
    images: tuple[str, ...] = Field(default=(), description="what lies in the VM's DVD drives on the source")


class TestTargetResult(Frozen):
    folder_kind: Literal["local", "csv", "smb", "missing", "root", "invalid", "compressed", "encrypted"]
    volume: VolumeFacts | None
    folder_exists: bool
    files_in_the_way: tuple[str, ...]
    missing_images: tuple[str, ...] = Field(description="images of which this host has no file of that path")
    vm_state: VMState | None = Field(description="state of a VM with this id on the target, None if there is none")
    planned_vm: bool
    missing_switches: tuple[str, ...]
    mac_addresses_in_use: tuple[AddressUse, ...] | None = Field(
        description="by adapters of other VMs and of the host; None: the question could not be answered"
    )
    compatible: bool | None = Field(description="None: the question could not be answered")
    incompatibilities: tuple[str, ...]
    smb_reachable: bool
    lock: LockFacts | None


class AccountArguments(Frozen):
    account: str


class AccountResult(Frozen):
    sid: str | None


class VMArguments(Frozen):
    vm_id: str


class CompatibilityResult(Frozen):
    compatibility: str | None


class CreateRecordArguments(Frozen):
    role: Role
    vm_id: str
    vm_name: str
    peer: str
    by: str
    plan: StoredPlan


class RecordResult(Frozen):
    record: Record


class LockArguments(Frozen):
    vm_id: str
    vm_name: str
    by: str


class LockResult(Frozen):
    lock: LockFacts


class FindMigrationArguments(Frozen):
    """Any one of them; empty strings match all."""

    migration_id: str = ""
    vm: str = Field(default="", description="VM id or name")


class MigrationFacts(Frozen):
    record: Record
    outcomes: tuple[OperationOutcome, ...]
    locked: bool


class FindMigrationResult(Frozen):
    migrations: tuple[MigrationFacts, ...]
    locks: tuple[LockFacts, ...] = Field(description="locks that match and whose migration has no record on this host")


class CloseMigrationArguments(Frozen):
    end: End
    text: str


class CleanHostResult(Frozen):
    removed: tuple[str, ...]
    kept: tuple[str, ...] = Field(description="what a migration still needs, with its id")


class TakeCheckpointArguments(Frozen):
    vm_id: str
    name: str
    checkpoint_type: (
        Literal[CheckpointType.PRODUCTION, CheckpointType.PRODUCTION_ONLY, CheckpointType.STANDARD] | None
    ) = Field(description="None: the host knows no types")
    expected_state: VMState
    expected_disks: tuple[SlotPath, ...]


class TakeCheckpointResult(Frozen):
    checkpoint_id: str
    disks: tuple[DiskPair, ...]


class RemoveCheckpointArguments(Frozen):
    vm_id: str
    name: str = Field(description="name of our checkpoint; any other is left alone")


class CheckpointRemovalArguments(Frozen):
    vm_id: str
    name: str
    bases: tuple[SlotPath, ...]
    leaves: tuple[str, ...]


class CheckpointRemovalResult(Frozen):
    done: bool
    state: VMState
    operational_status: tuple[VMOperationalStatus, ...]
    remaining: tuple[str, ...] = Field(description="what is not yet as before: checkpoints, disks, files")
    volumes: tuple[VolumeFacts, ...]


class OpenShareArguments(Frozen):
    number: int = Field(description="shares of one migration are numbered")
    folder: str
    files: tuple[str, ...] = Field(description="full paths below the folder; each gets a read grant for the account")
    account: str


class OpenShareResult(Frozen):
    share: ShareFacts


class CloseSharesResult(Frozen):
    shares: tuple[str, ...]
    files: tuple[str, ...] = Field(description="files whose read grant was taken back")


class WatchSourceArguments(Frozen):
    vm_id: str
    shares: tuple[str, ...]
    files: tuple[str, ...] = Field(description="differencing disks that grow")


class WatchSourceResult(Frozen):
    boot_time_ticks: int
    state: str | None
    operational_status: tuple[str, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    missing_shares: tuple[str, ...] = Field(description="shares that are gone or no longer grant read to the account")
    files: tuple[FileFacts, ...]
    volumes: tuple[VolumeFacts, ...]


class StartCopyArguments(Frozen):
    number: int
    files: tuple[CopyFile, ...] = Field(min_length=1)
    reserve_bytes: int = Field(description="free space to keep on the destination volume")


class WorkResult(Frozen):
    task_name: str


class WorkArguments(Frozen):
    number: int


class GetCopyResult(Frozen):
    state: WorkState
    files: tuple[CopyProgress, ...]
    volume: VolumeFacts | None
    seconds: float
    error: ErrorFacts | None


class StopWorkResult(Frozen):
    stopped: tuple[str, ...] = Field(description="names of tasks and jobs that are gone now")


class SaveVMArguments(Frozen):
    vm_id: str
    mode: TransferMode = Field(description="none: the VM stands still already")
    expected_state: VMState
    expected_checkpoint: str | None
    expected_disks: tuple[SlotPath, ...]
    expected_bases: tuple[DiskFile, ...] = Field(description="frozen files, which must be as they were")
    reserve_bytes: int
    wait_limit_seconds: int


class SaveVMResult(Frozen):
    state: Literal[VMState.SAVED, VMState.OFF]
    disks: tuple[VMDisk, ...]
    saved_state_files: tuple[FileFacts, ...]
    seconds: float


class ExportResult(Frozen):
    folder: str
    configuration: str
    files: tuple[FileFacts, ...]


class StartMergeArguments(Frozen):
    number: int
    base: str
    children: tuple[str, ...] = Field(description="from the base upwards")
    base_length_bytes: int
    base_content_identity: str
    reserve_bytes: int


class GetMergeResult(Frozen):
    state: WorkState
    stage: str
    percent: int
    disk: DiskFile | None
    seconds: float
    error: ErrorFacts | None


class ImportDisk(SlotPath):
    """A disk to point the imported VM at."""

    was: str = Field(description="the file in that slot when the VM was saved, as the exported configuration names it")


class ImportVMArguments(Frozen):
    vm_id: str
    configuration: str
    folder: str
    disks: tuple[ImportDisk, ...]
    switches: tuple[SwitchChoice, ...]
    pinned: tuple[PinnedAddress, ...]
    expected_state: Literal[VMState.SAVED, VMState.OFF]


class ImportVMResult(Frozen):
    vm: VMFacts
    repaired: tuple[str, ...]


class EpochArguments(Frozen):
    epoch: int


class TakeBackArguments(Frozen):
    epoch: int | None = Field(description="the target's epoch after withdrawing; None only with an override")
    override: str = Field(description="for a target that is destroyed for good: who says so and what may be lost")


class StartVMArguments(Frozen):
    vm_id: str
    epoch: int | None = Field(description="the target's epoch; None on the source")
    suspend: bool = Field(description="suspend it again: it was paused")


class VMStateResult(Frozen):
    state: VMState
    uptime_seconds: float


class ConfirmTargetArguments(Frozen):
    vm_id: str
    epoch: int
    started: bool = Field(description="false for a VM that was off or saved")


class RestoreSettingsArguments(Frozen):
    vm_id: str
    automatic_start_action: StartAction
    checkpoint_type: CheckpointType | None
    automatic_checkpoints: bool | None = Field(default=None, description="None: left alone")


class RetireSourceArguments(Frozen):
    vm_id: str
    target_record: Record = Field(description="as the target reported it; must say that the target owns the VM")
    note: str


class RemoveSourceArguments(Frozen):
    vm_id: str
    target_record: Record


class RemoveSourceFilesArguments(Frozen):
    target_record: Record
    files: tuple[str, ...]
    folders: tuple[str, ...] = Field(description="removed only when empty, in this order")


class RemoveFilesArguments(Frozen):
    files: tuple[str, ...]
    folders: tuple[str, ...]


class RemoveFilesResult(Frozen):
    removed: tuple[str, ...]
    missing: tuple[str, ...]
    kept: tuple[str, ...] = Field(description="'path: reason'")


class SourceRemovalResult(Frozen):
    done: bool
    remaining: tuple[str, ...]


class ProbeFileArguments(Frozen):
    size_bytes: int = Field(ge=1, le=1 << 20)
