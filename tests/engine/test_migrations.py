"""Whole migrations by the PowerShell module: a VM ends in the state it had, with every byte.

One that runs goes through every step. The other states are `tests/flows`' on the laboratory's own engine, and come here in
`make test-all`.
"""

from __future__ import annotations

import pytest
from fault_lab import FaultLab
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
