"""Somebody or something else changes the world while a migration runs: volumes fill, links break, administrators act.

The migration turns back, and undoes only what it did itself: another one's checkpoint, and the state in which somebody
else put the VM, stay.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from command_line import QsmCommand
from fault_lab import AFTER, BEFORE, FAILED, HELD, HOME, FaultLab
from flow_lab import MIB, TestVM
from waiting import wait_until

from qsm.plan.state_transfer import StateTransfer

RESERVE = 64 * MIB


@pytest.fixture
def room(fault_lab: FaultLab) -> Iterator[None]:
    """Both data volumes get their room back."""
    yield
    for host in (fault_lab.source, fault_lab.target):
        host.set_volume_size("D:\\", 256 << 30)


def in_base_copy(fault_lab: FaultLab, vm: TestVM) -> QsmCommand:
    """A run that is about to look at its source for the first time while the base is copied."""
    return fault_lab.run_into(fault_lab.hang("source", "watch_source", moment=BEFORE), vm)


# --- volumes


def test_the_source_runs_full(fault_lab: FaultLab, slow_link: None, room: None) -> None:
    """The differencing disk grows: home before the VM is paused for want of room."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
    fault_lab.source.set_free_bytes("D:\\", RESERVE)
    states = [fault_lab.state(fault_lab.source, vm)]
    fault_lab.clear_faults()
    while not run.is_over:
        states.append(fault_lab.state(fault_lab.source, vm))
    assert run.exit_code() == HOME, run.output
    assert set(states) == {"Running"}
    assert "bytes free" in run.output
    fault_lab.assert_home(vm, before)


