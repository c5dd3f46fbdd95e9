"""One Prefect server and one laboratory for all flow tests; each test makes its own VMs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_lab import FlowLab

from lab.lab_settings import HostPlan, LabSettings
from lab.laboratory import Laboratory
from qsm.settings import load_settings

GIB = 1 << 30


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
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Two hosts and a witness, with small reserves so that volumes can run full quickly."""
    hosts = (HostPlan(name="hv01", switches=("LAN",)), HostPlan(name="hv02", switches=("Production", "LAN")))
    with Laboratory(tmp_path_factory.mktemp("lab")).running(LabSettings(hosts=hosts)) as running:
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
