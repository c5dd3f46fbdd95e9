"""The wire loses requests and answers, one of every changing operation, and the migration goes through as if nothing had.

A lost answer is the worst: the host has acted and nobody knows. The same call is sent again under its operation id, and
the host's journal answers what became of it.
"""

from __future__ import annotations

import pytest
from fault_lab import AFTER, BEFORE, FaultLab

from lab.host.faults import FaultMoment
from qsm.hosts.operations import OPERATIONS
from qsm.plan.ending import End

SOURCE = (
    "create_record", "take_lock", "take_checkpoint", "open_share", "save_vm", "export_configuration", "hand_over",
    "close_shares", "close_migration",
)  # fmt: skip
TARGET = (
    "create_record", "take_lock", "start_copy", "start_merge", "import_vm", "allow_start", "start_vm", "confirm_target",
    "restore_settings", "stop_work", "close_migration",
)  # fmt: skip
REMOVE, KEEP = ("remove_source", "remove_source_files"), ("retire_source",)
HOME_SOURCE = (
    "take_back", "start_vm", "close_shares", "remove_checkpoint", "restore_settings", "close_migration",
)  # fmt: skip
HOME_TARGET = ("withdraw", "stop_work", "remove_imported_vm", "remove_files", "close_migration")


def lose_one_of_each(lab: FaultLab, side: str, names: tuple[str, ...], moment: FaultMoment) -> None:
    """One call of each operation is lost on that host."""
    for name in names:
        assert OPERATIONS[name].changes
        lab.lose(side, name, moment=moment)


def assert_all_were_lost(lab: FaultLab) -> None:
    """Every fault that was set has acted."""
    faults = [fault for host in (lab.source, lab.target) for fault in host.faults()]
    assert faults
    assert [fault["name"] for fault in faults if not fault["acted"]] == []


@pytest.mark.parametrize("keep_source", [False, True], ids=["remove", "keep"])
@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=["requests", "answers"])
def test_one_of_each_operation_on_the_way(fault_lab: FaultLab, moment: FaultMoment, keep_source: bool) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    lose_one_of_each(fault_lab, "source", (*SOURCE, *(KEEP if keep_source else REMOVE)), moment)
    lose_one_of_each(fault_lab, "target", TARGET, moment)
    report = fault_lab.migrate(vm, keep_source=keep_source)
    assert_all_were_lost(fault_lab)
    fault_lab.clear_faults()
    assert (report.end, report.left_over, report.error) == (End.FORWARD, (), "")
    assert len(fault_lab.witness.lifetimes(vm.vm_id)) == 2
    fault_lab.assert_forward(vm, before, kept=keep_source)


@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=["requests", "answers"])
def test_one_of_each_operation_on_the_way_home(fault_lab: FaultLab, moment: FaultMoment) -> None:
    """From the farthest point from which there is a way home: a refused start."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail("target", "Start-VM")
    lose_one_of_each(fault_lab, "source", HOME_SOURCE, moment)
    lose_one_of_each(fault_lab, "target", HOME_TARGET, moment)
    report = fault_lab.failed_report(vm)
    assert_all_were_lost(fault_lab)
    fault_lab.clear_faults()
    assert (report.end, report.left_over) == (End.HOME, ())
    assert "StartRefused" in report.error
    fault_lab.assert_home(vm, before)


def test_the_process_that_serves_a_call_ends_at_each_long_act(fault_lab: FaultLab) -> None:
    """Where the host would act twice it says that nobody knows, and the VM comes home; where not, it is done again."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    for side, cmdlet in (("source", "ExportSystemDefinition"), ("target", "Compare-VM"), ("source", "New-SmbShare")):
        fault_lab.end_process(side, cmdlet, moment=AFTER)
    report = fault_lab.migrate(vm)
    assert_all_were_lost(fault_lab)
    fault_lab.clear_faults()
    assert (report.end, report.left_over, report.error) == (End.FORWARD, (), "")
    fault_lab.assert_forward(vm, before)


def test_a_copy_whose_process_ends_goes_on(fault_lab: FaultLab) -> None:
    """BITS keeps the job, which needs nobody: the next process of the task takes it up."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.end_process("target", "Complete-BitsTransfer")
    report = fault_lab.migrate(vm)
    assert_all_were_lost(fault_lab)
    assert (report.end, report.left_over) == (End.FORWARD, ())
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize("cmdlet", ["Checkpoint-VM", "Save-VM"])
@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=str)
def test_the_process_ends_where_nobody_may_act_twice(fault_lab: FaultLab, cmdlet: str, moment: FaultMoment) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.end_process("source", cmdlet, moment=moment)
    report = fault_lab.failed_report(vm)
    fault_lab.clear_faults()
    assert (report.end, report.left_over) == (End.HOME, ())
    assert "OutcomeUnknown" in report.error
    fault_lab.assert_home(vm, before)
