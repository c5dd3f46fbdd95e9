"""Hosts for the tests of Windows' rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from platform_helpers import TwoHosts, create_host

from lab.platform.platform import Platform


@pytest.fixture
def host(tmp_path: Path) -> Platform:
    """One host that is not booted: files, access entries, sharing."""
    return create_host(tmp_path, "HV1")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[TwoHosts]:
    hosts = TwoHosts(tmp_path, create_host(tmp_path, "HV1"), create_host(tmp_path, "HV2"))
    hosts.hv1.boot()
    hosts.hv2.boot()
    yield hosts
    hosts.hv1.shutdown()
    hosts.hv2.shutdown()
