"""A VM is there, absent, only planned, or cannot be told: what the module Hyper-V answers, and what is concluded from it.

Numbers in docstrings are those of the fact book of the module (docs/fidelity.md).
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts_driver import WINDOWS, HostCaller, encoded, new_migration_id, plain, run
from powershell_program import NEEDS_ENGINE

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabAdapter, LabDisk, LabHost
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

WAYS = {
    "2.0": (WINDOWS, {}),
    "1.1 as 2.0": ("2012R2", {"absent_id": "ObjectNotFound", "id_finds_planned": True}),
    "1.1 otherwise": ("2012R2", {"absent_id": "InvalidParameter", "id_finds_planned": False}),
}
"""What Get-VM -Id does about an absent and a planned VM. Nobody knows which way the module 1.1 goes (section 14)."""


@pytest.fixture(scope="module")
def module_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A host for each way, and one in a cluster whose service is down."""
    hosts = [
        HostPlan.model_validate(
            {"name": f"hv0{number}", "timing": dataclasses.asdict(INSTANT), "windows": windows, "hyperv": hyperv}
        )
        for number, (windows, hyperv) in enumerate(WAYS.values(), start=1)
    ]
    hosts.append(HostPlan(name="hv04", windows=WINDOWS, facts={"cluster": "CL1", "cluster_runs": False}))
    settings = LabSettings(engine="powershell", hosts=tuple(hosts))
    with Laboratory(Path(tmp_path_factory.mktemp("absence"))).running(settings) as running:
        yield running


@pytest.fixture(params=WAYS)
def module_host(module_hosts: Laboratory, request: pytest.FixtureRequest) -> Iterator[HostCaller]:
    """One of these hosts, and a process on it."""
    caller = HostCaller(module_hosts, f"hv0{list(WAYS).index(request.param) + 1}")
    caller.install()
    yield caller
    caller.close()


def make_vm(host: LabHost, **settings: Any) -> dict[str, Any]:
    name = f"vm-{uuid.uuid4().hex[:8]}"
    return host.create_vm(name, disks=[LabDisk(size_bytes=8 * MIB)], memory_bytes=MIB, state="Off", **settings)


def exported(host: LabHost, vm: dict[str, Any]) -> str:
    """Export a VM that is then removed; returns the configuration's path, in a folder of its own."""
    folder = rf"D:\Export\{vm['name']}"
    host.files.make_folder(folder)
    how = {"copy_snapshot_configuration": 1, "copy_vm_runtime_information": True}
    how["disable_differential_of_ignored_storage"] = True
    written = host.hyperv("export_system_definition", vm_id=vm["vm_id"], export_directory=folder, **how)
    host.hyperv("remove_vm", vm_id=vm["vm_id"])
    return str(written[0])


def planned_vm(host: LabHost) -> dict[str, Any]:
    """What a Compare-VM of a process that died leaves."""
    vm = make_vm(host)
    host.hyperv("compare_vm", path=exported(host, vm))
    return vm


def target_question(vm_id: str) -> dict[str, Any]:
    return {
        "vm_id": vm_id,
        "folder": r"D:\Moved\here",
        "source_address": "127.0.0.1",
        "files": [],
        "switch_names": [],
        "mac_addresses": [],
        "compatibility": None,
    }


def script_output(caller: HostCaller, script: str) -> list[str]:
    program = [
        "-NoProfile",
        "-NonInteractive",
        "-EncodedCommand",
        encoded(f"$ErrorActionPreference = 'Stop'; {script}"),
    ]
    out, err, code = run(plain(caller.lab, caller.name), "powershell.exe", program)
    assert code == 0, err
    return out.split()


@NEEDS_ENGINE
def test_absent_vm_is_absent_whatever_get_vm_calls_it(module_host: HostCaller) -> None:
    """2.2: ObjectNotFound from 2016 on; before, either of two (section 14)."""
    nobody = str(uuid.uuid4())
    told = module_host.call("test_target", target_question(nobody)).result
    assert (told.vm_state, told.planned_vm) == (None, False)
    assert module_host.call("get_compatibility", {"vm_id": nobody}).error_id == "VMNotFound"


