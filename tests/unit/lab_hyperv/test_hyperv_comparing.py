"""What Compare-VM and Import-VM do of themselves: the steps of section 6 of the fact book of the module."""

from __future__ import annotations

import ntpath

import pytest
from hyperv_helpers import HyperVHost, refused

from lab.hyperv import ErrorCategory, HyperVError
from lab.hyperv.lookup import SeenMachines
from lab.hyperv.model import MISSING_DISK, VirtualMachine
from lab.hyperv.wildcards import fits

FOLDER = r"D:\VMs\Web\Virtual Hard Disks"


def exported(host: HyperVHost) -> tuple[VirtualMachine, str]:
    """A VM that is gone, and its configuration in the folder of the VM."""
    vm = host.make_vm()
    host.platform.files.make_folder(r"D:\Export")
    written = host.hyperv.export_system_definition(
        vm.vm_id,
        r"D:\Export",
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=True,
    )
    host.hyperv.remove_vm(vm.vm_id)
    place = rf"D:\VMs\Web\Virtual Machines\{ntpath.basename(written[0])}"
    host.copy(written[0], host, place)
    return vm, place


def put_aside(host: HyperVHost, vm: VirtualMachine, *, count: int) -> None:
    """Have files of the disks' names in the folder where disks usually lie."""
    host.platform.files.make_folder(FOLDER)
    for drive in vm.hard_drives[:count]:
        host.copy(drive.path, host, ntpath.join(FOLDER, ntpath.basename(drive.path)))


def test_disks_are_pointed_at_files_of_their_names_again_and_again(host: HyperVHost) -> None:
    """Steps 4 and 6: by hand nothing else can be set, neither before the next comparison nor before the import."""
    vm, configuration = exported(host)
    put_aside(host, vm, count=2)
    there = [ntpath.join(FOLDER, ntpath.basename(drive.path)) for drive in vm.hard_drives]
    report = host.hyperv.compare_vm(configuration)
    assert report.vhd_destination_path == FOLDER
    assert [drive.path for drive in report.vm.hard_drives] == there
    for compared in range(2):
        for drive in vm.hard_drives:
            host.hyperv.set_vm_hard_disk_drive(vm.vm_id, drive.drive_id, path=drive.path)
        assert host.paths(vm.vm_id) == [drive.path for drive in vm.hard_drives]
        if not compared:
            report = host.hyperv.compare_vm_again(report)
            assert [drive.path for drive in report.vm.hard_drives] == there
    assert [drive.path for drive in host.hyperv.import_vm(report).hard_drives] == there


@pytest.mark.parametrize("count", [0, 1])
def test_one_name_that_is_missing_leaves_all_disks_alone(host: HyperVHost, count: int) -> None:
    """Step 4: every disk, or none."""
    vm, configuration = exported(host)
    put_aside(host, vm, count=count)
    report = host.hyperv.compare_vm(configuration)
    assert report.vhd_destination_path is None
    assert [drive.path for drive in report.vm.hard_drives] == [drive.path for drive in vm.hard_drives]


def test_file_must_be_named_after_an_id(host: HyperVHost) -> None:
    """Step 1."""
    _, configuration = exported(host)
    renamed = ntpath.join(ntpath.dirname(configuration), "web.vmcx")
    host.copy(configuration, host, renamed)
    with refused(match="not named after the id") as caught:
        host.hyperv.compare_vm(renamed)
    assert caught.value.category is ErrorCategory.INVALID_PARAMETER


def test_import_refuses_with_a_sentence_that_names_no_finding(host: HyperVHost) -> None:
    """The module itself refuses, so that it is a failed operation of category InvalidOperation (1.1); the VM stays planned."""
    vm, configuration = exported(host)
    host.platform.files.remove_file(vm.hard_drives[0].path)
    report = host.hyperv.compare_vm(configuration)
    assert MISSING_DISK in [finding.message_id for finding in report.incompatibilities]
    with refused(match="Please use Compare-VM to repair.$") as caught:
        host.hyperv.import_vm(report)
    assert caught.value.by_module and caught.value.category is ErrorCategory.OPERATION_FAILED
    assert [each.vm_id for each in host.hyperv.get_planned_vms()] == [vm.vm_id]


def test_process_remembers_planned_vms_and_not_real_ones(host: HyperVHost) -> None:
    """2.1 to 2.3, and section 6, step 2."""
    vm, configuration = exported(host)
    seen, other = SeenMachines(), SeenMachines()
    seen.note(host.hyperv.compare_vm(configuration).vm)
    host.hyperv.remove_vm(vm.vm_id)
    assert host.hyperv.get_vm_by_id(vm.vm_id, seen).planned
    with pytest.raises(HyperVError) as caught:
        host.hyperv.get_vm_by_id(vm.vm_id, other)
    assert caught.value.category is ErrorCategory.OBJECT_NOT_FOUND
    with pytest.raises(HyperVError, match="cannot be removed"):
        host.hyperv.compare_vm(configuration, seen=seen)
    report = host.hyperv.compare_vm(configuration, seen=other)
    host.hyperv.import_vm(report)
    assert host.hyperv.get_vm_by_id(vm.vm_id, seen).planned, "imported by another process"
    assert not host.hyperv.get_vm_by_id(vm.vm_id, other).planned
    host.hyperv.remove_vm(vm.vm_id)
    with pytest.raises(HyperVError):
        host.hyperv.get_vm_by_id(vm.vm_id, other)


@pytest.mark.parametrize(
    ("pattern", "name", "fit"),
    [
        ("LAN", "lan", True),
        ("LAN*", "LAN 2", True),
        ("L?N", "LAN", True),
        ("LAN [1]", "LAN [1]", False),
        ("LAN [1]", "LAN 1", True),
        ("LAN `[1`]", "LAN [1]", True),
        ("LAN [a-c]", "lan B", True),
        ("LAN [1", "LAN [1", True),
        ("L.N", "LAN", False),
    ],
)
def test_names_are_patterns(pattern: str, name: str, *, fit: bool) -> None:
    """2.5: the brackets of a name bite."""
    assert fits(pattern, name) is fit
