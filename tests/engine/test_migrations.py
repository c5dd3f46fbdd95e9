"""Whole migrations by the PowerShell module, and each way in which they end: forward, at home after a start that is refused,
abandoned and finished after a kill.

Other states, and every step that fails or is killed: `tests/flows` and `tests/faults`, on the laboratory's own engine, and on
the module in `make test-all`.
"""

from __future__ import annotations

import pytest
from fault_lab import AFTER, REFUSED, FaultLab
from flow_lab import LAB_ENGINE

from qsm.plan.ending import End

STATES = ("Running", *(("Paused", "Saved", "Off") if LAB_ENGINE == "powershell" else ()))


@pytest.mark.parametrize("state", STATES)
def test_a_vm_ends_in_the_state_it_had(fault_lab: FaultLab, state: str) -> None:
    vm = fault_lab.small_vm(state=state, disks=2 if state == "Running" else 1)
    before = fault_lab.before(vm)
    stands = state in ("Saved", "Off")
    content = fault_lab.contents(fault_lab.source, vm) if stands else {}
    report = fault_lab.migrate(vm)
    assert (report.end, report.left_over) == (End.FORWARD, ())
    assert fault_lab.state(fault_lab.target, vm) == state
    if stands:
        assert fault_lab.contents(fault_lab.target, vm) == content
    if state == "Off":
        assert fault_lab.lives(vm) == 0
    else:
        if state != "Running":
            fault_lab.target.hyperv("resume_vm" if state == "Paused" else "start_vm", vm_id=vm.vm_id)
        fault_lab.assert_at(fault_lab.target, vm)
    moved = fault_lab.target.vm(vm.vm_id)
    assert [adapter["switch_name"] for adapter in moved["network_adapters"]] == ["Production"]
    assert [adapter["vlan"]["access_vlan_id"] for adapter in moved["network_adapters"]] == [42]
    assert moved["automatic_start_action"] == "StartIfRunning"
    assert not fault_lab.files_of(fault_lab.source, vm)
    fault_lab.assert_clean(vm, before)


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
