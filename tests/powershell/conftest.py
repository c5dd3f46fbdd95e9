"""Fixtures: a host on the real PowerShell engine, and a process on it that has the module."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import EngineSession
from lab_host import EngineHost
from powershell_program import require_engine
from two_hosts import Hosts
from world import World


@pytest.fixture
def engine_host(tmp_path: Path) -> Iterator[EngineHost]:
    """A fresh host of its own. Needs QSM_PWSH."""
    require_engine()
    host = EngineHost(tmp_path)
    yield host
    host.close()


@pytest.fixture
def old_engine_host(tmp_path: Path) -> Iterator[EngineHost]:
    """A fresh host of Windows Server 2012 R2, with Windows PowerShell 4.0. Needs QSM_PWSH."""
    require_engine()
    host = EngineHost(tmp_path, name="HV02", windows="2012R2")
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
    host = EngineHost(tmp_path_factory.mktemp("shared"))
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
def hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """The hosts of a file of tests, which may name facts of theirs as HOST_FACTS. Needs QSM_PWSH."""
    require_engine()
    opened = Hosts(tmp_path_factory.mktemp("hosts"), **getattr(request.module, "HOST_FACTS", {}))
    yield opened
    opened.close()


@pytest.fixture
def world(hosts: Hosts) -> Iterator[World]:
    """Hosts without a VM: the test makes the one that it needs."""
    yield World(hosts)
    hosts.reset()
