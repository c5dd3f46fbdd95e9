"""What the guest writes: blocks that say by themselves where they belong and when they were written.

A disk full of zeros or of random bytes cannot tell a lost write from one that was never made, nor a block in the
wrong place from one in the right place. So every 512-byte sector of every block carries VM, disk slot, block and
sector number, the incarnation and the sequence number of the write, the sequence number of the write before it in
this block, and a CRC-32 over all of it. A sector is the unit because it is what a virtual disk can tear: one 4 KiB
write may be left behind as any mixture of new and old sectors.

Blocks are compared by a BLAKE2b digest. A CRC-32 over a whole block would be of no use: every sector ends in its own
CRC-32, and the CRC of data followed by their CRC is a constant, so that all blocks would look alike.
"""

import hashlib
import uuid
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

SECTOR_BYTES = 512
BLOCK_BYTES = 4096
SECTORS_PER_BLOCK = BLOCK_BYTES // SECTOR_BYTES
MAGIC = b"GUESTBLK"
PAYLOAD_WORDS = 53

SECTOR = np.dtype(
    [
        ("magic", "S8"),
        ("vm", "V16"),
        ("incarnation", "<u8"),
        ("sequence", "<u8"),
        ("previous", "<u8"),
        ("block", "<u8"),
        ("slot", "S16"),
        ("sector", "<u4"),
        ("version", "<u4"),
        ("payload", "<u8", (PAYLOAD_WORDS,)),
        ("reserved", "<u4"),
        ("crc", "<u4"),
    ]
)
CRC_OFFSET = SECTOR_BYTES - 4
FORMAT_VERSION = 1

Sectors = npt.NDArray[Any]
Numbers = npt.NDArray[np.uint64]

# Constants of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WORD_NUMBERS = (
    np.arange(SECTORS_PER_BLOCK * PAYLOAD_WORDS, dtype=np.uint64).reshape(SECTORS_PER_BLOCK, PAYLOAD_WORDS)
    * _GOLDEN_GAMMA
)


def payload(sequence: int) -> Numbers:
    """Return the payload of all sectors of a block, shape (8, 53): another one for each sequence number and sector."""
    words = _WORD_NUMBERS + np.uint64((sequence * 0xD1342543DE82EF95) & 0xFFFFFFFFFFFFFFFF)
    words ^= words >> np.uint64(30)
    words *= _MIX_1
    words ^= words >> np.uint64(27)
    words *= _MIX_2
    words ^= words >> np.uint64(31)
    return words


def digest(block: bytes | memoryview) -> int:
    """Return the 64-bit BLAKE2b digest of one block."""
    return int.from_bytes(hashlib.blake2b(block, digest_size=8).digest(), "little")


ZERO_BLOCK_DIGEST = digest(bytes(BLOCK_BYTES))


class BlockBuilder:
    """Makes the blocks of one disk of one VM."""

    def __init__(self, vm_id: str, slot: str) -> None:
        """Take the VM's id (a UUID) and the disk's slot, such as "SCSI 0:1" (16 ASCII characters at most)."""
        self._buffer = bytearray(BLOCK_BYTES)
        self._view = memoryview(self._buffer)
        self._sectors: Sectors = np.frombuffer(self._buffer, SECTOR)
        self._sectors["magic"] = MAGIC
        self._sectors["vm"] = np.void(uuid.UUID(vm_id).bytes)
        self._sectors["slot"] = slot_bytes(slot)
        self._sectors["sector"] = range(SECTORS_PER_BLOCK)
        self._sectors["version"] = FORMAT_VERSION

    def build(self, block: int, sequence: int, *, previous: int, incarnation: int) -> bytes:
        """Return the 4,096 bytes of write number `sequence` to `block`."""
        sectors = self._sectors
        sectors["incarnation"] = incarnation
        sectors["sequence"] = sequence
        sectors["previous"] = previous
        sectors["block"] = block
        sectors["payload"] = payload(sequence)
        sectors["crc"] = sector_checksums(self._view)
        return bytes(self._buffer)


def slot_bytes(slot: str) -> bytes:
    """Return a slot's name as sectors carry it. Raises ValueError for a name that does not fit."""
    encoded = slot.encode("ascii", errors="replace")
    if not slot.isascii() or not 0 < len(encoded) <= 16:
        raise ValueError(f"A disk slot is named in 1 to 16 ASCII characters, not {slot!r}.")
    return encoded


def sector_checksums(block: bytes | memoryview) -> list[int]:
    """Return the CRC-32 that each sector of a block should carry."""
    return [zlib.crc32(block[start : start + CRC_OFFSET]) for start in range(0, len(block), SECTOR_BYTES)]


def sequences_of(data: bytes | memoryview, vm_id: str, *, slot: str) -> Numbers:
    """Return for each block of `data` the highest sequence number in it, 0 where this VM wrote nothing here.

    Only magic, VM and slot are looked at; whether the sectors are sound is another question.
    """
    sectors: Sectors = np.frombuffer(data, SECTOR).reshape(-1, SECTORS_PER_BLOCK)
    own = sectors["magic"] == MAGIC
    if own.any():
        own &= sectors["vm"] == np.void(uuid.UUID(vm_id).bytes)
        own &= sectors["slot"] == slot_bytes(slot)
    highest: Numbers = np.where(own, sectors["sequence"], np.uint64(0)).max(axis=1)
    return highest


def digests_of(data: bytes | memoryview) -> Numbers:
    """Return the digest of each block of `data`."""
    view = memoryview(data)
    blocks = np.frombuffer(data, np.uint64).reshape(-1, BLOCK_BYTES // 8)
    digests = np.full(len(blocks), ZERO_BLOCK_DIGEST, np.uint64)
    for block in np.flatnonzero(blocks.any(axis=1)):
        start = int(block) * BLOCK_BYTES
        digests[block] = digest(view[start : start + BLOCK_BYTES])
    return digests
