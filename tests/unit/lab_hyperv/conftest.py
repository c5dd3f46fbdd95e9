"""Hosts with Hyper-V, and the witness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hyperv_helpers import HyperVHost

from lab.witness.process import WitnessProcess


@pytest.fixture(scope="session")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessProcess]:
    """One for all tests: every VM has an id of its own."""
    process = WitnessProcess.start(tmp_path_factory.mktemp("witness"))
    yield process
    process.stop()


@pytest.fixture
def host(tmp_path: Path, witness: WitnessProcess) -> Iterator[HyperVHost]:
    """HV1; Hyper-V takes no time there but for real work."""
    host = HyperVHost(tmp_path, "HV1", witness)
    yield host
    host.power_cut()


@pytest.fixture
def target(tmp_path: Path, witness: WitnessProcess) -> Iterator[HyperVHost]:
    """HV2, another host of the same lab."""
    host = HyperVHost(tmp_path, "HV2", witness)
    yield host
    host.power_cut()
