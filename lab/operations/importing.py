"""Importing the VM on the target: register, repair, compare again, import, prove.

Compare-VM registers a planned VM as a side effect, and one that is left over blocks the next attempt. Whatever cannot
be repaired must therefore be found out and the planned VM be removed, all within one call.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.hyperv import HyperVError
from lab.hyperv.model import (
    CompatibilityReport,
    HardDiskDrive,
    Incompatibility,
    NetworkAdapter,
    VirtualMachine,
)
from lab.operations import facts
from lab.operations.calls import Call
from lab.operations.errors import OperationError, failed, hresult_of, refused
from lab.operations.host import Host
from lab.operations.records import normal_id
from lab.platform.acl import Right
from qsm.hosts import messages as m


def lies_under(path: str, folder: str) -> bool:
    """Whether a Windows path lies below a folder."""
    return path.casefold().startswith(folder.rstrip("\\").casefold() + "\\")


def import_vm(call: Call, arguments: m.ImportVMArguments) -> m.ImportVMResult:
    """Import the VM whose files were copied under the folder."""
    host = call.host
    _clear_the_way(host, arguments)
    report = _compare(host, arguments)
    report, repaired = _repair(host, report, arguments)
    imported = _import(host, report, arguments)
    _prove(host, imported, arguments, planned=report.vm)
    _grant_disks(host, imported)
    return m.ImportVMResult(vm=facts.vm_facts(host, facts.known_vm(host, imported.vm_id)), repaired=repaired)


def _clear_the_way(host: Host, arguments: m.ImportVMArguments) -> None:
    """Remove the planned VM of a killed attempt. Raises VMExists for any other VM of that id.

    A real VM counts as other even if it lies in our folder: it may have run meanwhile, and nothing here can prove that
    it did not.
    """
    present = facts.vm_or_planned(host, arguments.vm_id)
    if present is None:
        return
    if present.planned and lies_under(present.configuration_file, arguments.folder):
        host.hyperv.remove_vm(present.vm_id)
        return
    raise refused(
        "VMExists",
        f"{host.name} has a {'planned ' if present.planned else ''}VM {present.name} with id {present.vm_id} already, at "
        f"{present.path}. Nothing was changed.",
        subject=present.vm_id,
        state=str(present.state),
    )


def _compare(host: Host, arguments: m.ImportVMArguments) -> CompatibilityReport:
    try:
        return host.hyperv.compare_vm(arguments.configuration, register=True)
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error


def _repair(
    host: Host, report: CompatibilityReport, arguments: m.ImportVMArguments
) -> tuple[CompatibilityReport, tuple[str, ...]]:
    """Repair what can be, by the type of its source. Raises ImportIncompatible after removing the planned VM."""
    disks = {disk.slot: disk.path for disk in arguments.disks}
    switches = {choice.adapter_id: choice.switch_name for choice in arguments.switches}
    repaired: list[str] = []
    try:
        for finding in report.incompatibilities:
            repaired += _repair_one(host, report.vm.vm_id, finding, disks=disks, switches=switches)
        repaired += _repoint(host, report.vm.vm_id, disks)
        repaired += _connect(host, report.vm.vm_id, switches)
        report = host.hyperv.compare_vm_again(report)
    except HyperVError as error:
        host.hyperv.remove_vm(report.vm.vm_id)
        raise _import_failed(host, arguments, error) from error
    if report.incompatibilities:
        host.hyperv.remove_vm(report.vm.vm_id)
        raise _incompatible(host, report)
    return report, tuple(repaired)


def _repair_one(
    host: Host,
    vm_id: str,
    finding: Incompatibility,
    *,
    disks: Mapping[str, str],
    switches: Mapping[str, str | None],
) -> list[str]:
    source = finding.source
    if isinstance(source, HardDiskDrive) and source.slot in disks:
        host.hyperv.set_vm_hard_disk_drive(vm_id, source.slot, path=disks[source.slot])
        return [f"disk {source.slot}: {disks[source.slot]}"]
    if isinstance(source, NetworkAdapter) and source.adapter_id in switches:
        return _set_switch(host, vm_id, source, switches[source.adapter_id])
    return []


def _set_switch(host: Host, vm_id: str, adapter: NetworkAdapter, switch_name: str | None) -> list[str]:
    if switch_name is None:
        host.hyperv.disconnect_vm_network_adapter(vm_id, adapter.adapter_id)
        return [f"adapter {adapter.name}: disconnected"]
    host.hyperv.connect_vm_network_adapter(vm_id, adapter.adapter_id, switch_name=switch_name)
    return [f"adapter {adapter.name}: {switch_name}"]


def _repoint(host: Host, vm_id: str, disks: Mapping[str, str]) -> list[str]:
    """Point every disk at its copy: a path that exists here by chance raises no finding, and is another file."""
    planned = host.hyperv.get_vm(vm_id)
    changed = []
    for drive in planned.hard_drives:
        path = disks.get(drive.slot)
        if path is not None and not facts.same_path(path, drive.path):
            host.hyperv.set_vm_hard_disk_drive(vm_id, drive.slot, path=path)
            changed.append(f"disk {drive.slot}: {path}")
    return changed


def _connect(host: Host, vm_id: str, switches: Mapping[str, str | None]) -> list[str]:
    """Connect every adapter by the choice: a switch of the same name on another network raises no finding."""
    changed = []
    for adapter in host.hyperv.get_vm(vm_id).network_adapters:
        if adapter.adapter_id in switches and switches[adapter.adapter_id] != adapter.switch_name:
            changed += _set_switch(host, vm_id, adapter, switches[adapter.adapter_id])
    return changed


def _import(host: Host, report: CompatibilityReport, arguments: m.ImportVMArguments) -> VirtualMachine:
    try:
        return host.hyperv.import_vm(report)
    except HyperVError as error:
        raise _import_failed(host, arguments, error) from error


def _prove(host: Host, vm: VirtualMachine, arguments: m.ImportVMArguments, *, planned: VirtualMachine) -> None:
    """Raises ImportFailed unless state, disks, switches and VLANs are what was asked for."""
    problems = []
    if str(vm.state) != arguments.expected_state:
        problems.append(f"state {vm.state}, expected {arguments.expected_state}")
    found = {drive.slot: drive.path for drive in vm.hard_drives}
    problems += [
        f"disk {disk.slot} is {found.get(disk.slot)}, expected {disk.path}"
        for disk in arguments.disks
        if not facts.same_path(found.get(disk.slot, ""), disk.path)
    ]
    connected = {adapter.adapter_id: adapter.switch_name for adapter in vm.network_adapters}
    problems += [
        f"adapter {choice.adapter_id} is connected to {connected.get(choice.adapter_id)}, expected {choice.switch_name}"
        for choice in arguments.switches
        if connected.get(choice.adapter_id) != choice.switch_name
    ]
    vlans = {adapter.adapter_id: adapter.vlan for adapter in vm.network_adapters}
    problems += [
        f"adapter {adapter.name} has VLAN {vlans.get(adapter.adapter_id)}, expected {adapter.vlan}"
        for adapter in planned.network_adapters
        if vlans.get(adapter.adapter_id) != adapter.vlan
    ]
    if problems:
        raise failed(
            "ImportFailed",
            f"VM {vm.name} was imported on {host.name} but is not as it should be: {'; '.join(problems)}.",
            subject=vm.vm_id,
        )


def _grant_disks(host: Host, vm: VirtualMachine) -> None:
    account = f"NT VIRTUAL MACHINE\\{vm.vm_id.upper()}"
    for drive in vm.hard_drives:
        if not host.platform.acl.grants(drive.path, account, Right.FULL_CONTROL):
            host.platform.acl.grant(drive.path, account, Right.FULL_CONTROL)


def _import_failed(host: Host, arguments: m.ImportVMArguments, error: HyperVError) -> OperationError:
    return failed(
        "ImportFailed",
        f"VM {normal_id(arguments.vm_id)} could not be imported on {host.name} from {arguments.configuration}: "
        f"{error.message}",
        subject=arguments.vm_id,
        hresult=hresult_of(error),
    )


def _incompatible(host: Host, report: CompatibilityReport) -> OperationError:
    findings = [
        {"id": finding.message_id, "source": type(finding.source).__name__, "text": finding.message}
        for finding in report.incompatibilities
    ]
    texts = "; ".join(finding.message for finding in report.incompatibilities)
    return refused(
        "ImportIncompatible",
        f"VM {report.vm.name} does not fit on {host.name}: {texts}. The planned VM was removed again.",
        subject=report.vm.vm_id,
        findings=findings,
    )
