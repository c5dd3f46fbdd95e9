"""What a host knows after a power cut, a SIGKILL and an orderly shutdown, and which VMs it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hyperv_helpers import HyperVHost
from waiting import wait_until

from lab.hyperv.new_vm import NewDisk
from qsm.facts.states import StartAction, StopAction, VMState


def starts(host: HyperVHost, vm_id: str) -> bool:
    """Whether the VM runs once every automatic start is over."""
    boots = f"boots VM Web ({vm_id})"
    wait_until(lambda: boots not in host.threads(), what="the end of the automatic start")
    return host.state(vm_id) is VMState.RUNNING


@pytest.mark.parametrize(
    ("action", "ran", "expected"),
    [
        (StartAction.NOTHING, True, False),
        (StartAction.START_IF_RUNNING, True, True),
        (StartAction.START_IF_RUNNING, False, False),
        (StartAction.START, False, True),
    ],
)
def test_after_a_power_cut_a_vm_starts_by_its_action(
    host: HyperVHost, action: StartAction, *, ran: bool, expected: bool
) -> None:
    vm = host.make_vm(automatic_start_action=action)
    if ran:
        host.hyperv.start_vm(vm.vm_id)
        host.wait_for_writes(vm.vm_id)
    host.reboot()
    assert starts(host, vm.vm_id) is expected
    if not expected:
        host.hyperv.set_vm(vm.vm_id, automatic_start_action=StartAction.START_IF_RUNNING)
        host.reboot()
        assert not starts(host, vm.vm_id)  # it did not run when the power went


def test_a_saved_vm_stays_saved_over_a_power_cut(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.save_vm(vm.vm_id)
    host.reboot()
    assert not starts(host, vm.vm_id)
    assert host.state(vm.vm_id) is VMState.SAVED
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    lives = host.witness.client.lifetimes(vm.vm_id)
    assert [life.restored for life in lives] == [False, True]


@pytest.mark.parametrize(
    ("action", "ended", "restored"),
    [(StopAction.SAVE, "saved", True), (StopAction.SHUT_DOWN, "shut down", False), (StopAction.TURN_OFF, None, False)],
)
def test_an_orderly_shutdown_stops_vms_by_their_action_and_the_next_boot_starts_them(
    host: HyperVHost, action: StopAction, *, ended: str | None, restored: bool
) -> None:
    vm = host.running_vm(automatic_stop_action=action)
    host.hyperv.shut_down_host()
    host.switch_on()
    assert host.state(vm.vm_id) is (VMState.SAVED if action is StopAction.SAVE else VMState.OFF)
    host.hyperv.boot()
    wait_until(lambda: host.state(vm.vm_id) is VMState.RUNNING, what="a VM started automatically")
    host.wait_for_writes(vm.vm_id)
    lives = host.witness.client.lifetimes(vm.vm_id)
    assert [life.restored for life in lives] == [False, restored]
    assert ended is None or lives[0].ended_how == ended
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id, after_crash=action is StopAction.TURN_OFF).clean


def test_a_vm_that_cannot_be_started_automatically_says_why(host: HyperVHost) -> None:
    vm = host.make_vm(automatic_start_action=StartAction.START)
    path = vm.hard_drives[0].path
    host.platform.files.rename(path, path + ".away")
    host.reboot()
    wait_until(lambda: "not started automatically" in host.hyperv.get_vm(vm.vm_id).failure, what="a reason")
    assert host.state(vm.vm_id) is VMState.OFF


def test_everything_of_a_vm_survives(host: HyperVHost) -> None:
    vm = host.make_vm(notes="ü", dvd_paths=(None,), processor_count=4)
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    before = host.hyperv.get_vm(vm.vm_id)
    switches = host.hyperv.get_vm_switch()
    host.reboot()
    assert host.hyperv.get_vm(vm.vm_id) == before
    assert host.hyperv.get_vm_switch() == switches
    assert before.snapshots != ()
    account = rf"NT VIRTUAL MACHINE\{vm.vm_id.upper()}"
    assert host.platform.acl.grants(before.hard_drives[0].path, account, "FullControl")


def test_a_registered_configuration_is_held_by_its_host(host: HyperVHost) -> None:
    vm = host.make_vm()
    for _ in range(2):
        with pytest.raises(Exception, match="used by another process"):
            host.platform.files.read_bytes(vm.configuration_file)
        with pytest.raises(Exception, match="used by another process"):
            host.platform.files.remove_file(vm.configuration_file)
        host.reboot()
    host.hyperv.remove_vm(vm.vm_id)
    assert not host.exists(vm.configuration_file)
    assert all(host.exists(drive.path) for drive in vm.hard_drives)
    host.reboot()
    assert host.hyperv.get_vms() == ()


@contextmanager
def lone_host(host: HyperVHost) -> Iterator[subprocess.Popen[str]]:
    """The host's folder, in the hands of another process."""
    program = Path(__file__).parent / "lone_host.py"
    command = [sys.executable, str(program), str(host.folder), host.name, str(host.witness.address[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "booted\n"
        try:
            yield process
        finally:
            process.kill()


def test_sigkill_of_the_host_ends_its_vms_at_once_and_loses_no_acknowledged_write(host: HyperVHost) -> None:
    vm = host.make_vm(automatic_start_action=StartAction.START)
    host.power_cut()
    for _ in range(2):
        before = host.writes(vm.vm_id)
        with lone_host(host) as process:
            wait_until(lambda least=before + 30: host.writes(vm.vm_id) > least, what="writes")  # type: ignore[misc]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        wait_until(lambda: all(life.ended_at for life in host.witness.client.lifetimes(vm.vm_id)), what="dead guests")
        host.switch_on()
        assert host.state(vm.vm_id) is VMState.OFF
        assert host.verify(vm.vm_id, after_crash=True).clean
        host.power_cut()
    assert host.witness.client.findings(vm.vm_id) == []


def test_sigkill_while_a_saved_vm_starts_never_restores_old_memory_on_newer_disks(host: HyperVHost) -> None:
    vm = host.running_vm(automatic_start_action=StartAction.NOTHING)
    host.hyperv.save_vm(vm.vm_id)
    host.power_cut()
    with lone_host(host) as process:
        assert process.stdin is not None
        print(vm.vm_id, "start_vm", file=process.stdin, flush=True)
        wait_until(lambda: len(host.witness.client.lifetimes(vm.vm_id)) == 2, what="a restored guest")
        process.kill()
        process.wait()
    host.switch_on()
    assert host.state(vm.vm_id) is VMState.OFF
    assert host.verify(vm.vm_id, after_crash=True).clean


def test_disks_of_a_second_controller_keep_their_slots(host: HyperVHost) -> None:
    host.platform.files.make_folder(r"D:\VMs\Web")
    disks = tuple(NewDisk(slot, host.make_disk(f"{n}.vhdx")) for n, slot in enumerate(("SCSI 0:5", "SCSI 3:63")))
    vm = host.running_vm(disks=disks)
    host.hyperv.stop_vm(vm.vm_id)
    assert [drive.slot for drive in host.hyperv.get_vm(vm.vm_id).hard_drives] == ["SCSI 0:5", "SCSI 3:63"]
    assert host.verify(vm.vm_id).clean
