"""The structures of a VHDX file: headers, region table, metadata, parent locator.

Source: [MS-VHDX] "Virtual Hard Disk v2 (VHDX) File Format". Integers are little-endian, GUIDs in Microsoft byte order,
checksums CRC-32C (Castagnoli) over the structure with the checksum field zeroed.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from functools import lru_cache

from lab.disks.model import KIBIBYTE, MEBIBYTE, DiskError, Hresult

FILE_SIGNATURE = b"vhdxfile"  # [MS-VHDX] 2.2.1
HEADER_OFFSETS = (64 * KIBIBYTE, 128 * KIBIBYTE)  # 2.2
HEADER_BYTES = 4 * KIBIBYTE
REGION_TABLE_OFFSETS = (192 * KIBIBYTE, 256 * KIBIBYTE)
REGION_TABLE_BYTES = 64 * KIBIBYTE
METADATA_TABLE_BYTES = 64 * KIBIBYTE
LARGEST_SIZE_BYTES = 64 << 40

NO_GUID = uuid.UUID(int=0)
BAT_REGION = uuid.UUID("2DC27766-F623-4200-9D64-115E9BFD4A08")  # 2.2.3.2
METADATA_REGION = uuid.UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E")
FILE_PARAMETERS = uuid.UUID("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")  # 2.6.2.1
VIRTUAL_DISK_SIZE = uuid.UUID("2FA54224-CD1B-4876-B211-5DBED83BF4B8")  # 2.6.2.2
VIRTUAL_DISK_ID = uuid.UUID("BECA12AB-B2E6-4523-93EF-C309E000C746")  # 2.6.2.3
LOGICAL_SECTOR_SIZE = uuid.UUID("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")  # 2.6.2.4
PHYSICAL_SECTOR_SIZE = uuid.UUID("CDA348C7-445D-4471-9CC9-E9885251C556")  # 2.6.2.5
PARENT_LOCATOR = uuid.UUID("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C")  # 2.6.2.6
VHDX_PARENT_LOCATOR_TYPE = uuid.UUID("B04AEFB7-D19E-4A81-B789-25B8E9445913")

ITEM_IS_VIRTUAL_DISK = 2  # 2.6.1.2
ITEM_IS_REQUIRED = 4
LEAVE_BLOCKS_ALLOCATED = 1  # 2.6.2.1
HAS_PARENT = 2

BLOCK_NOT_PRESENT = 0  # 2.5.1.1
BLOCK_FULLY_PRESENT = 6
BLOCK_PARTIALLY_PRESENT = 7
BITMAP_PRESENT = 6  # 2.5.1.2
ENTRY_STATE_MASK = 7
ENTRY_OFFSET_MASK = 0xFFFFFFFFFFF00000

_HEADER = struct.Struct("<4sIQ16s16s16sHHIQ")
_REGION_HEADER = struct.Struct("<4sIII")
_REGION_ENTRY = struct.Struct("<16sQII")
_METADATA_HEADER = struct.Struct("<8sHH20x")
_METADATA_ENTRY = struct.Struct("<16sIII4x")
_LOCATOR_HEADER = struct.Struct("<16sHH")
_LOCATOR_ENTRY = struct.Struct("<IIHH")


def _crc_table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return tuple(table)


_CRC_TABLE = _crc_table()


@lru_cache(maxsize=64)  # region tables are 64 KiB and the same in file after file
def crc32c(data: bytes) -> int:
    """CRC-32C; about 6 ms for 64 KiB: good for structures, not for contents."""
    crc = 0xFFFFFFFF
    table = _CRC_TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _sealed(data: bytes) -> bytes:
    """The structure with its checksum, which stands at offset 4 in all of them."""
    return data[:4] + struct.pack("<I", crc32c(data)) + data[8:]


def _is_sound(data: bytes, signature: bytes) -> bool:
    return data[:4] == signature and crc32c(data[:4] + bytes(4) + data[8:]) == struct.unpack_from("<I", data, 4)[0]


@dataclass(frozen=True)
class Header:
    """[MS-VHDX] 2.2.2: which state of the file counts, and whether a log must be replayed first."""

    sequence_number: int
    file_write_guid: uuid.UUID
    data_write_guid: uuid.UUID
    log_guid: uuid.UUID
    log_version: int
    version: int
    log_bytes: int
    log_offset: int

    def pack(self) -> bytes:
        """Shape: 4096 bytes with checksum."""
        guids = (self.file_write_guid.bytes_le, self.data_write_guid.bytes_le, self.log_guid.bytes_le)
        log = (self.log_version, self.version, self.log_bytes, self.log_offset)
        return _sealed(_HEADER.pack(b"head", 0, self.sequence_number, *guids, *log).ljust(HEADER_BYTES, b"\0"))


def parse_header(data: bytes) -> Header | None:
    """None when it is damaged: the other one counts then."""
    if not _is_sound(data, b"head"):
        return None
    _, _, sequence, file_write, data_write, log, log_version, version, log_bytes, log_offset = _HEADER.unpack_from(data)
    guids = (uuid.UUID(bytes_le=file_write), uuid.UUID(bytes_le=data_write), uuid.UUID(bytes_le=log))
    return Header(sequence, *guids, log_version, version, log_bytes, log_offset)


@dataclass(frozen=True)
class Region:
    """Where a region lies in the file."""

    offset: int
    length: int


def pack_region_table(regions: dict[uuid.UUID, Region]) -> bytes:
    """Shape: 64 KiB with checksum ([MS-VHDX] 2.2.3)."""
    entries = b"".join(
        _REGION_ENTRY.pack(guid.bytes_le, region.offset, region.length, 1) for guid, region in regions.items()
    )
    head = _REGION_HEADER.pack(b"regi", 0, len(regions), 0)
    return _sealed((head + entries).ljust(REGION_TABLE_BYTES, b"\0"))


def parse_region_table(data: bytes) -> dict[uuid.UUID, Region] | None:
    """None when it is damaged; raises DiskError 0xC03A0005 for a required region nobody here knows."""
    if not _is_sound(data, b"regi"):
        return None
    count = _REGION_HEADER.unpack_from(data)[2]
    regions = {}
    for number in range(min(count, 2047)):
        guid_bytes, offset, length, required = _REGION_ENTRY.unpack_from(data, 16 + 32 * number)
        guid = uuid.UUID(bytes_le=guid_bytes)
        if guid not in (BAT_REGION, METADATA_REGION) and required & 1:
            raise DiskError(Hresult.FORMAT_UNSUPPORTED_VERSION, f"the required region {guid} is not known")
        regions[guid] = Region(offset, length)
    return regions


@dataclass(frozen=True)
class MetadataItem:
    """One entry of the metadata table; the offset counts from the start of the metadata region."""

    guid: uuid.UUID
    offset: int
    length: int
    flags: int
    entry_offset: int  # of the table's entry, from the start of the region

    def pack_entry(self) -> bytes:
        """Shape: 32 bytes ([MS-VHDX] 2.6.1.2)."""
        return _METADATA_ENTRY.pack(self.guid.bytes_le, self.offset, self.length, self.flags)


def pack_metadata(items: list[tuple[uuid.UUID, int, bytes]]) -> bytes:
    """The used start of a metadata region: table, then each item (GUID, flags, bytes) in 64 KiB + n x 4 KiB."""
    table = _METADATA_HEADER.pack(b"metadata", 0, len(items))
    contents = b""
    for guid, flags, data in items:
        entry = MetadataItem(guid, METADATA_TABLE_BYTES + len(contents), len(data), flags, len(table))
        table += entry.pack_entry()
        contents += data.ljust(-(-len(data) // 4096) * 4096, b"\0")
    return table.ljust(METADATA_TABLE_BYTES, b"\0") + contents


def parse_metadata_table(data: bytes) -> dict[uuid.UUID, MetadataItem]:
    """Raises DiskError 0xC03A0010 for a damaged table, 0xC03A0005 for a required item nobody here knows."""
    signature, _, count = _METADATA_HEADER.unpack_from(data)
    if signature != b"metadata" or count > 2047:
        raise DiskError(Hresult.METADATA_READ_FAILURE, "the VHDX metadata table is damaged")
    known = {FILE_PARAMETERS, VIRTUAL_DISK_SIZE, VIRTUAL_DISK_ID, LOGICAL_SECTOR_SIZE}
    known |= {PHYSICAL_SECTOR_SIZE, PARENT_LOCATOR}
    items = {}
    for number in range(count):
        at = 32 + 32 * number
        guid_bytes, offset, length, flags = _METADATA_ENTRY.unpack_from(data, at)
        guid = uuid.UUID(bytes_le=guid_bytes)
        if guid not in known and flags & ITEM_IS_REQUIRED:
            raise DiskError(Hresult.FORMAT_UNSUPPORTED_VERSION, f"the required metadata {guid} is not known")
        items[guid] = MetadataItem(guid, offset, length, flags, at)
    return items


def pack_parent_locator(entries: dict[str, str]) -> bytes:
    """[MS-VHDX] 2.6.2.6: keys and values in UTF-16LE behind a table of their places."""
    head = _LOCATOR_HEADER.pack(VHDX_PARENT_LOCATOR_TYPE.bytes_le, 0, len(entries))
    text_offset = len(head) + _LOCATOR_ENTRY.size * len(entries)
    table, texts = b"", b""
    for key, value in entries.items():
        key_text, value_text = key.encode("utf-16-le"), value.encode("utf-16-le")
        at = text_offset + len(texts)
        table += _LOCATOR_ENTRY.pack(at, at + len(key_text), len(key_text), len(value_text))
        texts += key_text + value_text
    return head + table + texts


def parse_parent_locator(data: bytes) -> dict[str, str]:
    """Raises DiskError 0xC03A0010 when it is damaged or of another type."""
    try:
        kind, _, count = _LOCATOR_HEADER.unpack_from(data)
        if uuid.UUID(bytes_le=kind) != VHDX_PARENT_LOCATOR_TYPE:
            raise DiskError(Hresult.METADATA_READ_FAILURE, "the parent locator's type is not known")
        entries = {}
        for number in range(count):
            key_at, value_at, key_bytes, value_bytes = _LOCATOR_ENTRY.unpack_from(data, 20 + 12 * number)
            key = data[key_at : key_at + key_bytes].decode("utf-16-le")
            entries[key] = data[value_at : value_at + value_bytes].decode("utf-16-le")
        return entries
    except (struct.error, UnicodeDecodeError) as error:
        raise DiskError(Hresult.METADATA_READ_FAILURE, "the parent locator is damaged") from error


def chunk_ratio(block_bytes: int, sector_bytes: int) -> int:
    """Payload blocks that share one sector bitmap block ([MS-VHDX] 2.5)."""
    return (1 << 23) * sector_bytes // block_bytes


def table_entries(size_bytes: int, block_bytes: int, sector_bytes: int, *, has_parent: bool) -> int:
    """Entries of the block allocation table; with a parent all chunks are complete ([MS-VHDX] 2.5)."""
    ratio = chunk_ratio(block_bytes, sector_bytes)
    blocks = -(-size_bytes // block_bytes)
    if has_parent:
        return -(-blocks // ratio) * (ratio + 1)
    return blocks + (blocks - 1) // ratio


def check_block_bytes(block_bytes: int) -> None:
    """Raises DiskError 0xC03A000B unless it is 1 to 256 MiB and a power of two ([MS-VHDX] 2.6.2.1)."""
    if not MEBIBYTE <= block_bytes <= 256 * MEBIBYTE or block_bytes & (block_bytes - 1):
        raise DiskError(Hresult.INVALID_BLOCK_SIZE, f"block size {block_bytes} is no power of two from 1 to 256 MiB")


def locator_paths(windows_path: str, relative_path: str | None) -> dict[str, str]:
    """The parent locator's entries for where the parent is; the relative path is tried first."""
    relative = {} if relative_path is None else {"relative_path": relative_path}
    return {**relative, "absolute_win32_path": windows_path}
