"""Starting, stopping, saving and pausing VMs, and what Hyper-V refuses."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import nullcontext
from dataclasses import replace

import pytest
from hyperv_helpers import FOLDER, MEBIBYTE, QUICK, HyperVHost, refused
from waiting import wait_until

from lab.disks import Hresult
from lab.hyperv import INSTANT, ErrorCategory, HyperVError
from lab.hyperv.errors import (
    ERROR_ACCESS_DENIED,
    ERROR_DISK_FULL,
    ERROR_FILE_NOT_FOUND,
    ERROR_NOT_ENOUGH_MEMORY,
    ERROR_SHARING_VIOLATION,
    RETURN_IN_USE,
    RETURN_INVALID_STATE,
)
from lab.hyperv.model import DeviceKind
from lab.hyperv.new_vm import NewDisk
from lab.platform.acl import Right
from qsm.facts.states import VMOperationalStatus, VMState


def test_a_vm_starts_saves_restores_and_shuts_down(host: HyperVHost) -> None:
    vm = host.running_vm()
    assert (vm.state, vm.memory_assigned_bytes) == (VMState.RUNNING, MEBIBYTE)
    assert vm.uptime_seconds > 0
    saved = host.hyperv.save_vm(vm.vm_id)
    assert (saved.state, saved.memory_assigned_bytes) == (VMState.SAVED, 0)
    assert saved.saved_state_files[0] == rf"D:\VMs\Web\Virtual Machines\{vm.vm_id.upper()}.vmrs"
    assert host.platform.files.facts(saved.saved_state_files[0]).length_bytes >= MEBIBYTE
    assert host.verify(vm.vm_id).clean
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    assert not host.exists(saved.saved_state_files[0])
    assert host.hyperv.stop_vm(vm.vm_id).state is VMState.OFF
    assert host.verify(vm.vm_id).clean
    lives = host.witness.client.lifetimes(vm.vm_id)
    assert [(life.restored, life.ended_how) for life in lives] == [(False, "saved"), (True, "shut down")]
    assert host.witness.client.findings(vm.vm_id) == []


def test_the_memory_that_comes_back_is_the_memory_that_was_saved(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.save_vm(vm.vm_id)
    host.witness.client.close_gate(vm.vm_id)
    host.hyperv.start_vm(vm.vm_id)
    wait_until(lambda: host.has_told_its_memory(vm.vm_id), what="a restored guest that told what it remembers")
    host.hyperv.stop_vm(vm.vm_id, turn_off=True)
    assert host.verify(vm.vm_id, memory=True).clean


def test_starting_a_running_vm_does_nothing_and_starting_a_paused_one_resumes_it(host: HyperVHost) -> None:
    vm = host.running_vm()
    assert host.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING
    assert host.hyperv.suspend_vm(vm.vm_id).state is VMState.PAUSED
    stopped_at = host.writes(vm.vm_id)
    assert host.hyperv.save_vm(vm.vm_id).state is VMState.SAVED
    assert host.writes(vm.vm_id) - stopped_at <= 1  # told, and not yet heard
    host.hyperv.start_vm(vm.vm_id)
    host.hyperv.suspend_vm(vm.vm_id)
    assert host.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING
    host.wait_for_writes(vm.vm_id)
    assert len(host.witness.client.lifetimes(vm.vm_id)) == 2


@pytest.mark.parametrize("saved", [False, True])
def test_a_start_needs_the_vms_own_account_on_every_disk_file(host: HyperVHost, *, saved: bool) -> None:
    vm = host.running_vm()
    former = host.hyperv.save_vm(vm.vm_id) if saved else host.hyperv.stop_vm(vm.vm_id)
    files = [host.platform.files.facts(path) for path in former.saved_state_files]
    account = rf"NT VIRTUAL MACHINE\{vm.vm_id.upper()}"
    assert host.platform.acl.revoke(vm.hard_drives[1].path, account)
    with refused(hresult=ERROR_ACCESS_DENIED, match="does not have permission to open"):
        host.hyperv.start_vm(vm.vm_id)
    assert host.state(vm.vm_id) is former.state
    assert [host.platform.files.facts(path) for path in former.saved_state_files] == files
    host.platform.acl.grant(vm.hard_drives[1].path, account, Right.FULL_CONTROL)
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)


def test_a_start_fails_where_a_disk_its_parent_or_the_dvd_is_missing(host: HyperVHost) -> None:
    vm = host.make_vm(dvd_paths=(r"D:\install.iso",))
    with refused(hresult=ERROR_FILE_NOT_FOUND, match=r"install\.iso"):
        host.hyperv.start_vm(vm.vm_id)
    host.hyperv.set_vm_dvd_drive(vm.vm_id, vm.dvd_drives[0].drive_id, path=None)
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    base, leaf = vm.hard_drives[0].path, host.paths(vm.vm_id)[0]
    host.platform.files.rename(base, base + ".away")
    with refused(hresult=Hresult.PARENT_NOT_FOUND):
        host.hyperv.start_vm(vm.vm_id)
    host.platform.files.rename(base + ".away", base)
    host.platform.files.rename(leaf, leaf + ".away")
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        host.hyperv.start_vm(vm.vm_id)
    host.platform.files.rename(leaf + ".away", leaf)
    assert host.state(vm.vm_id) is VMState.OFF
    host.hyperv.start_vm(vm.vm_id)


def test_two_vms_cannot_run_on_one_disk(host: HyperVHost) -> None:
    vm = host.running_vm()
    disks = tuple(NewDisk(drive.slot, drive.path) for drive in vm.hard_drives)
    twin = host.make_vm(name="Twin", disks=disks)
    with refused(hresult=ERROR_SHARING_VIOLATION):
        host.hyperv.start_vm(twin.vm_id)
    assert host.state(twin.vm_id) is VMState.OFF


def test_a_start_needs_as_many_processors_as_the_vm_has(host: HyperVHost) -> None:
    host.host_changes["logical_processors"] = 2
    host.reboot()
    for processors, starts in ((2, True), (3, False)):
        vm = host.make_vm(name=f"With {processors}", disks=(), processor_count=processors)
        with nullcontext() if starts else refused():
            host.hyperv.start_vm(vm.vm_id)


def test_a_start_needs_memory(host: HyperVHost) -> None:
    host.host_changes["memory_capacity_bytes"] = 2 * MEBIBYTE
    host.reboot()
    first = host.running_vm()
    second = host.make_vm(name="Second", disks=(), memory_startup_bytes=2 * MEBIBYTE)
    assert host.hyperv.free_memory_bytes() == MEBIBYTE
    with refused(hresult=ERROR_NOT_ENOUGH_MEMORY):
        host.hyperv.start_vm(second.vm_id)
    host.hyperv.stop_vm(first.vm_id)
    host.hyperv.start_vm(second.vm_id)


@pytest.mark.parametrize(
    ("changes", "compatible"),
    [
        ({"processor_vendor": "AuthenticAMD", "processor_generation": 1}, False),
        ({"processor_vendor": "GenuineIntel", "processor_generation": 1}, False),
        ({"processor_vendor": "GenuineIntel", "processor_generation": 3}, True),
    ],
)
def test_a_saved_state_is_restored_on_a_fitting_processor_only(
    host: HyperVHost, changes: dict[str, object], *, compatible: bool
) -> None:
    host.host_changes["processor_generation"] = 2
    host.reboot()
    vm = host.running_vm()
    saved = host.hyperv.save_vm(vm.vm_id)
    info = host.hyperv.get_system_compatibility_info(vm.vm_id)
    assert host.hyperv.check_system_compatibility_info(info) == (0, ())
    host.host_changes |= changes
    host.reboot()
    code, reasons = host.hyperv.check_system_compatibility_info(info)
    assert (code, bool(reasons)) == ((0, False) if compatible else (32784, True))
    if compatible:
        assert host.hyperv.start_vm(vm.vm_id).state is VMState.RUNNING
        return
    with refused(match="cannot be restored"):
        host.hyperv.start_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.SAVED
    assert host.hyperv.remove_vm_saved_state(vm.vm_id).state is VMState.OFF
    assert not host.exists(saved.saved_state_files[0])
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)


def test_a_vm_that_is_off_fits_any_processor_and_compatibility_mode_fits_older_ones(host: HyperVHost) -> None:
    host.host_changes["processor_generation"] = 2
    host.reboot()
    vm = host.make_vm()
    off = host.hyperv.get_system_compatibility_info(vm.vm_id)
    host.hyperv.set_vm(vm.vm_id, processor_compatibility=True)
    host.hyperv.start_vm(vm.vm_id)
    with refused(match="current state"):
        host.hyperv.set_vm(vm.vm_id, processor_compatibility=False)
    running = host.hyperv.get_system_compatibility_info(vm.vm_id)
    host.host_changes["processor_generation"] = 1
    host.reboot()
    assert host.hyperv.check_system_compatibility_info(off) == (0, ())
    assert host.hyperv.check_system_compatibility_info(running) == (0, ())
    host.host_changes["processor_vendor"] = "AuthenticAMD"
    host.reboot()
    assert host.hyperv.check_system_compatibility_info(off) == (0, ())
    assert host.hyperv.check_system_compatibility_info(running)[0] == 32784
    with refused(hresult=0x80070057):
        host.hyperv.check_system_compatibility_info(b"something else")


def test_a_damaged_saved_state_does_not_start_and_stays(host: HyperVHost) -> None:
    vm = host.running_vm()
    saved = host.hyperv.save_vm(vm.vm_id)
    path = host.platform.files.host_path(saved.saved_state_files[0])
    with path.open("r+b") as file:
        file.seek(500_000)
        file.write(b"damaged")
    before = path.stat()
    with refused(match="damaged"):
        host.hyperv.start_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.SAVED
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    path.unlink()
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        host.hyperv.start_vm(vm.vm_id)


def test_saving_without_room_leaves_the_vm_running(host: HyperVHost) -> None:
    vm = host.running_vm(memory_startup_bytes=64 * MEBIBYTE)
    host.platform.files.volumes.set_free("D:\\", 40 * MEBIBYTE)
    with refused(hresult=ERROR_DISK_FULL):
        host.hyperv.save_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.RUNNING
    host.platform.files.volumes.set_free("D:\\", 100 * MEBIBYTE)
    assert host.hyperv.save_vm(vm.vm_id).state is VMState.SAVED


@pytest.mark.parametrize("kind", [DeviceKind.ASSIGNABLE_DEVICE, DeviceKind.GPU_PARTITION])
def test_a_vm_with_a_device_of_the_host_cannot_be_saved(host: HyperVHost, kind: DeviceKind) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, devices={kind: ("GPU 1",)})
    assert host.hyperv.get_vm_devices(vm.vm_id, kind) == ("GPU 1",)
    with refused(match="cannot be saved"):
        host.hyperv.save_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.RUNNING


def test_while_a_vm_is_saved_it_stands_still_and_refuses_everything_else(host: HyperVHost) -> None:
    host.timing = replace(INSTANT, memory_bytes_per_second=MEBIBYTE / 0.6)
    host.reboot()
    vm = host.running_vm()
    saving = threading.Thread(target=host.hyperv.save_vm, args=[vm.vm_id])
    saving.start()
    wait_until(lambda: host.state(vm.vm_id) is VMState.SAVING, what="saving")
    seen = host.hyperv.get_vm(vm.vm_id)
    assert seen.operational_status[0] is VMOperationalStatus.IN_SERVICE
    for act in (host.hyperv.save_vm, host.hyperv.suspend_vm, host.hyperv.remove_vm):
        with refused(match="in use") as caught:
            act(vm.vm_id)
        assert (caught.value.category, caught.value.return_code) == (ErrorCategory.OBJECT_IN_USE, RETURN_IN_USE)
    saving.join()
    assert host.state(vm.vm_id) is VMState.SAVED
    assert host.hyperv.get_vm(vm.vm_id).operational_status == (VMOperationalStatus.OK,)
    assert host.verify(vm.vm_id).clean


def test_power_lost_while_saving_leaves_the_vm_off_without_its_memory(host: HyperVHost) -> None:
    host.timing = replace(INSTANT, memory_bytes_per_second=MEBIBYTE / 30)
    host.reboot()
    vm = host.running_vm()

    def save() -> None:
        with pytest.raises(HyperVError):
            host.hyperv.save_vm(vm.vm_id)

    saving = threading.Thread(target=save)
    saving.start()
    wait_until(lambda: host.state(vm.vm_id) is VMState.SAVING, what="saving")
    host.power_cut()
    saving.join()
    memory_file = rf"D:\VMs\Web\Virtual Machines\{vm.vm_id.upper()}.vmrs"
    host.platform.files.host_path(memory_file).write_bytes(b"broken off")
    host.timing = INSTANT
    host.switch_on()
    assert host.state(vm.vm_id) is VMState.OFF
    assert not host.exists(memory_file)
    assert host.verify(vm.vm_id, after_crash=True).clean


def test_a_vm_process_that_dies_is_a_vm_without_power(host: HyperVHost) -> None:
    vm = host.running_vm()
    process_id = host.hyperv.get_vm_process_id(vm.vm_id)
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    wait_until(lambda: host.state(vm.vm_id) is VMState.OFF, what="a VM that is off")
    assert "power cut" in host.hyperv.get_vm(vm.vm_id).failure
    assert host.verify(vm.vm_id, after_crash=True).clean
    assert host.hyperv.start_vm(vm.vm_id).failure == ""
    host.wait_for_writes(vm.vm_id)


def test_a_guest_that_does_not_shut_down_goes_on(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, guest_ignores_shutdown=True)
    with refused(match="did not shut down"):
        host.hyperv.stop_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.RUNNING
    host.wait_for_writes(vm.vm_id)
    assert host.hyperv.stop_vm(vm.vm_id, turn_off=True).state is VMState.OFF
    assert host.hyperv.stop_vm(vm.vm_id).state is VMState.OFF
    with refused(match="current state") as caught:
        host.hyperv.save_vm(vm.vm_id)
    assert (caught.value.category, caught.value.return_code) == (ErrorCategory.INVALID_STATE, RETURN_INVALID_STATE)


def test_a_full_volume_pauses_the_vm_until_there_is_room(host: HyperVHost) -> None:
    vm = host.running_vm(workload=replace(QUICK, working_set_blocks=4096))
    host.platform.files.volumes.set_free("D:\\", 0)
    wait_until(lambda: host.state(vm.vm_id) is VMState.PAUSED_CRITICAL, what="a VM paused by Hyper-V")
    seen = host.hyperv.get_vm(vm.vm_id)
    assert seen.operational_status[0] is VMOperationalStatus.PREDICTIVE_FAILURE
    assert seen.failure
    with refused(match="current state"):
        host.hyperv.save_vm(vm.vm_id)
    host.platform.files.volumes.set_free("D:\\", 200 * MEBIBYTE)
    assert host.hyperv.resume_vm(vm.vm_id).state is VMState.RUNNING
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_little_room_is_told_before_the_vm_is_paused(host: HyperVHost) -> None:
    vm = host.running_vm(workload=replace(QUICK, working_set_blocks=8))
    host.platform.files.volumes.set_free("D:\\", 8 * MEBIBYTE)
    wait_until(
        lambda: host.hyperv.get_vm(vm.vm_id).operational_status == (VMOperationalStatus.PREDICTIVE_FAILURE,),
        what="a warning",
    )
    assert host.state(vm.vm_id) is VMState.RUNNING


def test_a_vm_busy_with_a_backup_refuses_changes(host: HyperVHost) -> None:
    vm = host.running_vm()
    seen = host.hyperv.arrange_vm(vm.vm_id, busy_with=VMOperationalStatus.BACKING_UP_VIRTUAL_MACHINE)
    assert seen.operational_status == (VMOperationalStatus.IN_SERVICE, VMOperationalStatus.BACKING_UP_VIRTUAL_MACHINE)
    with refused(match="BackingUpVirtualMachine"):
        host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    with refused(match="BackingUpVirtualMachine"):
        host.hyperv.save_vm(vm.vm_id)
    host.hyperv.arrange_vm(vm.vm_id, busy_with=VMOperationalStatus.OK)
    assert host.hyperv.save_vm(vm.vm_id).state is VMState.SAVED


def test_names_are_not_unique_and_ids_are_asked_for_in_any_case(host: HyperVHost) -> None:
    first, second = host.make_vm(), host.make_vm(disks=(NewDisk("SCSI 0:0", host.make_disk("other.vhdx")),))
    assert {vm.vm_id for vm in host.hyperv.get_vm_by_name("wEB")} == {first.vm_id, second.vm_id}
    assert host.hyperv.get_vm("{" + first.vm_id.upper() + "}").vm_id == first.vm_id
    with refused(match="nobody"):
        host.hyperv.get_vm_by_name("nobody")
    assert host.hyperv.get_vm_by_name("nobody*") == ()
    with refused(match="unable to find") as caught:
        host.hyperv.get_vm("00000000-0000-0000-0000-000000000000")
    assert caught.value.category is ErrorCategory.OBJECT_NOT_FOUND


def test_settings_and_adapters_change_and_survive(host: HyperVHost) -> None:
    vm = host.make_vm()
    adapter = vm.network_adapters[0]
    host.hyperv.new_vm_switch("Backup")
    with refused(match="unable to find a virtual switch"):
        host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_name="None such")
    host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_name="Backup")
    host.hyperv.set_vm_network_adapter_vlan(
        vm.vm_id, adapter.adapter_id, vlan=replace(adapter.vlan, operation_mode="Access", access_vlan_id=7)
    )
    host.hyperv.set_vm(vm.vm_id, notes="moved")
    host.hyperv.rename_vm(vm.vm_id, "Web 2")
    host.hyperv.arrange_vm(vm.vm_id, is_clustered=True, replication_mode="Primary", unanswered=["Get-VMSecurity"])
    host.reboot()
    (seen,) = host.hyperv.get_vms()
    assert (seen.name, seen.notes, seen.is_clustered, seen.replication_mode) == ("Web 2", "moved", True, "Primary")
    changed = seen.network_adapters[0]
    assert (changed.switch_name, changed.vlan.access_vlan_id) == ("Backup", 7)
    assert (changed.adapter_id, changed.mac_address) == (adapter.adapter_id, adapter.mac_address)
    with refused(match="Get-VMSecurity failed"):
        host.hyperv.get_vm_security(vm.vm_id)
    assert (
        host.hyperv.disconnect_vm_network_adapter(vm.vm_id, adapter.adapter_id).network_adapters[0].switch_name is None
    )
    host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_name="LAN")
    host.hyperv.remove_vm_switch("LAN")
    assert host.hyperv.get_vm(vm.vm_id).network_adapters[0].switch_gone, "it names the switch still (section 10)"


def test_switches_are_named_by_patterns(host: HyperVHost) -> None:
    """2.5, and section 10: none is InvalidParameter, several are a failed operation."""
    vm = host.make_vm()
    (adapter,) = vm.network_adapters
    for name in ("LAN [1]", "LAN 2", "Backup"):
        host.hyperv.new_vm_switch(name)
    for pattern, category in (("LAN [1]", ErrorCategory.INVALID_PARAMETER), ("LAN*", ErrorCategory.OPERATION_FAILED)):
        with pytest.raises(HyperVError) as caught:
            host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_name=pattern)
        assert caught.value.category is category
    changed = host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_name="b?ckup")
    assert changed.network_adapters[0].switch_name == "Backup"
    (odd,) = [switch for switch in host.hyperv.get_vm_switch() if switch.name == "LAN [1]"]
    changed = host.hyperv.connect_vm_network_adapter(vm.vm_id, adapter.adapter_id, switch_id=odd.switch_id)
    assert changed.network_adapters[0].switch_name == "LAN [1]"


def test_state_that_is_there_already_is_no_error(host: HyperVHost) -> None:
    """Section 4, ChangeState."""
    vm = host.running_vm()
    assert host.hyperv.resume_vm(vm.vm_id).state is VMState.RUNNING
    for act, state in ((host.hyperv.suspend_vm, VMState.PAUSED), (host.hyperv.save_vm, VMState.SAVED)):
        assert [act(vm.vm_id).state for _ in range(2)] == [state, state]


def test_what_cannot_be_built_is_refused(host: HyperVHost) -> None:
    disk = host.make_disk("one.vhdx") if host.platform.files.make_folder(FOLDER) else ""
    for slot, generation in [("IDE 0:0", 2), ("SCSI 4:0", 2), ("IDE 2:0", 1), ("SCSI 0:64", 1)]:
        with refused(hresult=0x80070057):
            host.make_vm(disks=(NewDisk(slot, disk),), generation=generation)
    with refused(hresult=0x80070057, match="version 12.0"):
        host.make_vm(disks=(), version="12.0")
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        host.make_vm(disks=(NewDisk("SCSI 0:0", rf"{FOLDER}\none.vhdx"),))
    assert host.hyperv.get_vms() == ()


def test_whoever_waits_for_a_change_sees_it(host: HyperVHost) -> None:
    vm = host.make_vm()
    mark = host.hyperv.wait_for_change(0, 1.0)
    assert host.hyperv.wait_for_change(mark, 0.01) == mark
    timer = threading.Timer(0.05, lambda: host.hyperv.set_vm(vm.vm_id, notes="x"))
    timer.start()
    assert host.hyperv.wait_for_change(mark, 10.0) != mark
    timer.join()
