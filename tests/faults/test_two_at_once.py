"""Two who act on one VM at once: two migrations, a living run and `qsm abandon`, a run that is interrupted.

The lock decides between migrations, and whoever did not get it touches nothing but its own records. Between a run and
the way home the records decide: whatever comes too late is refused.
"""

from __future__ import annotations

import signal

import pytest
from fault_lab import AFTER, BEFORE, HOME, INTERRUPTED, REFUSED, FaultLab


def test_a_second_migration_is_refused_before_anything_is_changed(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    first = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=BEFORE), vm)
    second = fault_lab.start_migration(vm)
    assert second.exit_code() == REFUSED
    assert "already migrating" in second.output
    fault_lab.clear_faults()
    assert first.exit_code() == 0, first.output
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize(("operation", "side"), [("start_merge", "target"), ("start_vm", "target")])
def test_a_second_migration_that_passed_preflight_in_time(fault_lab: FaultLab, operation: str, side: str) -> None:
    """Both saw a VM without lock. The loser must not bring 'its' VM back: in the window of the first it stands still."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    late = fault_lab.hang("source", "create_record", moment=BEFORE)
    loser = fault_lab.run_into(late, vm)
    winner = fault_lab.run_into(fault_lab.hang(side, operation, moment=AFTER), vm)
    lives = fault_lab.lives(vm)
    late.release()
    assert loser.exit_code() == HOME
    assert "AlreadyMigrating" in loser.output
    assert f"VM {vm.name} was not touched" in loser.output
    assert fault_lab.lives(vm) == lives
    fault_lab.clear_faults()
    assert winner.exit_code() == 0, winner.output
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize(
    ("operation", "side"),
    [
        ("get_copy", "target"),
        ("save_vm", "source"),
        ("get_merge", "target"),
        ("hand_over", "source"),
        ("allow_start", "target"),
    ],
)
def test_abandon_beside_a_living_run(fault_lab: FaultLab, operation: str, side: str) -> None:
    """The run is stopped by what it finds, wherever it is, and both agree on the end."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang(side, operation, moment=BEFORE), vm)
    assert fault_lab.abandon(vm) == 0
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "VM " + vm.name + " is on host hv01." in run.output
    fault_lab.assert_home(vm, before)


def test_both_go_home_at_once(fault_lab: FaultLab) -> None:
    """The run fails, and an operator abandons it in the same moment."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail("target", "Import-VM")
    run = fault_lab.run_into(fault_lab.hang("source", "start_vm", moment=BEFORE), vm)
    abandon = fault_lab.command("abandon", vm.vm_id)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert abandon.exit_code() in (0, REFUSED), abandon.output
    fault_lab.assert_home(vm, before)


INTERRUPTS = [
    ("get_copy", "target", signal.SIGINT),
    ("get_copy", "target", signal.SIGTERM),
    ("save_vm", "source", signal.SIGINT),
    ("start_merge", "target", signal.SIGTERM),
    ("hand_over", "source", signal.SIGINT),
]


@pytest.mark.parametrize(("operation", "side", "number"), INTERRUPTS)
def test_an_interrupt_brings_it_home(fault_lab: FaultLab, operation: str, side: str, number: signal.Signals) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang(side, operation, moment=AFTER), vm)
    run.signal(number)
    fault_lab.clear_faults()
    code = run.exit_code()
    assert code == (INTERRUPTED if number is signal.SIGINT else -signal.SIGTERM), run.output
    assert "is on host hv01" in run.output
    fault_lab.assert_home(vm, before)
    assert fault_lab.abandon(vm) == REFUSED


def test_an_interrupt_after_the_start_leaves_it_at_the_target(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_vm", moment=AFTER), vm)
    run.signal(signal.SIGINT)
    fault_lab.clear_faults()
    assert run.exit_code() == INTERRUPTED, run.output
    assert "is on host hv02" in run.output
    fault_lab.assert_forward(vm, before)