def test_planned_vm_is_told_as_planned(target: HostCaller) -> None:
    """2.1: Get-VM -Id gives it as it gives any VM that is off."""
    vm = planned_vm(target.host)
    told = target.call("test_target", target_question(vm["vm_id"])).result
    assert (told.vm_state, told.planned_vm) == (None, True)
    assert target.call("get_compatibility", {"vm_id": vm["vm_id"]}).error_id == "VMNotFound"
    (match,) = target.call("get_vm", {"name_or_id": vm["name"]}).result.matches
    assert match.planned
    target.host.hyperv("remove_vm", vm_id=vm["vm_id"])


@NEEDS_ENGINE
def test_planned_vm_is_told_as_planned_by_every_module(module_host: HostCaller) -> None:
    test_planned_vm_is_told_as_planned(module_host)


@NEEDS_ENGINE
def test_planned_vm_of_ours_is_removed_once(module_host: HostCaller) -> None:
    """2.1: it must not be removed as a planned one and then, by the same id, as a real one."""
    vm = planned_vm(module_host.host)
    migration = new_migration_id()
    made = {"role": "target", "vm_id": vm["vm_id"], "vm_name": vm["name"], "peer": "HV09", "by": "test"}
    module_host.call("create_record", {**made, "plan": {"target_folder": r"D:\Export"}}, migration_id=migration)
    lock = {"vm_id": vm["vm_id"], "vm_name": vm["name"], "by": "test"}
    answer = module_host.call("take_lock", lock, migration_id=migration)
    for _ in range(2):
        answer = module_host.call(
            "remove_imported_vm", {"vm_id": vm["vm_id"]}, migration_id=migration, revision=answer.revision
        )
        assert answer.ok, answer.error
        assert module_host.host.planned_vms() == []


@NEEDS_ENGINE
def test_ghost_of_a_planned_vm_is_no_vm(module_host: HostCaller) -> None:
    """2.3 and section 6, step 2: removed behind the module's back, it comes back in its process, and Compare-VM stumbles."""
    vm = make_vm(module_host.host)
    configuration = exported(module_host.host, vm)
    found = (
        f"$found = Get-VM -Id '{vm['vm_id']}' -ErrorAction SilentlyContinue;"
        " if ($found) { [string]$found.VirtualMachineType } else { 'None' };"
    )
    compare = (
        f"try {{ $r = Compare-VM -Path '{configuration}' -Register -ErrorAction Stop; 'Compared' }}"
        " catch { $_.FullyQualifiedErrorId -replace ',.*' };"
    )
    space = r"-Namespace root\virtualization\v2 -Class"
    destroy = (
        f"$s = Get-WmiObject {space} Msvm_PlannedComputerSystem; $m = Get-WmiObject {space}"
        " Msvm_VirtualSystemManagementService; [void](Invoke-WmiMethod -InputObject $m -Name DestroySystem"
        " -ArgumentList $s.__PATH);"
    )
    told = script_output(module_host, compare + found + destroy + found + compare)
    planned = module_host.name != "hv03"
    there = "PlannedVirtualMachine" if planned else "None"
    assert told == ["Compared", there, there, "ObjectNotFound"]
    told = script_output(module_host, compare + found + "Remove-VM -VM $r.VM -Force;" + found + compare)
    assert told == ["Compared", there, "None", "Compared"]
    module_host.host.hyperv("remove_vm", vm_id=vm["vm_id"])


@NEEDS_ENGINE
def test_planned_vm_that_another_process_imported_is_real(module_host: HostCaller) -> None:
    """2.3: to the process that compared it, Get-VM -Id shows the planned VM still, and WMI the real one."""
    vm = make_vm(module_host.host)
    configuration = exported(module_host.host, vm)
    space = r"-Namespace root\virtualization\v2 -Class"
    script = (
        f"$r = Compare-VM -Path '{configuration}' -Register; Remove-VM -VM $r.VM -Force;"
        f" $r = Compare-VM -Path '{configuration}' -Register; [void](Import-VM -CompatibilityReport $r);"
        f" [string](Get-VM -Id '{vm['vm_id']}').VirtualMachineType;"
        f" @(Get-WmiObject {space} Msvm_PlannedComputerSystem).Count"
    )
    assert script_output(module_host, script) == ["RealizedVirtualMachine", "0"]
    told = module_host.call("test_target", target_question(vm["vm_id"])).result
    assert (told.vm_state, told.planned_vm) == ("Off", False)


