"""The laboratory in which hosts fail, are silent and go down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from flow_lab import LAB_ENGINE

from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

LIMITS = {"RECEIVE_SECONDS": "3"}
"""A lost call is soon asked after. A host that answers late is waited for: the other limits are the product's own."""


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Hosts of their own, with room for the shells that killed runs leave behind until their idle time is over."""
    quotas = {"max_shells_per_user": 500}
    hosts = (
        HostPlan(name="hv01", switches=("LAN",), quotas=quotas),
        HostPlan(name="hv02", switches=("Production", "LAN"), quotas=quotas),
    )
    with Laboratory(tmp_path_factory.mktemp("fault-lab")).running(
        LabSettings(hosts=hosts, engine=LAB_ENGINE)
    ) as running:
        yield running


@pytest.fixture
def limits() -> Mapping[str, str]:
    """See LIMITS."""
    return LIMITS


@pytest.fixture
def slow_link(laboratory: Laboratory) -> Iterator[None]:
    """A link on which the small disks of these tests (12 MiB as files) take some seconds."""
    laboratory.links.set_rate("HV01", "HV02", bytes_per_second=3 << 20)
    yield
    laboratory.links.set_rate("HV01", "HV02", bytes_per_second=None)
    laboratory.links.restore("HV01", "HV02")
