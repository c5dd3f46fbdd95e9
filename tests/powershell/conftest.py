"""Fixtures: a host on the real PowerShell engine, and a process on it that has the module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import EngineHost, EngineSession, require_engine


@pytest.fixture
def engine_host(tmp_path: Path) -> EngineHost:
    """A fresh host of its own. Needs QSM_PWSH."""
    require_engine()
    return EngineHost(tmp_path / "HV01")


@pytest.fixture
def session(engine_host: EngineHost) -> Iterator[EngineSession]:
    """A process on that host with the module loaded."""
    opened = engine_host.session()
    yield opened
    opened.close()
