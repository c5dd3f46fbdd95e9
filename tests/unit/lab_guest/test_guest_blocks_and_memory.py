"""Blocks carry what is needed to judge them; the guest's memory survives a save, and nothing else does."""

import random
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from guest_helpers import QUICK, VM_ID, PlainDisk

from lab.guest.blocks import (
    BLOCK_BYTES,
    SECTOR_BYTES,
    BlockBuilder,
    digest,
    digests_of,
    sector_checksums,
    sequences_of,
)
from lab.guest.guest import Guest, GuestMemory, block_of_working_set, boot
from lab.guest.saved_memory import SavedMemoryError, read_saved_memory, write_saved_memory
from lab.guest.workload import Workload


def test_every_sector_carries_its_place_and_its_write() -> None:
    block = BlockBuilder(VM_ID, "IDE 0:0").build(17, 1234, previous=1200, incarnation=99)
    assert len(block) == BLOCK_BYTES
    for number in range(8):
        sector = block[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES]
        assert sector[:8] == b"GUESTBLK"
        assert int.from_bytes(sector[32:40], "little") == 1234
        assert int.from_bytes(sector[40:48], "little") == 1200
        assert int.from_bytes(sector[48:56], "little") == 17
        assert int.from_bytes(sector[-4:], "little") == zlib.crc32(sector[:-4]) == sector_checksums(block)[number]
    assert len({block[start + 80 : start + 504] for start in range(0, BLOCK_BYTES, SECTOR_BYTES)}) == 8


def test_a_checksum_over_the_whole_block_could_not_tell_blocks_apart_but_the_digest_does() -> None:
    builder = BlockBuilder(VM_ID, "IDE 0:0")
    blocks = [builder.build(number, number + 1, previous=0, incarnation=1) for number in range(50)]
    assert len({zlib.crc32(block) for block in blocks}) == 1
    assert len({digest(block) for block in blocks}) == 50


def test_blocks_of_another_vm_or_slot_have_no_sequence_here() -> None:
    block = BlockBuilder(VM_ID, "IDE 0:0").build(0, 5, previous=0, incarnation=1)
    assert sequences_of(block, VM_ID, slot="IDE 0:0").tolist() == [5]
    assert sequences_of(block, VM_ID, slot="IDE 0:1").tolist() == [0]
    assert sequences_of(block, VM_ID.replace("5", "6"), slot="IDE 0:0").tolist() == [0]


@pytest.mark.parametrize("slot", ["", "SCSI 0:1 and more than fits", "SCSI ä"])
def test_a_slot_that_does_not_fit_is_refused(slot: str) -> None:
    with pytest.raises(ValueError, match="1 to 16 ASCII characters"):
        BlockBuilder(VM_ID, slot)


@pytest.mark.parametrize(
    "wrong",
    [
        {"writes_per_second": -1.0},
        {"hot_set_share": 1.5},
        {"working_set_blocks": 0},
        {"hot_set_blocks": 65},
        {"hot_set_blocks": 0},
        {"memory_bytes": -1},
    ],
)
def test_a_workload_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(QUICK, **wrong)  # type: ignore[arg-type]


def test_the_working_set_has_its_size_and_reaches_over_the_whole_disk() -> None:
    blocks = {block_of_working_set(index, 80, disk_blocks=1000) for index in range(80)}
    assert len(blocks) == 80
    assert min(blocks) == 0
    assert max(blocks) == 999
    assert {block_of_working_set(index, 5000, disk_blocks=100) for index in range(5000)} == set(range(100))


def test_hot_blocks_get_their_share(memory: GuestMemory, disks: dict[str, PlainDisk]) -> None:
    memory.workload = Workload(100, 200, 0.8, 4, 0)
    guest = Guest(memory, disks, chance=random.Random(1))
    writes = [guest.write_once() for _ in range(1000)]
    hot = {block_of_working_set(index, 200, disk_blocks=256) for index in range(4)}
    assert 740 < sum(write.block in hot for write in writes) < 860
    assert {write.slot_index for write in writes} == {0, 1}


