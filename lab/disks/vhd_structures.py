"""The structures of a VHD file: footer, dynamic header, parent locators.

Source: "Virtual Hard Disk Image Format Specification" 1.0 (Microsoft, 2006). All integers are big-endian.
"""

from __future__ import annotations

import math
import struct
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lab.disks.model import DiskError, DiskKind, Hresult

FOOTER_BYTES = 512
DYNAMIC_HEADER_BYTES = 1024
ABSENT_BLOCK = 0xFFFFFFFF
NO_OFFSET = 0xFFFFFFFFFFFFFFFF
VERSION = 0x00010000
NO_PARENT = uuid.UUID(int=0)
LARGEST_SIZE_BYTES = 2040 << 30  # the limit Windows sets

EPOCH_SECONDS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())

_FOOTER = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")
_HEADER = struct.Struct(">8sQQIIII16sI4x512s")
_LOCATOR = struct.Struct(">4sIIIQ")
_LOCATORS_OFFSET = 576

RELATIVE_PATH_CODE = b"W2ru"  # Windows unicode (UTF-16LE) relative path
ABSOLUTE_PATH_CODE = b"W2ku"  # Windows unicode (UTF-16LE) absolute path

KIND_BY_TYPE = {2: DiskKind.FIXED, 3: DiskKind.DYNAMIC, 4: DiskKind.DIFFERENCING}
TYPE_BY_KIND = {kind: number for number, kind in KIND_BY_TYPE.items()}


@dataclass(frozen=True)
class Footer:
    """512 bytes at the end of the file; a copy at its start unless the disk is fixed."""

    kind: DiskKind
    size_bytes: int
    unique_id: uuid.UUID
    timestamp: int  # seconds since 2000-01-01 UTC, when the disk was made
    data_offset: int  # of the dynamic header
    creator: bytes = b"win "  # some readers take the size from the geometry for other creators
    creator_version: int = 0x000A0000
    geometry: tuple[int, int, int] = field(default=(0, 0, 0))

    def pack(self) -> bytes:
        """Shape: 512 bytes with checksum."""
        fields = (b"conectix", 2, VERSION, self.data_offset, self.timestamp, self.creator)
        sizes = (self.size_bytes, self.size_bytes, *self.geometry, TYPE_BY_KIND[self.kind])
        host = (self.creator_version, b"Wi2k")
        plain = _FOOTER.pack(*fields, *host, *sizes, 0, self.unique_id.bytes, 0)
        return _FOOTER.pack(*fields, *host, *sizes, checksum(plain), self.unique_id.bytes, 0)


@dataclass(frozen=True)
class DynamicHeader:
    """1024 bytes behind the first copy of the footer; only dynamic and differencing disks have it."""

    table_offset: int
    table_entries: int
    block_bytes: int
    parent_unique_id: uuid.UUID = NO_PARENT
    parent_timestamp: int = 0  # modification time of the parent's file; 0 = none to compare
    parent_name: str = ""
    locators: tuple[tuple[bytes, int, int, int], ...] = ()  # code, space, length, file offset, all in bytes

    def pack(self) -> bytes:
        """Shape: 1024 bytes with checksum."""
        plain = self._pack(0)
        return self._pack(checksum(plain))

    def _pack(self, check: int) -> bytes:
        name = self.parent_name.encode("utf-16-be")[:510].ljust(512, b"\0")
        table = (self.table_offset, VERSION, self.table_entries, self.block_bytes)
        parent = (self.parent_unique_id.bytes, self.parent_timestamp, name)
        head = _HEADER.pack(b"cxsparse", NO_OFFSET, *table, check, *parent)
        entries = b"".join(_LOCATOR.pack(code, space, length, 0, at) for code, space, length, at in self.locators)
        return (head + entries).ljust(DYNAMIC_HEADER_BYTES, b"\0")


def checksum(data: bytes) -> int:
    """One's complement of the sum of all bytes, the checksum field itself being zero."""
    return ~sum(data) & 0xFFFFFFFF


