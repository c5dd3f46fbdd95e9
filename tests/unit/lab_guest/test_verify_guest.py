"""Each fault that a migration could leave in the disks or in the memory is planted, and found at its place."""

import struct
import time
import zlib
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from guest_helpers import VM_ID, PlainDisk

from lab.guest.blocks import BLOCK_BYTES, SECTOR_BYTES, BlockBuilder, digests_of, sequences_of
from lab.guest.guest import BlockTable, Guest, GuestMemory
from lab.judges.verify_guest import GuestFindingKind, Verification, table_of_memory, verify_disks
from lab.witness.client import WitnessTable

FIRST, SECOND = "SCSI 0:0", "SCSI 0:1"
Disks = dict[str, PlainDisk]


@pytest.fixture
def guest(memory: GuestMemory, disks: Disks) -> Guest:
    """A guest that has written 600 times."""
    guest = Guest(memory, disks)
    for _ in range(600):
        guest.write_once()
    return guest


def known(guest: Guest) -> WitnessTable:
    """What the witness heard, at this moment."""
    memory = deepcopy(guest.memory)
    return WitnessTable(VM_ID, memory.incarnation, last_sequence=memory.sequence, tables=memory.tables)


def written_blocks(table: WitnessTable, slot: str) -> list[int]:
    """All blocks of a disk that the guest wrote."""
    return [int(block) for block in np.flatnonzero(table.tables[slot].sequences)]


def block_at(disk: PlainDisk, block: int) -> bytes:
    """One block's contents."""
    return disk.read(block * BLOCK_BYTES, BLOCK_BYTES)


def kinds(verification: Verification) -> list[tuple[GuestFindingKind, str | None, int | None]]:
    """What was found where."""
    return [(finding.kind, finding.slot, finding.block) for finding in verification.findings]


def test_an_undamaged_vm_is_clean_and_every_block_was_compared(guest: Guest, disks: Disks) -> None:
    result = verify_disks(disks, known(guest), memory=table_of_memory(guest.memory))
    assert result.findings == ()
    assert result.clean
    assert result.blocks_compared == {FIRST: 256, SECOND: 256}
    assert all(50 < count <= 64 for count in result.blocks_written.values())


def test_nothing_compared_is_not_clean() -> None:
    assert not verify_disks({}, WitnessTable(VM_ID, 1, last_sequence=0, tables={})).clean


def test_the_lost_last_write(guest: Guest, disks: Disks) -> None:
    before = {slot: disk.path.read_bytes() for slot, disk in disks.items()}
    write = guest.write_once()
    slot = guest.slots[write.slot_index]
    disks[slot].path.write_bytes(before[slot])
    result = verify_disks(disks, known(guest), memory=table_of_memory(guest.memory))
    assert kinds(result) == [(GuestFindingKind.OLDER, slot, write.block)]
    assert "write 601 belongs here" in result.findings[0].text


