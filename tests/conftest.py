"""One Prefect server and one laboratory for all flow and fault tests; each test makes its own VMs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import module_coverage
import pytest
from command_line import CommandLine
from fault_lab import FaultLab
from flow_lab import LAB_ENGINE, FlowLab
from waiting import DEADLINE_SECONDS

from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings
from qsm.settings import load_settings

GIB = 1 << 30
FIND_POWERSHELL = Path(__file__).parent.parent / ".ci" / "find-powershell"

if "QSM_PWSH" not in os.environ:  # as `make test` does; before the conftest of any folder below is read
    _found = subprocess.run([FIND_POWERSHELL], capture_output=True, text=True, timeout=120, check=False)
    os.environ["QSM_PWSH"] = _found.stdout.strip()


def pytest_configure(config: pytest.Config) -> None:
    module_coverage.begin(config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    module_coverage.end(session)


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Prefect's own harness: a server of this session, on its own database."""
    from prefect.settings import (
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_LOCAL_STORAGE_PATH,
        PREFECT_LOGGING_LEVEL,
        PREFECT_SERVER_ANALYTICS_ENABLED,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    quiet = {
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        PREFECT_LOCAL_STORAGE_PATH: tmp_path_factory.mktemp("results"),
        PREFECT_LOGGING_LEVEL: "ERROR",
    }
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=round(DEADLINE_SECONDS)):
        yield


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Two hosts and a witness, with small reserves so that volumes can run full quickly."""
    hosts = (HostPlan(name="hv01", switches=("LAN",)), HostPlan(name="hv02", switches=("Production", "LAN")))
    with Laboratory(tmp_path_factory.mktemp("lab")).running(LabSettings(hosts=hosts, engine=LAB_ENGINE)) as running:
        yield running


@pytest.fixture
def flow_lab(
    laboratory: Laboratory, prefect_server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FlowLab]:
    """The laboratory as one test uses it; afterwards faults are cleared and the test's VMs are gone."""
    monkeypatch.setenv("QSM_CONFIG", str(laboratory.settings_file))
    monkeypatch.setenv("QSM_RESERVE_BYTES", str(64 << 20))
    monkeypatch.setenv("QSM_REPORT_FOLDER", str(tmp_path / "reports"))
    load_settings.cache_clear()
    lab = FlowLab(laboratory)
    yield lab
    lab.clear()
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def command_line(prefect_server: None) -> CommandLine:
    """Commands run their flows against the session's server."""
    from prefect.settings import PREFECT_API_URL

    return CommandLine(
        {
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
    )


@pytest.fixture
def limits() -> Mapping[str, str]:
    """Time limits of the product that are not its own defaults, by name."""
    return {}


@pytest.fixture
def fault_lab(
    laboratory: Laboratory,
    command_line: CommandLine,
    limits: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[FaultLab]:
    """The laboratory as one fault test uses it; both hosts are on and without faults afterwards."""
    monkeypatch.setenv("QSM_CONFIG", str(laboratory.settings_file))
    monkeypatch.setenv("QSM_RESERVE_BYTES", str(64 << 20))
    monkeypatch.setenv("QSM_REPORT_FOLDER", str(tmp_path / "reports"))
    monkeypatch.setenv("QSM_POLL_SECONDS", "0.5")
    for name, value in limits.items():
        monkeypatch.setenv(f"QSM_LIMITS__{name}", value)
    load_settings.cache_clear()
    lab = FaultLab(laboratory, command_line, folder=tmp_path, setenv=monkeypatch.setenv)
    yield lab
    lab.clear()
    load_settings.cache_clear()
