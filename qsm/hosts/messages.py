"""What travels between the tool and a host: arguments and results of every operation, as frozen types.

Two programs that never meet must agree on each field: this package, and the PowerShell module on the host. The types
here are the single source; JSON schemas, contract tests and the lab are made from them. Keys on the wire are these
field names. Times of files are .NET ticks in UTC (100 ns since 0001-01-01), because a number survives every JSON
reader, while PowerShell versions read dates differently. Paths are full Windows paths. A disk's place in the VM is its
slot, ``"SCSI 0:1"`` (controller type, number, location): the stable key to re-point it after the import.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """Base of all arguments and results: frozen, and a field nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- parts


class FileFacts(Message):
    """Name, size and time of one file, as the host's file system tells them."""

    path: str
    length_bytes: int
    last_write_ticks: int


class DiskFile(FileFacts):
    """One virtual disk file with the facts that identify its contents."""

    format: str = Field(description="VHD or VHDX (Get-VHD VhdFormat); VHDSet and others are refused by preflight")
    type: str = Field(description="Fixed, Dynamic or Differencing (Get-VHD VhdType)")
    size_bytes: int = Field(description="size that the guest sees")
    parent_path: str | None
    disk_identifier: str
    content_identity: str = Field(
        description="VHDX: DataWriteGuid of the current header, lower case; VHD: lower-case hex of the 512-byte footer"
    )


class VMDisk(Message):
    """One disk of a VM with its whole chain, leaf first; the chain is empty when it could not be read."""

    slot: str
    path: str
    pass_through: bool
    shared: bool = Field(description="SupportPersistentReservations, or a VHD Set")
    chain: tuple[DiskFile, ...]
    error: str | None = Field(description="why the chain could not be read")


class Vlan(Message):
    mode: str = Field(description="Untagged, Access, Trunk or Private")
    access_id: int
    native_id: int
    allowed_ids: str
    primary_id: int
    secondary_id: int


class Adapter(Message):
    adapter_id: str
    name: str
    mac_address: str
    dynamic_mac: bool
    legacy: bool
    switch_name: str | None = Field(description="None: not connected")
    vlan: Vlan
    iov_weight: int


class CheckpointFacts(Message):
    checkpoint_id: str
    name: str
    type: str = Field(description="SnapshotType: Standard, Recovery, Planned, Replica, ...")


class VolumeFacts(Message):
    """The volume that holds a path: never judged by drive letter alone, mount points count."""

    root: str = Field(description=r"mount path with trailing backslash, e.g. D:\ or C:\ClusterStorage\Volume1\ ")
    capacity_bytes: int
    free_bytes: int
    file_system: str


class Obstacle(Message):
    """Something of the VM that cannot be moved this way. The code is stable, the detail names the object."""

    code: str
    detail: str


class LockFacts(Message):
    migration_id: str
    vm_id: str
    vm_name: str
    by: str
    since_utc: str


