"""Two migrations in one process: each is told of itself alone, in its report, to its listeners and in Prefect's UI."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flow_lab import MIB, FlowLab, TestVM
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterType
from waiting import DEADLINE_SECONDS

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.host.handle import LabDisk
from qsm.migration.progress import CopyProgressed, Event, Noted, StepEnded, listening
from qsm.plan.ending import End
from qsm.report.report import Report


def test_each_hears_of_itself_alone(flow_lab: FlowLab) -> None:
    vms = [flow_lab.make_vm(disks=[LabDisk(size_bytes=8 * MIB)]) for _ in range(2)]
    # a start whose answer is an error: each goes on by `settle`, and says so in a note
    fault = Fault("Start-VM", FaultAction.FAIL, FaultPlace.CMDLET, FaultMoment.AFTER, times=len(vms))
    flow_lab.target.set_fault(fault)
    both_begin = threading.Barrier(len(vms))

    def migrate(vm: TestVM) -> tuple[Report, list[Event]]:
        heard: list[Event] = []
        both_begin.wait(DEADLINE_SECONDS)
        with listening(heard.append):
            return flow_lab.migrate(vm), heard

    with ThreadPoolExecutor(max_workers=len(vms)) as threads:
        told = list(threads.map(migrate, vms))

    for vm, (report, heard) in zip(vms, told, strict=True):
        assert (report.vm_id, report.end) == (vm.vm_id, End.FORWARD)
        steps = [(line.step, line.subject) for line in report.steps if line.step != "clean_up"]
        assert len(steps) == len(set(steps)), "a step that is done once is told once"
        assert [line.what for line in report.copies if "disk" in line.what and vm.name not in line.what] == []
        assert len(report.copies) == 3
        assert [note for note in report.notes if vm.name not in note] == []
        assert report.notes
        assert report.offline_window is not None
        assert sorted(event.step for event in heard if isinstance(event, StepEnded)) == sorted(
            line.step for line in report.steps
        )
        assert {event.what for event in heard if isinstance(event, CopyProgressed)} == {c.what for c in report.copies}
        assert [event.text for event in heard if isinstance(event, Noted) and vm.name not in event.text] == []
        flow_lab.assert_never_ran_twice(vm)
    assert_artifacts_name_the_vm(vms)


def assert_artifacts_name_the_vm(vms: list[TestVM]) -> None:
    """The flow was given ids; nobody reads those in a list."""
    with get_client(sync_client=True) as client:
        progress = ArtifactFilter(type=ArtifactFilterType(any_=["progress"]))
        keys = {str(artifact.key) for artifact in client.read_artifacts(artifact_filter=progress)}
    assert not [key for key in keys for vm in vms if vm.vm_id.split("-")[0] in key]
    for vm in vms:
        assert f"copy-{vm.name}-configuration-and-saved-memory" in keys
