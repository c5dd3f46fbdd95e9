"""Importing the VM on the target: register, repair, compare again, import, prove.

Compare-VM registers a planned VM as a side effect, and one that is left over blocks the next attempt. Whatever cannot
be repaired must therefore be found out and the planned VM be removed, all within one call.
"""

from __future__ import annotations

import ntpath
from collections.abc import Mapping

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import OperationError, failed, hresult_of, refused
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.records import normal_id, require_owner_none
from lab.host.sentences import because, say
from lab.hyperv import ErrorCategory, HyperVError
from lab.hyperv.model import CompatibilityReport, DvdDrive, NetworkAdapter, VirtualMachine
from lab.platform.acl import Right
from lab.platform.errors import PlatformError
from qsm.facts.machines import VMFacts
from qsm.facts.names import inside_folder, same_name, same_path
from qsm.hosts import messages as m


def import_vm(call: OperationCall, arguments: m.ImportVMArguments) -> m.ImportVMResult:
    """Import the VM whose files were copied under the folder."""
    host = call.host
    require_owner_none(call, act=say("act_not_imported", host.name, vm_id=normal_id(arguments.vm_id)))
    _clear_the_way(host, arguments)
    report = _compare(host, arguments)
    report, repaired = _repair(host, report, arguments)
    imported = _import(host, report, arguments)
    try:
        repaired += _set_vlans(host, imported, planned=report.vm)
        repaired += _grant_disks(host, imported)
    except facts.HOST_ERRORS as error:
        raise _import_failed(host, arguments, error) from error
    told = facts.vm_facts(host, facts.vm_after(host, imported.vm_id))
    _prove(host, told, arguments)
    return m.ImportVMResult(vm=told, repaired=repaired)


def _clear_the_way(host: ModuleHost, arguments: m.ImportVMArguments) -> None:
    """Remove the planned VM of a killed attempt. Raises VMExists for any other VM of that id.

    A real VM counts as other even if it lies in our folder: it may have run meanwhile, and nothing here can prove that
    it did not.
    """
    present = facts.vm_or_planned(host, arguments.vm_id)
    if present is None:
        return
    files = [present.configuration_file, *(drive.path for drive in present.hard_drives)]
    if not present.planned or not any(inside_folder(path, arguments.folder) for path in files):
        about = {"vm_id": present.vm_id, "vm": present.name}
        raise refused(
            "VMExists",
            say("planned_vm_exists", host.name, folders=present.configuration_location, **about)
            if present.planned
            else say("vm_exists", host.name, state=present.state, path=present.path, **about),
            subject=present.vm_id,
            state="planned" if present.planned else str(present.state),
        )
    try:
        host.hyperv.remove_vm(present.vm_id)
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error


def _compare(host: ModuleHost, arguments: m.ImportVMArguments) -> CompatibilityReport:
    try:
        return host.hyperv.compare_vm(arguments.configuration, register=True)
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error


def _repair(
    host: ModuleHost, report: CompatibilityReport, arguments: m.ImportVMArguments
) -> tuple[CompatibilityReport, tuple[str, ...]]:
    """Repair what can be. Raises ImportIncompatible and ImportFailed, after removing the planned VM."""
    disks = {disk.slot: disk.path for disk in arguments.disks}
    switches = {choice.adapter_id: choice.switch_name for choice in arguments.switches}
    repaired: list[str] = []
    try:
        if wrong := _files_of_others(host, report.vm, arguments):
            host.hyperv.remove_vm(report.vm.vm_id)
            raise _incompatible(host, report, wrong)
        repaired += _repoint(host, report.vm.vm_id, disks)
        repaired += _connect(host, report.vm.vm_id, switches)
        repaired += _pin(host, report.vm.vm_id, arguments)
        repaired += _empty_drives(host, report)
        report = host.hyperv.compare_vm_again(report)
        findings = _findings(host, report, disks)
        if findings:
            host.hyperv.remove_vm(report.vm.vm_id)
            raise _incompatible(host, report, findings)
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error
    return report, tuple(repaired)


def _files_of_others(host: ModuleHost, planned: VirtualMachine, arguments: m.ImportVMArguments) -> list[dict[str, str]]:
    """Return the drives that name the file of another disk, whole or by its last part: their slots are not what they seem."""
    own = {disk.slot: disk.was for disk in arguments.disks}
    findings = []
    for drive in facts.with_slots(planned).hard_drives:
        expected = own.get(drive.slot)
        if expected is None or not drive.path or same_path(drive.path, expected):
            continue
        others = [was for slot, was in own.items() if slot != drive.slot]
        name = ntpath.basename(drive.path)
        whole = any(same_path(drive.path, other) for other in others)
        part = any(same_name(name, ntpath.basename(other)) for other in others)
        if whole or (part and not same_name(name, ntpath.basename(expected))):
            text = say("other_disk", host.name, slot=drive.slot, found=drive.path, expected=expected)
            findings.append({"id": "DiskSlot", "source": "HardDiskDrive", "text": text})
    return findings


