"""A laboratory whose hosts run the PowerShell module itself. Needs QSM_PWSH."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from powershell_program import require_engine

from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skips everything here where there is no engine."""
    require_engine()


@pytest.fixture(scope="session")
def laboratory(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Two hosts that take no time for what they do, with room for the shells that killed runs leave behind."""
    told = {"timing": dataclasses.asdict(INSTANT), "quotas": {"max_shells_per_user": 500}}
    hosts = (
        HostPlan.model_validate({"name": "hv01", "switches": ("LAN",), **told}),
        HostPlan.model_validate({"name": "hv02", "switches": ("Production", "LAN"), **told}),
    )
    settings = LabSettings(hosts=hosts, engine="powershell")
    with Laboratory(tmp_path_factory.mktemp("engine-lab")).running(settings) as running:
        yield running
