"""What Hyper-V's cmdlets show: VMs, disks, adapters, checkpoints, reports.

    VirtualMachine ──┬── HardDiskDrive (slot) ──> file of a disk chain
                     ├── DvdDrive (slot)
                     ├── NetworkAdapter ──> name of a VMSwitch
                     └── VMSnapshot ──> the HardDiskDrives as they were
    CompatibilityReport ──> the planned VM, and Incompatibility ──> the drive or adapter to repair

All are values: a photograph of the moment they were asked for, as PowerShell's objects are when nobody refreshes them.
Names of fields and of enumeration members are those of the module `Hyper-V` 2.0.0.0.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from lab.guest.workload import Workload
from qsm.facts.states import CheckpointType, StartAction, StopAction, VMOperationalStatus, VMState

ControllerOrder = Literal["configured", "reversed", "alternating"]


class DeviceKind(enum.StrEnum):
    """Devices that tie a VM to its host, by the cmdlet that lists them."""

    FIBRE_CHANNEL = "Get-VMFibreChannelHba"
    ASSIGNABLE_DEVICE = "Get-VMAssignableDevice"
    GPU_PARTITION = "Get-VMGpuPartitionAdapter"
    PERSISTENT_MEMORY = "Get-VMPmemController"
    KEY_STORAGE_DRIVE = "Get-VMKeyStorageDrive"
    REMOTE_FX = "Get-VMRemoteFx3dVideoAdapter"


@dataclass(frozen=True)
class HardDiskDrive:
    """One disk of a VM (or of its checkpoint)."""

    vm_id: str
    slot: str
    """The laboratory's own name of the place, "SCSI 0:1", "IDE 1:0": what the guest goes by, and no cmdlet shows."""
    path: str
    """Full Windows path; empty for a pass-through disk."""
    disk_number: int | None = None
    """Number of the host's disk, for a pass-through disk."""
    support_persistent_reservations: bool = False
    """A shared disk."""
    drive_id: str = ""
    """Its id, in what is shown of a VM: `lab.hyperv.slots`."""
    controller_number: int = 0
    """What the host shows as the number of its controller."""


@dataclass(frozen=True)
class DvdDrive:
    """One DVD drive."""

    vm_id: str
    slot: str
    path: str | None = None
    """The image in it, if any."""
    drive_id: str = ""
    controller_number: int = 0


@dataclass(frozen=True)
class VlanSetting:
    """VLAN of an adapter's port."""

    operation_mode: str = "Untagged"
    """Untagged, Access, Trunk or Private."""
    access_vlan_id: int = 0
    native_vlan_id: int = 0
    allowed_vlan_ids: str = ""
    primary_vlan_id: int = 0
    secondary_vlan_id: int = 0


@dataclass(frozen=True)
class NetworkAdapter:
    """One network adapter."""

    vm_id: str
    adapter_id: str
    name: str
    mac_address: str
    switch_name: str | None = None
    """None: not connected."""
    dynamic_mac_address_enabled: bool = True
    is_legacy: bool = False
    vlan: VlanSetting = VlanSetting()
    iov_weight: int = 0
    switch_gone: bool = False
    """It is connected to a switch that this host lacks, because that was removed or the VM is planned: reading SwitchName
    throws (fact book of the module, section 10 and 2.15)."""


@dataclass(frozen=True)
class VMSnapshot:
    """One checkpoint."""

    snapshot_id: str
    vm_id: str
    name: str
    snapshot_type: str
    """Standard, Recovery, ...: what Get-VMSnapshot calls SnapshotType."""
    parent_snapshot_id: str | None
    hard_drives: tuple[HardDiskDrive, ...]
    """The disks as they were: what the checkpoint keeps."""
    state_files: tuple[str, ...]
    """Its configuration, and the memory of a Standard checkpoint of a running VM."""
    creation_time_ticks: int = 0
    is_automatic: bool = False
    """Start-VM took it."""


@dataclass(frozen=True)
class VMSecurity:
    """Get-VMSecurity."""

    tpm_enabled: bool = False
    shielded: bool = False
    encrypt_state_and_vm_migration_traffic: bool = False


@dataclass(frozen=True)
class ShutdownComponent:
    """Msvm_ShutdownComponent of one VM: the integration service that can shut its guest down."""

    enabled: bool
    status: str
    """The primary status by the name of VMIntegrationComponentOperationalStatus."""

    @property
    def usable(self) -> bool:
        """Whether Stop-VM would ask the guest (fact book, 4, step 2)."""
        return self.enabled and self.status == "Ok"


