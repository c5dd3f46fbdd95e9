"""What a quick storage migration asks of two hosts, cmdlet by cmdlet; the witness and every block are the judges."""

from __future__ import annotations

import ntpath
import threading
import time
import uuid
from dataclasses import replace

import pytest
from hyperv_helpers import MEBIBYTE, HyperVHost, refused
from waiting import wait_until

from lab.hyperv import INSTANT, ErrorCategory
from lab.hyperv.errors import (
    ERROR_ALREADY_EXISTS,
    ERROR_DISK_FULL,
    ERROR_FILE_EXISTS,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_PARAMETER,
    RETURN_INVALID_STATE,
    RETURN_NOT_SUPPORTED,
)
from lab.hyperv.held_files import SHARED_FILE
from lab.hyperv.model import (
    MISSING_DISK,
    MISSING_SWITCH,
    UNUSABLE_SAVED_STATE,
    DvdDrive,
    HardDiskDrive,
    NetworkAdapter,
    VirtualMachine,
)
from lab.hyperv.slots import drive_id
from lab.platform.errors import PlatformError
from qsm.facts.states import VMOperationalStatus, VMState

EXPORT = r"D:\Export"
MOVED = r"D:\Moved\Web"


def export(host: HyperVHost, vm: VirtualMachine) -> str:
    host.platform.files.make_folder(EXPORT)
    written = host.hyperv.export_system_definition(
        vm.vm_id,
        EXPORT,
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=True,
    )
    return written[0]


def carry(host: HyperVHost, target: HyperVHost, vm: VirtualMachine, configuration: str) -> tuple[str, dict[str, str]]:
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


def merge_on(target: HyperVHost, leaves: dict[str, str]) -> dict[str, str]:
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


def test_a_running_vm_moves_with_its_memory_and_every_block(host: HyperVHost, target: HyperVHost) -> None:
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
            target.hyperv.set_vm_hard_disk_drive(vm.vm_id, finding.source.drive_id, path=bases[finding.source.slot])
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


def test_a_planned_vm_left_over_holds_its_file_until_it_is_replaced(host: HyperVHost, target: HyperVHost) -> None:
    """Section 6, step 2: Compare-VM itself destroys a planned VM of the id; only a real one stands in its way."""
    vm = host.make_vm()
    configuration, leaves = carry(host, target, vm, export(host, vm))
    target.hyperv.compare_vm(configuration)
    with pytest.raises(PlatformError, match="being used by another process"):
        target.platform.open_files.require(configuration, access=SHARED_FILE[0])
    target.reboot()
    assert [each.vm_id for each in target.hyperv.get_planned_vms()] == [vm.vm_id]
    target.hyperv.compare_vm(configuration)
    assert [each.vm_id for each in target.hyperv.get_planned_vms()] == [vm.vm_id]
    target.hyperv.remove_vm(vm.vm_id)
    assert target.hyperv.get_planned_vms() == ()
    assert target.exists(configuration)
    assert all(target.exists(leaf) for leaf in leaves.values())
    assert target.hyperv.compare_vm(configuration).vm.vm_id == vm.vm_id


def test_a_second_vm_with_the_same_id_is_refused(host: HyperVHost) -> None:
    vm = host.make_vm()
    configuration = export(host, vm)
    with refused(hresult=ERROR_ALREADY_EXISTS, match="same identifier"):
        host.hyperv.compare_vm(configuration)
    assert host.hyperv.get_vm(vm.vm_id).planned is False


def test_only_a_vm_that_stands_still_is_exported(host: HyperVHost) -> None:
    vm = host.running_vm()
    for act in (lambda: None, lambda: host.hyperv.suspend_vm(vm.vm_id)):
        act()
        with refused(match="current state") as caught:
            export(host, vm)
        assert caught.value.return_code == RETURN_INVALID_STATE
    assert host.platform.files.list(EXPORT) == ()
    host.hyperv.save_vm(vm.vm_id)
    configuration = export(host, vm)
    stem = ntpath.splitext(configuration)[0]
    assert configuration == rf"{EXPORT}\Web\Virtual Machines\{vm.vm_id.upper()}.vmcx"
    found = host.platform.files.list(EXPORT, recursive=True)
    assert [each.path for each in found if not each.folder] == [f"{stem}.vmcx", f"{stem}.vmgs", f"{stem}.vmrs"]
    folders = {ntpath.basename(each.path) for each in found if each.folder}
    assert folders == {"Web", "Virtual Machines", "Snapshots", "Virtual Hard Disks"}
    with refused(hresult=ERROR_FILE_EXISTS):
        export(host, vm)
    assert host.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING


