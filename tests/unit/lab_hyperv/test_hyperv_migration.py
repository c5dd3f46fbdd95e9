"""What a quick storage migration asks of two hosts, cmdlet by cmdlet; the witness and every block are the judges."""

from __future__ import annotations

import ntpath

from hyperv_helpers import Host, refused

from lab.hyperv.errors import ERROR_ALREADY_EXISTS, ERROR_SHARING_VIOLATION
from lab.hyperv.model import (
    MISSING_DISK,
    MISSING_SWITCH,
    HardDiskDrive,
    NetworkAdapter,
    VirtualMachine,
    VMState,
)

EXPORT = r"D:\Export"
MOVED = r"D:\Moved\Web"


def export(host: Host, vm: VirtualMachine) -> str:
    host.platform.files.make_folder(EXPORT)
    written = host.hyperv.export_system_definition(
        vm.vm_id,
        EXPORT,
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=True,
    )
    return written[0]


def carry(host: Host, target: Host, vm: VirtualMachine, configuration: str) -> tuple[str, dict[str, str]]:
    """Copy disk chains and export; return where the configuration is and each slot's leaf."""
    leaves = {}
    for drive in host.hyperv.get_vm(vm.vm_id).hard_drives:
        path: str | None = drive.path
        leaves[drive.slot] = f"{MOVED}\\Disks\\{ntpath.basename(drive.path)}"
        while path is not None:
            host.copy(path, target, f"{MOVED}\\Disks\\{ntpath.basename(path)}")
            path = host.hyperv.get_vhd(path).parent_path
    folder = ntpath.dirname(configuration)
    for name in [each.path for each in host.platform.files.list(folder)]:
        host.copy(name, target, f"{MOVED}\\Virtual Machines\\{ntpath.basename(name)}")
    return f"{MOVED}\\Virtual Machines\\{ntpath.basename(configuration)}", leaves


def merge_on(target: Host, leaves: dict[str, str]) -> dict[str, str]:
    """Fold each leaf into the base beside it."""
    bases = {}
    for slot, leaf in leaves.items():
        base = target.hyperv.get_vhd(leaf).parent_path
        assert base is not None
        target.hyperv.set_vhd(leaf, parent_path=base)
        target.hyperv.test_vhd(leaf)
        target.hyperv.merge_vhd(leaf, destination_path=base)
        target.platform.files.remove_file(leaf)
        bases[slot] = base
    return bases


def test_a_running_vm_moves_with_its_memory_and_every_block(host: Host, target: Host) -> None:
    vm = host.running_vm()
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1")
    host.wait_for_writes(vm.vm_id)
    host.hyperv.save_vm(vm.vm_id)
    configuration, leaves = carry(host, target, vm, export(host, vm))
    bases = merge_on(target, leaves)
    target.hyperv.new_vm_switch("Production")

    report = target.hyperv.compare_vm(configuration)
    planned = report.vm
    assert (planned.planned, planned.state) == (True, VMState.SAVED)
    assert [each.vm_id for each in target.hyperv.get_planned_vms()] == [vm.vm_id]
    assert target.hyperv.get_vms() == ()
    assert sorted(each.message_id for each in report.incompatibilities) == [MISSING_SWITCH, MISSING_DISK, MISSING_DISK]
    with refused(match="Unable to import virtual machine due to configuration errors"):
        target.hyperv.import_vm(report)
    for finding in report.incompatibilities:
        if isinstance(finding.source, HardDiskDrive):
            target.hyperv.set_vm_hard_disk_drive(vm.vm_id, finding.source.slot, path=bases[finding.source.slot])
        elif isinstance(finding.source, NetworkAdapter):
            target.hyperv.connect_vm_network_adapter(vm.vm_id, finding.source.adapter_id, switch_name="Production")
    with refused(match="Unable to import"):  # the report is a photograph: it still has its findings
        target.hyperv.import_vm(report)
    report = target.hyperv.compare_vm_again(report)
    assert report.incompatibilities == ()
    moved = target.hyperv.import_vm(report)

    assert (moved.planned, moved.state, moved.snapshots) == (False, VMState.SAVED, ())
    assert [drive.path for drive in moved.hard_drives] == list(bases.values())
    assert moved.configuration_file == configuration
    assert target.hyperv.get_planned_vms() == ()
    target.witness.client.close_gate(vm.vm_id)
    target.hyperv.start_vm(vm.vm_id)
    target.hyperv.stop_vm(vm.vm_id, turn_off=True)
    assert target.verify(vm.vm_id).clean
    assert host.state(vm.vm_id) is VMState.SAVED


def test_a_planned_vm_left_over_holds_its_file_until_it_is_removed(host: Host, target: Host) -> None:
    vm = host.make_vm()
    configuration, leaves = carry(host, target, vm, export(host, vm))
    target.hyperv.compare_vm(configuration)
    with refused(hresult=ERROR_SHARING_VIOLATION, match="being used by another process"):
        target.hyperv.compare_vm(configuration)
    target.reboot()
    assert [each.vm_id for each in target.hyperv.get_planned_vms()] == [vm.vm_id]
    with refused(hresult=ERROR_SHARING_VIOLATION):
        target.hyperv.compare_vm(configuration)
    target.hyperv.remove_vm(vm.vm_id)
    assert target.hyperv.get_planned_vms() == ()
    assert target.exists(configuration)
    assert all(target.exists(leaf) for leaf in leaves.values())
    assert target.hyperv.compare_vm(configuration).vm.vm_id == vm.vm_id


def test_a_second_vm_with_the_same_id_is_refused(host: Host) -> None:
    vm = host.make_vm()
    configuration = export(host, vm)
    with refused(hresult=ERROR_ALREADY_EXISTS, match="same identifier"):
        host.hyperv.compare_vm(configuration)
    assert host.hyperv.get_vm(vm.vm_id).planned is False
