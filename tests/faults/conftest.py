"""The laboratory with short limits, for tests in which hosts are silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine
from fault_lab import FaultLab

from lab.lab_settings import HostPlan, LabSettings
from lab.laboratory import Laboratory
from qsm.settings import load_settings

LIMITS = {
    "UNREACHABLE_SECONDS": "5",
    "CONNECT_SECONDS": "5",
    "RECEIVE_SECONDS": "3",
    "COPY_STALL_SECONDS": "60",
    "MERGE_SECONDS": "60",
    "GUEST_SHUTDOWN_SECONDS": "20",
    "CHECKPOINT_REMOVAL_SECONDS": "60",
}


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Hosts of their own, with room for the shells that killed runs leave behind until their idle time is over."""
    quotas = {"max_shells_per_user": 500}
    hosts = (
        HostPlan(name="hv01", switches=("LAN",), quotas=quotas),
        HostPlan(name="hv02", switches=("Production", "LAN"), quotas=quotas),
    )
    with Laboratory(tmp_path_factory.mktemp("fault-lab")).running(LabSettings(hosts=hosts)) as running:
        yield running


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
def fault_lab(
    laboratory: Laboratory, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FaultLab]:
    """The laboratory as one fault test uses it; both hosts are on and without faults afterwards."""
    monkeypatch.setenv("QSM_CONFIG", str(laboratory.settings_file))
    monkeypatch.setenv("QSM_RESERVE_BYTES", str(64 << 20))
    monkeypatch.setenv("QSM_REPORT_FOLDER", str(tmp_path / "reports"))
    monkeypatch.setenv("QSM_POLL_SECONDS", "0.5")
    for name, value in LIMITS.items():
        monkeypatch.setenv(f"QSM_LIMITS__{name}", value)
    load_settings.cache_clear()
    lab = FaultLab(laboratory, command_line, folder=tmp_path)
    yield lab
    lab.clear()
    load_settings.cache_clear()


@pytest.fixture
def slow_link(laboratory: Laboratory) -> Iterator[None]:
    """A link on which the small disks of these tests (12 MiB as files) take some seconds."""
    laboratory.links.set_rate("HV01", "HV02", bytes_per_second=3 << 20)
    yield
    laboratory.links.set_rate("HV01", "HV02", bytes_per_second=None)
    laboratory.links.restore("HV01", "HV02")
