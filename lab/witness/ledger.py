"""What the witness knows, and what it finds wrong.

The disks cannot show the worst fault of all: two copies of a VM that run from one saved state each have disks that
fit their own memory to the last byte. Only somebody who hears both can tell. So the ledger keeps every life of every
VM (an incarnation: from a start or restore to its end) and looks for: one sequence number acknowledged by two
incarnations, two incarnations at one time, one saved state continued twice, memory that is not of the last
acknowledged write, and contents that nobody acknowledged.

The ledger is fed with records and nothing else, so that feeding the journal again gives the same ledger.
"""

import bisect
import json
import struct
from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from lab.guest.guest import BlockTable
from lab.witness.wire import ACKNOWLEDGEMENT, ACKNOWLEDGEMENTS_FRAME, JSON_FRAME, unpack_tables

INCARNATION = struct.Struct("<Q")
LOST = "lost"
"""How a life ended whose guest said nothing: its process was killed, or its host lost power."""
GRACE_SECONDS = 0.25
"""An incarnation that is cut off says so by its closed connection, which may arrive after the next registration."""


class WitnessFindingKind(StrEnum):
    """What can be wrong with the lives of a VM."""

    SAME_SEQUENCE = "one sequence number, two incarnations"
    OVERLAP = "two incarnations at one time"
    SAVED_STATE_TWICE = "one saved state continued twice"
    OTHER_MEMORY = "memory is not of the last acknowledged write"
    SKIPPED = "sequence numbers left out"
    OTHER_CONTENTS = "contents that nobody acknowledged"


@dataclass(frozen=True)
class WitnessFinding:
    """One thing wrong, in a sentence."""

    kind: WitnessFindingKind
    vm_id: str
    text: str


@dataclass
class Life:
    """One incarnation of a VM."""

    incarnation: int
    vm_id: str
    host_name: str
    restored: bool
    parent_incarnation: int | None
    """Whose memory it continues; None after a start from cold."""
    saved_state_id: str | None
    continues_from: int
    slots: tuple[str, ...]
    registered_at: float
    last_sequence: int = 0
    ended_at: float | None = None
    ended_how: str | None = None
    """"saved", "shut down" or "lost"."""
    saved_as: str | None = None
    times: "array[float]" = field(default_factory=lambda: array("d"))
    slot_indexes: "array[int]" = field(default_factory=lambda: array("H"))

    def name(self) -> str:
        """Return how findings call it."""
        return f"incarnation {self.incarnation:016x} on {self.host_name}"

    def between(self, since: float, until: float) -> slice:
        """Return which of its writes were acknowledged after `since` and not after `until`."""
        return slice(bisect.bisect_right(self.times, since), bisect.bisect_right(self.times, until))


@dataclass
class WitnessedVM:
    """All lives of one VM, in the order in which they registered, and what its disks must hold."""

    lives: list[Life] = field(default_factory=list)
    tables: dict[str, BlockTable] = field(default_factory=dict)
    memory: dict[str, BlockTable] | None = None
    """The table that the last restored guest found in its memory."""
    gate_closed: bool = False
    overlaps: dict[tuple[int, int], int] = field(default_factory=dict)
    """Pairs of incarnations at one time, and how many writes the older one acknowledged in it."""
    skipped: dict[int, int] = field(default_factory=dict)
    findings: list[WitnessFinding] = field(default_factory=list)


def _write_in_flight(machine: WitnessedVM, life: Life) -> int | None:
    """Return the number of the write that may have been done and not heard when the life before was cut off."""
    place = machine.lives.index(life)
    if place == 0 or machine.lives[place - 1].ended_how != LOST:
        return None
    return machine.lives[place - 1].last_sequence + 1


