"""A VM with many disks in one folder: nothing made for one of them meets or misjudges another's."""

from __future__ import annotations

from fault_lab import QUICK, FaultLab
from flow_lab import MIB

from lab.host.handle import LabDisk
from qsm.plan.ending import End


def test_24_disks_move(fault_lab: FaultLab) -> None:
    disks = [LabDisk(size_bytes=4 * MIB)] * 24
    vm = fault_lab.make_vm(disks=disks, workload=QUICK)
    before = fault_lab.before(vm)
    report = fault_lab.migrate(vm)
    assert (report.end, report.left_over, report.error) == (End.FORWARD, (), "")
    assert len(report.copies) == 2 * len(disks) + 1
    fault_lab.assert_forward(vm, before)
