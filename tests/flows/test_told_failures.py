"""What a reader of the terminal sees of a failure: its sentence once, where the VM is, and nothing of Prefect's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_lab import BEFORE, FAILED, HELD, FaultLab
from flow_lab import TestVM
from prefect.settings import PREFECT_API_URL
from waiting import DEADLINE_SECONDS

QSM = Path(sys.executable).parent / "qsm"


def migrate(vm: TestVM) -> subprocess.CompletedProcess[str]:
    """`qsm migrate` as somebody starts it whose environment has Prefect log everything."""
    environment = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value()), "PREFECT_LOGGING_LEVEL": "INFO"}
    command = [
        QSM, "migrate", vm.name, "--source", "hv01", "--target", "hv02", "--target-folder", vm.folder,
        "--switch", "LAN=Production",
    ]  # fmt: skip
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )


def assert_for_a_reader(done: subprocess.CompletedProcess[str]) -> None:
    """No line of a traceback, no line of a log, and no sentence twice."""
    said = done.stdout + done.stderr
    print(said)
    for sign in ("Traceback", 'File "', "| ERROR", "| WARNING", "exception", "Error("):
        assert sign not in said


@pytest.mark.parametrize(
    ("side", "cmdlet", "times"),
    [("source", "Save-VM", 1), ("target", "Import-VM", 2)],
)
def test_a_failure_is_said_once(fault_lab: FaultLab, side: str, cmdlet: str, times: int) -> None:
    vm = fault_lab.small_vm()
    fault_lab.fail(side, cmdlet, times=times)
    done = migrate(vm)
    assert_for_a_reader(done)
    assert done.returncode == FAILED
    assert done.stderr.count("The operation failed") == 1
    assert done.stderr.count("0x80004005") == 1
    assert done.stderr.count(f"VM {vm.name} is on host hv01.") == 1
    assert done.stderr.splitlines()[-2].endswith("on host hv01]" if side == "source" else "on host hv02]")


def test_what_keeps_a_vm_held_is_said_once(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    fault_lab.lose("source", "*", moment=BEFORE, times=None, skip=12)
    done = migrate(vm)
    assert_for_a_reader(done)
    assert done.returncode == HELD
    assert done.stderr.count("is held") == 1
    assert done.stderr.count("Host hv01 does not answer") == 1