class Ledger:
    """The witness's knowledge. Times are seconds since 1970 by the witness's clock."""

    def __init__(self) -> None:
        self.machines: dict[str, WitnessedVM] = {}
        self.lives: dict[int, Life] = {}

    def feed(self, time: float, kind: bytes, *, contents: bytes) -> None:
        """Take in one record of the journal."""
        if kind == ACKNOWLEDGEMENTS_FRAME:
            self._acknowledge(time, contents)
        elif kind == JSON_FRAME:
            self._take_event(time, **json.loads(contents))
        else:
            self._compare_tables(contents)

    def _take_event(self, time: float, *, event: str, **facts: Any) -> None:
        if event == "register":
            self._register(time, **facts)
        elif event == "end":
            self._end(time, **facts)
        else:
            self.machines.setdefault(facts["vm_id"], WitnessedVM()).gate_closed = facts["closed"]

    def _register(self, time: float, *, slots: list[str], **facts: Any) -> None:
        life = Life(slots=tuple(slots), registered_at=time, **facts)
        life.last_sequence = life.continues_from
        machine = self.machines.setdefault(life.vm_id, WitnessedVM())
        for other in machine.lives:
            if other.ended_at is None:
                machine.overlaps[other.incarnation, life.incarnation] = 0
        if life.restored:
            self._check_saved_state(machine, life)
        machine.lives.append(life)
        self.lives[life.incarnation] = life

    def _check_saved_state(self, machine: WitnessedVM, life: Life) -> None:
        kinds = WitnessFindingKind
        for other in machine.lives:
            if other.saved_state_id == life.saved_state_id:
                self._find(life, kinds.SAVED_STATE_TWICE, text=f"{other.name()} continued the same saved state before")
        last = machine.lives[-1] if machine.lives else None
        if last is not None and last.incarnation != life.parent_incarnation:
            self._find(life, kinds.OTHER_MEMORY, text=f"its memory is older than {last.name()}, which ran since")
        elif last is not None and last.last_sequence != life.continues_from:
            self._find(
                life,
                kinds.OTHER_MEMORY,
                text=f"it continues after write {life.continues_from}, but write {last.last_sequence} was acknowledged last",
            )

    def _acknowledge(self, time: float, contents: bytes) -> None:
        life = self.lives[INCARNATION.unpack_from(contents)[0]]
        machine = self.machines[life.vm_id]
        tables = [machine.tables[slot] for slot in life.slots]
        count = 0
        for sequence, digest, block, slot_index in ACKNOWLEDGEMENT.iter_unpack(contents[INCARNATION.size :]):
            table = tables[slot_index]
            table.sequences[block] = sequence
            table.digests[block] = digest
            if sequence != life.last_sequence + 1:
                machine.skipped.setdefault(life.incarnation, sequence)
            life.last_sequence = sequence
            life.times.append(time)
            life.slot_indexes.append(slot_index)
            count += 1
        if machine.lives[-1] is not life:
            pair = life.incarnation, machine.lives[-1].incarnation
            machine.overlaps[pair] = machine.overlaps.get(pair, 0) + count

    def _end(self, time: float, *, incarnation: int, how: str, saved_as: str | None = None) -> None:
        life = self.lives[incarnation]
        life.ended_at, life.ended_how, life.saved_as = time, how, saved_as
        machine = self.machines[life.vm_id]
        for pair, writes in list(machine.overlaps.items()):
            short = time - self.lives[pair[1]].registered_at < GRACE_SECONDS
            if pair[0] == incarnation and writes == 0 and short and how == LOST:
                del machine.overlaps[pair]

    def _compare_tables(self, contents: bytes) -> None:
        """Compare what a guest found at its start, in its memory or on its disks, with what was acknowledged.

        What was acknowledged stays the truth, but for the one write that was in flight when a VM was cut off, if its
        disks have it: the guest goes on from there.
        """
        facts, found = unpack_tables(contents)
        life = self.lives[facts["incarnation"]]
        machine = self.machines[life.vm_id]
        in_flight = None if life.restored else _write_in_flight(machine, life)
        for slot, table in found.items():
            known = machine.tables.get(slot)
            if known is None or len(known) != len(table):
                machine.tables[slot] = BlockTable(sequences=table.sequences.copy(), digests=table.digests.copy())
                if known is not None:
                    self._find_difference(life, f"disk {slot} has {len(table)} blocks where {len(known)} were known")
                continue
            different = np.flatnonzero(table.digests != known.digests)
            arrived = [block for block in different if int(table.sequences[block]) == in_flight][:1]
            for block in arrived:
                known.sequences[block], known.digests[block] = table.sequences[block], table.digests[block]
                in_flight = None
            lost = [int(block) for block in different if block not in arrived]
            if lost:
                text = (
                    f"{'memory' if life.restored else 'disk'} {slot} differs in {len(lost)} of {len(table)} blocks from "
                    f"what was acknowledged; block {lost[0]} holds write {table.sequences[lost[0]]} instead of "
                    f"{known.sequences[lost[0]]}"
                )
                self._find_difference(life, text)
        if life.restored:
            machine.memory = found

    def _find_difference(self, life: Life, text: str) -> None:
        self._find(life, WitnessFindingKind.OTHER_CONTENTS, text=text)

    def _find(self, life: Life, kind: WitnessFindingKind, *, text: str) -> None:
        finding = WitnessFinding(kind, life.vm_id, text=f"VM {life.vm_id}, {life.name()}: {text}.")
        self.machines[life.vm_id].findings.append(finding)

    def findings(self, vm_id: str) -> list[WitnessFinding]:
        """Return everything wrong with one VM, also while it still goes on."""
        machine = self.machines.get(vm_id, WitnessedVM())
        return [
            *machine.findings,
            *(self._overlap(pair, writes) for pair, writes in machine.overlaps.items()),
            *(self._skip(incarnation, sequence) for incarnation, sequence in machine.skipped.items()),
            *self._same_sequences(machine),
        ]

    def _overlap(self, pair: tuple[int, int], writes: int) -> WitnessFinding:
        older, newer = self.lives[pair[0]], self.lives[pair[1]]
        text = (
            f"VM {older.vm_id}: {older.name()} was still there when {newer.name()} began, and acknowledged "
            f"{writes} writes after that."
        )
        return WitnessFinding(WitnessFindingKind.OVERLAP, older.vm_id, text=text)

    def _skip(self, incarnation: int, sequence: int) -> WitnessFinding:
        life = self.lives[incarnation]
        text = f"VM {life.vm_id}, {life.name()}: write {sequence} does not follow the one acknowledged before it."
        return WitnessFinding(WitnessFindingKind.SKIPPED, life.vm_id, text=text)

    @staticmethod
    def _same_sequences(machine: WitnessedVM) -> list[WitnessFinding]:
        found = []
        for place, life in enumerate(machine.lives):
            for other in machine.lives[:place]:
                first = max(life.continues_from, other.continues_from) + 1
                last = min(life.last_sequence, other.last_sequence)
                if first <= last:
                    text = (
                        f"VM {life.vm_id}: writes {first} to {last} were acknowledged by {other.name()} and by "
                        f"{life.name()}."
                    )
                    found.append(WitnessFinding(WitnessFindingKind.SAME_SEQUENCE, life.vm_id, text=text))
        return found
