"""The saved state of a VM: a file as large as the VM's memory, with the guest's memory in it.

A saved state that is damaged, cut short or of another moment must not pass for a good one, and its size must cost what
it costs on a real host. So the file holds the whole memory as bytes that do not compress, a checksum over all of it,
and gets its header only when everything else is written: a save that was broken off leaves a file that says so.

Layout: 4,096 bytes header (magic, version, checksum, lengths), JSON of `description_bytes`, the tables (sequence
numbers, then digests, per slot), filler pages up to the size of the memory.
"""

import json
import random
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from lab.guest.blocks import Numbers
from lab.guest.guest import BlockTable, GuestMemory
from lab.guest.workload import Workload

MAGIC = b"LAB-SAVED-MEMORY"
VERSION = 1
HEADER = struct.Struct("<16sIIQQI")  # magic, version, description bytes, table bytes, total bytes, checksum
HEADER_BYTES = 4096
PAGE_BYTES = 1 << 20


class SavedMemoryError(Exception):
    """A saved state cannot be used; the text says which file and why."""


class SavedMemory(NamedTuple):
    """What a saved state holds."""

    saved_state_id: str
    """Drawn at each save: two VMs restored from one saved state share it."""
    memory: GuestMemory


def write_saved_memory(path: Path, memory: GuestMemory, *, memory_bytes: int) -> str:
    """Write the saved state and return its id.

    Raises OSError (a full volume, say) after removing what was written.
    """
    saved_state_id = str(uuid.uuid4())
    try:
        with path.open("wb") as file:
            _write(file, memory, saved_state_id=saved_state_id, memory_bytes=memory_bytes)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return saved_state_id


def read_saved_memory(path: Path) -> SavedMemory:
    """Read a saved state, all of it. Raises SavedMemoryError unless the file is whole and unchanged."""
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise SavedMemoryError(f"The saved state {path} cannot be read: {error}.") from error


def _write(file: BinaryIO, memory: GuestMemory, *, saved_state_id: str, memory_bytes: int) -> None:
    description = json.dumps(_describe(memory, saved_state_id)).encode()
    tables = b"".join(
        table.sequences.astype("<u8").tobytes() + table.digests.astype("<u8").tobytes()
        for table in memory.tables.values()
    )
    content_bytes = HEADER_BYTES + len(description) + len(tables)
    total_bytes = max(memory_bytes, content_bytes)
    file.write(bytes(HEADER_BYTES))
    lengths = (len(description), len(tables), total_bytes)
    checksum = zlib.crc32(HEADER.pack(MAGIC, VERSION, *lengths, 0))
    for part in (description, tables):
        file.write(part)
        checksum = zlib.crc32(part, checksum)
    for page in _filler(total_bytes - content_bytes, seed=saved_state_id):
        file.write(page)
        checksum = zlib.crc32(page, checksum)
    file.flush()
    file.seek(0)
    file.write(HEADER.pack(MAGIC, VERSION, *lengths, checksum))


def _describe(memory: GuestMemory, saved_state_id: str) -> dict[str, Any]:
    return {
        "saved_state_id": saved_state_id,
        "vm_id": memory.vm_id,
        "incarnation": memory.incarnation,
        "sequence": memory.sequence,
        "workload": asdict(memory.workload),
        "disks": [{"slot": slot, "blocks": len(table)} for slot, table in memory.tables.items()],
    }


def _filler(length: int, *, seed: str) -> Iterator[bytes]:
    """Yield `length` bytes of memory that is none of the table: every page differs, none compresses."""
    content = random.Random(seed).randbytes(PAGE_BYTES)
    for start in range(0, length, PAGE_BYTES):
        page = struct.pack("<Q", start) + content[8:]
        yield page[: length - start]


def _read(file: BinaryIO, path: Path) -> SavedMemory:
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise SavedMemoryError(f"{path} is no complete saved state: saving was broken off, or it is another file.")
    _, version, description_bytes, table_bytes, total_bytes, expected = HEADER.unpack_from(header)
    if version != VERSION:
        raise SavedMemoryError(f"The saved state {path} has version {version}; this host knows {VERSION}.")
    actual_bytes = path.stat().st_size
    if actual_bytes != total_bytes:
        raise SavedMemoryError(f"The saved state {path} has {actual_bytes} bytes where {total_bytes} were saved.")
    content = file.read(min(description_bytes + table_bytes, total_bytes))
    checksum = zlib.crc32(HEADER.pack(MAGIC, version, description_bytes, table_bytes, total_bytes, 0))
    checksum = zlib.crc32(content, checksum)
    while page := file.read(PAGE_BYTES):
        checksum = zlib.crc32(page, checksum)
    if checksum != expected or any(header[HEADER.size :]):
        raise SavedMemoryError(f"The saved state {path} is damaged: checksum {checksum:08x}, saved {expected:08x}.")
    return _parse(content[:description_bytes], content[description_bytes:])


def _parse(description: bytes, tables: bytes) -> SavedMemory:
    facts = json.loads(description)
    numbers: Numbers = np.frombuffer(tables, "<u8").astype(np.uint64)
    found, position = {}, 0
    for disk in facts["disks"]:
        sequences, digests = np.split(numbers[position : position + 2 * disk["blocks"]], 2)
        found[disk["slot"]] = BlockTable(sequences.copy(), digests.copy())
        position += 2 * disk["blocks"]
    memory = GuestMemory(facts["vm_id"], facts["incarnation"], facts["sequence"], found, Workload(**facts["workload"]))
    return SavedMemory(facts["saved_state_id"], memory)
