"""Merging after a checkpoint is gone: live, off, broken off, without room; every block is compared afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from hyperv_helpers import MEBIBYTE, QUICK, HyperVHost
from waiting import wait_until

from lab.disks import merge_into_parent
from lab.hyperv import INSTANT
from lab.hyperv.model import VirtualMachine
from lab.hyperv.new_vm import NewDisk
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import verify_disks
from lab.platform.errors import PlatformError
from lab.platform.open_files import ANYTHING, Access
from qsm.facts.states import VMOperationalStatus, VMState

WIDE = replace(QUICK, working_set_blocks=4096, hot_set_share=0.0)
SLOW = replace(INSTANT, merge_bytes_per_second=24 * MEBIBYTE)


def slow_merges(host: HyperVHost) -> None:
    host.timing = SLOW
    host.reboot()


def with_changes(host: HyperVHost, **changes: object) -> tuple[VirtualMachine, str]:
    """A running VM whose checkpoint has taken writes all over one disk; the VM and the checkpoint's id."""
    host.platform.files.make_folder(r"D:\VMs\Web")
    disks = (NewDisk("SCSI 0:0", host.make_disk("disk.vhdx")),)
    vm = host.running_vm(disks=disks, workload=WIDE, **changes)
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1")
    host.wait_for_writes(vm.vm_id, 60)
    return vm, snapshot.snapshot_id


def is_merging(host: HyperVHost, vm_id: str) -> bool:
    return bool(host.hyperv.get_merge_jobs()) and VMOperationalStatus.MERGING_DISKS in (
        host.hyperv.get_vm(vm_id).operational_status
    )


def test_a_running_vm_writes_on_while_its_disks_are_merged(host: HyperVHost) -> None:
    slow_merges(host)
    vm, snapshot_id = with_changes(host)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    assert host.hyperv.get_vm(vm.vm_id).snapshots == ()
    assert is_merging(host, vm.vm_id)
    (job,) = host.hyperv.get_merge_jobs()
    assert job.vm_id == vm.vm_id
    host.wait_for_writes(vm.vm_id, 100)
    assert is_merging(host, vm.vm_id)
    for act in (lambda: host.hyperv.save_vm(vm.vm_id), lambda: host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="x")):
        with pytest.raises(Exception, match="MergingDisks"):
            act()
    host.wait_for_merges(vm.vm_id)
    assert host.paths(vm.vm_id) == [vm.hard_drives[0].path]
    assert host.hyperv.get_vhd(vm.hard_drives[0].path).vhd_type == "Dynamic"
    assert host.hyperv.get_vm(vm.vm_id).operational_status == (VMOperationalStatus.OK,)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.save_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    assert [life.restored for life in host.witness.client.lifetimes(vm.vm_id)] == [False]


@pytest.mark.parametrize("state", [VMState.OFF, VMState.SAVED, VMState.PAUSED])
def test_a_vm_that_stands_still_is_merged_and_goes_on_from_where_it_was(host: HyperVHost, state: VMState) -> None:
    vm, snapshot_id = with_changes(host)
    act: dict[VMState, Callable[[str], object]] = {
        VMState.OFF: host.hyperv.stop_vm,
        VMState.SAVED: host.hyperv.save_vm,
        VMState.PAUSED: host.hyperv.suspend_vm,
    }
    act[state](vm.vm_id)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    host.wait_for_merges(vm.vm_id)
    assert host.state(vm.vm_id) is state
    assert host.verify(vm.vm_id).clean
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    assert host.witness.client.findings(vm.vm_id) == []