@dataclass(frozen=True)
class VirtualMachine:
    """One VM, planned or real."""

    vm_id: str
    """Lower case, no braces."""
    name: str
    planned: bool
    generation: int
    version: str
    path: str
    configuration_location: str
    snapshot_file_location: str
    smart_paging_file_path: str
    configuration_file: str
    """The .vmcx, where it lies now."""
    state: VMState
    operational_status: tuple[VMOperationalStatus, ...]
    uptime_seconds: float
    memory_assigned_bytes: int
    """0 unless the VM runs."""
    memory_startup_bytes: int
    memory_minimum_bytes: int
    memory_maximum_bytes: int
    dynamic_memory_enabled: bool
    processor_count: int
    compatibility_for_migration_enabled: bool
    automatic_start_action: StartAction
    automatic_start_delay_seconds: int
    automatic_stop_action: StopAction
    checkpoint_type: CheckpointType | None
    """None where the host knows no types (before Windows Server 2016)."""
    automatic_checkpoints_enabled: bool | None
    """None where the host knows none (before Windows Server 2019)."""
    is_clustered: bool
    replication_mode: str
    notes: str
    hard_drives: tuple[HardDiskDrive, ...]
    dvd_drives: tuple[DvdDrive, ...]
    network_adapters: tuple[NetworkAdapter, ...]
    snapshots: tuple[VMSnapshot, ...]
    saved_state_files: tuple[str, ...]
    """Windows paths of the saved memory, as long as the VM is Saved, and of the guest state."""
    workload: Workload
    """What its guest does: carried in the configuration, as a real guest is carried in its disks."""
    failure: str = ""
    """Why the VM process ended or was paused by Hyper-V, for people; empty when all is well."""


@dataclass(frozen=True)
class UnreadableVM:
    """A registered VM whose configuration cannot be read."""

    vm_id: str
    name: str
    listed: bool
    """Whether WMI lists it: nobody has told so far."""


@dataclass(frozen=True)
class VirtualHardDisk:
    """Get-VHD."""

    path: str
    vhd_format: str
    """VHD, VHDX or VHDSet."""
    vhd_type: str
    """Fixed, Dynamic or Differencing."""
    file_size_bytes: int
    size_bytes: int
    block_size_bytes: int
    parent_path: str | None
    disk_identifier: str
    content_identity: str
    """VHDX: DataWriteGuid of the current header, lower case; VHD: the footer as lower-case hex digits."""
    attached: bool


@dataclass(frozen=True)
class VMSwitch:
    """One virtual switch."""

    name: str
    switch_id: str
    switch_type: str = "External"


@dataclass(frozen=True)
class VMHost:
    """Get-VMHost and what Win32_Processor and Win32_OperatingSystem say."""

    name: str
    processor_vendor: str
    processor_name: str
    os_caption: str
    os_build: int
    supported_vm_versions: tuple[str, ...]
    controller_order: ControllerOrder = "configured"
    """How it counts the SCSI controllers of a VM: `lab.hyperv.slots`; alternating: otherwise at each look."""
    checkpoint_types_known: bool = True
    """False: before Windows Server 2016, where only Standard checkpoints exist."""
    absent_id: str = "ObjectNotFound"
    """Id of the error with which Get-VM -Id tells that nobody has the id; for the module 1.1 it is not known."""
    id_finds_planned: bool = True
    """Whether Get-VM -Id gives planned VMs; for the module 1.1 it is not known."""
    automatic_checkpoints_known: bool = True
    """False: before Windows Server 2019 (Windows 10, version 1709)."""
    processor_generation: int = 1
    """A higher one has all features of those below it; a saved state needs the features it was made with."""
    memory_capacity_bytes: int = 64 << 30
    logical_processors: int = 64
    mac_address_minimum: str = "00155D000000"
    """Dynamic MAC addresses are made from here ..."""
    mac_address_maximum: str = "00155D0000FF"
    """... to here."""


MISSING_SWITCH = 33012  # "Could not find Ethernet switch": the one id Compare-VM's own reference shows
MISSING_DISK = 40010  # seen in published reports for a disk whose file is missing
UNUSABLE_SAVED_STATE = 90001  # the lab's own: Microsoft publishes no number for this finding

Source = HardDiskDrive | NetworkAdapter | DvdDrive | VirtualMachine


@dataclass(frozen=True)
class Incompatibility:
    """One finding of Compare-VM: repair its source, then compare again."""

    message_id: int
    message: str
    source: Source


@dataclass(frozen=True)
class CompatibilityReport:
    """Compare-VM's result: a photograph; it does not update itself."""

    vm: VirtualMachine
    """The planned VM that Compare-VM has registered."""
    incompatibilities: tuple[Incompatibility, ...]
    path: str
    """The configuration file it was made from."""
    snapshot_path: str = ""
    vhd_destination_path: str | None = None
    """Where each disk is pointed at the file of its name, whatever was set by hand: `repointing.py`."""
