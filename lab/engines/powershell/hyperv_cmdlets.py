"""The module Hyper-V: each cmdlet is a method of the host's Hyper-V, called with what the parameters say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lab.engines.powershell import shapes
from lab.engines.powershell.cmdlets import (
    CmdletCall,
    CmdletError,
    CmdletJob,
    Given,
    cmdlet,
    first,
    in_background,
    reference,
)
from lab.engines.powershell.proxies import LISTS, Part
from lab.engines.powershell.shapes import HYPERV, shape
from lab.hyperv import ErrorCategory, HyperVError
from lab.hyperv.model import DeviceKind, VirtualMachine, VlanSetting
from qsm.facts.states import CheckpointType, StartAction, VMState

VM = ("VM",)


def _vm_id(given: Given) -> str:
    return str(reference(given["VM"], "vm_id"))


def _found(call: CmdletCall, given: Given) -> VirtualMachine:
    return call.host.hyperv.get_vm(_vm_id(given))


def _seen(call: CmdletCall, given: Given, part: Part) -> VirtualMachine:
    """The VM, as this process knows that part of it."""
    hyperv = call.host.hyperv
    return call.caller.proxies.of(
        part, _vm_id(given), lambda: hyperv.get_vm(_vm_id(given)), age_seconds=hyperv.object_age_seconds
    )


def _as_known(call: CmdletCall, now: VirtualMachine) -> VirtualMachine:
    """The VM as Get-VM gives it to this process."""
    return call.caller.proxies.vm(now, age_seconds=call.host.hyperv.object_age_seconds)


def _forget(call: CmdletCall, given: Given, *parts: Part) -> None:
    call.caller.proxies.forget(_vm_id(given), *parts)


@cmdlet("Get-VM", "Id", "Name")
def get_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    """-Id gives planned VMs and ghosts too (2.1, 2.3); the list has an error for each VM that cannot be opened (2.6)."""
    hyperv, seen = call.host.hyperv, call.caller.seen
    if "Id" in given:
        yield shapes.vm(call.host, _as_known(call, hyperv.get_vm_by_id(str(given["Id"]), seen)))
        return
    found = hyperv.get_vm_by_name(str(first(given["Name"]))) if "Name" in given else hyperv.get_vms()
    for lost in () if "Name" in given else hyperv.get_unreadable_vms():
        where = f"an object on computer '{call.host.name}' because the object was not found ({lost.vm_id})."
        yield HyperVError(
            None, ErrorCategory.OBJECT_NOT_FOUND, f"Hyper-V encountered an error trying to access {where}"
        )
    for each in found:
        yield shapes.vm(call.host, _as_known(call, seen.note(each)))


@cmdlet("Get-VMHost")
def get_vm_host(call: CmdletCall, given: Given) -> Iterator[Any]:
    found = call.host.hyperv.get_vm_host()
    properties = {
        "Name": found.name,
        "ComputerName": found.name,
        "MemoryCapacity": found.memory_capacity_bytes,
        "LogicalProcessorCount": found.logical_processors,
        "MacAddressMinimum": found.mac_address_minimum,
        "MacAddressMaximum": found.mac_address_maximum,
    }
    yield shape(HYPERV + "VMHost", properties)


@cmdlet("Get-VMHostSupportedVersion")
def get_vm_host_supported_version(call: CmdletCall, given: Given) -> Iterator[Any]:
    for version in call.host.hyperv.get_vm_host().supported_vm_versions:
        yield shape(HYPERV + "VMHostSupportedVersion", {"Version": {"$version": version}})


@cmdlet("Get-VMSwitch")
def get_vm_switch(call: CmdletCall, given: Given) -> Iterator[Any]:
    return map(shapes.switch, call.host.hyperv.get_vm_switch())


@cmdlet("Get-VMHardDiskDrive", *VM)
def get_vm_hard_disk_drive(call: CmdletCall, given: Given) -> Iterator[Any]:
    return map(shapes.hard_drive, _seen(call, given, "drives").hard_drives)


@cmdlet("Get-VMDvdDrive", *VM)
def get_vm_dvd_drive(call: CmdletCall, given: Given) -> Iterator[Any]:
    return map(shapes.dvd_drive, _seen(call, given, "drives").dvd_drives)


@cmdlet("Get-VMNetworkAdapter", "VM", "All")
def get_vm_network_adapter(call: CmdletCall, given: Given) -> Iterator[Any]:
    if given.get("All"):
        return (shapes.adapter(each, vm_name=name) for name, each in call.host.hyperv.get_vm_network_adapters())
    vm = _seen(call, given, "adapters")
    gone = {each.adapter_id for each in _found(call, given).network_adapters if each.switch_gone}
    # whether its switch is there is looked up at each reading of the name (10)
    found = (replace(each, switch_gone=each.adapter_id in gone) for each in vm.network_adapters)
    return (shapes.adapter(each, vm_name=vm.name) for each in found)


@cmdlet("Get-VMNetworkAdapterVlan", "VMNetworkAdapter")
def get_vm_network_adapter_vlan(call: CmdletCall, given: Given) -> Iterator[Any]:
    vm_id, adapter_id = _adapter(given)
    for each in call.host.hyperv.get_vm(vm_id).network_adapters:
        if each.adapter_id == adapter_id:
            yield shapes.vlan(each.vlan)


@cmdlet("Get-VMProcessor", *VM)
def get_vm_processor(call: CmdletCall, given: Given) -> Iterator[Any]:
    found = _found(call, given)
    properties = {
        "Count": found.processor_count,
        "CompatibilityForMigrationEnabled": found.compatibility_for_migration_enabled,
    }
    yield shape(HYPERV + "VMProcessor", properties, ref={"vm_id": found.vm_id})


@cmdlet("Get-VMSnapshot", "VM", "Id")
def get_vm_snapshot(call: CmdletCall, given: Given) -> Iterator[Any]:
    """By -Id the checkpoint itself is looked up, not the list of a VM (2.14)."""
    hyperv = call.host.hyperv
    if "Id" in given:
        found = [
            each for vm in hyperv.get_vms() for each in vm.snapshots if each.snapshot_id == str(given["Id"]).lower()
        ]
        if not found:
            what = f"Hyper-V was unable to find a checkpoint with id {given['Id']} on {call.host.name}."
            raise CmdletError(what, error_id="ObjectNotFound", category="ObjectNotFound")
        return map(shapes.snapshot, found)
    hyperv.get_vm_snapshot(_vm_id(given))  # the question may fail
    return map(shapes.snapshot, _seen(call, given, "snapshots").snapshots)


@cmdlet("Get-VMSecurity", *VM)
def get_vm_security(call: CmdletCall, given: Given) -> Iterator[Any]:
    found = call.host.hyperv.get_vm_security(_vm_id(given))
    key_drives = call.host.hyperv.get_vm_devices(_vm_id(given), DeviceKind.KEY_STORAGE_DRIVE)
    properties = {
        "TpmEnabled": found.tpm_enabled,
        "Shielded": found.shielded,
        "EncryptStateAndVmMigrationTraffic": found.encrypt_state_and_vm_migration_traffic,
        "KsdEnabled": bool(key_drives),
    }
    yield shape(HYPERV + "VMSecurity", properties)


def _register_devices(kind: DeviceKind) -> None:
    @cmdlet(kind.value, *VM)
    def devices(call: CmdletCall, given: Given) -> Iterator[Any]:
        for name in call.host.hyperv.get_vm_devices(_vm_id(given), kind):
            yield shape(HYPERV + kind.value.removeprefix("Get-"), {"Name": name})


for _kind in DeviceKind:
    _register_devices(_kind)


@cmdlet("Set-VM", "VM", "AutomaticStartAction", "CheckpointType", "AutomaticCheckpointsEnabled", "Notes")
def set_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    start, kind = given.get("AutomaticStartAction"), given.get("CheckpointType")
    call.host.hyperv.set_vm(
        _vm_id(given),
        automatic_start_action=None if start is None else StartAction.named(start),
        checkpoint_type=None if kind is None else CheckpointType.named(kind),
        automatic_checkpoints_enabled=given.get("AutomaticCheckpointsEnabled"),
        notes=given.get("Notes"),
    )
    _forget(call, given, "properties")
    yield from ()


@cmdlet("Checkpoint-VM", "VM", "SnapshotName", "Passthru")
def checkpoint_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    made = call.host.hyperv.checkpoint_vm(_vm_id(given), snapshot_name=str(given["SnapshotName"]))
    if given.get("Passthru"):
        yield shapes.snapshot(made)


@cmdlet("Remove-VMSnapshot", "VMSnapshot")
def remove_vm_snapshot(call: CmdletCall, given: Given) -> Iterator[Any]:
    vm_id, snapshot_id = reference(given["VMSnapshot"], "vm_id"), reference(given["VMSnapshot"], "snapshot_id")
    call.host.hyperv.remove_vm_snapshot(vm_id, snapshot_id)
    call.caller.proxies.forget(str(vm_id), *LISTS)
    yield from ()


def _warning(call: CmdletCall, given: Given, state: VMState) -> Iterator[Any]:
    """A VM that is in the wanted state already is a warning, and all is well (section 4, ChangeState)."""
    if call.host.hyperv.get_vm_state(_vm_id(given)) is state:
        yield {"$warning": "The virtual machine is already in the specified state."}


@cmdlet("Start-VM", *VM)
def start_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    yield from _warning(call, given, VMState.RUNNING)
    call.host.hyperv.start_vm(_vm_id(given))
    _forget(call, given)


@cmdlet("Save-VM", *VM)
def save_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    yield from _warning(call, given, VMState.SAVED)
    call.host.hyperv.save_vm(_vm_id(given))
    _forget(call, given)


@cmdlet("Suspend-VM", *VM)
def suspend_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    yield from _warning(call, given, VMState.PAUSED)
    call.host.hyperv.suspend_vm(_vm_id(given))
    _forget(call, given)


@cmdlet("Resume-VM", *VM)
def resume_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    yield from _warning(call, given, VMState.RUNNING)
    call.host.hyperv.resume_vm(_vm_id(given))
    _forget(call, given)


@cmdlet("Stop-VM", "VM", "TurnOff", "Force", "AsJob")
def stop_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    """In a job every question is answered with yes, the state is Completed in the end, and errors are in Error (1.3, 1.4)."""
    vm_id, turn_off = _vm_id(given), bool(given.get("TurnOff"))
    if not given.get("AsJob"):
        call.host.hyperv.stop_vm(vm_id, turn_off=turn_off, force=bool(given.get("Force")))
        _forget(call, given)
        return
    job, jobs = CmdletJob(), call.caller.jobs
    number = len(jobs) + 1
    jobs[number] = job

    def stop() -> None:
        try:
            call.host.hyperv.stop_vm(vm_id, turn_off=turn_off, force=True)
            _forget(call, given)
        except HyperVError as error:
            job.errors.append(error.message)
        job.state = "Completed"

    in_background(call, stop, name="Stop-VM")
    yield {"$job": number}


@cmdlet("Job", "Number")
def job_state(call: CmdletCall, given: Given) -> Iterator[Any]:
    """Not a cmdlet: what the properties of a job ask."""
    job = call.caller.jobs[int(given["Number"])]
    yield {"state": job.state, "errors": job.errors}


@cmdlet("Compare-VM", "Path", "Register", "CompatibilityReport")
def compare_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    reports = call.caller.reports
    if "CompatibilityReport" in given:
        found = call.host.hyperv.compare_vm_again(reports[reference(given["CompatibilityReport"], "report")])
    else:
        register = bool(given.get("Register"))
        found = call.host.hyperv.compare_vm(str(given["Path"]), register=register, seen=call.caller.seen)
    call.caller.seen.note(found.vm)
    number = len(reports) + 1
    reports[number] = found
    yield shapes.report(call.host, found, number=number)


@cmdlet("Import-VM", "CompatibilityReport")
def import_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    report = call.caller.reports[reference(given["CompatibilityReport"], "report")]
    yield shapes.vm(call.host, call.caller.seen.note(call.host.hyperv.import_vm(report)))


@cmdlet("Remove-VM", "VM", "Force")
def remove_vm(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.hyperv.remove_vm(_vm_id(given))
    call.caller.seen.forget(_vm_id(given))
    _forget(call, given)
    yield from ()


@cmdlet("Set-VMHardDiskDrive", "VMHardDiskDrive", "Path")
def set_vm_hard_disk_drive(call: CmdletCall, given: Given) -> Iterator[Any]:
    drive = given["VMHardDiskDrive"]
    call.host.hyperv.set_vm_hard_disk_drive(
        reference(drive, "vm_id"), reference(drive, "drive_id"), path=str(given["Path"])
    )
    call.caller.proxies.forget(str(reference(drive, "vm_id")), "drives")
    yield from ()


@cmdlet("Set-VMDvdDrive", "VMDvdDrive", "Path")
def set_vm_dvd_drive(call: CmdletCall, given: Given) -> Iterator[Any]:
    drive = given["VMDvdDrive"]
    call.host.hyperv.set_vm_dvd_drive(
        reference(drive, "vm_id"), reference(drive, "drive_id"), path=given["Path"] or None
    )
    yield from ()


def _adapter(given: Given) -> tuple[str, str]:
    told = given["VMNetworkAdapter"]
    return str(reference(told, "vm_id")), str(reference(told, "adapter_id"))


@cmdlet("Set-VMNetworkAdapter", "VMNetworkAdapter", "StaticMacAddress")
def set_vm_network_adapter(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.hyperv.set_vm_network_adapter(*_adapter(given), static_mac_address=str(given["StaticMacAddress"]))
    call.caller.proxies.forget(_adapter(given)[0], "adapters")
    yield from ()


@cmdlet("Connect-VMNetworkAdapter", "VMNetworkAdapter", "SwitchName", "VMSwitch")
def connect_vm_network_adapter(call: CmdletCall, given: Given) -> Iterator[Any]:
    if "VMSwitch" in given:
        switch_id = str(reference(given["VMSwitch"], "switch_id"))
        call.host.hyperv.connect_vm_network_adapter(*_adapter(given), switch_id=switch_id)
    else:
        call.host.hyperv.connect_vm_network_adapter(*_adapter(given), switch_name=str(given["SwitchName"]))
    call.caller.proxies.forget(_adapter(given)[0], "adapters")
    yield from ()


@cmdlet("Disconnect-VMNetworkAdapter", "VMNetworkAdapter")
def disconnect_vm_network_adapter(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.hyperv.disconnect_vm_network_adapter(*_adapter(given))
    call.caller.proxies.forget(_adapter(given)[0], "adapters")
    yield from ()


@cmdlet(
    "Set-VMNetworkAdapterVlan",
    "VMNetworkAdapter",
    "Access",
    "VlanId",
    "Untagged",
    "Trunk",
    "NativeVlanId",
    "AllowedVlanIdList",
)
def set_vm_network_adapter_vlan(call: CmdletCall, given: Given) -> Iterator[Any]:
    if given.get("Access"):
        setting = VlanSetting(operation_mode="Access", access_vlan_id=int(given["VlanId"]))
    elif given.get("Trunk"):
        setting = VlanSetting(
            operation_mode="Trunk",
            native_vlan_id=int(given["NativeVlanId"]),
            allowed_vlan_ids=str(given["AllowedVlanIdList"]),
        )
    else:
        setting = VlanSetting()
    call.host.hyperv.set_vm_network_adapter_vlan(*_adapter(given), vlan=setting)
    call.caller.proxies.forget(_adapter(given)[0], "adapters")
    yield from ()


# --- disks


@cmdlet("Get-VHD", "Path")
def get_vhd(call: CmdletCall, given: Given) -> Iterator[Any]:
    yield shapes.virtual_disk(call.host, call.host.hyperv.get_vhd(str(first(given["Path"]))))


@cmdlet("Set-VHD", "Path", "ParentPath")
def set_vhd(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.hyperv.set_vhd(str(given["Path"]), parent_path=str(given["ParentPath"]))
    yield from ()


@cmdlet("Test-VHD", "Path")
def test_vhd(call: CmdletCall, given: Given) -> Iterator[Any]:
    """An error record, and then False (VHD/Cmdlets/TestVhd.cs)."""
    try:
        call.host.hyperv.test_vhd(str(first(given["Path"])))
    except HyperVError as error:
        yield error
        yield False
        return
    yield True


@cmdlet("Merge-VHD", "Path", "DestinationPath", "Force")
def merge_vhd(call: CmdletCall, given: Given) -> Iterator[Any]:
    path, merges = str(given["Path"]), call.memory.merges

    def tell(done_bytes: int, total_bytes: int) -> None:
        merges[path] = 100 * done_bytes // max(1, total_bytes)

    merges[path] = 0
    try:
        call.host.hyperv.merge_vhd(path, destination_path=str(given["DestinationPath"]), progress=tell)
    finally:
        merges.pop(path, None)
    yield from ()
