"""Where the number of an error stands, by module of Windows: what cmdlets of a lab host write, and what the tool reads.

The facts are those of "Numbers of errors" in docs/fidelity.md: the decompiled Hyper-V module, and transcripts of errors.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts_driver import WINDOWS, HostCaller, encoded, plain, run
from powershell_program import NEEDS_ENGINE

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

pytestmark = NEEDS_ENGINE
FIELDS = (
    "[PSCustomObject]@{ id = $_.FullyQualifiedErrorId; category = [string]$_.CategoryInfo.Category;"
    " exception = $_.Exception.GetType().FullName; hresult = '{0:X8}' -f $_.Exception.HResult; text = $_.Exception.Message }"
)
VIRTUALIZATION_ERROR = "Microsoft.HyperV.PowerShell.VirtualizationException"
CIM_ERROR = "Microsoft.Management.Infrastructure.CimException"
NO_NUMBER = "80131500"
"""COR_E_EXCEPTION, which every exception has that sets nothing."""


@pytest.fixture(scope="module", params=[WINDOWS])
def laboratory(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    plan = HostPlan.model_validate({"name": "hv01", "timing": dataclasses.asdict(INSTANT), "windows": request.param})
    settings = LabSettings(engine="powershell", hosts=(plan,))
    with Laboratory(Path(tmp_path_factory.mktemp("numbers"))).running(settings) as running:
        caller = HostCaller(running, "hv01")
        caller.install()
        caller.close()
        yield running


@pytest.fixture
def caller(laboratory: Laboratory) -> Iterator[HostCaller]:
    caller = HostCaller(laboratory, "hv01")
    yield caller
    caller.close()
    caller.host.clear_faults()


def record(laboratory: Laboratory, script: str) -> dict[str, Any]:
    """The error record of a cmdlet on the host."""
    text = f"try {{ {script} }} catch {{ {FIELDS} | ConvertTo-Json -Compress }}"
    program = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(text)]
    out, err, code = run(plain(laboratory, "hv01"), "powershell.exe", program)
    assert code == 0 and out, err
    found: dict[str, Any] = json.loads(out)
    return found


def fails(caller: HostCaller, cmdlet: str, hresult: int) -> None:
    caller.host.set_fault(
        Fault(cmdlet, FaultAction.FAIL, FaultPlace.CMDLET, hresult=hresult, message="The act failed.")
    )


def test_hyper_v_has_its_number_in_the_text_alone(laboratory: Laboratory, caller: HostCaller) -> None:
    fails(caller, "Get-VMSwitch", 0x80070005)
    assert record(laboratory, "Get-VMSwitch -ErrorAction Stop") == {
        "id": "OperationFailed,Microsoft.HyperV.PowerShell.Commands.GetVMSwitch",
        "category": "NotSpecified",
        "exception": VIRTUALIZATION_ERROR,
        "hresult": NO_NUMBER,
        "text": "The act failed (0x80070005).",
    }


def test_vhd_cmdlets_have_classes_of_their_own(laboratory: Laboratory, caller: HostCaller) -> None:
    fails(caller, "Get-VHD", 0x80070020)
    told = record(laboratory, r"Get-VHD -Path 'D:\VMs\x.vhdx' -ErrorAction Stop")
    assert told["id"].endswith(",Microsoft.Vhd.PowerShell.Cmdlets.GetVHD")
    assert (told["exception"], told["hresult"]) == (VIRTUALIZATION_ERROR, NO_NUMBER)


def test_file_in_use_is_a_busy_resource(laboratory: Laboratory, caller: HostCaller) -> None:
    made = caller.host.create_vm("busy")
    disk = made["hard_drives"][0]["path"]
    told = record(laboratory, f"Test-VHD -Path '{disk}' -ErrorAction Stop")
    assert told["id"] == "ObjectInUse,Microsoft.Vhd.PowerShell.Cmdlets.TestVhd"
    assert (told["category"], told["hresult"]) == ("ResourceBusy", NO_NUMBER)
    assert "(0x80070020)" in told["text"]


def test_test_vhd_writes_its_error_and_then_false(laboratory: Laboratory) -> None:
    """VHD/Cmdlets/TestVhd.cs; with Stop the error alone comes (1.2 of the same source)."""
    script = (
        r"$whole = Test-VHD -Path 'D:\VMs\none.vhdx' -ErrorAction SilentlyContinue -ErrorVariable wrong;"
        " [PSCustomObject]@{ whole = $whole; id = $wrong[0].FullyQualifiedErrorId; hresult = '{0:X8}' -f"
        " $wrong[0].Exception.HResult } | ConvertTo-Json -Compress"
    )
    program = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(script)]
    out, err, _ = run(plain(laboratory, "hv01"), "powershell.exe", program)
    assert json.loads(out) == {
        "whole": False,
        "id": "InvalidParameter,Microsoft.Vhd.PowerShell.Cmdlets.TestVhd",
        "hresult": NO_NUMBER,
    }, err


def test_smb_has_a_decimal_number_in_the_error_id(laboratory: Laboratory) -> None:
    """windows-powershell-docs#2128: 1332 for an account that nobody knows."""
    script = r"New-SmbShare -Name 'x' -Path 'D:\' -ReadAccess 'LAB\nobody' -ErrorAction Stop"
    told = record(laboratory, script)
    assert told["id"] == "Windows System Error 1332,New-SmbShare"
    assert (told["category"], told["exception"], told["hresult"]) == ("NotSpecified", CIM_ERROR, NO_NUMBER)
    assert "0x" not in told["text"]


