"""A virtual disk that lost something: what tests of the verdict must see found."""

from __future__ import annotations

import struct
from pathlib import Path


def drop_one_block(file: Path) -> None:
    """Make one payload block of a VHDX "not present" ([MS-VHDX] 2.5.1.1: state 0 in the low bits of its entry)."""
    data = bytearray(file.read_bytes())
    region = data.index(bytes.fromhex("6677c22d23f600429d64115e9bfd4a08"), 192 << 10)
    (table_offset,) = struct.unpack_from("<Q", data, region + 16)
    for place in range(table_offset, table_offset + 8 * 8, 8):
        (entry,) = struct.unpack_from("<Q", data, place)
        if entry & 7 in (6, 7):
            struct.pack_into("<Q", data, place, 0)
            file.write_bytes(data)
            return
    raise AssertionError(f"{file} holds no block")
