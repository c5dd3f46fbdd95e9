"""Disks, a guest's memory and a witness."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from guest_helpers import QUICK, VM_ID, GuestMachine, MachineDisk, PlainDisk

from lab.disks.files import create_disk
from lab.disks.model import DiskFormat, DiskKind
from lab.guest.blocks import BLOCK_BYTES
from lab.guest.guest import GuestMemory, boot
from lab.witness.process import WitnessProcess


@pytest.fixture
def disks(tmp_path: Path) -> dict[str, PlainDisk]:
    """Two disks; the second one holds data that no guest wrote."""
    second = PlainDisk(tmp_path / "second.raw")
    second.write(200 * BLOCK_BYTES, b"installed before the guest ran. " * (BLOCK_BYTES // 32 * 10))
    return {"SCSI 0:0": PlainDisk(tmp_path / "first.raw"), "SCSI 0:1": second}


@pytest.fixture
def memory(disks: dict[str, PlainDisk]) -> GuestMemory:
    """A guest's memory after its first start from cold."""
    return boot(VM_ID, disks, workload=QUICK)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness process."""
    process = WitnessProcess.start(tmp_path / "witness")
    yield process
    process.stop()


@pytest.fixture
def machine(tmp_path: Path, witness: WitnessProcess, request: pytest.FixtureRequest) -> Iterator[GuestMachine]:
    """A VM with three disks of 16 MiB (VHDX unless a test asks for VHD), not yet started."""
    disk_format = getattr(request, "param", DiskFormat.VHDX)
    disks = []
    for slot in ("IDE 0:0", "SCSI 0:0", "SCSI 0:1"):
        file = tmp_path / f"{slot.replace(' ', '-').replace(':', '-')}.{disk_format.lower()}"
        create_disk(file, format=disk_format, kind=DiskKind.DYNAMIC, size_bytes=16 << 20)
        disks.append(MachineDisk(slot, [file]))
    machine = GuestMachine(tmp_path, disks, witness)
    yield machine
    machine.end()