def test_host_that_does_not_answer_for_its_vms_has_none_absent(target: HostCaller) -> None:
    """1.1: the ObjectNotFound of a stopped service, and lists that are empty without an error, prove nothing."""
    vm = make_vm(target.host)
    target.host.hyperv("arrange_service", answers=False)
    try:
        for question in (vm["vm_id"], str(uuid.uuid4())):
            answer = target.call("test_target", target_question(question))
            assert answer.error_id == "HostFailed", answer
        assert target.call("get_vm", {"name_or_id": vm["name"]}).error_id == "HostFailed"
        assert target.call("get_inventory", {"folders": []}).error_id == "HostFailed"
    finally:
        target.host.hyperv("arrange_service", answers=True)
    assert target.call("test_target", target_question(vm["vm_id"])).result.vm_state == "Off"


def test_vm_that_cannot_be_read_hides_no_other(target: HostCaller) -> None:
    """2.6: Get-VM tells an error of its own for it, and goes on with the others."""
    lost, other = make_vm(target.host), make_vm(target.host)
    target.host.hyperv("arrange_storage", vm_id=lost["vm_id"], lost=True)
    try:
        (found,) = target.call("get_vm", {"name_or_id": other["name"]}).result.matches
        assert found.vm_id == other["vm_id"]
        vms = target.call("get_inventory", {"folders": []}).result.vms
        assert f"{lost['vm_id']} {lost['name']} Unreadable" in vms
        assert f"{other['vm_id']} {other['name']} Off" in vms
        for name in (lost["name"], lost["vm_id"]):
            answer = target.call("get_vm", {"name_or_id": name})
            assert answer.error is not None and answer.error.id == "HostFailed"
            assert lost["name"] in answer.error.message
        assert target.call("get_vm", {"name_or_id": "nobody"}).result.matches == ()
        assert not target.call("test_target", target_question(lost["vm_id"])).ok, "not absent either"
    finally:
        target.host.hyperv("arrange_storage", vm_id=lost["vm_id"], lost=False)
    assert target.call("test_target", target_question(lost["vm_id"])).result.vm_state == "Off"


def test_vm_that_cannot_be_read_hides_no_other_where_nothing_names_it(target: HostCaller) -> None:
    """2.6: whether WMI lists such a VM is not known."""
    lost, other = make_vm(target.host), make_vm(target.host)
    target.host.hyperv("arrange_storage", vm_id=lost["vm_id"], lost=True, listed=False)
    try:
        (found,) = target.call("get_vm", {"name_or_id": other["name"]}).result.matches
        assert found.vm_id == other["vm_id"]
        vms = target.call("get_inventory", {"folders": []}).result.vms
        assert {"unknown unknown Unreadable", f"{other['vm_id']} {other['name']} Off"} <= set(vms)
        for name in (lost["name"], lost["vm_id"]):
            assert target.call("get_vm", {"name_or_id": name}).error_id == "HostFailed"
    finally:
        target.host.hyperv("arrange_storage", vm_id=lost["vm_id"], lost=False)


@NEEDS_ENGINE
def test_checkpoint_that_is_being_applied_has_a_name(module_host: HostCaller) -> None:
    """Section 3: the module's enumeration has no name for the number that the service tells."""
    vm = make_vm(module_host.host)
    module_host.host.hyperv("arrange_vm", vm_id=vm["vm_id"], busy_with="ApplyingSnapshot")
    status = f"(Get-VM -Id '{vm['vm_id']}').OperationalStatus | ForEach-Object {{ [string]$_ }}"
    assert script_output(module_host, status) == ["InService", "32769"]
    (told,) = module_host.call("get_vm", {"name_or_id": vm["vm_id"]}).result.matches
    assert told.operational_status == ("InService", "ApplyingSnapshot")


