"""A host refuses logons that it accepted before, as one does whose domain controller is away for a moment.

Every connection breaks at that moment, so that whoever goes on must log on again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fault_lab import AFTER, BEFORE, HOME, FaultLab

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from qsm.hosts.winrm_transport import Logon

PHASES: tuple[tuple[str, str, FaultMoment], ...] = (
    ("source", "open_share", BEFORE),
    ("target", "get_copy", BEFORE),
    ("source", "save_vm", AFTER),
    ("target", "import_vm", BEFORE),
    ("source", "hand_over", BEFORE),
    ("target", "start_vm", AFTER),
)
"""The copy and the offline window, on each host."""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("QSM_LIMITS__LOGON_PAUSE_SECONDS", "0.2")
    yield


def refuse(lab: FaultLab, side: str, *, times: int) -> None:
    """The next logons on that host are refused, and everybody must log on."""
    host = lab.host(side)
    host.set_fault(Fault("*", FaultAction.REFUSE, FaultPlace.LOGON, times=times))
    host.drop_connections()


def refusals(lab: FaultLab, side: str) -> list[int]:
    return [fault["acted"] for fault in lab.host(side).faults() if fault["place"] == FaultPlace.LOGON]


@pytest.mark.parametrize("times", [1, len(Logon.PAUSES)])
def test_in_every_phase_it_goes_on(fault_lab: FaultLab, times: int) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    hangs = [(side, fault_lab.hang(side, operation, moment=moment)) for side, operation, moment in PHASES]
    run = fault_lab.start_migration(vm)
    for side, hang in hangs:
        hang.wait(run)
        refuse(fault_lab, side, times=times)
        hang.release()
    assert run.exit_code() == 0, run.output
    for side in ("source", "target"):
        assert refusals(fault_lab, side) == [times] * 3
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize(("side", "operation", "moment"), [PHASES[2], PHASES[3]])
def test_given_up_in_a_step_it_is_tried_on_the_way_home(
    fault_lab: FaultLab, side: str, operation: str, moment: FaultMoment
) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    hang = fault_lab.hang(side, operation, moment=moment)
    run = fault_lab.run_into(hang, vm)
    refuse(fault_lab, side, times=1 + len(Logon.PAUSES))
    hang.release()
    assert run.exit_code() == HOME, run.output
    assert "had worked before" in run.output or "rejected the credentials" in run.output
    assert "left over" not in run.output
    fault_lab.assert_home(vm, before)
