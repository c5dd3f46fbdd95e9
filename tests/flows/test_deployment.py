"""The deployment of prefect.yaml, deployed and run by a real process worker; and a run cancelled as the UI cancels it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flow_lab import MIB, FlowLab, TestVM
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling
from waiting import DEADLINE_SECONDS, wait_until

from lab.host.handle import LabDisk

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def prefect_environment(flow_lab: FlowLab, tmp_path: Path) -> dict[str, str]:
    """What a worker needs: the server's address, and this project's settings."""
    return {
        **os.environ,
        "PREFECT_API_URL": str(PREFECT_API_URL.value()),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def prefect(*arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [BIN / "prefect", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def parameters(vm: TestVM) -> dict[str, Any]:
    return {
        "vm": vm.name,
        "source": "hv01",
        "target": "hv02",
        "target_folder": vm.folder,
        "switch_map": [{"source": "LAN", "target": "Production"}],
        "keep_source": False,
    }


def create_run(vm: TestVM, environment: dict[str, str]) -> UUID:
    prefect("work-pool", "create", "qsm", "--type", "process", "--overwrite", environment=environment)
    prefect("--no-prompt", "deploy", "--all", environment=environment)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("migrate-vm/migrate-vm")
        assert deployment.pull_steps == []
        return client.create_flow_run_from_deployment(deployment.id, parameters=parameters(vm)).id


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        command = [BIN / "prefect", "worker", "start", "--pool", "qsm", "--type", "process"]
        process = subprocess.Popen(
            command, cwd=log.parent, env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "1"}, stdout=out, stderr=out
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def state_name(run: UUID) -> str:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
    return state.name if state else ""


def test_a_deployed_run_moves_the_vm(flow_lab: FlowLab, prefect_environment: dict[str, str], tmp_path: Path) -> None:
    vm = flow_lab.make_vm(disks=[LabDisk(size_bytes=8 * MIB)])
    run = create_run(vm, prefect_environment)
    with worker(prefect_environment, tmp_path / "worker.log"):
        wait_until(lambda: state_name(run) in ("Completed", "Failed", "Crashed"), what="the run's end")
    assert state_name(run) == "Completed", (tmp_path / "worker.log").read_text()
    assert flow_lab.state(flow_lab.target, vm) == "Running"
    assert flow_lab.state(flow_lab.source, vm) is None
    flow_lab.assert_never_ran_twice(vm)
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        )
    story = next(artifact for artifact in artifacts if artifact.key == f"migration-report-{vm.name}")
    assert "offline window" in str(story.data)
    shown = [str(artifact.key) for artifact in artifacts if artifact.type == "progress"]
    assert shown
    assert [key for key in shown if not key.startswith(f"copy-{vm.name}-")] == []


def test_a_cancelled_run_ends_at_home(flow_lab: FlowLab, prefect_environment: dict[str, str], tmp_path: Path) -> None:
    vm = flow_lab.make_vm(disks=[LabDisk(size_bytes=64 * MIB, dynamic=False)])
    before = flow_lab.before(vm)
    flow_lab.laboratory.links.set_rate("hv01", "hv02", bytes_per_second=2 * MIB)
    try:
        run = create_run(vm, prefect_environment)
        with worker(prefect_environment, tmp_path / "worker.log"):
            wait_until(lambda: flow_lab.source.vm(vm.vm_id)["snapshots"] != [], what="the checkpoint")
            with get_client(sync_client=True) as client:
                client.set_flow_run_state(run, Cancelling())
            wait_until(lambda: state_name(run) in ("Cancelled", "Crashed", "Failed"), what="the cancellation")
            wait_until(lambda: flow_lab.source.vm(vm.vm_id)["snapshots"] == [], what="the way home")
            wait_until(lambda: not flow_lab.inventory("hv02").locks, what="the target's lock")
    finally:
        flow_lab.laboratory.links.set_rate("hv01", "hv02", bytes_per_second=None)
    assert state_name(run) == "Cancelled", (tmp_path / "worker.log").read_text()
    flow_lab.assert_home(vm, before)