def test_the_target_runs_full(fault_lab: FaultLab, slow_link: None, room: None) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
    fault_lab.target.set_free_bytes("D:\\", RESERVE // 2)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    fault_lab.assert_home(vm, before)


def test_the_target_has_no_memory_left(fault_lab: FaultLab, slow_link: None) -> None:
    """Other VMs were started there during the copy: home, and the guest never stood still."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    hang = fault_lab.hang("target", "start_copy", moment=AFTER)
    run = fault_lab.start_migration(vm)
    hang.wait(run)
    memory_bytes = fault_lab.target.facts.memory_bytes
    fault_lab.target.change_facts(memory_bytes=0)
    try:
        fault_lab.clear_faults()
        states = []
        while not run.is_over:
            states.append(fault_lab.state(fault_lab.source, vm))
        assert run.exit_code() == HOME, run.output
    finally:
        fault_lab.target.change_facts(memory_bytes=memory_bytes)
    assert set(states) == {"Running"}
    assert "bytes of memory free" in run.output
    fault_lab.assert_home(vm, before)


# --- links


def test_a_link_that_stalls_and_comes_back(fault_lab: FaultLab, slow_link: None) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    links = fault_lab.laboratory.links
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
    links.stall("HV01", "HV02")
    fault_lab.clear_faults()
    since = fault_lab.witness.now()
    wait_until(lambda: fault_lab.witness.now() - since > 2, what="the time that the link is stalled")
    links.restore("HV01", "HV02")
    links.set_rate("HV01", "HV02", bytes_per_second=None)
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before)


def test_a_link_that_is_cut_and_comes_back(fault_lab: FaultLab, slow_link: None) -> None:
    """BITS tries again by itself after its interval (a minute; a few seconds on this host) and goes on where it was."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    links = fault_lab.laboratory.links
    fault_lab.target.change_facts(bits_seconds_scale=0.05)
    try:
        run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
        links.cut("HV01", "HV02")
        fault_lab.clear_faults()
        wait_until(lambda: "TransientError" in job_states(fault_lab), what="BITS to notice")
        links.restore("HV01", "HV02")
        links.set_rate("HV01", "HV02", bytes_per_second=None)
        assert run.exit_code() == 0, run.output
    finally:
        fault_lab.target.change_facts(bits_seconds_scale=1.0)
    fault_lab.assert_forward(vm, before)


def test_a_link_that_is_cut_for_good(fault_lab: FaultLab, slow_link: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSM_LIMITS__COPY_STALL_SECONDS", "5")
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
    fault_lab.laboratory.links.cut("HV01", "HV02")
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "has moved no byte" in run.output
    fault_lab.assert_home(vm, before)


def job_states(fault_lab: FaultLab) -> set[str]:
    """What the tool would read of the copy on the target: the states of its jobs."""
    states = set()
    for path in fault_lab.target.files.host_path("C:\\ProgramData\\QuickStorageMigration\\migrations").rglob("*.json"):
        if path.parent.name == "copies":
            states |= {state for state in ("TransientError", "Transferring") if state in path.read_text("utf-8")}
    return states


# --- administrators


def test_a_checkpoint_of_somebody_else(fault_lab: FaultLab, slow_link: None) -> None:
    """A nightly backup, for example. Ours goes, his stays."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = in_base_copy(fault_lab, vm)
    fault_lab.source.hyperv("checkpoint_vm", vm_id=vm.vm_id, snapshot_name="Nightly")
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "Nightly" in run.output
    assert [each["name"] for each in fault_lab.source.vm(vm.vm_id)["snapshots"]] == ["Nightly"]
    fault_lab.assert_clean(vm, before)
    assert not fault_lab.files_of(fault_lab.target, vm)
    fault_lab.assert_at(fault_lab.source, vm)


@pytest.mark.parametrize("method", ["stop_vm", "save_vm"])
def test_a_vm_that_an_administrator_stops_stays_stopped(fault_lab: FaultLab, slow_link: None, method: str) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = in_base_copy(fault_lab, vm)
    fault_lab.source.hyperv(method, vm_id=vm.vm_id)
    stopped = fault_lab.state(fault_lab.source, vm)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "somebody else did, so the VM was left as it is" in run.output
    assert fault_lab.state(fault_lab.source, vm) == stopped
    assert fault_lab.source.vm(vm.vm_id)["snapshots"] == []
    fault_lab.assert_clean(vm, before)
    fault_lab.assert_blocks_are_as_acknowledged(fault_lab.source, vm)


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [("guest_refuses_shutdown", "refused to shut down"), ("guest_ignores_shutdown", "did not shut down within 2 s")],
)
def test_a_guest_that_does_not_go_down_stays_at_home(
    fault_lab: FaultLab, monkeypatch: pytest.MonkeyPatch, behaviour: str, text: str
) -> None:
    monkeypatch.setenv("QSM_LIMITS__GUEST_SHUTDOWN_SECONDS", "2")
    vm = fault_lab.small_vm()
    fault_lab.wait_for_writes(vm)
    fault_lab.source.hyperv("arrange_vm", vm_id=vm.vm_id, **{behaviour: True})
    before = fault_lab.before(vm)
    report = fault_lab.failed_report(vm, state_transfer=StateTransfer.SHUTDOWN)
    assert text in report.error
    fault_lab.assert_home(vm, before)


def test_a_vm_that_an_administrator_removes_is_held(fault_lab: FaultLab, slow_link: None) -> None:
    """Nobody can prove where it may run now; nothing of it is deleted."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = in_base_copy(fault_lab, vm)
    fault_lab.source.hyperv("stop_vm", vm_id=vm.vm_id, turn_off=True)
    fault_lab.source.hyperv("remove_vm", vm_id=vm.vm_id)
    fault_lab.clear_faults()
    assert run.exit_code() == HELD, run.output
    assert "no longer on host hv01" in run.output
    assert fault_lab.files_of(fault_lab.source, vm)
    now = [fault_lab.clean_inventory(host, without=vm) for host in ("hv01", "hv02")]
    for kind in ("shares", "tasks", "jobs"):
        assert [host[kind] for host in now] == [host[kind] for host in before]
    assert fault_lab.abandon(vm) == FAILED


def test_a_vm_that_is_started_at_the_source_in_the_window(fault_lab: FaultLab) -> None:
    """It was saved by the migration; somebody starts it again before it is handed over."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "import_vm", moment=AFTER), vm)
    fault_lab.source.hyperv("start_vm", vm_id=vm.vm_id)
    fault_lab.wait_for_writes(vm)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "somebody started or changed the VM" in run.output
    fault_lab.assert_home(vm, before)


def test_a_vm_that_ran_at_the_source_in_the_window_and_stands_again(fault_lab: FaultLab) -> None:
    """What was copied is out of date by then, though the VM stands still as it should."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "import_vm", moment=AFTER), vm)
    fault_lab.source.hyperv("start_vm", vm_id=vm.vm_id)
    fault_lab.wait_for_writes(vm)
    fault_lab.source.hyperv("save_vm", vm_id=vm.vm_id)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    fault_lab.assert_home(vm, before)
