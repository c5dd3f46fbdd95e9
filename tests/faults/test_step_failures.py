"""Each step fails once, by a cmdlet that fails on its host before or after it acted, or by a host that is silent there.

Up to a refused start every error brings the VM back to running at the source, and nothing is left over. After the start
the VM stays at the target, and what is left over is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from fault_lab import AFTER, BEFORE, FAILED, REFUSED, FaultLab

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from qsm.hosts.operations import OPERATIONS
from qsm.plan.ending import End


@dataclass(frozen=True)
class StepFailure:
    """One way in which a step fails."""

    operation: str
    side: Literal["source", "target"]
    cmdlet: str = ""
    """The cmdlet that fails. Empty: the wire is dead for this operation."""
    moment: FaultMoment = BEFORE
    error: str = ""
    """What the host says of it: an error's id, or the words that tell how things stand there. Empty: nothing is asked."""

    def __str__(self) -> str:
        what = self.cmdlet or "wire"
        return f"{self.operation}-{self.side}-{what}-{self.moment}"

    def arm(self, lab: FaultLab) -> None:
        """Sets the fault."""
        assert self.operation in OPERATIONS
        if self.cmdlet:
            lab.fail(self.side, self.cmdlet, moment=self.moment)
        else:
            lab.lose(self.side, self.operation, moment=self.moment, times=None)

    @property
    def name(self) -> str:
        """Under which the fault acts."""
        return self.cmdlet or self.operation


NOT_STARTED = "The VM is registered there and has not been started."
HOME = [
    StepFailure("create_record", "source"),
    StepFailure("create_record", "target"),
    StepFailure("take_lock", "source", moment=AFTER),
    StepFailure("take_checkpoint", "source", "Checkpoint-VM"),
    StepFailure("take_checkpoint", "source", "Checkpoint-VM", AFTER, "CheckpointFailed"),
    StepFailure("take_checkpoint", "source", moment=AFTER),
    StepFailure("open_share", "source", "New-SmbShare", error="ShareFailed"),
    StepFailure("open_share", "source", "Set-Acl", AFTER),
    StepFailure("start_copy", "target", "Start-BitsTransfer", AFTER),
    StepFailure("start_copy", "target", "Complete-BitsTransfer", error="CopyFailed"),
    StepFailure("start_copy", "target", "Complete-BitsTransfer", AFTER),
    StepFailure("save_vm", "source", "Save-VM"),
    StepFailure("save_vm", "source", "Save-VM", AFTER, "SaveFailed"),
    StepFailure("export_configuration", "source", "ExportSystemDefinition", AFTER, "ExportFailed"),
    StepFailure("start_merge", "target", "Set-VHD"),
    StepFailure("start_merge", "target", "Merge-VHD", AFTER, "MergeFailed"),
    StepFailure("import_vm", "target", "Compare-VM", AFTER),
    StepFailure("import_vm", "target", "Set-VMHardDiskDrive", error="No VM is left there."),
    StepFailure("import_vm", "target", "Import-VM", AFTER, NOT_STARTED),
    StepFailure("hand_over", "source"),
    StepFailure("hand_over", "source", moment=AFTER),
    StepFailure("allow_start", "target"),
    StepFailure("allow_start", "target", moment=AFTER),
    StepFailure("start_vm", "target", "Start-VM", error="StartRefused"),
    StepFailure("start_vm", "target"),
]


@pytest.mark.parametrize("failure", HOME, ids=str)
def test_it_ends_at_home(fault_lab: FaultLab, failure: StepFailure) -> None:
    vm = fault_lab.small_vm(disks=2 if failure.operation in ("start_copy", "start_merge") else 1)
    before = fault_lab.before(vm)
    failure.arm(fault_lab)
    report = fault_lab.failed_report(vm)
    assert fault_lab.has_acted(failure.side, failure.name)
    fault_lab.clear_faults()
    assert (report.end, report.left_over) == (End.HOME, ())
    assert report.error
    assert failure.error in report.error
    fault_lab.assert_home(vm, before)


def test_a_checkpoint_that_never_got_its_name_is_taken_away(fault_lab: FaultLab) -> None:
    """Checkpoint-VM names it by a second job (fact book, 5)."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.source.set_fault(Fault("ModifySystemSettings", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    report = fault_lab.failed_report(vm)
    assert report.end is End.HOME, report.error
    fault_lab.assert_home(vm, before)


FORWARD = [
    StepFailure("start_vm", "target", "Start-VM", AFTER),
    StepFailure("start_vm", "target", moment=AFTER),
    StepFailure("confirm_target", "target"),
    StepFailure("close_shares", "source"),
    StepFailure("remove_source_files", "source"),
    StepFailure("close_migration", "target", moment=AFTER),
    StepFailure("close_migration", "source"),
]


@pytest.mark.parametrize("failure", FORWARD, ids=str)
def test_it_ends_at_the_target(fault_lab: FaultLab, failure: StepFailure) -> None:
    """One that does not pass leaves something over, and `qsm finish` does the rest in a fresh process."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    failure.arm(fault_lab)
    report = fault_lab.migrate(vm)
    assert fault_lab.has_acted(failure.side, failure.name)
    fault_lab.clear_faults()
    assert report.end is End.FORWARD
    assert report.error
    assert fault_lab.state(fault_lab.target, vm) == "Running"
    if report.left_over:
        assert "qsm finish" in report.text
        assert fault_lab.abandon(vm) == REFUSED
        assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)


CLEAN_UP = [
    StepFailure("restore_settings", "target", "Set-VM"),
    StepFailure("close_shares", "source", "Remove-SmbShare"),
    StepFailure("remove_source", "source", "Remove-VM"),
    StepFailure("retire_source", "source", "Disconnect-VMNetworkAdapter"),
]


@pytest.mark.parametrize("failure", CLEAN_UP, ids=str)
def test_what_fails_after_the_start_is_named_and_done_later(fault_lab: FaultLab, failure: StepFailure) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail(failure.side, failure.cmdlet, times=None)
    keep_source = failure.operation == "retire_source"
    report = fault_lab.migrate(vm, keep_source=keep_source)
    assert fault_lab.has_acted(failure.side, failure.cmdlet)
    assert report.end is End.FORWARD
    assert any(failure.operation in item for item in report.left_over)
    assert fault_lab.state(fault_lab.target, vm) == "Running"
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    assert fault_lab.finish(vm) == FAILED  # it fails still, and nothing gets worse
    fault_lab.clear_faults()
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before, kept=keep_source)


@pytest.mark.parametrize("state", ["Paused", "Saved", "Off"])
def test_a_vm_in_another_state_is_in_it_again(fault_lab: FaultLab, state: str) -> None:
    vm = fault_lab.small_vm(state=state)
    before = fault_lab.before(vm)
    content = fault_lab.contents(fault_lab.source, vm) if state != "Paused" else {}
    fault_lab.fail("target", "Import-VM", moment=AFTER)
    report = fault_lab.failed_report(vm)
    assert (report.end, report.left_over) == (End.HOME, ())
    fault_lab.assert_clean(vm, before)
    fault_lab.assert_source_is_whole(vm)
    assert fault_lab.state(fault_lab.source, vm) == state
    assert fault_lab.state(fault_lab.target, vm) is None
    if state == "Paused":
        fault_lab.source.hyperv("resume_vm", vm_id=vm.vm_id)
        fault_lab.assert_at(fault_lab.source, vm)
    else:
        assert fault_lab.contents(fault_lab.source, vm) == content