def _empty_drives(host: ModuleHost, report: CompatibilityReport) -> list[str]:
    """Empty the DVD drives that the report names: their image is not here."""
    drives = [finding.source for finding in report.incompatibilities if isinstance(finding.source, DvdDrive)]
    for drive in drives:
        host.hyperv.set_vm_dvd_drive(report.vm.vm_id, drive.drive_id, path=None)
    return [f"DVD drive {drive.slot}: emptied" for drive in drives]


def _findings(host: ModuleHost, report: CompatibilityReport, disks: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what still keeps the VM from being imported, as it travels."""
    findings = [
        {"id": str(finding.message_id), "source": type(finding.source).__name__, "text": finding.message}
        for finding in report.incompatibilities
    ]
    found = sorted(drive.slot for drive in facts.with_slots(report.vm).hard_drives)
    if found != sorted(disks):
        text = say("other_slots", host.name, found="', '".join(found), expected="', '".join(sorted(disks)))
        findings.append({"id": "DiskSlot", "source": "VirtualMachine", "text": text})
    elif not same_name(
        _paths(at := {each.slot: each.path for each in facts.with_slots(report.vm).hard_drives}), _paths(disks)
    ):
        text = say("other_paths", host.name, found=_paths(at), expected=_paths(disks))
        findings.append({"id": "DiskPath", "source": "VirtualMachine", "text": text})
    return findings


def _paths(disks: Mapping[str, str]) -> str:
    return ", ".join(sorted(f"{slot} {path}" for slot, path in disks.items()))


def _set_switch(host: ModuleHost, vm_id: str, adapter: NetworkAdapter, switch_name: str | None) -> list[str]:
    if switch_name is None:
        host.hyperv.disconnect_vm_network_adapter(vm_id, adapter.adapter_id)
        return [f"adapter {adapter.name}: disconnected"]
    switches = [each for each in host.hyperv.get_vm_switch() if same_name(each.name, switch_name)]
    if len(switches) != 1:
        told = say("switch_not_one", host.name, count=len(switches), switch=switch_name)
        raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, told)
    host.hyperv.connect_vm_network_adapter(vm_id, adapter.adapter_id, switch_id=switches[0].switch_id)
    return [f"adapter {adapter.name}: switch {switch_name}"]


def _repoint(host: ModuleHost, vm_id: str, disks: Mapping[str, str]) -> list[str]:
    """Point every disk at its copy: a path that exists here by chance raises no finding, and is another file."""
    planned = facts.with_slots(host.hyperv.get_vm(vm_id))
    changed = []
    for drive in planned.hard_drives:
        path = disks.get(drive.slot)
        if path is not None and not same_path(path, drive.path):
            host.hyperv.set_vm_hard_disk_drive(vm_id, drive.drive_id, path=path)
            changed.append(f"disk {drive.slot}: {path}")
    return changed


def _connect(host: ModuleHost, vm_id: str, switches: Mapping[str, str | None]) -> list[str]:
    """Connect every adapter by the choice: a switch of the same name on another network raises no finding."""
    changed = []
    for adapter in host.hyperv.get_vm(vm_id).network_adapters:
        if adapter.adapter_id in switches and switches[adapter.adapter_id] != adapter.switch_name:
            changed += _set_switch(host, vm_id, adapter, switches[adapter.adapter_id])
    return changed


def _pin(host: ModuleHost, vm_id: str, arguments: m.ImportVMArguments) -> list[str]:
    """Make the addresses static that were chosen."""
    addresses = {each.adapter_id: each.mac_address for each in arguments.pinned}
    changed = []
    for adapter in host.hyperv.get_vm(vm_id).network_adapters:
        if (address := addresses.get(adapter.adapter_id)) is not None:
            host.hyperv.set_vm_network_adapter(vm_id, adapter.adapter_id, static_mac_address=address)
            changed.append(f"adapter {adapter.name}: MAC address {address} made static")
    return changed


def _import(host: ModuleHost, report: CompatibilityReport, arguments: m.ImportVMArguments) -> VirtualMachine:
    try:
        return facts.with_slots(host.hyperv.import_vm(report))
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error


def _prove(host: ModuleHost, vm: VMFacts, arguments: m.ImportVMArguments) -> None:
    """Raises ImportFailed unless state, disks, switches and addresses are what was asked for, and every disk can be read."""
    problems: list[str] = []
    if vm.state != arguments.expected_state:
        problems.append(say("why_state", host.name, state=vm.state, expected=arguments.expected_state))
    if vm.checkpoints:
        problems.append(say("why_checkpoints", host.name, count=len(vm.checkpoints)))
    found = sorted(f"{disk.slot} {disk.path}" for disk in vm.disks)
    expected = sorted(f"{disk.slot} {disk.path}" for disk in arguments.disks)
    if not same_name(", ".join(found), ", ".join(expected)):
        problems.append(say("why_disks", host.name, found=", ".join(found), expected=", ".join(expected)))
    problems += [
        say("why_slot_unreadable", host.name, slot=disk.slot, error=disk.error) for disk in vm.disks if disk.error
    ]
    adapters = {adapter.adapter_id: adapter for adapter in vm.adapters}
    for choice in arguments.switches:
        adapter = adapters.get(choice.adapter_id)
        if adapter is None:
            problems.append(say("why_no_adapter", host.name, adapter=choice.adapter_id))
        elif not same_name(adapter.switch_name or "", choice.switch_name or ""):
            found_name, wanted = adapter.switch_name, choice.switch_name
            problems.append(say("why_switch", host.name, adapter=adapter.name, found=found_name, expected=wanted))
    for pin in arguments.pinned:
        adapter = adapters.get(pin.adapter_id)
        if adapter is None:
            problems.append(say("why_no_adapter", host.name, adapter=pin.adapter_id))
        elif adapter.dynamic_mac or not same_name(adapter.mac_address, pin.mac_address):
            told = {"adapter": adapter.name, "found": adapter.mac_address, "expected": pin.mac_address}
            problems.append(say("why_address", host.name, **told))
    if problems:
        raise failed(
            "ImportFailed",
            say("imported_otherwise", host.name, vm=vm.name, reasons="; ".join(problems)),
            subject=vm.vm_id,
        )


def _set_vlans(host: ModuleHost, vm: VirtualMachine, *, planned: VirtualMachine) -> tuple[str, ...]:
    """Set VLANs again that were lost on the way."""
    wanted = {adapter.adapter_id: adapter.vlan for adapter in planned.network_adapters}
    lost = [each for each in vm.network_adapters if wanted.get(each.adapter_id, each.vlan) != each.vlan]
    for adapter in lost:
        host.hyperv.set_vm_network_adapter_vlan(vm.vm_id, adapter.adapter_id, vlan=wanted[adapter.adapter_id])
    return tuple(f"adapter {adapter.name}: VLAN {wanted[adapter.adapter_id].operation_mode}" for adapter in lost)


def _grant_disks(host: ModuleHost, vm: VirtualMachine) -> tuple[str, ...]:
    """Give the VM full control of its disks where it has not got it."""
    account = f"NT VIRTUAL MACHINE\\{vm.vm_id.upper()}"
    granted = []
    for drive in vm.hard_drives:
        if not host.platform.acl.grants(drive.path, account, Right.FULL_CONTROL):
            host.platform.acl.grant(drive.path, account, Right.FULL_CONTROL)
            granted.append(f"disk {drive.slot}: access granted")
    return tuple(granted)


def _import_failed(
    host: ModuleHost, arguments: m.ImportVMArguments, error: HyperVError | PlatformError
) -> OperationError:
    """Make the error of an import that broke off, after removing what it left."""
    vm_id = normal_id(arguments.vm_id)
    return failed(
        "ImportFailed",
        say("import_failed", host.name, vm_id=vm_id, cause=because(error), left=_undo(host, vm_id)),
        subject=vm_id,
        hresult=hresult_of(error),
    )


def _undo(host: ModuleHost, vm_id: str) -> str:
    """Remove the planned VM as far as possible, and tell what is left. One that stays is removed by the next attempt."""
    try:
        if any(planned.vm_id == vm_id for planned in host.hyperv.get_planned_vms()):
            host.hyperv.remove_vm(vm_id)
    except HyperVError as error:
        return say("left_planned", host.name, cause=because(error))
    return say("left_no_vm" if facts.real_vm(host, vm_id) is None else "left_registered", host.name)


def _incompatible(host: ModuleHost, report: CompatibilityReport, findings: list[dict[str, str]]) -> OperationError:
    texts = "; ".join(say("finding", host.name, **finding) for finding in findings)
    return refused(
        "ImportIncompatible",
        say("import_incompatible", host.name, vm_id=report.vm.vm_id, findings=texts),
        subject=report.vm.vm_id,
        findings=findings,
    )
