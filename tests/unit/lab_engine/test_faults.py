"""Faults act at the named moment, as often as told, and nowhere else."""

from __future__ import annotations

import threading

import pytest
from waiting import DEADLINE_SECONDS, wait_until

from lab.host.faults import (
    CmdletFaultError,
    Fault,
    FaultAction,
    FaultMoment,
    FaultPlace,
    Faults,
    ProcessEnded,
)

CMDLET, OPERATION = FaultPlace.CMDLET, FaultPlace.OPERATION
BEFORE, AFTER = FaultMoment.BEFORE, FaultMoment.AFTER


class PowerIsOff(BaseException):
    pass


def no_power() -> None:
    raise PowerIsOff


def never() -> bool:
    return False


@pytest.fixture
def faults() -> Faults:
    return Faults(power_off=no_power)


def fails(faults: Faults, name: str = "Save-VM", moment: FaultMoment = BEFORE) -> bool:
    try:
        faults.at_cmdlet(name, moment, ended=never)
    except CmdletFaultError:
        return True
    return False


def test_fault_acts_on_its_cmdlet_and_moment_only(faults: Faults) -> None:
    faults.set(Fault("Save-VM", FaultAction.FAIL, CMDLET, AFTER, times=None))
    assert [fails(faults), fails(faults, "Start-VM", AFTER), fails(faults, moment=AFTER)] == [False, False, True]


def test_fault_is_used_up_and_counted(faults: Faults) -> None:
    number = faults.set(Fault("*", FaultAction.FAIL, CMDLET, times=2, skip=1))
    assert [fails(faults) for _ in range(5)] == [False, True, True, False, False]
    assert faults.acted(number) == 2
    (told,) = faults.list()
    assert (told["seen"], told["acted"], told["number"]) == (5, 2, number)


def test_failure_carries_its_hresult(faults: Faults) -> None:
    faults.set(Fault("Save-VM", FaultAction.FAIL, CMDLET, hresult=0x80070070, message="disk full"))
    with pytest.raises(CmdletFaultError) as caught:
        faults.at_cmdlet("Save-VM", BEFORE, ended=never)
    assert (caught.value.hresult, caught.value.message) == (0x80070070, "disk full")


def test_killed_process_and_lost_power_are_no_exceptions(faults: Faults) -> None:
    faults.set(Fault("Save-VM", FaultAction.KILL_PROCESS, CMDLET))
    with pytest.raises(ProcessEnded):
        faults.at_cmdlet("Save-VM", BEFORE, ended=never)
    assert not issubclass(ProcessEnded, Exception)
    faults.set(Fault("start_vm", FaultAction.KILL_HOST, OPERATION))
    with pytest.raises(PowerIsOff):
        faults.at_operation("start_vm", BEFORE, ended=never)


def test_operation_faults_tell_what_to_do(faults: Faults) -> None:
    faults.set(Fault("save_vm", FaultAction.REFUSE, OPERATION))
    faults.set(Fault("save_vm", FaultAction.DROP, OPERATION, AFTER))
    faults.set(Fault("save_vm", FaultAction.DROP, OPERATION, BEFORE))
    assert faults.at_operation("save_vm", BEFORE, ended=never) is FaultAction.REFUSE
    assert faults.at_operation("save_vm", BEFORE, ended=never) is None
    assert faults.at_operation("save_vm", AFTER, ended=never) is FaultAction.DROP
    assert faults.drops_request("save_vm") and not faults.drops_request("save_vm")


def test_hang_lasts_until_it_is_cleared(faults: Faults) -> None:
    number = faults.set(Fault("Save-VM", FaultAction.HANG, CMDLET))
    hanging = threading.Thread(target=faults.at_cmdlet, args=("Save-VM", BEFORE), kwargs={"ended": never})
    hanging.start()
    wait_until(lambda: faults.acted(number), what="the hang")
    hanging.join(0.2)
    assert hanging.is_alive()
    faults.clear(number)
    hanging.join(DEADLINE_SECONDS)
    assert not hanging.is_alive() and faults.list() == []


def test_hang_ends_with_its_process(faults: Faults) -> None:
    faults.set(Fault("Save-VM", FaultAction.HANG, CMDLET))
    with pytest.raises(ProcessEnded):
        faults.at_cmdlet("Save-VM", BEFORE, ended=lambda: True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x", "action": "drop", "place": "cmdlet"},
        {"name": "x", "action": "fail", "place": "operation"},
        {"name": "x", "action": "refuse", "place": "operation", "moment": "after"},
        {"name": "x", "action": "fail", "place": "cmdlet", "times": 0},
        {"name": "x", "action": "fail", "place": "cmdlet", "skip": -1},
        {"name": "x", "action": "explode", "place": "cmdlet"},
        {"action": "fail", "place": "cmdlet"},
        {"name": "x", "action": "fail", "place": "cmdlet", "why": "not"},
    ],
)
def test_what_cannot_be_a_fault_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Fault.from_json(wrong)


def test_fault_survives_the_way_over_the_socket() -> None:
    fault = Fault("Save-VM", FaultAction.HANG, CMDLET, AFTER, times=None, skip=3, hresult=1, message="x")
    assert Fault.from_json(fault.to_json()) == fault
