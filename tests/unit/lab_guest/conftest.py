"""Disks, a guest's memory and a witness."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from guest_helpers import QUICK, VM_ID, PlainDisk

from lab.guest import GuestMemory, boot
from lab.guest_block import BLOCK_BYTES
from lab.witness_client import WitnessProcess


@pytest.fixture
def disks(tmp_path: Path) -> dict[str, PlainDisk]:
    """Two disks; the second one holds data that no guest wrote."""
    second = PlainDisk(tmp_path / "second.raw")
    second.write(200 * BLOCK_BYTES, b"installed before the guest ran. " * (BLOCK_BYTES // 32 * 10))
    return {"SCSI 0:0": PlainDisk(tmp_path / "first.raw"), "SCSI 0:1": second}


@pytest.fixture
def memory(disks: dict[str, PlainDisk]) -> GuestMemory:
    """A guest's memory after its first start from cold."""
    return boot(VM_ID, disks, QUICK)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness process."""
    process = WitnessProcess.start(tmp_path / "witness")
    yield process
    process.stop()
