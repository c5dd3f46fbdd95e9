"""Taking checkpoints: where the writes go, what is written, what is refused."""

from __future__ import annotations

import ntpath
import re
from dataclasses import replace

import pytest
from hyperv_helpers import FOLDER, MEBIBYTE, QUICK, CheckpointType, HyperVHost, refused

from lab.hyperv.errors import ERROR_DISK_FULL, ERROR_INVALID_PARAMETER
from lab.hyperv.model import DeviceKind
from lab.hyperv.new_vm import NewDisk
from lab.platform.errors import PlatformError
from lab.platform.open_files import Access
from qsm.facts.states import VMState


def test_a_checkpoint_moves_the_writes_and_frees_the_base_for_reading(host: HyperVHost) -> None:
    vm = host.running_vm()
    bases = [drive.path for drive in vm.hard_drives]
    for base in bases:
        with pytest.raises(PlatformError, match="being used by another process"):
            host.platform.open_files.require(base, access=Access.READ)
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1")
    assert (snapshot.name, snapshot.snapshot_type, snapshot.parent_snapshot_id) == ("QSM 1", "Standard", None)
    assert [drive.path for drive in snapshot.hard_drives] == bases
    assert host.hyperv.get_vm_snapshot(vm.vm_id) == (snapshot,)
    frozen = [(host.platform.files.facts(base), host.hyperv.get_vhd(base).content_identity) for base in bases]
    for base, leaf in zip(bases, host.paths(vm.vm_id), strict=True):
        assert re.fullmatch(re.escape(base[:-5]) + r"_[0-9A-F-]{36}\.avhdx", leaf)
        disk = host.hyperv.get_vhd(leaf)
        assert (disk.vhd_type, disk.parent_path, disk.attached) == ("Differencing", base, True)
        host.platform.open_files.require(base, access=Access.READ)
        for path, access in [(base, Access.WRITE), (base, Access.DELETE), (leaf, Access.READ)]:
            with pytest.raises(PlatformError, match="being used by another process"):
                host.platform.open_files.require(path, access=access)
        account = rf"NT VIRTUAL MACHINE\{vm.vm_id.upper()}"
        assert host.platform.acl.grants(leaf, account, "FullControl")
    host.wait_for_writes(vm.vm_id)
    assert frozen == [(host.platform.files.facts(base), host.hyperv.get_vhd(base).content_identity) for base in bases]
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    host.platform.open_files.require(host.paths(vm.vm_id)[0], access=Access.READ)


def test_checkpoints_of_a_guest_that_writes_as_fast_as_it_can_lose_nothing(host: HyperVHost) -> None:
    vm = host.running_vm(workload=replace(QUICK, writes_per_second=20000, working_set_blocks=4096))
    for number in range(4):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name=f"QSM {number}")
        host.wait_for_writes(vm.vm_id, 200)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


@pytest.mark.parametrize("state", [VMState.OFF, VMState.SAVED, VMState.PAUSED])
def test_a_vm_in_any_lasting_state_is_checkpointed_and_goes_on_from_it(host: HyperVHost, state: VMState) -> None:
    vm = host.running_vm()
    act = {
        VMState.OFF: host.hyperv.stop_vm,
        VMState.SAVED: host.hyperv.save_vm,
        VMState.PAUSED: host.hyperv.suspend_vm,
    }[state]
    act(vm.vm_id)
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    assert host.state(vm.vm_id) is state
    assert len(snapshot.state_files) == (2 if state is VMState.SAVED else 1)
    assert len(host.differencing_files()) == 2
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    lives = host.witness.client.lifetimes(vm.vm_id)
    assert [life.restored for life in lives] == {
        VMState.OFF: [False, False],
        VMState.SAVED: [False, True],
        VMState.PAUSED: [False],
    }[state]


def test_the_set_type_decides_whether_memory_is_written(host: HyperVHost) -> None:
    vm = host.running_vm()
    production = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="production")
    assert len(production.state_files) == 1
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.STANDARD)
    standard = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="standard")
    memory_file = standard.state_files[1]
    assert ntpath.dirname(memory_file) == r"D:\VMs\Web\Snapshots"
    assert host.platform.files.facts(memory_file).length_bytes == MEBIBYTE
    assert standard.parent_snapshot_id == production.snapshot_id
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.DISABLED)
    with refused(match="disabled"):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="none")
    assert len(host.hyperv.get_vm_snapshot(vm.vm_id)) == 2


def test_a_production_checkpoint_that_fails_falls_back_unless_only_it_is_wanted(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, production_checkpoint_fails=True)
    assert len(host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one").state_files) == 2
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.PRODUCTION_ONLY)
    with refused(match="production checkpoint"):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="two")
    assert len(host.hyperv.get_vm_snapshot(vm.vm_id)) == 1


