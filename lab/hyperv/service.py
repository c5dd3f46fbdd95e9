"""Hyper-V of one lab host: the rules that its cmdlets obey.

A migration is made of what Hyper-V refuses as much as of what it does: a disk it keeps locked, a saved state it will
not restore, a planned VM left over from a killed attempt. So the rules stand here once, at the level of the cmdlets,
and every engine of the lab acts through them. All files are real: disks through `lab.disks`, running VMs as processes
through `lab.virtual_machine`. What must survive a power cut is on the host's volumes and in the state folder.

Methods are named like the cmdlets, and are called from several threads. A cmdlet that Windows leaves working after its
return (a merge) does so here. A VM that is busy refuses a second change, as on Windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab.hyperv.model import (
    CheckpointType,
    CompatibilityReport,
    DeviceKind,
    NewVM,
    Source,
    StartAction,
    StopAction,
    VirtualHardDisk,
    VirtualMachine,
    VlanSetting,
    VMHost,
    VMOperationalStatus,
    VMSecurity,
    VMSnapshot,
    VMSwitch,
)
from lab.hyperv.open_files import OpenMode
from lab.hyperv.platform_api import Platform
from lab.hyperv.timing import Timing


class HyperV:
    """Hyper-V of one host. Every method raises HyperVError for what Windows refuses, and changes nothing then."""

    def __init__(
        self,
        host: VMHost,
        state_folder: Path,
        *,
        platform: Platform,
        witness: tuple[str, int] | None,
        timing: Timing | None = None,
    ) -> None:
        """Read what the folder holds; nothing starts before `boot`."""
        raise NotImplementedError

    # --- the host

    def boot(self) -> None:
        """The service starts: automatic starts and interrupted merges begin, in threads of their own."""
        raise NotImplementedError

    def shut_down_host(self) -> None:
        """The host is shut down orderly: every VM by its AutomaticStopAction."""
        raise NotImplementedError

    def close(self) -> None:
        """End everything as a power cut does: VM processes are killed, nothing is saved."""
        raise NotImplementedError

    def get_vm_host(self) -> VMHost:
        """Get-VMHost."""
        raise NotImplementedError

    def get_vm_switch(self) -> tuple[VMSwitch, ...]:
        """Get-VMSwitch, by name."""
        raise NotImplementedError

    def new_vm_switch(self, name: str, *, switch_type: str = "External") -> VMSwitch:
        """New-VMSwitch, for building a lab."""
        raise NotImplementedError

    def remove_vm_switch(self, name: str) -> None:
        """Remove-VMSwitch; adapters that name it are no longer connected."""
        raise NotImplementedError

    def open_mode(self, windows_path: str) -> OpenMode:
        """Who holds the file, and what that leaves to others: `NONE`, `READ_ONLY` (others may read) or `LOCKED`.

        A leaf of a running VM, a saved state being written and a file being merged into are LOCKED; a parent in use, a
        registered configuration's saved state are READ_ONLY. Opening otherwise is 0x80070020 on Windows.
        """
        raise NotImplementedError

    # --- asking for VMs

    def get_vms(self) -> tuple[VirtualMachine, ...]:
        """Get-VM: all real VMs, sorted by name and id. Planned VMs are not among them."""
        raise NotImplementedError

    def get_planned_vms(self) -> tuple[VirtualMachine, ...]:
        """Msvm_PlannedComputerSystem: what Compare-VM registered and nobody imported or removed."""
        raise NotImplementedError

    def get_vm(self, vm_id: str) -> VirtualMachine:
        """Get-VM -Id, any case, braces ignored, planned VMs too (see `planned`). ObjectNotFound if there is none."""
        raise NotImplementedError

    def get_vm_by_name(self, name: str) -> tuple[VirtualMachine, ...]:
        """Get-VM -Name, case ignored: names are not unique. Real VMs only; empty if there is none."""
        raise NotImplementedError

    def get_vm_devices(self, vm_id: str, kind: DeviceKind) -> tuple[str, ...]:
        """Get-VMFibreChannelHba and so on (the kind's value is the cmdlet): names of the devices."""
        raise NotImplementedError

    def get_vm_security(self, vm_id: str) -> VMSecurity:
        """Get-VMSecurity."""
        raise NotImplementedError

    def get_vm_snapshot(self, vm_id: str) -> tuple[VMSnapshot, ...]:
        """Get-VMSnapshot, oldest first."""
        raise NotImplementedError

    def wait_for_change(self, seen: int, wait_seconds: float) -> int:
        """Wait until anything of any VM changed since `seen` (0 at first), at most so long; return the new mark."""
        raise NotImplementedError

    # --- building and changing VMs

    def new_vm(self, settings: NewVM) -> VirtualMachine:
        """New-VM with disks, adapters and drives. Disk files must exist; each gets the VM's access entry."""
        raise NotImplementedError

    def set_vm(
        self,
        vm_id: str,
        *,
        automatic_start_action: StartAction | None = None,
        automatic_start_delay_seconds: int | None = None,
        automatic_stop_action: StopAction | None = None,
        checkpoint_type: CheckpointType | None = None,
        notes: str | None = None,
        memory_startup_bytes: int | None = None,
        processor_compatibility: bool | None = None,
    ) -> VirtualMachine:
        """Set-VM (and Set-VMProcessor, Set-VMMemory). The last two only while the VM is off."""
        raise NotImplementedError

    def rename_vm(self, vm_id: str, new_name: str) -> VirtualMachine:
        """Rename-VM."""
        raise NotImplementedError

    def set_vm_hard_disk_drive(self, vm_id: str, slot: str, *, path: str) -> VirtualMachine:
        """Set-VMHardDiskDrive -Path, on a planned VM or one that is off. Writes the VM's access entry on the file."""
        raise NotImplementedError

    def set_vm_dvd_drive(self, vm_id: str, slot: str, *, path: str | None) -> VirtualMachine:
        """Set-VMDvdDrive -Path."""
        raise NotImplementedError

    def connect_vm_network_adapter(self, vm_id: str, adapter_id: str, *, switch_name: str) -> VirtualMachine:
        """Connect-VMNetworkAdapter. ObjectNotFound if there is no such switch."""
        raise NotImplementedError

    def disconnect_vm_network_adapter(self, vm_id: str, adapter_id: str) -> VirtualMachine:
        """Disconnect-VMNetworkAdapter."""
        raise NotImplementedError

    def set_vm_network_adapter_vlan(self, vm_id: str, adapter_id: str, *, vlan: VlanSetting) -> VirtualMachine:
        """Set-VMNetworkAdapterVlan."""
        raise NotImplementedError

    def remove_vm_saved_state(self, vm_id: str) -> VirtualMachine:
        """Remove-VMSavedState: the guest's memory is lost, the VM is Off."""
        raise NotImplementedError

    def remove_vm(self, vm_id: str) -> None:
        """Remove-VM -Force. Planned: as if never compared. Real (off or saved): configuration and saved state go, the
        disk files stay, and checkpoints that remain are merged into them after this returned."""
        raise NotImplementedError

    def arrange_vm(
        self,
        vm_id: str,
        *,
        is_clustered: bool | None = None,
        replication_mode: str | None = None,
        devices: dict[DeviceKind, tuple[str, ...]] | None = None,
        security: VMSecurity | None = None,
        busy_with: VMOperationalStatus | None = None,
        unanswered: Sequence[str] | None = None,
        merge_disabled: bool | None = None,
    ) -> VirtualMachine:
        """Not a cmdlet: make a VM what no migration could, to see it refused.

        `busy_with`: a backup, say (OK ends it). `unanswered`: cmdlets that fail for it ("Get-VMSecurity").
        `merge_disabled`: merges wait (Msvm_DiskMergeSettingData.EnabledState 0).
        """
        raise NotImplementedError

    def add_foreign_snapshot(self, vm_id: str, name: str, *, snapshot_type: str = "Recovery") -> VMSnapshot:
        """Not a cmdlet: a checkpoint as a backup program leaves it."""
        raise NotImplementedError

    # --- virtual disks

    def new_vhd(
        self, path: str, *, size_bytes: int, dynamic: bool = True, parent_path: str | None = None
    ) -> VirtualHardDisk:
        """New-VHD. The format is the path's extension; with a parent: a differencing disk."""
        raise NotImplementedError

    def get_vhd(self, path: str) -> VirtualHardDisk:
        """Get-VHD of one file; its parents are asked for by their own path."""
        raise NotImplementedError

    def set_vhd(self, path: str, *, parent_path: str) -> None:
        """Set-VHD -ParentPath. A parent that is another disk, or was altered, is refused (0xC03A000E, 0xC03A000F)."""
        raise NotImplementedError

    def test_vhd(self, path: str) -> None:
        """Test-VHD: returns if the whole chain can be used, else raises with the HRESULT of what is wrong."""
        raise NotImplementedError

    def merge_vhd(self, path: str, *, destination_path: str) -> None:
        """Merge-VHD -Force: fold everything from `path` down to the destination into it; takes until it is done.

        Refused while any file of the chain is attached. The children's files are gone afterwards or are left invalid.
        Broken off (no space, end of the process), the same call goes on where it stood.
        """
        raise NotImplementedError

    # --- states

    def start_vm(self, vm_id: str) -> VirtualMachine:
        """Start-VM: from cold, or from the saved state. A Paused VM goes on. A running one: nothing happens."""
        raise NotImplementedError

    def stop_vm(self, vm_id: str, *, turn_off: bool = False, wait_seconds: float = 300.0) -> VirtualMachine:
        """Stop-VM: shut the guest down, or cut its power. OperationFailed if it is not over in time."""
        raise NotImplementedError

    def save_vm(self, vm_id: str) -> VirtualMachine:
        """Save-VM, of a Running or Paused VM. On failure (no space) the VM goes on."""
        raise NotImplementedError

    def suspend_vm(self, vm_id: str) -> VirtualMachine:
        """Suspend-VM."""
        raise NotImplementedError

    def resume_vm(self, vm_id: str) -> VirtualMachine:
        """Resume-VM, also of one that Hyper-V paused."""
        raise NotImplementedError

    # --- checkpoints

    def checkpoint_vm(self, vm_id: str, *, snapshot_name: str) -> VMSnapshot:
        """Checkpoint-VM, of the type set on the VM."""
        raise NotImplementedError

    def remove_vm_snapshot(self, vm_id: str, snapshot_id: str) -> None:
        """Remove-VMSnapshot: returns before the merge has ended, which goes on live or off."""
        raise NotImplementedError

    # --- moving

    def export_system_definition(
        self,
        vm_id: str,
        export_directory: str,
        *,
        copy_snapshot_configuration: int,
        copy_vm_runtime_information: bool,
        copy_vm_storage: bool = False,
    ) -> tuple[str, ...]:
        """ExportSystemDefinition with CreateVmExportSubdirectory; waits for the job. Returns the files written, the
        configuration first. Only of a VM that is off or saved."""
        raise NotImplementedError

    def compare_vm(self, path: str, *, register: bool = True) -> CompatibilityReport:
        """Compare-VM -Path -Register: registers a planned VM and tells what is wrong with it here.

        Raises if a VM with that id is here, or the file is in use by a planned VM of it left over.
        """
        raise NotImplementedError

    def compare_vm_again(self, report: CompatibilityReport) -> CompatibilityReport:
        """Compare-VM -CompatibilityReport."""
        raise NotImplementedError

    def import_vm(self, report: CompatibilityReport) -> VirtualMachine:
        """Import-VM -CompatibilityReport: the planned VM becomes a real one. Fails while findings are left."""
        raise NotImplementedError

    def get_system_compatibility_info(self, vm_id: str) -> bytes:
        """GetSystemCompatibilityInfo: an opaque value for `check_system_compatibility_info` on another host."""
        raise NotImplementedError

    def check_system_compatibility_info(self, info: bytes) -> tuple[int, tuple[str, ...]]:
        """CheckSystemCompatibilityInfo: 0 compatible or 32784 not, and the reasons."""
        raise NotImplementedError


__all__ = ["HyperV", "Source"]