def test_scheduled_tasks_have_a_lower_case_hresult_in_the_error_id(laboratory: Laboratory) -> None:
    """Icinga#770: 0x800700b7 for a task that is there."""
    task = (
        "Register-ScheduledTask -TaskName 'x' -Action (New-ScheduledTaskAction -Execute 'x')"
        " -Principal (New-ScheduledTaskPrincipal -UserId 'S-1-5-18') -ErrorAction Stop"
    )
    told = record(laboratory, f"[void]({task}); {task}")
    assert told["id"] == "HRESULT 0x800700b7,Register-ScheduledTask"
    assert (told["category"], told["exception"], told["hresult"]) == ("ResourceExists", CIM_ERROR, NO_NUMBER)


def test_bits_sets_the_number_of_a_com_exception(laboratory: Laboratory) -> None:
    """kbupdate#1: 0x800704DD without a user who is logged on."""
    script = r"Start-BitsTransfer -Source '\\hv02.lab.example\x\a' -Destination 'D:\a' -Asynchronous -ErrorAction Stop"
    assert record(laboratory, script) | {"text": ""} == {
        "id": "System.Runtime.InteropServices.COMException,"
        "Microsoft.BackgroundIntelligentTransfer.Management.NewBitsTransferCommand",
        "category": "NotSpecified",
        "exception": "System.Runtime.InteropServices.COMException",
        "hresult": "800704DD",
        "text": "",
    }


@pytest.mark.parametrize("laboratory", ["2012R2"], indirect=True)
def test_module_of_2012_r2_names_classes_and_exceptions_otherwise(laboratory: Laboratory, caller: HostCaller) -> None:
    """Transcripts of the 1.1 module: classes end with Command, exceptions are subclasses."""
    fails(caller, "Get-VMSwitch", 0x80070005)
    told = record(laboratory, "Get-VMSwitch -ErrorAction Stop")
    assert told["id"] == "OperationFailed,Microsoft.HyperV.PowerShell.Commands.GetVMSwitchCommand"
    assert told["exception"] == "Microsoft.HyperV.PowerShell.VirtualizationOperationFailedException"
    fails(caller, "Get-VMSwitch", 0x80070005)
    answer = caller.call("get_host")
    assert answer.error is not None
    assert (answer.error.id, answer.error.hresult) == ("AccessDenied", 0x80070005)


@pytest.mark.parametrize(
    ("hresult", "error_id", "retryable"),
    [(0x80070005, "AccessDenied", False), (0x80070020, "HostFailed", True), (0x80070070, "HostFailed", False)],
)
def test_tool_reads_the_number_of_hyper_v(caller: HostCaller, hresult: int, error_id: str, retryable: bool) -> None:
    fails(caller, "Get-VMSwitch", hresult)
    answer = caller.call("get_host")
    assert answer.error is not None
    assert (answer.error.id, answer.error.hresult, answer.error.retryable) == (error_id, hresult, retryable)
    assert answer.error.message.count(f"(0x{hresult:08X})") == 1
