"""A fresh process takes up a step where a killed one left it: what failed is done again, what is done is not.

All it has are the hosts' records. An operation id that the dead process has used would be answered from the journal, and
nothing would be done.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest
from fault_lab import BEFORE, FaultLab
from flow_lab import TestVM
from waiting import DEADLINE_SECONDS, wait_until

STEP = """
import sys
from qsm.hosts.meter import Meter
from qsm.migration.migration import open_host
from qsm.migration.survey import find_migration
from qsm.settings import load_settings
from qsm.steps.copy_base_disks import copy_base_disk
from qsm.steps.prepare_disks import prepare_disk

settings = load_settings()
hosts = {name: open_host(name, settings, meter=Meter()) for name in settings.hosts}
migration = find_migration(sys.argv[1], hosts=hosts, settings=settings)
globals()[sys.argv[2]](migration, migration.plan.disks[0].slot)
migration.close()
"""


@dataclass(frozen=True)
class LongWork:
    """Long work, the step that does it, and the cmdlet by which its task fails."""

    poll: str
    cmdlet: str
    step: str


WORKS = [LongWork("get_copy", "Start-BitsTransfer", "copy_base_disk"), LongWork("get_merge", "Set-VHD", "prepare_disk")]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.step)
def test_work_that_failed_is_really_done_again(fault_lab: FaultLab, work: LongWork) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail("target", work.cmdlet)
    run = fault_lab.run_into(fault_lab.hang("target", work.poll, moment=BEFORE), vm)
    wait_until(lambda: fault_lab.has_acted("target", work.cmdlet), what=f"{work.cmdlet} to fail")
    run.kill()
    fault_lab.clear_faults()

    run_in_a_fresh_process(work.step, vm)

    fault_lab.fail("target", work.cmdlet)
    run_in_a_fresh_process(work.step, vm)  # and a third one finds it done
    assert not fault_lab.has_acted("target", work.cmdlet)
    fault_lab.clear_faults()
    assert fault_lab.abandon(vm) == 0
    fault_lab.assert_home(vm, before)


def run_in_a_fresh_process(step: str, vm: TestVM) -> None:
    """Does one step of the VM's unfinished migration, as far as the records tell it. It must succeed."""
    command = [sys.executable, "-c", STEP, vm.vm_id, step]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)
    assert done.returncode == 0, done.stderr
