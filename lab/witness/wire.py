"""How guests and askers talk to the witness: frames over TCP.

A frame is one byte of kind, a 32-bit length (little-endian) and the contents: JSON, acknowledged writes, or the
tables of all disks of a VM. Acknowledgements are 24 bytes each, because every single one is sent before the guest
begins its next write; nothing is gathered on the guest's side, where a power cut would take it along.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from lab.guest.blocks import Numbers
from lab.guest.guest import BlockTable, CompletedWrite

FRAME_HEADER = struct.Struct("<cI")
ACKNOWLEDGEMENT = struct.Struct("<QQIHxx")  # sequence, digest, block, index of the slot
JSON_FRAME = b"J"
ACKNOWLEDGEMENTS_FRAME = b"A"
TABLES_FRAME = b"T"
LARGEST_FRAME_BYTES = 1 << 30


class WireError(Exception):
    """What arrived is no frame of this protocol."""


class Frame(NamedTuple):
    """One frame."""

    kind: bytes
    contents: bytes


class Tables(NamedTuple):
    """The tables of all disks of a VM at one moment, and facts about that moment."""

    facts: dict[str, Any]
    tables: dict[str, BlockTable]


def encode(kind: bytes, contents: bytes) -> bytes:
    """Return a frame as bytes."""
    return FRAME_HEADER.pack(kind, len(contents)) + contents


def encode_json(message: Mapping[str, Any]) -> bytes:
    """Return a JSON frame."""
    return encode(JSON_FRAME, json.dumps(message).encode())


def encode_write(write: CompletedWrite) -> bytes:
    """Return the frame that acknowledges one write."""
    contents = ACKNOWLEDGEMENT.pack(write.sequence, write.digest, write.block, write.slot_index)
    return FRAME_HEADER.pack(ACKNOWLEDGEMENTS_FRAME, ACKNOWLEDGEMENT.size) + contents


def take_frames(buffer: bytearray) -> Iterator[Frame]:
    """Remove all complete frames from the front of `buffer`. Raises WireError for what cannot be a frame."""
    position = 0
    try:
        while len(buffer) - position >= FRAME_HEADER.size:
            kind, length = FRAME_HEADER.unpack_from(buffer, position)
            if kind not in (JSON_FRAME, ACKNOWLEDGEMENTS_FRAME, TABLES_FRAME) or length > LARGEST_FRAME_BYTES:
                raise WireError(f"No frame: kind {kind!r}, {length} bytes.")
            start = position + FRAME_HEADER.size
            if len(buffer) < start + length:
                return
            position = start + length
            yield Frame(kind, bytes(buffer[start:position]))
    finally:
        del buffer[:position]


def pack_tables(facts: Mapping[str, Any], tables: Mapping[str, BlockTable]) -> bytes:
    """Return the contents of a tables frame."""
    disks = [{"slot": slot, "blocks": len(table)} for slot, table in tables.items()]
    head = json.dumps({**facts, "disks": disks}).encode()
    numbers = b"".join(table.sequences.tobytes() + table.digests.tobytes() for table in tables.values())
    return struct.pack("<I", len(head)) + head + zlib.compress(numbers, level=1)


def unpack_tables(contents: bytes) -> Tables:
    """Read the contents of a tables frame. Raises WireError where they are cut short."""
    (head_bytes,) = struct.unpack_from("<I", contents)
    facts = json.loads(contents[4 : 4 + head_bytes])
    numbers: Numbers = np.frombuffer(zlib.decompress(contents[4 + head_bytes :]), np.uint64)
    tables, position = {}, 0
    for disk in facts.pop("disks"):
        blocks = disk["blocks"]
        if len(numbers) < position + 2 * blocks:
            raise WireError("The tables are shorter than they say.")
        tables[disk["slot"]] = BlockTable(
            numbers[position : position + blocks].copy(),
            numbers[position + blocks : position + 2 * blocks].copy(),
        )
        position += 2 * blocks
    return Tables(facts, tables)