def test_what_an_export_takes_along_is_chosen(host: HyperVHost, target: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    host.hyperv.save_vm(vm.vm_id)
    for number, (snapshots, memory) in enumerate([(0, True), (1, False)]):
        folder = rf"D:\Export{number}"
        written = host.hyperv.export_system_definition(
            vm.vm_id,
            folder,
            copy_snapshot_configuration=snapshots,
            copy_vm_runtime_information=memory,
            disable_differential_of_ignored_storage=True,
        )
        assert len(written) == 2 + memory + (snapshots == 0)
        for path in written:
            host.copy(path, target, path.replace(rf"{folder}\Web", rf"D:\Moved{number}"))
        report = target.hyperv.compare_vm(written[0].replace(rf"{folder}\Web", rf"D:\Moved{number}"))
        assert report.vm.state is (VMState.SAVED if memory else VMState.OFF)
        assert [each.name for each in report.vm.snapshots] == (["one"] if snapshots == 0 else [])
        target.hyperv.remove_vm(vm.vm_id)


def test_an_export_takes_disks_that_are_not_copied_for_granted_only_when_told(host: HyperVHost) -> None:
    vm = host.make_vm()
    written = host.hyperv.export_system_definition(
        vm.vm_id,
        EXPORT,
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=False,
    )
    made = host.differencing_files()
    assert [ntpath.dirname(path) for path in made] == [rf"{EXPORT}\Web\Virtual Hard Disks"] * 2
    assert written[0].endswith(".vmcx")
    host.host_changes["os_build"] = 14393
    host.reboot()
    host.hyperv.export_system_definition(
        vm.vm_id,
        r"D:\Older",
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=False,
    )
    assert host.differencing_files() == made


def test_an_export_needs_room_for_the_saved_memory_and_time_for_its_size(host: HyperVHost) -> None:
    host.timing = replace(INSTANT, copy_bytes_per_second=16 * MEBIBYTE)
    host.reboot()
    vm = host.running_vm(memory_startup_bytes=8 * MEBIBYTE)
    host.hyperv.save_vm(vm.vm_id)
    host.platform.files.volumes.set_free("D:\\", MEBIBYTE)
    with refused(hresult=ERROR_DISK_FULL):
        export(host, vm)
    host.platform.files.volumes.set_free("D:\\", 64 * MEBIBYTE)
    began_at = time.monotonic()
    exporting = threading.Thread(target=export, args=[host, vm])
    exporting.start()
    wait_until(
        lambda: VMOperationalStatus.EXPORTING_VIRTUAL_MACHINE in host.hyperv.get_vm(vm.vm_id).operational_status,
        what="an export",
    )
    with refused(match="in use"):
        host.hyperv.start_vm(vm.vm_id)
    exporting.join()
    assert time.monotonic() - began_at >= 0.5


@pytest.mark.parametrize("change", [{"copy_vm_storage": True}, {"copy_snapshot_configuration": 2}])
def test_an_export_with_disks_is_not_offered(host: HyperVHost, change: dict[str, int]) -> None:
    vm = host.make_vm()
    wanted = {"copy_snapshot_configuration": 1, "copy_vm_runtime_information": True, "copy_vm_storage": False} | change
    with refused(match="configurations only") as caught:
        host.hyperv.export_system_definition(
            vm.vm_id,
            EXPORT,
            disable_differential_of_ignored_storage=True,
            **wanted,  # type: ignore[arg-type]
        )
    assert caught.value.return_code == RETURN_NOT_SUPPORTED


def test_compare_tells_what_does_not_fit_here(host: HyperVHost, target: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.save_vm(vm.vm_id)
    iso = r"D:\install.iso"
    host.platform.files.write_bytes(iso, b"image")
    other = host.make_vm(name="Other", disks=(), dvd_paths=(iso,))
    configuration, leaves = carry(host, target, vm, export(host, vm))
    target.host_changes["processor_vendor"] = "AuthenticAMD"
    target.reboot()
    report = target.hyperv.compare_vm(configuration)
    sources = {type(each.source) for each in report.incompatibilities}
    assert sources == {HardDiskDrive, NetworkAdapter, VirtualMachine}
    target.hyperv.disconnect_vm_network_adapter(vm.vm_id, report.vm.network_adapters[0].adapter_id)
    for slot, leaf in leaves.items():
        target.hyperv.set_vm_hard_disk_drive(vm.vm_id, drive_id(vm.vm_id, slot), path=leaf)
    (finding,) = target.hyperv.compare_vm_again(report).incompatibilities
    assert isinstance(finding.source, VirtualMachine)
    assert finding.message_id == UNUSABLE_SAVED_STATE
    target.hyperv.remove_vm_saved_state(vm.vm_id)
    report = target.hyperv.compare_vm_again(report)
    assert target.hyperv.import_vm(report).state is VMState.OFF

    configuration, _ = carry(host, target, other, export(host, other))
    (dvd, adapter) = sorted(target.hyperv.compare_vm(configuration).incompatibilities, key=lambda f: -f.message_id)
    assert isinstance(dvd.source, DvdDrive)
    assert isinstance(adapter.source, NetworkAdapter)


def test_a_vm_of_a_newer_version_is_not_imported(host: HyperVHost, target: HyperVHost) -> None:
    vm = host.make_vm()
    configuration, _ = carry(host, target, vm, export(host, vm))
    target.host_changes["supported_vm_versions"] = ("5.0", "8.0")
    target.reboot()
    with refused(match="configuration version 10.0"):
        target.hyperv.compare_vm(configuration)
    info = host.hyperv.get_system_compatibility_info(vm.vm_id)
    assert target.hyperv.check_system_compatibility_info(info)[0] == 32784
    assert target.hyperv.get_planned_vms() == ()


def test_what_is_no_configuration_is_not_imported(host: HyperVHost) -> None:
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        host.hyperv.compare_vm(rf"D:\{uuid.uuid4()}.vmcx")
    vm = host.make_vm()
    configuration = export(host, vm)
    path = host.platform.files.host_path(configuration)
    host.hyperv.remove_vm(vm.vm_id)
    path.write_bytes(path.read_bytes()[:-200])
    with refused(match="no whole VM configuration"):
        host.hyperv.compare_vm(configuration)
    path.write_bytes(b"<xml/>")
    with refused(match="no VM configuration"):
        host.hyperv.compare_vm(configuration)
    with refused(hresult=ERROR_INVALID_PARAMETER, match="in place"):
        host.hyperv.compare_vm(configuration, register=False)


def test_a_planned_vm_does_nothing_but_wait(host: HyperVHost, target: HyperVHost) -> None:
    vm = host.make_vm()
    configuration, leaves = carry(host, target, vm, export(host, vm))
    report = target.hyperv.compare_vm(configuration)
    for act in (
        target.hyperv.start_vm,
        target.hyperv.save_vm,
        target.hyperv.stop_vm,
        lambda vm_id: target.hyperv.checkpoint_vm(vm_id, snapshot_name="one"),
    ):
        with refused(match="planned virtual machine") as caught:
            act(vm.vm_id)
        assert caught.value.category is ErrorCategory.INVALID_STATE
    with refused(match="Unable to import"):
        target.hyperv.import_vm(replace(report, incompatibilities=()))  # it is looked at once more
    account = rf"NT VIRTUAL MACHINE\{vm.vm_id.upper()}"
    for slot, leaf in leaves.items():
        assert not target.platform.acl.grants(leaf, account, "FullControl")
        target.hyperv.set_vm_hard_disk_drive(vm.vm_id, drive_id(vm.vm_id, slot), path=leaf)
        assert target.platform.acl.grants(leaf, account, "FullControl")
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        target.hyperv.set_vm_hard_disk_drive(vm.vm_id, drive_id(vm.vm_id, "SCSI 0:0"), path=r"D:\none.vhdx")
    with refused(match="no such drive"):
        target.hyperv.set_vm_hard_disk_drive(vm.vm_id, "SCSI 0:7", path=leaves["SCSI 0:0"])
    target.reboot()
    again = target.hyperv.get_vm(vm.vm_id)
    assert again.planned
    assert [drive.path for drive in again.hard_drives] == list(leaves.values())
    target.hyperv.new_vm_switch("LAN")
    report = target.hyperv.compare_vm_again(report)
    assert target.hyperv.import_vm(report).planned is False
    with refused(hresult=ERROR_ALREADY_EXISTS, match="no planned"):
        target.hyperv.import_vm(report)
    target.reboot()
    assert target.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING
