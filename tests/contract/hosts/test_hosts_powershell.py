"""The module itself, run by a real PowerShell behind the lab's endpoint: the same contract as the lab's own engine."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts_driver import HostCaller, encoded, plain, run
from powershell_program import NEEDS_ENGINE
from waiting import DEADLINE_SECONDS

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.host.handle import MIB, LabDisk
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory, LaboratoryError
from lab.settings import HostPlan, LabSettings
from qsm.hosts.winrm_session import ProcessEndedError


@pytest.fixture(scope="module")
def powershell_laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    plan = HostPlan(name="hv01", timing=dataclasses.asdict(INSTANT))
    settings = LabSettings(engine="powershell", hosts=(plan,))
    with Laboratory(Path(tmp_path_factory.mktemp("powershell"))).running(settings) as running:
        caller = HostCaller(running, "hv01")
        caller.install()
        caller.close()
        yield running


@pytest.fixture
def host(powershell_laboratory: Laboratory) -> Iterator[HostCaller]:
    caller = HostCaller(powershell_laboratory, "hv01")
    yield caller
    caller.close()
    caller.host.clear_faults()


def test_laboratory_without_a_powershell_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSM_PWSH", raising=False)
    with pytest.raises(LaboratoryError, match="QSM_PWSH"):
        Laboratory(tmp_path / "lab").up(LabSettings(engine="powershell"))
    assert not (tmp_path / "lab").exists()


@NEEDS_ENGINE
def test_host_and_vm_are_told_by_the_module(host: HostCaller) -> None:
    told = host.call("get_host").result
    assert (told.computer_name, told.computer_account, told.hyperv) == ("HV01", r"LAB\HV01$", True)
    assert told.administrator
    assert [volume.root for volume in told.volumes] == ["C:\\", "D:\\"]
    made = host.host.create_vm("told", disks=[LabDisk(size_bytes=16 * MIB)], memory_bytes=2 * MIB, state="Off")
    (vm,) = host.call("get_vm", {"name_or_id": "told"}).result.matches
    assert (vm.vm_id, vm.state, vm.unanswered) == (made["vm_id"], "Off", ())
    (disk,) = vm.disks
    assert (disk.slot, disk.error, disk.chain[0].type) == ("SCSI 0:0", None, "Dynamic")
    assert disk.chain[0].content_identity


@NEEDS_ENGINE
def test_inventory_tells_who_was_let_in(host: HostCaller) -> None:
    made = host.host.create_vm("listed", disks=[LabDisk(size_bytes=16 * MIB)], memory_bytes=2 * MIB, state="Off")
    files = host.call("get_inventory", {"folders": [r"D:\VMs\listed"]}).result.files
    disk = next(file for file in files if file.path.endswith(".vhdx"))
    assert disk.access == (f"NT VIRTUAL MACHINE\\{made['vm_id'].upper()}:FullControl",)
    assert host.call("get_inventory", {"folders": [r"D:\VMs\nowhere"]}).result.files == ()


@NEEDS_ENGINE
def test_leaf_that_a_running_vm_writes_to_has_no_identity(host: HostCaller) -> None:
    host.host.create_vm("runs", disks=[LabDisk(size_bytes=16 * MIB)], memory_bytes=2 * MIB)
    (vm,) = host.call("get_vm", {"name_or_id": "runs"}).result.matches
    assert [file.content_identity for file in vm.disks[0].chain] == [""]


@NEEDS_ENGINE
def test_failing_cmdlet_is_told_with_its_hresult(host: HostCaller) -> None:
    fault = Fault("Get-VMSwitch", FaultAction.FAIL, FaultPlace.CMDLET, FaultMoment.BEFORE, hresult=0x80070005)
    host.host.set_fault(fault)
    answer = host.call("get_host")
    assert answer.error is not None
    assert (answer.error.id, answer.error.hresult) == ("AccessDenied", 0x80070005)


@NEEDS_ENGINE
def test_process_that_a_fault_ends_is_gone(host: HostCaller) -> None:
    number = host.host.set_fault(Fault("Get-VMHost", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    began = time.monotonic()
    with pytest.raises(ProcessEndedError):
        host.call("get_host")
    assert time.monotonic() - began < DEADLINE_SECONDS / 2
    assert next(each["acted"] for each in host.host.faults() if each["number"] == number) == 1


@NEEDS_ENGINE
def test_refused_operation_never_reaches_the_module(host: HostCaller) -> None:
    host.host.set_fault(Fault("get_inventory", FaultAction.REFUSE, FaultPlace.OPERATION))
    assert host.call("get_inventory", {"folders": []}).error_id == "Busy"
    assert host.call("get_inventory", {"folders": []}).ok


@NEEDS_ENGINE
def test_network_logon_may_make_no_job_of_bits(powershell_laboratory: Laboratory) -> None:
    """Why copies run in tasks of SYSTEM (BITS: 0x800704DD, ERROR_NOT_LOGGED_ON, for a logon that is not interactive)."""
    files = r"-Source '\\hv02.lab.example\x\a.vhdx' -Destination 'D:\a.vhdx'"
    script = (
        f"try {{ Start-BitsTransfer {files} -Asynchronous -ErrorAction Stop }} catch {{ '{{0:X8}}' -f $_.Exception.HResult }};"
        " @(Get-BitsTransfer -AllUsers).Count"
    )
    program = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(script)]
    out, _, code = run(plain(powershell_laboratory, "hv01"), "powershell.exe", program)
    assert (out.split(), code) == (["800704DD", "0"], 0)


@NEEDS_ENGINE
@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("Get-VM -Nmae x", "Nmae"),
        ("Get-VMHost -ComputerName hv02", "does not act on the parameter ComputerName"),
        ("Get-VMReplication", "Get-VMReplication"),
    ],
)
def test_stand_ins_refuse_what_they_do_not_act_on(
    powershell_laboratory: Laboratory, script: str, complaint: str
) -> None:
    program = [
        "-NoProfile",
        "-NonInteractive",
        "-EncodedCommand",
        encoded(f"$ErrorActionPreference = 'Stop'; {script}"),
    ]
    out, err, code = run(plain(powershell_laboratory, "hv01"), "powershell.exe", program)
    assert code == 1 and out == ""
    assert complaint in err
