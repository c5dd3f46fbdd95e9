"""The way home fails too, at each of its own acts: the VM runs at the source as soon as it can, what is left over is named,
and once the trouble is over `qsm abandon` does the rest. Held only where the owner itself cannot be settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from fault_lab import AFTER, BEFORE, REFUSED, FaultLab

from lab.host.faults import FaultMoment
from qsm.plan.ending import End


@dataclass(frozen=True)
class Trouble:
    """What fails on the way home, every time, until somebody mends it."""

    operation: str
    side: Literal["source", "target"]
    cmdlet: str = ""
    """Empty: the wire is dead for the operation."""
    moment: FaultMoment = BEFORE
    end: End = End.HOME

    def __str__(self) -> str:
        return f"{self.operation}-{self.side}-{self.cmdlet or 'wire'}-{self.moment}"


TROUBLES = [
    Trouble("turn_back", "target"),
    Trouble("withdraw", "target", moment=AFTER, end=End.HELD),
    Trouble("take_back", "source", end=End.HELD),
    Trouble("take_back", "source", moment=AFTER, end=End.HELD),
    Trouble("start_vm", "source", "Start-VM"),
    Trouble("stop_work", "target"),
    Trouble("close_shares", "source", "Remove-SmbShare"),
    Trouble("remove_checkpoint", "source", "Remove-VMSnapshot"),
    Trouble("restore_settings", "source", moment=AFTER),
    Trouble("remove_imported_vm", "target", "Remove-VM"),
    Trouble("remove_files", "target", moment=AFTER),
    Trouble("close_migration", "target"),
    Trouble("close_migration", "source"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_what_fails_on_the_way_home_is_named_and_done_later(fault_lab: FaultLab, trouble: Trouble) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    if trouble.operation == "turn_back":
        fault_lab.fail("target", "Import-VM")  # before handing over the way home begins by turning back
    else:
        fault_lab.fail("target", "Start-VM")
    if trouble.cmdlet:
        fault_lab.fail(trouble.side, trouble.cmdlet, moment=trouble.moment, times=None)
    else:
        fault_lab.lose(trouble.side, trouble.operation, moment=trouble.moment, times=None)
    report = fault_lab.failed_report(vm)
    assert fault_lab.has_acted(trouble.side, trouble.cmdlet or trouble.operation)
    fault_lab.clear_faults()
    assert report.end is trouble.end
    runs = trouble.end is End.HOME and trouble.operation != "start_vm"
    assert fault_lab.state(fault_lab.source, vm) == ("Running" if runs else "Saved")
    if trouble.moment is BEFORE and trouble.end is End.HOME:
        assert any(trouble.operation in item or "does not answer" in item for item in report.left_over)
        assert "qsm abandon" in report.text
    assert fault_lab.abandon(vm) == (0 if report.left_over or report.end is End.HELD else REFUSED)
    fault_lab.assert_home(vm, before)