class VMFacts(Message):
    """One VM as its host tells it."""

    vm_id: str = Field(description="lower case, no braces")
    name: str
    planned: bool
    generation: int
    version: str
    path: str
    configuration_location: str
    snapshot_file_location: str
    smart_paging_file_path: str
    state: str = Field(description="VMState by name: Running, Off, Saved, Paused, PausedCritical, ...")
    operational_status: tuple[str, ...] = Field(description="VMOperationalStatus by name: Ok, MergingDisks, ...")
    uptime_seconds: float
    memory_assigned_bytes: int
    memory_startup_bytes: int
    memory_maximum_bytes: int
    dynamic_memory: bool
    processor_count: int
    processor_compatibility: bool
    automatic_start_action: str = Field(description="Nothing, StartIfRunning or Start")
    automatic_stop_action: str
    checkpoint_type: str | None = Field(description="Disabled, Production, ProductionOnly, Standard; None before 2016")
    clustered: bool
    replication_mode: str
    notes: str
    disks: tuple[VMDisk, ...]
    adapters: tuple[Adapter, ...]
    dvd_paths: tuple[str, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    obstacles: tuple[Obstacle, ...]
    unanswered: tuple[str, ...] = Field(description="questions the host could not answer; each is a reason to refuse")
    volumes: tuple[VolumeFacts, ...] = Field(description="of every folder the VM uses")
    saved_state_files: tuple[FileFacts, ...]
    lock: LockFacts | None


class SwitchFacts(Message):
    name: str
    switch_id: str
    type: str


class HostFacts(Message):
    """What a host says of itself."""

    computer_name: str
    fqdn: str
    computer_account: str | None = Field(description=r"DOMAIN\NAME$; None in a workgroup")
    os_caption: str
    os_build: int
    powershell_version: str
    language_mode: str
    execution_policy: str
    administrator: bool = Field(description="the logon holds the unfiltered administrator token")
    hyperv: bool = Field(description="the Hyper-V module answers")
    cluster: str | None
    supported_vm_versions: tuple[str, ...]
    processor_vendor: str
    processor_name: str
    memory_free_bytes: int
    boot_time_ticks: int
    volumes: tuple[VolumeFacts, ...]
    switches: tuple[SwitchFacts, ...]
    bits_start_mode: str
    max_shells_per_user: int
    max_processes_per_shell: int
    max_memory_per_shell_mb: int


class CopyFile(Message):
    """One file to fetch: the length and time are those the source told, and are checked again after the copy."""

    source: str = Field(description="UNC path on the temporary share")
    destination: str
    length_bytes: int
    last_write_ticks: int


class CopyProgress(Message):
    destination: str
    job_state: str = Field(description="BITS state by name; Verified when the finished file was compared")
    bytes_total: int
    bytes_transferred: int


class SlotPath(Message):
    slot: str
    path: str


class SwitchChoice(Message):
    adapter_id: str
    switch_name: str | None


class ShareFacts(Message):
    name: str
    path: str
    files: tuple[str, ...]


class DiskPair(Message):
    """A disk after the checkpoint: the frozen base and the differencing disk that takes the writes."""

    slot: str
    base: DiskFile
    leaf: DiskFile


class OperationOutcome(Message):
    """One entry of the migration's journal on a host."""

    operation: str
    subject: str
    attempt: int
    state: Literal["started", "done", "refused", "failed"] = Field(
        description="refused: nothing was changed; failed: something may have; started, no end: unknown"
    )
    at_utc: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class Record(Message):
    """record.json: what decides who may run the VM, the same on both hosts but for role and owner."""

    schema_version: Literal[1]
    migration_id: str
    vm_id: str
    vm_name: str
    role: Literal["source", "target"]
    peer: str
    by: str
    created_utc: str
    revision: int
    epoch: int
    owner: Literal["source", "handed over", "none", "may start", "target"]
    direction: Literal["forward", "back"]
    step: str = Field(description="the last operation that changed the record")
    end: Literal["", "home", "forward", "held"]
    end_text: str
    plan: dict[str, Any]


class ErrorFacts(Message):
    """An error as a host tells it; the id is stable, the message is for people."""

    id: str
    category: Literal["refused", "failed", "unknown"]
    retryable: bool
    message: str
    subject: str
    hresult: int | None
    facts: dict[str, Any]


# --- arguments and results, in the order of the table


class Nothing(Message):
    """No arguments, or nothing to tell."""


class GetHostArguments(Message):
    paths: tuple[str, ...] = Field(default=(), description="paths whose volumes are asked for besides the fixed ones")


class GetVMArguments(Message):
    name_or_id: str = Field(min_length=1)


class GetVMResult(Message):
    matches: tuple[VMFacts, ...] = Field(description="names are not unique: all that match, planned VMs too")


class InventoryArguments(Message):
    folders: tuple[str, ...]


class FileEntry(FileFacts):
    access: tuple[str, ...] = Field(description="explicit entries 'account:right', sorted; no inherited ones")


class InventoryResult(Message):
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


class TestTargetArguments(Message):
    vm_id: str
    folder: str
    source_address: str = Field(description="name by which the target reaches the source's SMB server")
    files: tuple[str, ...] = Field(description="paths that will be written; one that exists is in the way")
    switch_names: tuple[str, ...]
    compatibility: str | None = Field(description="base64 of the source's compatibility information")


class TestTargetResult(Message):
    folder_kind: Literal["local", "csv", "smb", "missing", "root", "invalid"]
    volume: VolumeFacts | None
    folder_exists: bool
    files_in_the_way: tuple[str, ...]
    vm_state: str | None = Field(description="state of a VM with this id on the target, None if there is none")
    planned_vm: bool
    missing_switches: tuple[str, ...]
    compatible: bool | None = Field(description="None: the question could not be answered")
    incompatibilities: tuple[str, ...]
    smb_reachable: bool
    lock: LockFacts | None


class AccountArguments(Message):
    account: str


class AccountResult(Message):
    sid: str | None


class VMArguments(Message):
    vm_id: str


class CompatibilityResult(Message):
    compatibility: str | None


class CreateRecordArguments(Message):
    role: Literal["source", "target"]
    vm_id: str
    vm_name: str
    peer: str
    by: str
    plan: dict[str, Any]


class RecordResult(Message):
    record: Record


class LockArguments(Message):
    vm_id: str
    vm_name: str
    by: str


class LockResult(Message):
    lock: LockFacts


class FindMigrationArguments(Message):
    """Any one of them; empty strings match all."""

    migration_id: str = ""
    vm: str = Field(default="", description="VM id or name")


class MigrationFacts(Message):
    record: Record
    outcomes: tuple[OperationOutcome, ...]
    locked: bool


class FindMigrationResult(Message):
    migrations: tuple[MigrationFacts, ...]
    locks: tuple[LockFacts, ...] = Field(description="locks that match and whose migration has no record on this host")


class CloseMigrationArguments(Message):
    end: Literal["home", "forward", "held"]
    text: str


class CleanHostResult(Message):
    removed: tuple[str, ...]
    kept: tuple[str, ...] = Field(description="what a migration still needs, with its id")


class TakeCheckpointArguments(Message):
    vm_id: str
    name: str
    checkpoint_type: Literal["Production", "Standard"] | None = Field(description="None: the host knows no types")
    expected_state: str
    expected_disks: tuple[SlotPath, ...]


class TakeCheckpointResult(Message):
    checkpoint_id: str
    disks: tuple[DiskPair, ...]


class RemoveCheckpointArguments(Message):
    vm_id: str
    name: str = Field(description="name of our checkpoint; any other is left alone")


class CheckpointRemovalArguments(Message):
    vm_id: str
    name: str
    bases: tuple[SlotPath, ...]
    leaves: tuple[str, ...]


class CheckpointRemovalResult(Message):
    done: bool
    state: str
    operational_status: tuple[str, ...]
    remaining: tuple[str, ...] = Field(description="what is not yet as before: checkpoints, disks, files")
    volumes: tuple[VolumeFacts, ...]


class OpenShareArguments(Message):
    number: int = Field(description="shares of one migration are numbered")
    folder: str
    files: tuple[str, ...] = Field(description="full paths below the folder; each gets a read grant for the account")
    account: str


class OpenShareResult(Message):
    share: ShareFacts


class CloseSharesResult(Message):
    shares: tuple[str, ...]
    files: tuple[str, ...] = Field(description="files whose read grant was taken back")


class WatchSourceArguments(Message):
    vm_id: str
    shares: tuple[str, ...]
    files: tuple[str, ...] = Field(description="differencing disks that grow")


class WatchSourceResult(Message):
    boot_time_ticks: int
    state: str | None
    operational_status: tuple[str, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    missing_shares: tuple[str, ...] = Field(description="shares that are gone or no longer grant read to the account")
    files: tuple[FileFacts, ...]
    volumes: tuple[VolumeFacts, ...]


class StartCopyArguments(Message):
    number: int
    files: tuple[CopyFile, ...] = Field(min_length=1)
    reserve_bytes: int = Field(description="free space to keep on the destination volume")


class WorkResult(Message):
    task_name: str


class WorkArguments(Message):
    number: int


class GetCopyResult(Message):
    state: Literal["Starting", "Running", "Done", "Failed", "Stopped"]
    files: tuple[CopyProgress, ...]
    volume: VolumeFacts | None
    seconds: float
    error: ErrorFacts | None


class StopWorkResult(Message):
    stopped: tuple[str, ...] = Field(description="names of tasks and jobs that are gone now")


class SaveVMArguments(Message):
    vm_id: str
    mode: Literal["save", "shutdown", "none"] = Field(description="none: the VM stands still already")
    expected_state: str
    expected_checkpoint: str | None
    expected_disks: tuple[SlotPath, ...]
    expected_bases: tuple[DiskFile, ...] = Field(description="frozen files, which must be as they were")
    reserve_bytes: int
    wait_limit_seconds: int


class SaveVMResult(Message):
    state: Literal["Saved", "Off"]
    disks: tuple[VMDisk, ...]
    saved_state_files: tuple[FileFacts, ...]
    seconds: float


class ExportResult(Message):
    folder: str
    configuration: str
    files: tuple[FileFacts, ...]


class StartMergeArguments(Message):
    number: int
    base: str
    children: tuple[str, ...] = Field(description="from the base upwards")
    base_length_bytes: int
    base_content_identity: str
    reserve_bytes: int


class GetMergeResult(Message):
    state: Literal["Starting", "Running", "Done", "Failed", "Stopped"]
    stage: str
    percent: int
    disk: DiskFile | None
    seconds: float
    error: ErrorFacts | None


class ImportVMArguments(Message):
    vm_id: str
    configuration: str
    folder: str
    disks: tuple[SlotPath, ...]
    switches: tuple[SwitchChoice, ...]
    expected_state: Literal["Saved", "Off"]


class ImportVMResult(Message):
    vm: VMFacts
    repaired: tuple[str, ...]


class EpochArguments(Message):
    epoch: int


class TakeBackArguments(Message):
    epoch: int | None = Field(description="the target's epoch after withdrawing; None only with an override")
    override: str = Field(description="for a target that is destroyed for good: who says so and what may be lost")


class StartVMArguments(Message):
    vm_id: str
    epoch: int | None = Field(description="the target's epoch; None on the source")
    suspend: bool = Field(description="suspend it again: it was paused")


class VMStateResult(Message):
    state: str
    uptime_seconds: float


class ConfirmTargetArguments(Message):
    vm_id: str
    epoch: int
    started: bool = Field(description="false for a VM that was off or saved")


class RestoreSettingsArguments(Message):
    vm_id: str
    automatic_start_action: str
    checkpoint_type: str | None


class RetireSourceArguments(Message):
    vm_id: str
    target_record: Record = Field(description="as the target told it; must say that the target owns the VM")
    note: str


class RemoveSourceArguments(Message):
    vm_id: str
    target_record: Record


class RemoveSourceFilesArguments(Message):
    target_record: Record
    files: tuple[str, ...]
    folders: tuple[str, ...] = Field(description="removed only when empty, in this order")


class RemoveFilesArguments(Message):
    files: tuple[str, ...]
    folders: tuple[str, ...]


class RemoveFilesResult(Message):
    removed: tuple[str, ...]
    missing: tuple[str, ...]
    kept: tuple[str, ...] = Field(description="'path: reason'")


class SourceRemovalResult(Message):
    done: bool
    remaining: tuple[str, ...]


class ProbeFileArguments(Message):
    size_bytes: int = Field(ge=1, le=1 << 20)
