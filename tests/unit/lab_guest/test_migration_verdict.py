"""A whole move of a running VM, by files alone: clean when it is right, red for each thing that can go wrong in it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broken_disk import drop_one_block
from guest_helpers import VM_ID, GuestMachine, MachineDisk

from lab.disks.merge import merge_into_parent
from lab.guest.saved_memory import read_saved_memory
from lab.judges.verify_guest import GuestFindingKind, Verification, table_of_memory
from lab.witness.ledger import WitnessFindingKind

LAST = "SCSI 0:1"


class Move:
    """A VM that runs on host-1 and is moved to host-2 with its three disks."""

    def __init__(self, source: GuestMachine) -> None:
        self.source = source
        folder = source.folder / "host-2"
        folder.mkdir()
        self.target = replace(source, folder=folder, host_name="host-2", process=None, disks=[])
        self.client = source.witness.client

    def copy_bases_and_save(self) -> None:
        """Checkpoint, copy the frozen bases while the guest writes, then save."""
        self.source.start()
        self.source.wait_for_writes(5)
        self.source.checkpoint()
        self.copy_began_at = self.client.now()
        bases = [MachineDisk(disk.slot, disk.files[1:]) for disk in self.source.disks]
        self.target.disks = [base.copied_to(self.target.folder) for base in bases]
        self.source.wait_for_writes(20)
        self.copy_ended_at = self.client.now()
        self.source.running.save(self.source.folder / "vm.vmrs")

    def copy_changes(self) -> None:
        """Copy saved memory and differencing disks; they lie beside the bases then."""
        self.state = Path(shutil.copy(self.source.folder / "vm.vmrs", self.target.folder))
        for disk, moved in zip(self.source.disks, self.target.disks, strict=True):
            moved.files.insert(0, Path(shutil.copy(disk.files[0], self.target.folder)))

    def merge(self, *, skip: str | None = None) -> None:
        """Merge each differencing disk into the copied base."""
        for moved in self.target.disks:
            child = moved.files.pop(0)
            if moved.slot != skip:
                merge_into_parent(child, parent=moved.files[0])

    def start_and_verify(self) -> Verification:
        """Restore at the target, and compare before the guest writes again."""
        self.client.close_gate(VM_ID)
        self.target.start(self.state)
        return self.target.verify()


@pytest.fixture
def move(machine: GuestMachine) -> Iterator[Move]:
    """A move up to the end of the copying, before the merge."""
    move = Move(machine)
    move.copy_bases_and_save()
    move.copy_changes()
    yield move
    move.target.end()


def test_a_move_that_went_well(move: Move) -> None:
    move.merge()
    verification = move.start_and_verify()
    assert verification.clean
    assert verification.blocks_compared == dict.fromkeys(("IDE 0:0", "SCSI 0:0", LAST), 4096)
    assert all(count > 0 for count in verification.blocks_written.values())
    reopened_at = move.client.now()
    move.client.open_gate(VM_ID)
    move.target.wait_for_writes(5)
    window = move.client.offline_window(VM_ID)
    assert window.last_write_at is not None
    during_copy = move.client.acknowledged(VM_ID, since=move.copy_began_at, until=move.copy_ended_at)
    before_save = move.client.acknowledged(VM_ID, since=window.last_write_at - 1, until=window.last_write_at)
    after = move.client.acknowledged(VM_ID, since=reopened_at)
    for counts in (during_copy, before_save, after):
        assert len(counts) == 3
        assert all(count > 0 for count in counts.values())
    assert move.client.findings() == []
    assert table_of_memory(read_saved_memory(move.state).memory).last_sequence == (
        move.client.lifetimes(VM_ID)[1].continues_from
    )


def test_one_block_of_a_differencing_disk_dropped(move: Move) -> None:
    drop_one_block(move.target.disks[2].files[0])
    move.merge()
    verification = move.start_and_verify()
    assert not verification.clean
    assert {finding.slot for finding in verification.findings} == {LAST}
    assert {finding.kind for finding in verification.findings} == {GuestFindingKind.OLDER}


def test_the_changes_of_one_disk_skipped(move: Move) -> None:
    move.merge(skip=LAST)
    verification = move.start_and_verify()
    assert not verification.clean
    assert {(finding.slot, finding.kind) for finding in verification.findings} == {(LAST, GuestFindingKind.OLDER)}


def test_both_copies_started_from_one_saved_state(move: Move) -> None:
    move.merge()
    verification = move.start_and_verify()
    assert verification.clean
    move.client.open_gate(VM_ID)
    move.source.start(move.source.folder / "vm.vmrs")
    move.source.wait_for_writes(5)
    move.target.wait_for_writes(5)
    assert {finding.kind for finding in move.client.findings(VM_ID)} >= {
        WitnessFindingKind.SAME_SEQUENCE,
        WitnessFindingKind.OVERLAP,
        WitnessFindingKind.SAVED_STATE_TWICE,
    }
