"""Each step fails once, by a cmdlet of its host: the module handles that error, and undoes what it did.

Up to a refused start every way ends at the source, with both hosts as they were. A run that is killed is brought home by
`qsm abandon`, or on by `qsm finish` once the VM has been started at the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from fault_lab import AFTER, BEFORE, REFUSED, FaultLab
from waiting import wait_until

from lab.host.faults import FaultMoment
from qsm.plan.ending import End


@dataclass(frozen=True)
class CmdletFailure:
    """A cmdlet that fails, and what the module says of it."""

    step: str
    side: Literal["source", "target"]
    cmdlet: str
    moment: FaultMoment
    error: str
    """Its id, or the words that tell how things stand on the host."""

    def __str__(self) -> str:
        return f"{self.step}-{self.cmdlet}-{self.moment}"


FAILURES = [
    # the checkpoint is there although Checkpoint-VM failed: removed by its name
    CmdletFailure("take_checkpoint", "source", "Checkpoint-VM", AFTER, "CheckpointFailed"),
    # read was granted on the disks and noted before: taken back
    CmdletFailure("copy_base_disks", "source", "New-SmbShare", BEFORE, "ShareFailed"),
    # inside of the SYSTEM task, whose job has fetched all: it ends the job
    CmdletFailure("copy_base_disks", "target", "Complete-BitsTransfer", BEFORE, "CopyFailed"),
    # saved although Save-VM failed: started again, its automatic start put back
    CmdletFailure("save_state", "source", "Save-VM", AFTER, "SaveFailed"),
    # files were exported: a job of WMI that ends in an error
    CmdletFailure("copy_changes", "source", "ExportSystemDefinition", AFTER, "ExportFailed"),
    # inside of the SYSTEM task, with the base written to: copied files are removed
    CmdletFailure("prepare_disks", "target", "Merge-VHD", AFTER, "MergeFailed"),
    # a planned VM is there: destroyed
    CmdletFailure("import_vm", "target", "Set-VMHardDiskDrive", BEFORE, "No VM is left there."),
    # the VM is imported although Import-VM failed: removed on the way home
    CmdletFailure("import_vm", "target", "Import-VM", AFTER, "The VM is registered there and has not been started."),
    # handed over already: withdrawn, taken back, the imported VM removed
    CmdletFailure("hand_over", "target", "Start-VM", BEFORE, "StartRefused"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_step_that_fails_ends_at_home(fault_lab: FaultLab, failure: CmdletFailure) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail(failure.side, failure.cmdlet, moment=failure.moment)
    report = fault_lab.failed_report(vm)
    assert fault_lab.has_acted(failure.side, failure.cmdlet)
    assert (report.end, report.left_over) == (End.HOME, ())
    assert failure.error in report.error
    fault_lab.assert_home(vm, before)


def test_a_copy_whose_process_is_killed_goes_on(fault_lab: FaultLab) -> None:
    """BITS keeps the job, which needs nobody: the next process of the task takes it up."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.end_process("target", "Complete-BitsTransfer")
    report = fault_lab.migrate(vm)
    assert fault_lab.has_acted("target", "Complete-BitsTransfer")
    assert (report.end, report.left_over) == (End.FORWARD, ())
    fault_lab.assert_forward(vm, before)


def test_a_copy_whose_process_and_run_are_killed_is_abandoned(fault_lab: FaultLab) -> None:
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