def test_a_stale_sector(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    block = next(b for b in written_blocks(table, FIRST) if block_at(disks[FIRST], b))
    newest = int(table.tables[FIRST].sequences[block])
    old = BlockBuilder(VM_ID, FIRST).build(block, 1, previous=0, incarnation=guest.memory.incarnation)
    disks[FIRST].write(block * BLOCK_BYTES + 3 * SECTOR_BYTES, old[3 * SECTOR_BYTES : 4 * SECTOR_BYTES])
    result = verify_disks(disks, table)
    assert kinds(result) == [(GuestFindingKind.TORN, FIRST, block)]
    assert f"[1, {newest}]" in result.findings[0].text


@pytest.mark.parametrize("place", [0, 9, 33, 200, 511, 512 * 7 + 80])
def test_a_flipped_bit(guest: Guest, disks: Disks, place: int) -> None:
    block = written_blocks(known(guest), SECOND)[-1]
    data = bytearray(block_at(disks[SECOND], block))
    data[place] ^= 4
    disks[SECOND].write(block * BLOCK_BYTES, bytes(data))
    result = verify_disks(disks, known(guest))
    assert kinds(result) == [(GuestFindingKind.ALTERED, SECOND, block)]


def test_a_flipped_bit_where_no_guest_ever_wrote(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    untouched = next(b for b in range(200, 210) if b not in written_blocks(table, SECOND))
    empty = next(b for b in range(10, 256) if b not in written_blocks(table, FIRST))
    disks[SECOND].write(untouched * BLOCK_BYTES + 5, b"!")
    disks[FIRST].write(empty * BLOCK_BYTES + 4095, b"\x01")
    result = verify_disks(disks, table)
    assert kinds(result) == [(GuestFindingKind.ALTERED, FIRST, empty), (GuestFindingKind.ALTERED, SECOND, untouched)]


def test_a_duplicate_elsewhere(guest: Guest, disks: Disks) -> None:
    source, target = written_blocks(known(guest), FIRST)[:2]
    disks[FIRST].write(target * BLOCK_BYTES, block_at(disks[FIRST], source))
    result = verify_disks(disks, known(guest))
    assert kinds(result) == [(GuestFindingKind.MISPLACED, FIRST, target)]
    assert f"to block {source} of disk {FIRST} is here" in result.findings[0].text


def test_a_block_of_the_other_disk(guest: Guest, disks: Disks) -> None:
    block = written_blocks(known(guest), FIRST)[3]
    disks[SECOND].write(block * BLOCK_BYTES, block_at(disks[FIRST], block))
    result = verify_disks(disks, known(guest))
    assert kinds(result) == [(GuestFindingKind.MISPLACED, SECOND, block)]
    assert f"of disk {FIRST} is here" in result.findings[0].text


def test_a_swap(guest: Guest, disks: Disks) -> None:
    one, two = written_blocks(known(guest), FIRST)[5:7]
    contents = block_at(disks[FIRST], one), block_at(disks[FIRST], two)
    disks[FIRST].write(one * BLOCK_BYTES, contents[1])
    disks[FIRST].write(two * BLOCK_BYTES, contents[0])
    result = verify_disks(disks, known(guest))
    assert kinds(result) == [(GuestFindingKind.SWAPPED, FIRST, one), (GuestFindingKind.SWAPPED, FIRST, two)]


def test_sectors_in_another_order(guest: Guest, disks: Disks) -> None:
    block = written_blocks(known(guest), FIRST)[0]
    data = block_at(disks[FIRST], block)
    disks[FIRST].write(block * BLOCK_BYTES, data[512:1024] + data[:512] + data[1024:])
    assert kinds(verify_disks(disks, known(guest))) == [(GuestFindingKind.MISPLACED, FIRST, block)]


def test_an_older_disk(guest: Guest, disks: Disks) -> None:
    """One of two disks is of an earlier moment than the other, as when one disk's changes were not copied."""
    older = disks[SECOND].path.read_bytes()
    changed = {write.block for write in (guest.write_once() for _ in range(300)) if write.slot_index == 1}
    disks[SECOND].path.write_bytes(older)
    result = verify_disks(disks, known(guest), memory=table_of_memory(guest.memory))
    assert kinds(result) == [(GuestFindingKind.OLDER, SECOND, block) for block in sorted(changed)]


def test_an_older_write_over_a_newer_one(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    block = written_blocks(table, FIRST)[1]
    data = BlockBuilder(VM_ID, FIRST).build(block, 1, previous=0, incarnation=guest.memory.incarnation)
    disks[FIRST].write(block * BLOCK_BYTES, data)
    assert kinds(verify_disks(disks, table)) == [(GuestFindingKind.OLDER, FIRST, block)]


def test_disks_newer_than_the_memory(guest: Guest, disks: Disks) -> None:
    """The saved state was made, and the guest wrote on: state and disks are not of one moment."""
    saved = deepcopy(guest.memory)
    writes = [guest.write_once() for _ in range(20)]
    places = {(guest.slots[write.slot_index], write.block) for write in writes}
    against_memory = verify_disks(disks, table_of_memory(saved))
    assert {(finding.slot, finding.block) for finding in against_memory.findings} == places
    assert {finding.kind for finding in against_memory.findings} == {GuestFindingKind.NEWER}
    against_both = verify_disks(disks, known(guest), memory=table_of_memory(saved))
    assert {finding.kind for finding in against_both.findings} == {GuestFindingKind.MEMORY}
    assert len(against_both.findings) == len(places) + 1
    assert "ends with write 600, the last acknowledged one is 620" in against_both.findings[0].text


def test_an_unacknowledged_write_has_no_place_in_a_migration(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    write = guest.write_once()
    result = verify_disks(disks, table)
    assert kinds(result) == [(GuestFindingKind.NEWER, guest.slots[write.slot_index], write.block)]


def test_the_same_write_by_another_life(guest: Guest, disks: Disks) -> None:
    """A copy that ran from the same saved state wrote the same numbers, but is another incarnation."""
    twin = deepcopy(guest.memory)
    twin.incarnation += 2
    write = guest.write_once()
    slot = guest.slots[write.slot_index]
    data = BlockBuilder(VM_ID, slot).build(write.block, write.sequence, previous=0, incarnation=twin.incarnation)
    disks[slot].write(write.block * BLOCK_BYTES, data)
    assert kinds(verify_disks(disks, known(guest))) == [(GuestFindingKind.OTHER_LIFE, slot, write.block)]


def test_a_block_of_another_vm_and_one_that_was_wiped(guest: Guest, disks: Disks) -> None:
    one, two = written_blocks(known(guest), FIRST)[:2]
    other = BlockBuilder(VM_ID.replace("5", "6"), FIRST).build(one, 600, previous=0, incarnation=1)
    disks[FIRST].write(one * BLOCK_BYTES, other)
    disks[FIRST].write(two * BLOCK_BYTES, bytes(BLOCK_BYTES))
    result = verify_disks(disks, known(guest))
    assert kinds(result) == [(GuestFindingKind.OTHER_VM, FIRST, one), (GuestFindingKind.OLDER, FIRST, two)]


def test_missing_strange_and_resized_disks(guest: Guest, disks: Disks, tmp_path: Path) -> None:
    table = known(guest)
    small = PlainDisk(tmp_path / "small.raw", blocks=8)
    small.write(0, disks[SECOND].read(0, small.size_bytes))
    result = verify_disks({SECOND: small, "SCSI 0:7": small}, table)
    assert kinds(result) == [
        (GuestFindingKind.DISKS, FIRST, None),
        (GuestFindingKind.DISKS, "SCSI 0:7", None),
        (GuestFindingKind.DISKS, SECOND, None),
    ]


def test_after_a_crash_one_write_may_be_there_torn_or_absent(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    assert verify_disks(disks, table, after_crash=True).clean
    before = {slot: disk.path.read_bytes() for slot, disk in disks.items()}
    write = guest.write_once()
    slot = guest.slots[write.slot_index]
    result = verify_disks(disks, table, after_crash=True)
    assert result.clean
    assert result.write_in_flight == (slot, write.block)
    start = write.block * BLOCK_BYTES
    for new_sectors in range(1, 8):
        torn = block_at(disks[slot], write.block)[: new_sectors * SECTOR_BYTES]
        disks[slot].write(start, torn + before[slot][start + len(torn) : start + BLOCK_BYTES])
        assert verify_disks(disks, table, after_crash=True).write_in_flight == (slot, write.block)
        assert not verify_disks(disks, table).clean


def test_after_a_crash_two_writes_in_flight_or_an_old_one_are_not_allowed(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    first = guest.write_once()
    lost = written_blocks(table, FIRST)[0]
    disks[FIRST].write(
        lost * BLOCK_BYTES, BlockBuilder(VM_ID, FIRST).build(lost, 1, previous=0, incarnation=guest.memory.incarnation)
    )
    result = verify_disks(disks, table, after_crash=True)
    assert (GuestFindingKind.OLDER, FIRST, lost) in kinds(result)
    second = guest.write_once()
    found = kinds(verify_disks(disks, table, after_crash=True))
    assert (GuestFindingKind.NEWER, guest.slots[second.slot_index], second.block) in found
    assert (GuestFindingKind.NEWER, guest.slots[first.slot_index], first.block) not in found


def test_after_a_crash_a_write_that_follows_another_one_is_not_the_one_in_flight(guest: Guest, disks: Disks) -> None:
    """Its block held something else before it: an acknowledged write is missing under it."""
    table = known(guest)
    one, two, three = written_blocks(table, FIRST)[:3]
    for block, previous in ((one, 1), (two, int(table.tables[FIRST].sequences[two])), (three, 0)):
        data = BlockBuilder(VM_ID, FIRST).build(block, 601, previous=previous, incarnation=guest.memory.incarnation)
        disks[FIRST].write(block * BLOCK_BYTES, data)
    result = verify_disks(disks, table, after_crash=True)
    assert kinds(result) == [(GuestFindingKind.NEWER, FIRST, one), (GuestFindingKind.NEWER, FIRST, three)]
    assert result.write_in_flight == (FIRST, two)


def test_after_a_crash_only_one_block_may_hold_the_write_in_flight(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    one, two = written_blocks(table, SECOND)[:2]
    for block in (one, two):
        previous = int(table.tables[SECOND].sequences[block])
        data = BlockBuilder(VM_ID, SECOND).build(block, 601, previous=previous, incarnation=guest.memory.incarnation)
        disks[SECOND].write(block * BLOCK_BYTES, data)
    assert kinds(verify_disks(disks, table, after_crash=True)) == [(GuestFindingKind.NEWER, SECOND, two)]


def test_a_torn_write_mixed_with_a_third_one_is_damage_even_after_a_crash(guest: Guest, disks: Disks) -> None:
    table = known(guest)
    write = guest.write_once()
    slot = guest.slots[write.slot_index]
    stale = BlockBuilder(VM_ID, slot).build(write.block, 1, previous=0, incarnation=guest.memory.incarnation)
    disks[slot].write(write.block * BLOCK_BYTES, stale[:SECTOR_BYTES])
    assert kinds(verify_disks(disks, table, after_crash=True)) == [(GuestFindingKind.TORN, slot, write.block)]


def test_a_gibibyte_is_verified_in_time(tmp_path: Path) -> None:
    """1 GiB of guest blocks, in seconds of the processor; the limit is far above what is seen."""
    pattern = np.frombuffer(
        b"".join(BlockBuilder(VM_ID, FIRST).build(b, b + 1, previous=0, incarnation=1) for b in range(2048)), np.uint8
    )
    data = pattern.tobytes()

    class Repeated:
        size_bytes = 1 << 30

        def read(self, offset: int, length: int, /) -> bytes:
            return data[:length] if length < len(data) else data

    disk = Repeated()
    table = BlockTable(
        np.tile(sequences_of(data, VM_ID, slot=FIRST), 128).astype(np.uint64), np.tile(digests_of(data), 128)
    )
    started = time.process_time()
    result = verify_disks({FIRST: disk}, WitnessTable(VM_ID, 1, last_sequence=2048, tables={FIRST: table}))  # type: ignore[dict-item]
    assert result.clean
    assert result.blocks_compared == {FIRST: 262_144}
    assert time.process_time() - started < 30


def test_the_digest_of_a_table_decides_even_where_the_number_agrees(guest: Guest, disks: Disks) -> None:
    """The right sequence number over altered contents with a correct checksum is still found."""
    table = known(guest)
    block = written_blocks(table, FIRST)[0]
    data = bytearray(block_at(disks[FIRST], block))
    data[100] ^= 1
    data[508:512] = struct.pack("<I", zlib.crc32(data[:508]))
    disks[FIRST].write(block * BLOCK_BYTES, bytes(data))
    assert kinds(verify_disks(disks, table)) == [(GuestFindingKind.OTHER_LIFE, FIRST, block)]
