"""The program inside a VM that writes all the time.

A migration that loses a write shows it only if somebody wrote, knows what, and can be asked afterwards. So the guest
writes without pause to all its disks, one write at a time, and keeps in its memory which write each block holds. That
memory goes through the saved state as a real guest's does: memory and disks of different moments then disagree, and
the check sees it. One table spans all disks and one sequence counts over all of them, so that disks of different
moments disagree as well.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from lab.guest.blocks import BLOCK_BYTES, BlockBuilder, Numbers, digest, digests_of, sequences_of
from lab.guest.workload import Workload

WORKING_SET_EXTENTS = 8
SURVEY_BYTES = 8 << 20


class GuestDisk(Protocol):
    """What a guest sees of a disk."""

    @property
    def size_bytes(self) -> int:
        """The size the guest sees."""

    def read(self, offset: int, length: int, /) -> bytes:
        """Return `length` bytes at `offset`."""

    def write(self, offset: int, data: bytes, /) -> None:
        """Write `data` at `offset`; when this returns the write is done."""


@dataclass(frozen=True)
class BlockTable:
    """What each block of one disk holds: one entry per 4 KiB block."""

    sequences: Numbers
    """Sequence number of the last write; 0 where the guest never wrote."""
    digests: Numbers
    """Digest of the block's contents (`lab.guest.blocks.digest`)."""

    def __len__(self) -> int:
        return len(self.sequences)


@dataclass
class GuestMemory:
    """All the guest knows: what a saved state carries."""

    vm_id: str
    incarnation: int
    """Drawn at each start and each restore; no two lives of a VM share one."""
    sequence: int
    """Number of the last write, counted over all disks and all lives."""
    tables: dict[str, BlockTable]
    """Per slot ("SCSI 0:1"), in the order in which the guest knows its disks."""
    workload: Workload


class CompletedWrite(NamedTuple):
    """One write that the disk has confirmed."""

    slot_index: int
    block: int
    sequence: int
    digest: int


def draw_incarnation() -> int:
    """Return a new incarnation number (63 bits, never 0)."""
    return secrets.randbits(63) | 1


def boot(vm_id: str, disks: Mapping[str, GuestDisk], *, workload: Workload) -> GuestMemory:
    """Start from cold: learn from the disks what was written, as a guest does that lost its memory."""
    tables = {slot: survey(vm_id, slot, disk=disk) for slot, disk in disks.items()}
    highest = max((int(table.sequences.max(initial=0)) for table in tables.values()), default=0)
    return GuestMemory(vm_id, draw_incarnation(), sequence=highest, tables=tables, workload=workload)


def survey(vm_id: str, slot: str, *, disk: GuestDisk) -> BlockTable:
    """Read a whole disk. Raises ValueError for a disk that is not made of whole 4 KiB blocks."""
    if disk.size_bytes % BLOCK_BYTES:
        raise ValueError(
            f"Disk {slot} has {disk.size_bytes} bytes, no multiple of {BLOCK_BYTES}: the guest cannot use it."
        )
    sequences, digests = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for offset in range(0, disk.size_bytes, SURVEY_BYTES):
        data = disk.read(offset, min(SURVEY_BYTES, disk.size_bytes - offset))
        sequences.append(sequences_of(data, vm_id, slot=slot))
        digests.append(digests_of(data))
    return BlockTable(np.concatenate(sequences), np.concatenate(digests))


@dataclass
class Guest:
    """A running guest: its memory and the disks it sees. `write_once` is all it does."""

    memory: GuestMemory
    disks: Mapping[str, GuestDisk]
    turn: int = 0
    chance: random.Random = field(default_factory=random.Random)
    pending_block: int | None = None
    """The block of a write that the disk did not confirm: it is written again before anything else."""

    def __post_init__(self) -> None:
        self.slots = tuple(self.memory.tables)
        self._builders = {slot: BlockBuilder(self.memory.vm_id, slot) for slot in self.slots}

    def write_once(self) -> CompletedWrite:
        """Write one block to the disk whose turn it is, and return when the disk has confirmed it.

        What the disk raises goes through. The memory then knows nothing of the write; the next call makes it again.
        """
        memory, index = self.memory, self.turn % len(self.slots)
        slot = self.slots[index]
        table, sequence = memory.tables[slot], memory.sequence + 1
        block = self._choose_block(len(table)) if self.pending_block is None else self.pending_block
        self.pending_block = block
        data = self._builders[slot].build(
            block, sequence, previous=int(table.sequences[block]), incarnation=memory.incarnation
        )
        self.disks[slot].write(block * BLOCK_BYTES, data)
        block_digest = digest(data)
        table.sequences[block] = sequence
        table.digests[block] = block_digest
        memory.sequence = sequence
        self.turn += 1
        self.pending_block = None
        return CompletedWrite(index, block, sequence=sequence, digest=block_digest)

    def _choose_block(self, disk_blocks: int) -> int:
        workload = self.memory.workload
        hot = workload.hot_set_share > 0 and self.chance.random() < workload.hot_set_share
        choices = workload.hot_set_blocks if hot else workload.working_set_blocks
        return block_of_working_set(
            self.chance.randrange(choices), workload.working_set_blocks, disk_blocks=disk_blocks
        )


def block_of_working_set(index: int, working_set_blocks: int, *, disk_blocks: int) -> int:
    """Return which block of the disk is number `index` of its working set.

    The working set lies in 8 runs spread over the whole disk, the last one at its end: neighbours stay neighbours, as
    in a file, while no part of the disk is left out.
    """
    if working_set_blocks >= disk_blocks:
        return index % disk_blocks
    run, place = index % WORKING_SET_EXTENTS, index // WORKING_SET_EXTENTS
    if run == WORKING_SET_EXTENTS - 1:
        return disk_blocks - 1 - place
    return run * disk_blocks // WORKING_SET_EXTENTS + place
