"""Fixtures: a host on the real PowerShell engine, and a process on it that has the module."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import EngineHost, EngineSession
from hyperv_world import HYPERV_STANDINS, World
from powershell_program import require_engine


@pytest.fixture
def engine_host(tmp_path: Path) -> Iterator[EngineHost]:
    """A fresh host of its own. Needs QSM_PWSH."""
    require_engine()
    host = EngineHost(tmp_path / "HV01")
    yield host
    host.close()


@pytest.fixture
def old_engine_host(tmp_path: Path) -> Iterator[EngineHost]:
    """A fresh host with Windows PowerShell 4.0. Needs QSM_PWSH."""
    require_engine()
    host = EngineHost(tmp_path / "HV02", name="HV02", version="4.0")
    yield host
    host.close()


@pytest.fixture
def session(engine_host: EngineHost) -> EngineSession:
    """A process on that host with the module loaded."""
    return engine_host.session()


@pytest.fixture(scope="module")
def shared_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineSession]:
    """One process for all tests of a file: each takes a migration and a VM of its own."""
    require_engine()
    host = EngineHost(tmp_path_factory.mktemp("shared") / "HV01")
    yield host.session()
    host.close()


@pytest.fixture
def migration_id() -> str:
    """The id of a migration that no other test has."""
    return f"20300131T235959-{secrets.token_hex(4)}"


@pytest.fixture
def vm_id() -> str:
    """The id of a VM that no other test has."""
    return str(uuid.uuid4())


@pytest.fixture(scope="module")
def hyperv_session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineSession]:
    """One process with a world of stand-ins for all tests of a file, which may name a POSH_VERSION. Needs QSM_PWSH."""
    require_engine()
    folder = tmp_path_factory.mktemp("hyperv") / "HV01"
    version = getattr(request.module, "POSH_VERSION", None)
    host = EngineHost(folder, version=version, standins=(HYPERV_STANDINS,), environment={"SystemDrive": "C:"})
    session = host.session()
    session.run("Import-Module WindowsHost -Global")
    yield session
    host.close()


@pytest.fixture
def world(hyperv_session: EngineSession) -> World:
    """An empty world: the test makes the VM that it needs."""
    return World(hyperv_session)