def test_a_host_before_2016_knows_standard_checkpoints_only(host: HyperVHost) -> None:
    host.host_changes |= {"checkpoint_types_known": False, "supported_vm_versions": ("5.0",)}
    host.reboot()
    vm = host.running_vm()
    assert (vm.checkpoint_type, vm.version) == (None, "5.0")
    with refused(match="no checkpoint types"):
        host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.PRODUCTION)
    assert len(host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one").state_files) == 2
    assert not [each for each in host.platform.files.list("D:\\", recursive=True) if each.path.endswith(".vmgs")]


def test_a_checkpoint_with_memory_needs_room_for_it_and_leaves_nothing_when_it_fails(host: HyperVHost) -> None:
    vm = host.running_vm(memory_startup_bytes=64 * MEBIBYTE, checkpoint_type=CheckpointType.STANDARD)
    before = host.platform.files.list("D:\\", recursive=True)
    host.platform.files.volumes.set_free("D:\\", 40 * MEBIBYTE)
    with refused(hresult=ERROR_DISK_FULL):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    after = host.platform.files.list("D:\\", recursive=True)
    assert [each.path for each in after] == [each.path for each in before]
    assert host.hyperv.get_vm(vm.vm_id).snapshots == ()
    host.wait_for_writes(vm.vm_id)
    host.platform.files.volumes.set_free("D:\\", 12 * MEBIBYTE)
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.PRODUCTION)
    with refused(hresult=ERROR_DISK_FULL):  # the second differencing disk has no room any more
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="two")
    assert host.differencing_files() == []
    assert host.paths(vm.vm_id) == [drive.path for drive in vm.hard_drives]
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


@pytest.mark.parametrize("length", [0, 101])
def test_the_name_of_a_checkpoint_has_a_length(host: HyperVHost, length: int) -> None:
    vm = host.make_vm(disks=())
    with refused(hresult=ERROR_INVALID_PARAMETER):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="x" * length)
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="x" * 100)


def test_obstacles_are_refused_by_their_name(host: HyperVHost) -> None:
    disk = host.make_disk("one.vhdx") if host.platform.files.make_folder(FOLDER) else ""
    own = NewDisk("SCSI 0:0", disk)
    obstacles = {
        "physical disk 3": (own, NewDisk("SCSI 0:1", disk_number=3)),
        "shared": (replace(own, support_persistent_reservations=True),),
    }
    for reason, disks in obstacles.items():
        vm = host.make_vm(disks=disks)
        with refused(match=reason):
            host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    vm = host.make_vm(disks=(own,))
    host.hyperv.arrange_vm(vm.vm_id, devices={DeviceKind.FIBRE_CHANNEL: ("HBA 1",)})
    with refused(match="Get-VMFibreChannelHba"):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")


def test_generation_1_with_vhd_files_on_ide(host: HyperVHost) -> None:
    host.platform.files.make_folder(FOLDER)
    disk = host.make_disk("old.vhd")
    vm = host.running_vm(generation=1, disks=(NewDisk("IDE 0:0", disk),), dvd_paths=(None,))
    assert vm.dvd_drives[0].slot == "IDE 0:1"
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    (leaf,) = host.paths(vm.vm_id)
    assert leaf.endswith(".avhd")
    assert host.hyperv.get_vhd(leaf).vhd_format == "VHD"
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_a_linked_clone_keeps_the_name_and_the_parent_of_its_own_disk(host: HyperVHost) -> None:
    host.platform.files.make_folder(FOLDER)
    template = host.make_disk("template.vhdx")
    clone = host.hyperv.new_vhd(rf"{FOLDER}\clone.vhdx", parent_path=template).path
    vm = host.running_vm(disks=(NewDisk("SCSI 0:0", clone),))
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    (leaf,) = host.paths(vm.vm_id)
    assert ntpath.basename(leaf).startswith("clone_")
    host.wait_for_writes(vm.vm_id)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot.snapshot_id)
    host.wait_for_merges(vm.vm_id)
    assert host.paths(vm.vm_id) == [clone]
    assert host.hyperv.get_vhd(clone).parent_path == template
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_power_lost_after_a_checkpoint_loses_no_acknowledged_write(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    host.wait_for_writes(vm.vm_id)
    host.power_cut()
    host.switch_on()
    assert host.state(vm.vm_id) is VMState.OFF
    assert len(host.hyperv.get_vm_snapshot(vm.vm_id)) == 1
    assert host.verify(vm.vm_id, after_crash=True).clean
