"""Which disk is which, where hosts count the controllers of one VM differently (fact book, 8).

Four disks of equal size on two SCSI controllers: the source counts them otherwise at each look, the target the other way
round. A disk at the wrong drive would be written by restored memory that means another one.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hosts_driver import HostCaller
from hosts_script import MigrationScript
from powershell_program import NEEDS_ENGINE
from waiting import wait_until

from lab.guest.workload import Workload
from lab.host.handle import MIB, LabDisk
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

BUSY = Workload(
    writes_per_second=200, working_set_blocks=512, hot_set_share=0.5, hot_set_blocks=64, memory_bytes=2 * MIB
)
SLOTS = ("SCSI 0:0", "SCSI 0:1", "SCSI 1:0", "SCSI 1:1")
_serial = itertools.count(1)
ORDERS = {"hv01": "alternating", "hv02": "reversed"}


@pytest.fixture(scope="module", params=["python", pytest.param("powershell", marks=NEEDS_ENGINE)])
def hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, HostCaller]]:
    timing = dataclasses.asdict(INSTANT)
    plans = [HostPlan(name=name, timing=timing, hyperv={"controller_order": order}) for name, order in ORDERS.items()]
    settings = LabSettings(engine=request.param, hosts=tuple(plans))
    with Laboratory(tmp_path_factory.mktemp(f"order-{request.param}")).running(settings) as running:
        callers = {name: HostCaller(running, name) for name in ORDERS}
        for caller in callers.values():
            caller.install()
        yield callers
        for caller in callers.values():
            caller.close()


@pytest.fixture
def script(hosts: dict[str, HostCaller]) -> MigrationScript:
    disks = [LabDisk(size_bytes=8 * MIB, slot=slot) for slot in SLOTS]
    vm = hosts["hv01"].host.create_vm(f"four-{next(_serial)}", disks=disks, workload=BUSY)
    return MigrationScript(hosts["hv01"], hosts["hv02"], vm["vm_id"])


def named(vm: Any) -> dict[str, str]:
    return {disk.slot: disk.path for disk in vm.disks}


def test_slots_stay_whatever_a_host_counts(hosts: dict[str, HostCaller], script: MigrationScript) -> None:
    first = named(script.vm)
    assert sorted(first) == sorted(SLOTS)
    for _ in range(3):
        (again,) = hosts["hv01"].call("get_vm", {"name_or_id": script.vm_id}).result.matches
        assert named(again) == first


def test_four_disks_of_one_size_come_to_their_own_drives(hosts: dict[str, HostCaller], script: MigrationScript) -> None:
    wait_until(lambda: script.acknowledged() >= 50, what="writes to all disks")
    script.up_to_import()
    at_target = {drive["slot"]: drive["path"] for drive in hosts["hv02"].host.vm(script.vm_id)["hard_drives"]}
    at_source = {drive["slot"]: drive["path"] for drive in hosts["hv01"].host.vm(script.vm_id)["hard_drives"]}
    bases = {pair.leaf.path: script.target_path(pair.base.path) for pair in script.taken.disks}
    assert at_target == {slot: bases[path] for slot, path in at_source.items()}
    script.resume()
    hosts["hv02"].host.hyperv("save_vm", vm_id=script.vm_id)
    assert script.verify(hosts["hv02"].host).clean


def test_drive_that_names_the_file_of_another_disk_is_refused(
    script: MigrationScript, make_swapped: Callable[..., Any]
) -> None:
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    script.save()
    script.export()
    script.copy_changes()
    script.merge()
    arguments = make_swapped(script.import_arguments())
    answer = script.target.call("import_vm", **arguments)
    assert answer.error is not None
    assert answer.error.id == "ImportIncompatible"
    assert {finding["id"] for finding in answer.error.facts["findings"]} == {"DiskSlot"}
    assert "another disk's file" in answer.error.message
    assert script.target.caller.host.planned_vms() == []


@pytest.fixture
def make_swapped() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """As if the controllers had got other device ids by the import: what the slots name is the wrong way round."""

    def swapped(arguments: dict[str, Any]) -> dict[str, Any]:
        other = {disk["slot"]: disk for disk in arguments["disks"]}
        turned = {"SCSI 0": "SCSI 1", "SCSI 1": "SCSI 0"}
        disks = [{**other[slot], "slot": turned[slot[:6]] + slot[6:]} for slot in other]
        return {**arguments, "disks": disks}

    return swapped
