"""After a migration: is every block of every disk what the guest last wrote there, and does its memory agree?

A target that starts, answers and looks well may still lack one block of one differencing disk. So every block is
compared, also those that the guest never wrote: with what the witness heard acknowledged, and with the memory that
came through the saved state. This file reads disks through whatever reader it is given (one that shares no code with
the product), and it explains each difference: which write was found, and which belongs there.

After a migration nothing may differ. After a crash exactly one write may have been in flight: the one after the last
acknowledged write may be there, absent, or torn between sectors, in one block of one disk.

Not visible here: two copies of a VM that ran from one saved state (only the witness sees both), and the loss of a
write that a later acknowledged write has overwritten (which harms nobody).
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from lab.guest.blocks import (
    BLOCK_BYTES,
    MAGIC,
    SECTOR,
    SECTORS_PER_BLOCK,
    ZERO_BLOCK_DIGEST,
    digests_of,
    sector_checksums,
    sequences_of,
)
from lab.guest.guest import BlockTable, GuestMemory
from lab.witness.client import WitnessTable

READ_BYTES = 8 << 20


class DiskReader(Protocol):
    """Shows the contents of a disk without any code of the product."""

    @property
    def size_bytes(self) -> int:
        """The size the guest sees."""

    def read(self, offset: int, length: int, /) -> bytes:
        """Return `length` bytes at `offset`."""


class GuestFindingKind(StrEnum):
    """What can be wrong with a block, a disk or the memory."""

    OLDER = "an older write, or none"
    NEWER = "a newer write than acknowledged"
    TORN = "sectors of several writes"
    ALTERED = "contents that nobody wrote"
    MISPLACED = "a block of another place"
    SWAPPED = "two blocks in each other's place"
    OTHER_LIFE = "the same write by another incarnation"
    OTHER_VM = "a block of another VM"
    DISKS = "not the disks that the guest knows"
    MEMORY = "memory that does not agree"


@dataclass(frozen=True)
class GuestFinding:
    """One difference."""

    kind: GuestFindingKind
    slot: str | None
    """The disk; None where it concerns the VM."""
    block: int | None
    """The 4 KiB block; None where it concerns the whole disk."""
    text: str


@dataclass(frozen=True)
class Verification:
    """The result: clean when there are no findings and all blocks were compared."""

    findings: tuple[GuestFinding, ...]
    blocks_compared: Mapping[str, int]
    """Per slot: how many blocks were read and compared."""
    blocks_written: Mapping[str, int]
    """Per slot: how many of them hold a write of the guest."""
    write_in_flight: tuple[str, int] | None = None
    """Slot and block of the unacknowledged write that was found, where one was allowed."""

    @property
    def clean(self) -> bool:
        """Whether something was compared and nothing differs."""
        return not self.findings and sum(self.blocks_compared.values()) > 0


@dataclass
class _Check:
    """One run over all disks."""

    vm_id: str
    last_sequence: int
    may_be_in_flight: bool
    findings: list[GuestFinding] = field(default_factory=list)
    places: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """Misplaced blocks: where it lies -> where it belongs."""
    in_flight: tuple[str, int] | None = None

    def find(self, kind: GuestFindingKind, text: str, *, slot: str | None = None, block: int | None = None) -> None:
        place = f"disk {slot}" + (f", block {block}" if block is not None else "") if slot else f"VM {self.vm_id}"
        self.findings.append(GuestFinding(kind, slot, block=block, text=f"{place}: {text}."))


def verify_disks(
    reader_by_slot: Mapping[str, DiskReader],
    witness_table: WitnessTable,
    *,
    memory: WitnessTable | None = None,
    after_crash: bool = False,
) -> Verification:
    """Compare every block of every disk with the witness, and the memory (of a saved state) with both.

    `memory` is the table that came through the saved state (`WitnessClient.restored_memory`, or `table_of_memory`);
    None where there is none. `after_crash` allows the one write that was in flight. Nothing may write meanwhile.
    """
    check = _Check(witness_table.vm_id, witness_table.last_sequence, may_be_in_flight=after_crash)
    tables = witness_table.tables
    _compare_slots(check, tables, reader_by_slot, what="attached")
    if memory is not None:
        _compare_memory(check, witness_table, memory)
    compared = {}
    for slot, reader in reader_by_slot.items():
        if slot in tables:
            compared[slot] = _compare_disk(check, slot, reader=reader, table=tables[slot])
    _name_swaps(check)
    written = {slot: int(np.count_nonzero(tables[slot].sequences)) for slot in compared}
    return Verification(tuple(check.findings), compared, blocks_written=written, write_in_flight=check.in_flight)


def _compare_slots(check: _Check, known: Iterable[str], found: Iterable[str], *, what: str) -> None:
    for slot in sorted(set(known) - set(found)):
        check.find(GuestFindingKind.DISKS, f"the guest knows this disk, but it is not {what}", slot=slot)
    for slot in sorted(set(found) - set(known)):
        check.find(GuestFindingKind.DISKS, f"it is {what}, but the guest never had this disk", slot=slot)


def _compare_memory(check: _Check, witness: WitnessTable, memory: WitnessTable) -> None:
    if memory.vm_id != witness.vm_id:
        check.find(GuestFindingKind.MEMORY, f"the memory is of VM {memory.vm_id}")
    if memory.last_sequence != witness.last_sequence:
        check.find(
            GuestFindingKind.MEMORY,
            f"the memory ends with write {memory.last_sequence}, the last acknowledged one is {witness.last_sequence}",
        )
    _compare_slots(check, witness.tables, memory.tables, what="in the memory")
    for slot in witness.tables.keys() & memory.tables.keys():
        known, found = witness.tables[slot], memory.tables[slot]
        if len(known) != len(found):
            check.find(GuestFindingKind.MEMORY, f"the memory knows {len(found)} blocks of {len(known)}", slot=slot)
            continue
        for block in np.flatnonzero((known.sequences != found.sequences) | (known.digests != found.digests)):
            text = f"the memory has write {found.sequences[block]}, acknowledged was {known.sequences[block]}"
            check.find(GuestFindingKind.MEMORY, text, slot=slot, block=int(block))


def _compare_disk(check: _Check, slot: str, *, reader: DiskReader, table: BlockTable) -> int:
    """Compare one disk, and return how many blocks of it were compared."""
    if reader.size_bytes != len(table) * BLOCK_BYTES:
        text = f"it has {reader.size_bytes} bytes where the guest knows {len(table) * BLOCK_BYTES}"
        check.find(GuestFindingKind.DISKS, text, slot=slot)
    compared = 0
    for first, data in _pieces(reader, min(reader.size_bytes, len(table) * BLOCK_BYTES)):
        count = len(data) // BLOCK_BYTES
        expected = BlockTable(table.sequences[first : first + count], table.digests[first : first + count])
        different = digests_of(data) != expected.digests
        different |= sequences_of(data, check.vm_id, slot=slot) != expected.sequences
        for index in np.flatnonzero(different):
            block = data[index * BLOCK_BYTES : (index + 1) * BLOCK_BYTES]
            _explain(check, slot, first + int(index), contents=block, expected=_entry(expected, int(index)))
        compared += count
    return compared


def _pieces(reader: DiskReader, size_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield the disk piece by piece, with the number of the first block of each."""
    for offset in range(0, size_bytes, READ_BYTES):
        data = reader.read(offset, min(READ_BYTES, size_bytes - offset))
        yield offset // BLOCK_BYTES, bytes(data)


