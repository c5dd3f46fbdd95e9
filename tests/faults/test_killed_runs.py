"""The process of a run is killed (SIGKILL) in each step and between the acts of handing over.

A fresh process brings the VM home with `qsm abandon`, as long as it provably has not run on the target, and does the rest
with `qsm finish` after that; each of them run again changes nothing. A call of the dead run that arrives late, when all is
over, does nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from fault_lab import AFTER, BEFORE, REFUSED, FaultLab
from waiting import wait_until


@dataclass(frozen=True)
class Kill:
    """Where a run is when it is killed: the operation is done on the host, its answer is still under way."""

    operation: str
    side: Literal["source", "target"]

    def __str__(self) -> str:
        return f"{self.operation}-{self.side}"


HOME = [
    Kill("create_record", "source"),
    Kill("take_lock", "target"),
    Kill("take_checkpoint", "source"),
    Kill("start_copy", "target"),
    Kill("save_vm", "source"),
    Kill("start_merge", "target"),
    Kill("import_vm", "target"),
    Kill("hand_over", "source"),
    Kill("allow_start", "target"),
]
FORWARD = [
    Kill("hand_over", "source"),
    Kill("allow_start", "target"),
    Kill("start_vm", "target"),
    Kill("confirm_target", "target"),
    Kill("restore_settings", "target"),
    Kill("remove_source", "source"),
    Kill("close_migration", "target"),
]
MAY_GO_BOTH_WAYS = ("hand_over", "allow_start")


@pytest.mark.parametrize("kill", HOME, ids=str)
def test_abandon_brings_it_home(fault_lab: FaultLab, kill: Kill) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang(kill.side, kill.operation, moment=AFTER), vm)
    fault_lab.clear_faults()
    if kill.operation == "import_vm":  # the farthest point from which there is no way on
        assert fault_lab.finish(vm) == REFUSED
    assert fault_lab.abandon(vm) == 0
    fault_lab.assert_home(vm, before)
    assert fault_lab.abandon(vm) == REFUSED
    fault_lab.assert_clean(vm, before)


@pytest.mark.parametrize("kill", FORWARD, ids=str)
def test_finish_does_the_rest(fault_lab: FaultLab, kill: Kill) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang(kill.side, kill.operation, moment=AFTER), vm)
    fault_lab.clear_faults()
    if kill.operation not in MAY_GO_BOTH_WAYS:
        assert fault_lab.abandon(vm) == REFUSED
        assert fault_lab.state(fault_lab.target, vm) == "Running"
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)
    assert fault_lab.finish(vm) == REFUSED
    fault_lab.assert_clean(vm, before)


def test_a_copy_that_died_before_its_run_is_abandoned(fault_lab: FaultLab) -> None:
    """Its job is left over, and only SYSTEM may end that: the task is started once more for it."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.end_process("target", "Complete-BitsTransfer")
    run = fault_lab.run_into(fault_lab.hang("target", "get_copy", moment=BEFORE), vm)
    wait_until(lambda: fault_lab.has_acted("target", "Complete-BitsTransfer"), what="the end of the task's process")
    run.kill()
    assert fault_lab.inventory("hv02").jobs
    fault_lab.clear_faults()
    assert fault_lab.abandon(vm) == 0
    fault_lab.assert_home(vm, before)


LATE = [
    Kill("take_checkpoint", "source"),
    Kill("save_vm", "source"),
    Kill("import_vm", "target"),
    Kill("hand_over", "source"),
    Kill("start_vm", "target"),
]


@pytest.mark.parametrize("kill", LATE, ids=str)
def test_a_call_that_arrives_when_all_is_over_does_nothing(fault_lab: FaultLab, kill: Kill) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    hang = fault_lab.hang(kill.side, kill.operation, moment=BEFORE)
    fault_lab.kill_in(hang, vm)
    assert fault_lab.abandon(vm) == 0
    lives = fault_lab.lives(vm)
    done = fault_lab.hang(kill.side, kill.operation, moment=AFTER)
    hang.release()
    done.wait()
    fault_lab.clear_faults()
    assert fault_lab.lives(vm) == lives
    fault_lab.assert_home(vm, before)


def test_a_killed_run_that_another_process_takes_home_can_be_begun_anew(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("source", "save_vm", moment=AFTER), vm)
    fault_lab.clear_faults()
    second = fault_lab.start_migration(vm)
    assert second.exit_code() == REFUSED
    assert "already migrating" in second.output
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    assert fault_lab.abandon(vm) == 0
    wait_until(lambda: fault_lab.state(fault_lab.source, vm) == "Running", what="the VM at home")
    assert fault_lab.start_migration(vm).exit_code() == 0
    fault_lab.assert_forward(vm, before)


def test_saved_on_the_target_after_its_start_it_never_starts_at_the_source(fault_lab: FaultLab) -> None:
    """The VM ran on the target, nobody heard so, and its host was shut down: its state proves nothing."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("target", "start_vm", moment=AFTER), vm)
    fault_lab.clear_faults()
    fault_lab.wait_for_writes(vm)
    fault_lab.target.shut_down()
    fault_lab.target.boot()
    assert fault_lab.state(fault_lab.target, vm) == "Saved"
    lives = fault_lab.lives(vm)
    assert fault_lab.abandon(vm) == REFUSED
    assert fault_lab.lives(vm) == lives
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)


def test_a_power_cut_of_the_target_while_it_starts_the_vm(fault_lab: FaultLab) -> None:
    """The start is marked and nobody knows its end: it can only go on at the target."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang_cmdlet("target", "Start-VM"), vm)
    fault_lab.target.power_off()
    fault_lab.target.boot()
    assert fault_lab.state(fault_lab.target, vm) == "Saved"
    assert fault_lab.abandon(vm) == REFUSED
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)


def test_a_vm_that_is_off_is_never_started(fault_lab: FaultLab) -> None:
    """It is handed over like any other, and finished without a start."""
    vm = fault_lab.small_vm(state="Off")
    before = fault_lab.before(vm)
    content = fault_lab.contents(fault_lab.source, vm)
    fault_lab.kill_in(fault_lab.hang("source", "hand_over", moment=AFTER), vm)
    fault_lab.clear_faults()
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_clean(vm, before)
    assert fault_lab.state(fault_lab.source, vm) is None
    assert fault_lab.state(fault_lab.target, vm) == "Off"
    assert fault_lab.contents(fault_lab.target, vm) == content
    assert fault_lab.lives(vm) == 0