def test_the_memory_agrees_with_the_disks_and_a_cold_start_learns_the_same(
    memory: GuestMemory, disks: dict[str, PlainDisk]
) -> None:
    guest = Guest(memory, disks)
    for _ in range(300):
        guest.write_once()
    cold = boot(VM_ID, disks, workload=QUICK)
    assert cold.sequence == memory.sequence == 300
    assert cold.incarnation != memory.incarnation
    for slot, disk in disks.items():
        assert np.array_equal(cold.tables[slot].sequences, memory.tables[slot].sequences)
        assert np.array_equal(cold.tables[slot].digests, memory.tables[slot].digests)
        assert np.array_equal(memory.tables[slot].digests, digests_of(disk.read(0, disk.size_bytes)))


def test_a_write_that_the_disk_refused_is_made_again(memory: GuestMemory, disks: dict[str, PlainDisk]) -> None:
    guest = Guest(memory, disks)
    disks["SCSI 0:0"].path.rename(disks["SCSI 0:0"].path.with_suffix(".away"))
    with pytest.raises(FileNotFoundError):
        guest.write_once()
    assert memory.sequence == 0
    wanted = guest.pending_block
    disks["SCSI 0:0"].path.with_suffix(".away").rename(disks["SCSI 0:0"].path)
    write = guest.write_once()
    assert (write.block, write.sequence, write.slot_index) == (wanted, 1, 0)


def test_a_disk_of_odd_size_is_refused(tmp_path: Path) -> None:
    disk = PlainDisk(tmp_path / "odd.raw")
    disk.size_bytes -= 512
    with pytest.raises(ValueError, match="no multiple of 4096"):
        boot(VM_ID, {"IDE 0:0": disk}, workload=QUICK)


def test_saved_memory_comes_back_and_is_as_large_as_the_memory(
    memory: GuestMemory, disks: dict[str, PlainDisk], tmp_path: Path
) -> None:
    guest = Guest(memory, disks)
    for _ in range(50):
        guest.write_once()
    path = tmp_path / "vm.vmrs"
    saved_state_id = write_saved_memory(path, memory, memory_bytes=3_000_001)
    assert path.stat().st_size == 3_000_001
    assert len(zlib.compress(path.read_bytes()[100_000:1_000_000])) > 890_000
    found = read_saved_memory(path)
    assert found.saved_state_id == saved_state_id
    assert (found.memory.vm_id, found.memory.incarnation, found.memory.sequence) == (VM_ID, memory.incarnation, 50)
    assert found.memory.workload == QUICK
    assert list(found.memory.tables) == list(disks)
    for slot in disks:
        assert np.array_equal(found.memory.tables[slot].sequences, memory.tables[slot].sequences)
        assert np.array_equal(found.memory.tables[slot].digests, memory.tables[slot].digests)
    assert write_saved_memory(tmp_path / "again.vmrs", memory, memory_bytes=0) != saved_state_id
    assert (tmp_path / "again.vmrs").stat().st_size > 2 * 256 * 16


@pytest.mark.parametrize("place", [20, 30, 45, 4100, 6000, 900_000])
def test_a_flipped_bit_anywhere_in_a_saved_state_is_seen(memory: GuestMemory, tmp_path: Path, place: int) -> None:
    path = tmp_path / "vm.vmrs"
    write_saved_memory(path, memory, memory_bytes=1_000_000)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(SavedMemoryError, match=r"vm\.vmrs"):
        read_saved_memory(path)


def test_a_saved_state_cut_short_or_unfinished_is_seen(memory: GuestMemory, tmp_path: Path) -> None:
    path = tmp_path / "vm.vmrs"
    write_saved_memory(path, memory, memory_bytes=1_000_000)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(SavedMemoryError, match="999999 bytes where 1000000 were saved"):
        read_saved_memory(path)
    path.write_bytes(bytes(4096) + data[4096:])
    with pytest.raises(SavedMemoryError, match="saving was broken off"):
        read_saved_memory(path)
    path.unlink()
    with pytest.raises(SavedMemoryError, match="cannot be read"):
        read_saved_memory(path)
    with pytest.raises(OSError, match="No such file"):
        write_saved_memory(tmp_path / "nowhere" / "vm.vmrs", memory, memory_bytes=0)