@dataclass(frozen=True)
class _Entry:
    """What one block should hold."""

    sequence: int
    digest: int


def _entry(table: BlockTable, index: int) -> _Entry:
    return _Entry(int(table.sequences[index]), int(table.digests[index]))


@dataclass(frozen=True)
class _Sector:
    """What one sector says of itself; the rest is empty where it is not sound."""

    zero: bool
    """Nothing but zeros."""
    sound: bool
    """Made by a guest, and unchanged since."""
    vm: bytes = b""
    place: tuple[str, int] = ("", -1)
    number: int = -1
    sequence: int = 0
    previous: int = 0


def _sectors(contents: bytes) -> list[_Sector]:
    found = []
    checksums = sector_checksums(contents)
    for raw, checksum in zip(np.frombuffer(contents, SECTOR), checksums, strict=True):
        if raw["magic"] != MAGIC or raw["crc"] != checksum:
            found.append(_Sector(zero=not any(raw.tobytes()), sound=False))
            continue
        place = (raw["slot"].decode("ascii", "replace"), int(raw["block"]))
        found.append(
            _Sector(
                zero=False,
                sound=True,
                vm=bytes(raw["vm"]),
                place=place,
                number=int(raw["sector"]),
                sequence=int(raw["sequence"]),
                previous=int(raw["previous"]),
            )
        )
    return found