def test_checkpoints_are_removed_one_by_one_from_the_middle_of_the_chain(host: HyperVHost) -> None:
    vm, first = with_changes(host)
    second = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 2").snapshot_id
    host.wait_for_writes(vm.vm_id)
    third = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 3").snapshot_id
    assert len(host.differencing_files()) == 3
    host.hyperv.remove_vm_snapshot(vm.vm_id, second)
    wait_until(lambda: len(host.differencing_files()) == 2 and not host.hyperv.get_merge_jobs(), what="one merge")
    kept = host.hyperv.get_vm_snapshot(vm.vm_id)
    assert [(each.snapshot_id, each.parent_snapshot_id) for each in kept] == [(first, None), (third, first)]
    host.hyperv.remove_vm_snapshot(vm.vm_id, first)
    wait_until(lambda: len(host.differencing_files()) == 1 and not host.hyperv.get_merge_jobs(), what="two merges")
    assert [drive.path for drive in host.hyperv.get_vm_snapshot(vm.vm_id)[0].hard_drives] == [vm.hard_drives[0].path]
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    host.hyperv.remove_vm_snapshot(vm.vm_id, third)
    host.wait_for_merges(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    leftover = [each.path for each in host.platform.files.list(r"D:\VMs\Web\Snapshots", recursive=True)]
    assert leftover == []


def test_a_merge_goes_on_after_a_power_cut(host: HyperVHost) -> None:
    slow_merges(host)
    vm, snapshot_id = with_changes(host)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    wait_until(lambda: any(job.done_bytes for job in host.hyperv.get_merge_jobs()), what="a merge under way")
    host.power_cut()
    host.switch_on()
    assert host.differencing_files() != []
    assert host.verify(vm.vm_id, after_crash=True).clean
    host.timing = INSTANT
    host.reboot()
    wait_until(lambda: host.state(vm.vm_id) is VMState.RUNNING, what="a VM started automatically")
    host.wait_for_merges(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id, after_crash=True).clean


def test_a_merge_that_was_complete_when_power_was_lost_is_only_finished(host: HyperVHost) -> None:
    vm, snapshot_id = with_changes(host)
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 2")
    host.hyperv.stop_vm(vm.vm_id)
    host.hyperv.arrange_vm(vm.vm_id, merge_disabled=True)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    leaf = host.paths(vm.vm_id)[0]
    middle = host.hyperv.get_vhd(leaf).parent_path
    assert middle is not None
    host.power_cut()
    files = host.platform.files
    merge_into_parent(files.host_path(middle), parent=files.host_path(vm.hard_drives[0].path))
    host.switch_on()
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    assert host.differencing_files() == [leaf]
    assert host.hyperv.get_vhd(leaf).parent_path == vm.hard_drives[0].path
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_a_vm_may_be_stopped_and_started_in_the_middle_of_a_merge(host: HyperVHost) -> None:
    slow_merges(host)
    vm, snapshot_id = with_changes(host)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    assert is_merging(host, vm.vm_id)
    assert host.hyperv.stop_vm(vm.vm_id).state is VMState.OFF
    assert is_merging(host, vm.vm_id)
    assert host.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING
    assert is_merging(host, vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.wait_for_merges(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_a_vm_process_that_dies_in_a_live_merge_leaves_a_chain_that_starts(host: HyperVHost) -> None:
    slow_merges(host)
    vm, snapshot_id = with_changes(host)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    assert is_merging(host, vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id, turn_off=True)
    assert host.verify(vm.vm_id, after_crash=True).clean
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.wait_for_merges(vm.vm_id)


def test_without_room_the_merge_waits_for_the_next_start_or_stop(host: HyperVHost) -> None:
    host.platform.files.make_folder(r"D:\VMs\Web")
    disks = (NewDisk("SCSI 0:0", host.make_disk("empty.vhdx")),)
    vm = host.make_vm(disks=disks, workload=WIDE)
    snapshot_id = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1").snapshot_id
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    host.platform.files.volumes.set_free("D:\\", 0)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    wait_until(lambda: not host.hyperv.get_merge_jobs(), what="a merge that gave up")
    seen = host.hyperv.get_vm(vm.vm_id)
    assert "could not be merged" in seen.failure
    assert seen.operational_status == (VMOperationalStatus.OK,)
    assert host.differencing_files() != []
    assert host.verify(vm.vm_id).clean
    host.platform.files.volumes.set_free("D:\\", 200 * MEBIBYTE)
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_merges(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_a_host_that_is_shut_down_saves_a_vm_in_the_middle_of_a_merge(host: HyperVHost) -> None:
    slow_merges(host)
    vm, snapshot_id = with_changes(host)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    assert is_merging(host, vm.vm_id)
    host.hyperv.shut_down_host()
    host.timing = INSTANT
    host.switch_on()
    assert host.state(vm.vm_id) is VMState.SAVED
    assert host.differencing_files() != []
    host.hyperv.boot()
    host.wait_for_merges(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
    assert [life.restored for life in host.witness.client.lifetimes(vm.vm_id)] == [False, True]


def test_a_paused_vm_whose_merge_had_no_room_has_its_disks_as_before(host: HyperVHost) -> None:
    host.platform.files.make_folder(r"D:\VMs\Web")
    vm = host.make_vm(disks=(NewDisk("SCSI 0:0", host.make_disk("empty.vhdx")),), workload=WIDE)
    snapshot_id = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1").snapshot_id
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.suspend_vm(vm.vm_id)
    host.platform.files.volumes.set_free("D:\\", 0)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    wait_until(lambda: not host.hyperv.get_merge_jobs(), what="a merge that gave up")
    assert "could not be merged" in host.hyperv.get_vm(vm.vm_id).failure
    host.platform.open_files.require(vm.hard_drives[0].path, access=Access.READ)
    host.platform.files.volumes.set_free("D:\\", 200 * MEBIBYTE)
    host.hyperv.resume_vm(vm.vm_id)
    host.wait_for_merges(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_a_reader_of_the_base_keeps_it_from_being_merged_into(host: HyperVHost) -> None:
    vm, snapshot_id = with_changes(host)
    base = vm.hard_drives[0].path
    with host.platform.open_files.opened(base, access=Access.READ, share=ANYTHING, holder="BITS"):
        host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
        wait_until(lambda: not host.hyperv.get_merge_jobs(), what="a merge that gave up")
        assert "used by another process" in host.hyperv.get_vm(vm.vm_id).failure
        host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    host.wait_for_merges(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_merging_can_be_switched_off(host: HyperVHost) -> None:
    vm, snapshot_id = with_changes(host)
    host.hyperv.arrange_vm(vm.vm_id, merge_disabled=True)
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    assert host.hyperv.get_merge_jobs() == ()
    assert host.differencing_files() != []
    host.hyperv.arrange_vm(vm.vm_id, merge_disabled=False)
    host.wait_for_merges(vm.vm_id)


@pytest.mark.parametrize("power_cut", [False, True])
def test_removing_a_vm_keeps_its_disks_and_merges_them_afterwards(host: HyperVHost, *, power_cut: bool) -> None:
    slow_merges(host)
    vm, _ = with_changes(host)
    host.hyperv.save_vm(vm.vm_id)
    expected = host.hyperv.get_vm(vm.vm_id)
    table = host.witness.client.acknowledged_table(vm.vm_id)
    base, leaf = vm.hard_drives[0].path, expected.hard_drives[0].path
    host.hyperv.remove_vm(vm.vm_id)
    assert host.hyperv.get_vms() == ()
    left = [each.path for each in host.platform.files.list(r"D:\VMs", recursive=True) if not each.folder]
    assert sorted(left) == sorted([base, leaf])
    assert [job.vm_id for job in host.hyperv.get_merge_jobs()] == [vm.vm_id]
    assert host.platform.open_files.holders(base)
    assert host.platform.open_files.holders(leaf)
    with pytest.raises(PlatformError, match="used by another process"):
        host.platform.files.remove_file(leaf)
    if power_cut:
        host.power_cut()
        host.timing = INSTANT
        host.switch_on()
        assert host.platform.open_files.holders(base)
        host.hyperv.boot()
    wait_until(lambda: not host.hyperv.get_merge_jobs() and not host.exists(leaf), what="the last merge")
    assert host.platform.open_files.holders(base) == ()
    with FlatReader(host.platform.files.host_path(base)) as reader:
        assert verify_disks({vm.hard_drives[0].slot: reader}, table).clean
    host.platform.files.remove_file(base)


def test_a_running_vm_cannot_be_removed(host: HyperVHost) -> None:
    vm = host.running_vm()
    with pytest.raises(Exception, match="current state"):
        host.hyperv.remove_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)


def test_going_home_from_a_full_volume(host: HyperVHost) -> None:
    host.platform.files.make_folder(r"D:\VMs\Web")
    disks = (NewDisk("SCSI 0:0", host.make_disk("fixed.vhdx", dynamic=False, size_bytes=64 * MEBIBYTE)),)
    workload = replace(WIDE, working_set_blocks=16384, writes_per_second=100)
    vm = host.running_vm(disks=disks, workload=workload)
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1")
    host.platform.files.volumes.set_free("D:\\", 0)
    wait_until(lambda: host.state(vm.vm_id) is VMState.PAUSED_CRITICAL, what="a VM paused by Hyper-V")
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot.snapshot_id)
    wait_until(lambda: host.differencing_files() == [], what="merged disks")
    wait_until(lambda: not host.hyperv.get_merge_jobs(), what="the end of the merge")
    host.hyperv.resume_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_many_ask_while_one_merges(host: HyperVHost) -> None:
    vm, snapshot_id = with_changes(host)
    ended = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        while not ended.is_set():
            try:
                seen = host.hyperv.get_vm(vm.vm_id)
                host.hyperv.get_vms()
                for drive in seen.hard_drives:
                    if host.exists(drive.path):
                        host.hyperv.get_vhd(drive.path)
            except Exception as error:
                if "0x80070002" not in f"{error}":  # merged and removed since it was named
                    failures.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot_id)
    host.wait_for_merges(vm.vm_id)
    ended.set()
    for asker in askers:
        asker.join()
    assert failures == []