def parse_footer(data: bytes) -> Footer:
    """Raises DiskError 0xC03A0001 without a cookie, 0xC03A0002 with a wrong checksum, 5 and 3 for the rest."""
    if data[:8] != b"conectix" or len(data) != FOOTER_BYTES:
        raise DiskError(Hresult.DRIVE_FOOTER_MISSING, "there is no VHD footer")
    (_, _, version, data_offset, timestamp, creator, creator_version, _, _, size, *rest) = _FOOTER.unpack(data)
    cylinders, heads, sectors, disk_type, check, unique_id, _ = rest
    if checksum(data[:64] + bytes(4) + data[68:]) != check:
        raise DiskError(Hresult.DRIVE_FOOTER_CHECKSUM_MISMATCH, "the VHD footer's checksum is wrong")
    if version >> 16 != 1:
        raise DiskError(Hresult.FORMAT_UNSUPPORTED_VERSION, f"VHD footer version 0x{version:08X} is not known")
    if disk_type not in KIND_BY_TYPE or size % 512 or size == 0:
        raise DiskError(Hresult.DRIVE_FOOTER_CORRUPT, f"VHD footer with disk type {disk_type}, size {size}")
    return Footer(
        kind=KIND_BY_TYPE[disk_type],
        size_bytes=size,
        unique_id=uuid.UUID(bytes=unique_id),
        timestamp=timestamp,
        data_offset=data_offset,
        creator=creator,
        creator_version=creator_version,
        geometry=(cylinders, heads, sectors),
    )


def parse_dynamic_header(data: bytes) -> DynamicHeader:
    """Raises DiskError 0xC03A0008, 6 or 7 when it is no sound header."""
    if data[:8] != b"cxsparse" or len(data) != DYNAMIC_HEADER_BYTES:
        raise DiskError(Hresult.SPARSE_HEADER_CORRUPT, "there is no VHD dynamic header")
    fields = _HEADER.unpack_from(data)
    _, _, table_offset, version, entries, block_bytes, check, parent_id, parent_timestamp, name = fields
    if checksum(data[:36] + bytes(4) + data[40:]) != check:
        raise DiskError(Hresult.SPARSE_HEADER_CHECKSUM_MISMATCH, "the VHD dynamic header's checksum is wrong")
    if version >> 16 != 1:
        raise DiskError(Hresult.SPARSE_HEADER_UNSUPPORTED_VERSION, f"VHD dynamic header version 0x{version:08X}")
    if block_bytes < 512 or block_bytes & (block_bytes - 1):
        raise DiskError(Hresult.INVALID_BLOCK_SIZE, f"VHD block size {block_bytes} is no power of two")
    locators = [_LOCATOR.unpack_from(data, _LOCATORS_OFFSET + 24 * number) for number in range(8)]
    return DynamicHeader(
        table_offset=table_offset,
        table_entries=entries,
        block_bytes=block_bytes,
        parent_unique_id=uuid.UUID(bytes=parent_id),
        parent_timestamp=parent_timestamp,
        parent_name=name.decode("utf-16-be", "replace").split("\0")[0],
        locators=tuple((code, space, size, at) for code, space, size, _, at in locators if code != bytes(4)),
    )


def with_unique_id(footer: bytes, unique_id: uuid.UUID) -> bytes:
    """The same footer, of whatever creator, with another unique id and its checksum."""
    plain = footer[:64] + bytes(4) + unique_id.bytes + footer[84:]
    return plain[:64] + struct.pack(">I", checksum(plain)) + plain[68:]


def bitmap_bytes(block_bytes: int) -> int:
    """Length of a block's sector bitmap: one bit per sector, padded to a whole sector."""
    return math.ceil(block_bytes / 512 / 8 / 512) * 512


def chs_geometry(size_bytes: int) -> tuple[int, int, int]:
    """Cylinders, heads, sectors per track, by the appendix "CHS Calculation" of the specification."""
    total = min(size_bytes // 512, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        return total // 255 // 16, 16, 255
    per_track = 17
    tracks = total // per_track
    heads = max((tracks + 1023) // 1024, 4)
    if tracks >= heads * 1024 or heads > 16:
        per_track, heads = 31, 16
        tracks = total // per_track
    if tracks >= heads * 1024:
        per_track, heads = 63, 16
        tracks = total // per_track
    return tracks // heads, heads, per_track


def seconds_since_2000(unix_seconds: float) -> int:
    """VHD time stamp of a point in time."""
    return max(0, int(unix_seconds) - EPOCH_SECONDS)


def pack_locators(
    windows_path: str, relative_path: str | None, *, offset: int
) -> tuple[tuple[tuple[bytes, int, int, int], ...], bytes]:
    """Locator entries and the text that stands at `offset`, padded to whole sectors."""
    wanted = [(RELATIVE_PATH_CODE, relative_path), (ABSOLUTE_PATH_CODE, windows_path)]
    locators, texts = [], b""
    for code, path in wanted:
        if path is not None:
            text = path.encode("utf-16-le")
            space = -(-len(text) // 512) * 512
            locators.append((code, space, len(text), offset + len(texts)))
            texts += text.ljust(space, b"\0")
    return tuple(locators), texts


def last_name(windows_path: str) -> str:
    """The file's name alone: what the header's parent name holds."""
    return windows_path.replace("/", "\\").rsplit("\\", 1)[-1]