def _explain(check: _Check, slot: str, block: int, *, contents: bytes, expected: _Entry) -> None:
    """Say what is in a block that is not what it should be, unless it is the one write in flight."""
    sectors = _sectors(contents)
    if _is_in_flight(check, (slot, block), sectors=sectors, expected=expected):
        check.in_flight = (slot, block)
        return
    kind, text = _difference(check, (slot, block), sectors=sectors, expected=expected)
    check.find(kind, f"{text}; write {expected.sequence} belongs here", slot=slot, block=block)


def _difference(
    check: _Check, place: tuple[str, int], *, sectors: Sequence[_Sector], expected: _Entry
) -> tuple[GuestFindingKind, str]:
    sound = [sector for sector in sectors if sector.sound]
    if all(sector.zero for sector in sectors):
        return GuestFindingKind.OLDER, "nothing was written here"
    if any(not sector.sound and not sector.zero for sector in sectors):
        damaged = [number for number, sector in enumerate(sectors) if not sector.sound and not sector.zero]
        if len(damaged) == SECTORS_PER_BLOCK and expected.sequence:
            return GuestFindingKind.OLDER, "the contents are not of the guest, as before its first write, or damaged"
        return GuestFindingKind.ALTERED, f"the contents of sectors {damaged} were written by nobody"
    if any(sector.vm != uuid.UUID(check.vm_id).bytes for sector in sound):
        return GuestFindingKind.OTHER_VM, "it was written by another VM"
    if any(sector.place != place for sector in sound):
        wrong = next(sector for sector in sound if sector.place != place)
        check.places[place] = wrong.place
        return (
            GuestFindingKind.MISPLACED,
            f"write {wrong.sequence} to block {wrong.place[1]} of disk {wrong.place[0]} is here",
        )
    if [sector.number for sector in sectors] != list(range(SECTORS_PER_BLOCK)) and len(sound) == SECTORS_PER_BLOCK:
        return GuestFindingKind.MISPLACED, "its sectors lie in another order"
    sequences = sorted({sector.sequence if sector.sound else 0 for sector in sectors})
    if len(sequences) > 1:
        return GuestFindingKind.TORN, f"its sectors are of the writes {sequences}"
    if sequences[0] == expected.sequence:
        return GuestFindingKind.OTHER_LIFE, f"write {sequences[0]} is here, but not the one that was acknowledged"
    kind = GuestFindingKind.OLDER if sequences[0] < expected.sequence else GuestFindingKind.NEWER
    return kind, f"write {sequences[0]} is here (the one before it was {sound[0].previous})"


def _is_in_flight(check: _Check, place: tuple[str, int], *, sectors: Sequence[_Sector], expected: _Entry) -> bool:
    """Whether this may be the write that was on its way when the VM was cut off: whole, or torn between sectors.

    Sectors of before must be sound sectors of the write that belongs here, or zeros where nothing was written. (Where
    the disk held something that was not the guest's, a torn write cannot be judged, and counts as damage.)
    """
    if not check.may_be_in_flight or check.in_flight is not None:
        return False
    new = [
        sector
        for sector in sectors
        if sector.sound and sector.sequence == check.last_sequence + 1 and sector.previous == expected.sequence
    ]
    old_is_zero = expected.sequence == 0 and expected.digest == ZERO_BLOCK_DIGEST
    old = [
        sector
        for sector in sectors
        if (sector.zero and old_is_zero) or (sector.sound and 0 < sector.sequence == expected.sequence)
    ]
    own = uuid.UUID(check.vm_id).bytes
    placed = all(
        sector.zero or (sector.vm == own and sector.place == place and sector.number == number)
        for number, sector in enumerate(sectors)
    )
    return bool(new) and placed and len(new) + len(old) == SECTORS_PER_BLOCK


def _name_swaps(check: _Check) -> None:
    """Call two misplaced blocks that lie in each other's place by that name."""
    for index, finding in enumerate(check.findings):
        if finding.kind is GuestFindingKind.MISPLACED and finding.slot is not None and finding.block is not None:
            here = (finding.slot, finding.block)
            if check.places.get(check.places.get(here, here)) == here and check.places.get(here, here) != here:
                check.findings[index] = replace(finding, kind=GuestFindingKind.SWAPPED)


def table_of_memory(memory: GuestMemory) -> WitnessTable:
    """Return the memory of a guest, as `lab.guest.saved_memory.read_saved_memory` finds it, for `verify_disks`."""
    return WitnessTable(memory.vm_id, memory.incarnation, last_sequence=memory.sequence, tables=memory.tables)