def test_adapter_on_a_switch_that_is_gone_leaves_the_vm_readable(source: HostCaller) -> None:
    """Section 10 and 2.15: reading its SwitchName throws."""
    source.host.hyperv("new_vm_switch", name="Gone")
    vm = make_vm(
        source.host,
        adapters=[LabAdapter(switch_name="Gone"), LabAdapter(switch_name=None), LabAdapter(switch_name="LAN")],
    )
    source.host.hyperv("remove_vm_switch", name="Gone")
    (told,) = source.call("get_vm", {"name_or_id": vm["vm_id"]}).result.matches
    assert told.unanswered == ()
    assert [(each.switch_name, each.switch_gone) for each in told.adapters] == [
        (None, True),
        (None, False),
        ("LAN", False),
    ]


def test_task_that_vanishes_while_tasks_are_listed_hides_no_other(source: HostCaller) -> None:
    """Section 13: ObjectNotFound, as if there were none at all; asked again, the others are there."""
    host = source.host
    before = source.call("get_inventory", {"folders": []}).result.tasks
    number = host.set_fault(
        Fault("Get-ScheduledTask", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070002, message="vanished")
    )
    assert source.call("get_inventory", {"folders": []}).result.tasks == before
    assert next(each["acted"] for each in host.faults() if each["number"] == number) == 1
    host.clear_faults()
    host.set_fault(Fault("Get-ScheduledTask", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070002, times=99))
    assert source.call("get_inventory", {"folders": []}).error_id == "HostFailed", "never taken for none"
    host.clear_faults()


@NEEDS_ENGINE
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("Get-ScheduledTask -TaskName none", "CmdletizationQuery_NotFound_TaskName,ObjectNotFound"),
        (r"Get-ScheduledTask -TaskPath \none\ ", "CmdletizationQuery_NotFound_TaskPath,ObjectNotFound"),
        (r"Get-ScheduledTask -TaskName none -TaskPath \none\ ", "CmdletizationQuery_NotFound,ObjectNotFound"),
        ("Get-SmbShare -Name none", "CmdletizationQuery_NotFound_Name,ObjectNotFound"),
        ("Remove-SmbShare -Name none -Force", "CmdletizationQuery_NotFound_Name,ObjectNotFound"),
        ("Get-VM -Name none", "InvalidParameter,InvalidArgument"),
        ("Get-VM -Name none*", "nothing"),
        ("Get-SmbShare -Name none*", "nothing"),
    ],
)
def test_absent_things_have_the_errors_of_their_modules(module_hosts: Laboratory, script: str, error: str) -> None:
    """2.5 and section 13."""
    told = script_output(
        HostCaller(module_hosts, "hv01"),
        f"try {{ {script} -ErrorAction Stop; 'nothing' }}"
        " catch { ($_.FullyQualifiedErrorId -replace ',.*') + ',' + $_.CategoryInfo.Category }",
    )
    assert told == [error]


@NEEDS_ENGINE
def test_state_that_is_there_already_is_a_warning(module_hosts: Laboratory) -> None:
    """Section 4, ChangeState."""
    caller = HostCaller(module_hosts, "hv01")
    vm = caller.host.create_vm("saved", disks=[LabDisk(size_bytes=8 * MIB)], memory_bytes=MIB, state="Saved")
    script = f"Save-VM -VM (Get-VM -Id '{vm['vm_id']}') -WarningVariable told 3> $null; @($told).Count"
    assert script_output(caller, script) == ["1"]


@NEEDS_ENGINE
def test_cluster_that_is_down_hides_no_local_volume(module_hosts: Laboratory) -> None:
    """Section 12: the error of the connection ends the cmdlet; what lies on the host's own volumes can be told."""
    caller = HostCaller(module_hosts, "hv04")
    caller.install()
    caller.host.files.make_folder(r"C:\ClusterStorage")
    told = caller.call("test_target", target_question(str(uuid.uuid4()))).result
    assert told.volume.root == "D:\\"
    assert caller.call("get_host").error_id == "HostFailed", "a member of a cluster must not pass for a single host"
    caller.close()
