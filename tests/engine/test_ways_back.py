"""Each way back by the module itself, once: a start that is refused, and runs that are killed.

Every step that fails or is killed: `tests/faults`, which `make test-all` runs on the module too.
"""

from __future__ import annotations

from fault_lab import AFTER, REFUSED, FaultLab

from qsm.plan.ending import End


def test_a_refused_start_ends_at_home(fault_lab: FaultLab) -> None:
    """Handed over already: withdrawn, taken back, started again; the imported VM and all copied files removed."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail("target", "Start-VM")
    report = fault_lab.failed_report(vm)
    assert fault_lab.has_acted("target", "Start-VM")
    assert (report.end, report.left_over) == (End.HOME, ())
    assert "StartRefused" in report.error
    fault_lab.assert_home(vm, before)


def test_a_killed_run_is_abandoned(fault_lab: FaultLab) -> None:
    """Between import and handing over: the farthest point from which there is no way on."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("target", "import_vm", moment=AFTER), vm)
    fault_lab.clear_faults()
    assert fault_lab.abandon(vm) == 0
    fault_lab.assert_home(vm, before)


def test_a_run_killed_after_the_start_is_finished(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("target", "start_vm", moment=AFTER), vm)
    fault_lab.clear_faults()
    assert fault_lab.abandon(vm) == REFUSED
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)
