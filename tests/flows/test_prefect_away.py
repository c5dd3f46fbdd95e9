"""Prefect fails around a run: what became of the migration is said as ever, and Prefect's trouble is a warning."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from door import Door
from fault_lab import AFTER, FAILED, FaultLab
from flow_lab import TestVM
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.settings import PREFECT_API_URL
from waiting import DEADLINE_SECONDS

QSM = Path(sys.executable).parent / "qsm"


def start(vm: TestVM, *, port: int) -> subprocess.Popen[str]:
    """`qsm migrate --json` with the Prefect server behind that port."""
    environment = {
        **os.environ,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_CLIENT_MAX_RETRIES": "0",  # else each attempt takes a minute
    }
    command = [
        QSM, "migrate", vm.name, "--source", "hv01", "--target", "hv02", "--target-folder", vm.folder,
        "--switch", "LAN=Production", "--json",
    ]  # fmt: skip
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def delete_run(door: Door, vm: TestVM) -> None:
    """As somebody does in the UI."""
    with get_client(sync_client=True) as client:
        name = FlowRunFilterName(any_=[f"migrate {vm.name} from hv01 to hv02"])
        (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=name))
        client.delete_flow_run(run.id)


def shut_door(door: Door, vm: TestVM) -> None:
    """The server is away."""
    door.shut()


@pytest.mark.parametrize("trouble", [delete_run, shut_door])
def test_at_the_end(fault_lab: FaultLab, trouble: Callable[[Door, TestVM], None]) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    hang = fault_lab.hang("source", "close_migration", moment=AFTER)
    with Door(urlsplit(str(PREFECT_API_URL.value())).port or 0) as door:
        run = start(vm, port=door.port)
        hang.wait()
        trouble(door, vm)
        hang.release()
        said, warned = run.communicate(timeout=DEADLINE_SECONDS)
    print(said, warned)
    assert run.returncode == 0
    assert json.loads(said)["text"] == f"VM {vm.name} is running on host hv02."
    assert "Traceback" not in warned
    assert warned.count("warning: The migration is over, and Prefect could not be told how it ended: ") == 1
    fault_lab.assert_forward(vm, before, kept=True)


def test_on_the_way_home(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.fail("source", "Save-VM")
    hang = fault_lab.hang("target", "close_migration", moment=AFTER)
    with Door(urlsplit(str(PREFECT_API_URL.value())).port or 0) as door:
        run = start(vm, port=door.port)
        hang.wait()
        door.shut()
        hang.release()
        said, warned = run.communicate(timeout=DEADLINE_SECONDS)
    print(said, warned)
    told = json.loads(said)
    assert (run.returncode, told["error"]) == (FAILED, "MigrationFailed")
    assert told["message"].endswith(f"VM {vm.name} is on host hv01.")
    assert "Traceback" not in warned
    fault_lab.assert_home(vm, before)


def test_at_the_begin(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    run = start(vm, port=port)
    said, warned = run.communicate(timeout=DEADLINE_SECONDS)
    told = json.loads(said)
    assert (run.returncode, told["error"]) == (FAILED, "PrefectFailed")
    assert "No migration was begun" in told["message"]
    assert "Traceback" not in warned
    assert fault_lab.record("source", vm) is None
