"""A VM is a process: it is told what to do, it can be killed, it dies with its host, and it loses nothing."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from guest_helpers import QUICK, VM_ID, GuestMachine
from waiting import wait_until

from lab.disks.chain import open_chain
from lab.disks.model import DiskError, DiskFormat
from lab.vm.process import DiskAttachment, VirtualMachineError, VirtualMachineProcess

BOTH_FORMATS = pytest.mark.parametrize("machine", [DiskFormat.VHD, DiskFormat.VHDX], indirect=True)


def test_a_guest_starts_writes_stands_still_and_shuts_down(machine: GuestMachine) -> None:
    process = machine.start()
    machine.wait_for_writes()
    process.pause()
    paused = process.status()
    assert (paused.state, paused.waits_for, paused.last_error) == ("Paused", ("resuming",), None)
    wait_until(
        lambda: machine.witness.client.acknowledged(VM_ID) == paused.acknowledged, what="all that was acknowledged"
    )
    assert machine.verify(memory=False).clean
    assert process.status().acknowledged == paused.acknowledged
    process.resume()
    machine.wait_for_writes()
    assert process.status().state == "Running"
    process.shutdown()
    assert not process.alive()
    assert process.status().state == "Off"
    assert machine.verify(memory=False).clean
    (life,) = machine.witness.client.lifetimes(VM_ID)
    assert (life.ended_how, life.host_name, life.restored) == ("shut down", "host-1", False)
    machine.start()
    machine.wait_for_writes(5)
    assert machine.witness.client.findings() == []


def test_it_alone_holds_its_disks(machine: GuestMachine) -> None:
    process = machine.start()
    leaf = machine.disks[0].files[0]
    with pytest.raises(DiskError, match="in use"):
        open_chain(leaf, resolve=lambda _child: leaf, writable=False)
    with process.standing_still():
        open_chain(leaf, resolve=lambda _child: leaf, writable=False).close()
        assert process.status().waits_for == ("the end of a checkpoint or merge",)
        assert process.status().state == "Running"
    machine.wait_for_writes(3)
    process.turn_off()
    open_chain(leaf, resolve=lambda _child: leaf, writable=True).close()


@BOTH_FORMATS
def test_a_checkpoint_freezes_the_base_while_the_guest_goes_on(machine: GuestMachine) -> None:
    process = machine.start()
    machine.wait_for_writes()
    for _ in range(2):
        machine.checkpoint()
        frozen = {file: file.read_bytes() for disk in machine.disks for file in disk.files[1:]}
        machine.wait_for_writes()
        assert all(file.read_bytes() == contents for file, contents in frozen.items())
    process.shutdown()
    assert machine.verify(memory=False).clean
    assert machine.witness.client.findings() == []


def test_chains_that_do_not_open_are_refused_and_the_guest_goes_on(machine: GuestMachine, tmp_path: Path) -> None:
    process = machine.start()
    good = [disk.attachment() for disk in machine.disks]
    for wrong in (
        [*good[:2], DiskAttachment("SCSI 0:1", tmp_path / "missing.vhdx")],
        good[:2],
        [*good, DiskAttachment("SCSI 0:9", tmp_path / "missing.vhdx")],
    ):
        with pytest.raises(VirtualMachineError, match=f"VM {VM_ID} on host-1 cannot switch_disks"):
            process.switch_disks(wrong)
        machine.wait_for_writes(3)
    assert process.status().state == "Running"


def test_a_saved_vm_goes_on_where_it_was(machine: GuestMachine, tmp_path: Path) -> None:
    client = machine.witness.client
    process = machine.start()
    machine.wait_for_writes()
    state = tmp_path / "vm.vmrs"
    process.save(state, memory_bytes=5 << 20)
    assert not process.alive()
    assert state.stat().st_size == 5 << 20
    client.close_gate(VM_ID)
    restored = machine.start(state)
    assert restored.status().waits_for == ("the gate of the witness",)
    assert machine.verify().clean
    assert restored.status().acknowledged == dict.fromkeys([disk.slot for disk in machine.disks], 0)
    client.open_gate(VM_ID)
    machine.wait_for_writes()
    before, after = client.lifetimes(VM_ID)
    assert (before.ended_how, after.parent_incarnation, after.saved_state_id) == (
        "saved",
        before.incarnation,
        before.saved_as,
    )
    assert client.offline_window(VM_ID).seconds > 0
    assert client.findings() == []


def test_a_paused_vm_and_one_at_the_gate_can_be_saved(machine: GuestMachine, tmp_path: Path) -> None:
    process = machine.start()
    process.pause()
    process.save(tmp_path / "first.vmrs")
    assert (tmp_path / "first.vmrs").stat().st_size == QUICK.memory_bytes
    machine.witness.client.close_gate(VM_ID)
    machine.start(tmp_path / "first.vmrs").save(tmp_path / "second.vmrs")
    machine.witness.client.open_gate(VM_ID)
    machine.start(tmp_path / "second.vmrs")
    machine.wait_for_writes(2)
    assert machine.witness.client.findings() == []


def test_a_save_that_fails_leaves_the_vm_running(machine: GuestMachine, tmp_path: Path) -> None:
    process = machine.start()
    with pytest.raises(VirtualMachineError, match=r"cannot save.*No such file"):
        process.save(tmp_path / "nowhere" / "vm.vmrs")
    machine.wait_for_writes(2)
    assert process.status().state == "Running"


def test_what_cannot_be_started_is_refused_and_nothing_runs(machine: GuestMachine, tmp_path: Path) -> None:
    process = machine.start()
    state = tmp_path / "vm.vmrs"
    with pytest.raises(VirtualMachineError, match="in use"):
        machine.start()
    machine.process = process
    process.save(state)
    disks, machine.disks = machine.disks, machine.disks[:2]
    with pytest.raises(VirtualMachineError, match=r"the saved state is of VM .* with the disks"):
        machine.start(state)
    machine.disks = disks
    state.write_bytes(state.read_bytes()[:-7])
    with pytest.raises(VirtualMachineError, match=r"vm\.vmrs has .* bytes where .* were saved"):
        machine.start(state)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        free_address = nobody.getsockname()
    machine.witness.stop()
    with pytest.raises(VirtualMachineError, match=r"witness at .* cannot be reached"):
        VirtualMachineProcess.start(
            vm_id=VM_ID,
            host_name="host-1",
            disks=[disk.attachment() for disk in machine.disks],
            workload=QUICK,
            witness=free_address,
            saved_state=None,
            folder_for_log=tmp_path,
        )


@BOTH_FORMATS
def test_a_full_volume_pauses_the_vm_until_there_is_room(machine: GuestMachine) -> None:
    room = threading.Event()
    asked: list[tuple[Path, int]] = []

    def allow(leaf: Path, extra_bytes: int) -> bool:
        asked.append((leaf, extra_bytes))
        return room.is_set()

    machine.allow_growth = allow
    process = machine.start()
    wait_until(lambda: process.status().state == "PausedCritical", what="a VM that stopped")
    assert asked[0][0] == machine.disks[0].files[0]
    assert asked[0][1] >= 1 << 20
    assert process.status().last_error is not None and "no space to grow" in process.status().last_error  # type: ignore[operator]
    wait_until(lambda: bool(machine.states), what="the news of it")
    assert machine.states[0][0] == "PausedCritical"
    process.resume()
    wait_until(lambda: process.status().state == "PausedCritical", what="a VM that stopped again")
    room.set()
    process.resume()
    machine.wait_for_writes()
    process.shutdown()
    assert machine.verify(memory=False).clean
    assert machine.witness.client.findings() == []


def test_a_vm_that_stopped_for_want_of_room_can_be_saved(machine: GuestMachine, tmp_path: Path) -> None:
    machine.allow_growth = lambda _leaf, _extra_bytes: False
    process = machine.start()
    wait_until(lambda: process.status().state == "PausedCritical", what="a VM that stopped")
    process.save(tmp_path / "vm.vmrs")
    machine.allow_growth = None
    machine.start(tmp_path / "vm.vmrs")
    machine.wait_for_writes()
    assert machine.witness.client.findings() == []


@BOTH_FORMATS
def test_power_cuts_lose_no_acknowledged_write(machine: GuestMachine) -> None:
    for _ in range(4):
        process = machine.start()
        machine.wait_for_writes(15)
        process.turn_off()
        lives = len(machine.witness.client.lifetimes(VM_ID))
        wait_until(
            lambda lives=lives: machine.witness.client.lifetimes(VM_ID)[lives - 1].ended_how == "lost",  # type: ignore[misc]
            what="the end of the line",
        )
        assert machine.verify(memory=False, after_crash=True).findings == ()
    machine.start()
    assert machine.witness.client.findings() == []


def test_without_a_witness_the_guest_stops_writing_when_it_is_not_heard(machine: GuestMachine, tmp_path: Path) -> None:
    process = machine.start()
    machine.wait_for_writes(3)
    os.kill(machine.witness.pid, signal.SIGKILL)
    wait_until(lambda: process.status().waits_for == ("a witness that hears it",), what="a guest that stands still")
    assert process.status().state == "Running"
    process.save(tmp_path / "vm.vmrs")


@pytest.mark.parametrize("stopped", [False, True])
def test_it_dies_with_its_host(machine: GuestMachine, stopped: bool, tmp_path: Path) -> None:
    """Also where the VM hangs, and where a thread of the host has started it that has ended since."""
    (disk, *_) = machine.disks
    host = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"""
import sys, threading, time
from pathlib import Path
from lab.guest.workload import Workload
from lab.vm.process import DiskAttachment, VirtualMachineProcess
def start():
    vm = VirtualMachineProcess.start(
        vm_id={VM_ID!r}, host_name="host-9", disks=[DiskAttachment("IDE 0:0", Path({str(disk.files[0])!r}))],
        workload=Workload(200, 8, 0, 0, 0), witness={machine.witness.address!r}, saved_state=None,
        folder_for_log=Path({str(tmp_path)!r}))
    print(vm.pid, flush=True)
threads = [threading.Thread(target=start)]
threads[0].start(); threads[0].join()
sys.stdin.read()
""",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        client = machine.witness.client
        wait_until(lambda: VM_ID in client.virtual_machines(), what="the guest")
        first = client.acknowledged(VM_ID)["IDE 0:0"]
        wait_until(lambda: client.acknowledged(VM_ID)["IDE 0:0"] > first + 20, what="writes")
        assert Path(f"/proc/{pid}").exists()
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        host.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid), what="the VM's end")
    wait_until(lambda: client.lifetimes(VM_ID)[0].ended_how == "lost", what="the end of the line")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
