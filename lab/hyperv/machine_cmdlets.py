"""The cmdlets that ask for VMs, make them and change their settings: the quick half of `HyperV`."""

from __future__ import annotations

import time

from lab.hyperv import building, changing, lookup, networking
from lab.hyperv.arranging import Arranging
from lab.hyperv.core import Core
from lab.hyperv.errors import ErrorCategory, HyperVError
from lab.hyperv.lookup import SeenMachines
from lab.hyperv.machine import Machine
from lab.hyperv.model import (
    DeviceKind,
    NetworkAdapter,
    UnreadableVM,
    VirtualMachine,
    VlanSetting,
    VMHost,
    VMSecurity,
    VMSnapshot,
    VMSwitch,
)
from lab.hyperv.new_vm import NewVM
from lab.hyperv.service_errors import raises_hyperv_errors
from lab.hyperv.wildcards import fits, has_wildcard
from qsm.facts.names import name_key
from qsm.facts.states import CheckpointType, StartAction, StopAction, VMState


class MachineCmdlets(Arranging):
    """Needs `_core`. Every method raises HyperVError for what Windows refuses, and changes nothing then."""

    _core: Core

    # --- asking

    def get_vm_host(self) -> VMHost:
        """Get-VMHost."""
        return self._core.host

    @raises_hyperv_errors
    def get_vms(self) -> tuple[VirtualMachine, ...]:
        """Get-VM: all real VMs, sorted by name and id. Planned VMs are not among them."""
        return self._show(planned=False)

    @raises_hyperv_errors
    def get_planned_vms(self) -> tuple[VirtualMachine, ...]:
        """Msvm_PlannedComputerSystem: what Compare-VM registered and nobody imported or removed."""
        return self._show(planned=True)

    def _show(self, *, planned: bool) -> tuple[VirtualMachine, ...]:
        self._core.require_service()
        with self._core.lock:
            machines = [
                each for each in self._core.machines.values() if each.planned is planned and not each.storage_lost
            ]
        return tuple(sorted(map(self._core.show, machines), key=lambda vm: (name_key(vm.name), vm.vm_id)))

    @raises_hyperv_errors
    def get_vm(self, vm_id: str) -> VirtualMachine:
        """Get-VM -Id, any case, braces ignored, planned VMs too (see `planned`). ObjectNotFound if there is none."""
        return self._core.show(self._core.find(vm_id))

    @raises_hyperv_errors
    def get_vm_by_id(self, vm_id: str, seen: SeenMachines) -> VirtualMachine:
        """Get-VM -Id, as one process of PowerShell finds it: `lookup.py`."""
        return lookup.by_id(self._core, vm_id, seen)

    @raises_hyperv_errors
    def get_vm_by_name(self, name: str) -> tuple[VirtualMachine, ...]:
        """Get-VM -Name, case ignored: names are not unique. Real VMs only; empty if a pattern fits none.

        Raises InvalidParameter for a plain name that nobody has (2.5).
        """
        found = tuple(vm for vm in self.get_vms() if fits(name, vm.name))
        if not found and not has_wildcard(name):
            what = f"Hyper-V was unable to find a virtual machine with name '{name}' on {self._core.host.name}."
            raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
        return found

    def get_unreadable_vms(self) -> tuple[UnreadableVM, ...]:
        """Real VMs that Get-VM tells with an error of their own (2.6): their configuration cannot be read."""
        with self._core.lock:
            lost = [each for each in self._core.machines.values() if each.storage_lost and not each.planned]
        return tuple(UnreadableVM(each.vm_id, each.configuration.name, each.listed) for each in lost)

    @raises_hyperv_errors
    def get_vm_network_adapters(self) -> tuple[tuple[str, NetworkAdapter], ...]:
        """Get-VMNetworkAdapter -All: adapters of all real VMs, with the VM's name.

        Windows tells those of the management system too, of which a lab host has none.
        """
        return tuple((vm.name, adapter) for vm in self._show(planned=False) for adapter in vm.network_adapters)

    @raises_hyperv_errors
    def get_vm_devices(self, vm_id: str, kind: DeviceKind) -> tuple[str, ...]:
        """Get-VMFibreChannelHba and so on (the kind's value is the cmdlet): names of the devices."""
        return self._answering(vm_id, kind.value).configuration.devices.get(kind, ())

    @raises_hyperv_errors
    def get_vm_security(self, vm_id: str) -> VMSecurity:
        """Get-VMSecurity."""
        return self._answering(vm_id, "Get-VMSecurity").configuration.security

    @raises_hyperv_errors
    def get_vm_snapshot(self, vm_id: str) -> tuple[VMSnapshot, ...]:
        """Get-VMSnapshot, oldest first."""
        return self._answering(vm_id, "Get-VMSnapshot").configuration.snapshots

    @raises_hyperv_errors
    def get_guest_items(self, vm_id: str) -> dict[str, str]:
        """Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems: what the guest tells of itself, while it runs.

        ProductType is among the items of Windows ("Msvm_KvpExchangeDataItem class"); the daemon of Linux sends none.
        """
        machine = self._answering(vm_id, "Msvm_KvpExchangeComponent")
        if machine.shown_state is not VMState.RUNNING:
            return {}
        product = machine.configuration.guest_product_type
        if product is None:
            return {"OSName": "Debian GNU/Linux"}
        return {"OSName": "Windows Server 2022 Datacenter", "ProductType": str(product)}

    def _answering(self, vm_id: str, cmdlet: str) -> Machine:
        machine = self._core.find(vm_id)
        if cmdlet in machine.configuration.unanswered:
            raise self._core.error(None, ErrorCategory.OPERATION_FAILED, machine, f"{cmdlet} failed.")
        return machine

    def wait_for_change(self, seen: int, wait_seconds: float) -> int:
        """Wait until anything of any VM changed since `seen` (0 at first), at most so long; return the new mark."""
        until = time.monotonic() + wait_seconds
        with self._core.changed:
            while self._core.mark == seen and (left := until - time.monotonic()) > 0:
                self._core.changed.wait(left)
            return self._core.mark

    # --- making and changing

    @raises_hyperv_errors
    def new_vm(self, settings: NewVM) -> VirtualMachine:
        """New-VM with disks, adapters and drives. Disk files must exist; each gets the VM's access entry."""
        return building.new_vm(self._core, settings)

    @raises_hyperv_errors
    def set_vm(
        self,
        vm_id: str,
        *,
        automatic_start_action: StartAction | None = None,
        automatic_start_delay_seconds: int | None = None,
        automatic_stop_action: StopAction | None = None,
        checkpoint_type: CheckpointType | None = None,
        automatic_checkpoints_enabled: bool | None = None,
        notes: str | None = None,
        memory_startup_bytes: int | None = None,
        processor_compatibility: bool | None = None,
    ) -> VirtualMachine:
        """Set-VM (and Set-VMProcessor, Set-VMMemory). The last two only while the VM is off."""
        if checkpoint_type is not None and not self._core.host.checkpoint_types_known:
            what = f"{self._core.host.name} knows no checkpoint types: there is no parameter CheckpointType."
            raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
        if automatic_checkpoints_enabled is not None and not self._core.host.automatic_checkpoints_known:
            what = f"{self._core.host.name} knows no automatic checkpoints: there is no such parameter."
            raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
        if memory_startup_bytes is not None or processor_compatibility is not None:
            changing.change_hardware(
                self._core,
                vm_id,
                memory_startup_bytes=memory_startup_bytes,
                memory_maximum_bytes=memory_startup_bytes,
                compatibility_for_migration_enabled=processor_compatibility,
            )
        return changing.change_settings(
            self._core,
            vm_id,
            automatic_start_action=automatic_start_action,
            automatic_start_delay_seconds=automatic_start_delay_seconds,
            automatic_stop_action=automatic_stop_action,
            checkpoint_type=checkpoint_type,
            automatic_checkpoints_enabled=automatic_checkpoints_enabled,
            notes=notes,
        )

    @raises_hyperv_errors
    def rename_vm(self, vm_id: str, new_name: str) -> VirtualMachine:
        """Rename-VM."""
        return changing.rename(self._core, vm_id, new_name)

    @raises_hyperv_errors
    def set_vm_hard_disk_drive(self, vm_id: str, drive_id: str, *, path: str) -> VirtualMachine:
        """Set-VMHardDiskDrive -Path, on a planned VM or one that is off. Writes the VM's access entry on the file."""
        return changing.set_disk_path(self._core, vm_id, drive_id, path=path)

    @raises_hyperv_errors
    def set_vm_dvd_drive(self, vm_id: str, drive_id: str, *, path: str | None) -> VirtualMachine:
        """Set-VMDvdDrive -Path."""
        return changing.set_dvd_path(self._core, vm_id, drive_id, path=path)

    @raises_hyperv_errors
    def connect_vm_network_adapter(
        self, vm_id: str, adapter_id: str, *, switch_name: str = "", switch_id: str | None = None
    ) -> VirtualMachine:
        """Connect-VMNetworkAdapter, with -SwitchName, which is a pattern, or with -VMSwitch, by that one's id."""
        if switch_id is not None:
            switch = networking.switch_by_id(self._core, switch_id)
        else:
            switch = networking.switch_by_pattern(self._core, switch_name)
        return networking.change_adapter(self._core, vm_id, adapter_id, switch=switch)

    @raises_hyperv_errors
    def disconnect_vm_network_adapter(self, vm_id: str, adapter_id: str) -> VirtualMachine:
        """Disconnect-VMNetworkAdapter."""
        return networking.change_adapter(self._core, vm_id, adapter_id, disconnect=True)

    @raises_hyperv_errors
    def set_vm_network_adapter_vlan(self, vm_id: str, adapter_id: str, *, vlan: VlanSetting) -> VirtualMachine:
        """Set-VMNetworkAdapterVlan."""
        return networking.change_adapter(self._core, vm_id, adapter_id, vlan=vlan)

    @raises_hyperv_errors
    def set_vm_network_adapter(self, vm_id: str, adapter_id: str, *, static_mac_address: str) -> VirtualMachine:
        """Set-VMNetworkAdapter -StaticMacAddress, of a VM that is off, planned or real."""
        return networking.set_static_address(self._core, vm_id, adapter_id, address=static_mac_address)

    @property
    def service_answers(self) -> bool:
        """Whether WMI tells anything of VMs; if not, lists are empty and no error says why (fact book, 1.1)."""
        return self._core.service_answers

    @raises_hyperv_errors
    def remove_vm_saved_state(self, vm_id: str) -> VirtualMachine:
        """Remove-VMSavedState: the guest's memory is lost, the VM is Off."""
        return changing.forget_saved_state(self._core, vm_id)

    # --- switches

    def get_vm_switch(self) -> tuple[VMSwitch, ...]:
        """Get-VMSwitch: in no order that means anything (section 10)."""
        return self._core.record.switches

    @raises_hyperv_errors
    def new_vm_switch(self, name: str, *, switch_type: str = "External") -> VMSwitch:
        """New-VMSwitch, for building a lab."""
        return networking.new_switch(self._core, name, switch_type=switch_type)

    @raises_hyperv_errors
    def remove_vm_switch(self, name: str) -> None:
        """Remove-VMSwitch; adapters that name it keep doing so."""
        networking.remove_switch(self._core, name)
