"""Making VHDX files.

Trouble: making a file may be interrupted, and half a disk must not pass for an empty one. Answer: the signature,
without which no reader accepts the file, is written last.
"""

from __future__ import annotations

import struct
import uuid
from pathlib import Path

import numpy as np

from lab.disks.host_file import create_file
from lab.disks.layer import round_up
from lab.disks.model import MEBIBYTE, DiskError, DiskInfo, DiskKind, Hresult
from lab.disks.vhdx import VhdxLayer
from lab.disks.vhdx_structures import (
    BAT_REGION,
    BLOCK_FULLY_PRESENT,
    FILE_PARAMETERS,
    FILE_SIGNATURE,
    HAS_PARENT,
    HEADER_OFFSETS,
    ITEM_IS_REQUIRED,
    ITEM_IS_VIRTUAL_DISK,
    LARGEST_SIZE_BYTES,
    LEAVE_BLOCKS_ALLOCATED,
    LOGICAL_SECTOR_SIZE,
    METADATA_REGION,
    NO_GUID,
    PARENT_LOCATOR,
    PHYSICAL_SECTOR_SIZE,
    REGION_TABLE_OFFSETS,
    VIRTUAL_DISK_ID,
    VIRTUAL_DISK_SIZE,
    Header,
    Region,
    check_block_bytes,
    chunk_ratio,
    locator_paths,
    pack_metadata,
    pack_parent_locator,
    pack_region_table,
    table_entries,
)

_LOG = Region(MEBIBYTE, MEBIBYTE)
_METADATA = Region(2 * MEBIBYTE, MEBIBYTE)
_TABLE_OFFSET = 3 * MEBIBYTE
_PHYSICAL_SECTOR_BYTES = 4096  # what Hyper-V gives a new VHDX


def create_vhdx(path: Path, *, kind: DiskKind, size_bytes: int, block_bytes: int, sector_bytes: int) -> None:
    """Make a fixed or dynamic VHDX; raises DiskError 0xC03A0012, 0xC03A000B, 0xC03A001D or 0x80070050."""
    if sector_bytes not in (512, 4096):
        raise DiskError(
            Hresult.UNSUPPORTED_SECTOR_SIZE, f"{path} cannot be made: sectors of {sector_bytes} bytes do not exist"
        )
    if size_bytes <= 0 or size_bytes % sector_bytes or size_bytes > LARGEST_SIZE_BYTES:
        raise DiskError(
            Hresult.INVALID_SIZE,
            f"{path} cannot be made: a VHDX has one sector to 64 TiB in whole sectors, not {size_bytes} bytes",
        )
    check_block_bytes(block_bytes)
    flags = LEAVE_BLOCKS_ALLOCATED if kind is DiskKind.FIXED else 0
    sectors = (sector_bytes, _PHYSICAL_SECTOR_BYTES)
    items = _common_items(size_bytes, block_bytes, flags=flags, sectors=sectors, disk_id=uuid.uuid4())
    count = table_entries(size_bytes, block_bytes, sector_bytes, has_parent=False)
    payload = _TABLE_OFFSET + round_up(8 * count, MEBIBYTE)
    table = (
        _fixed_table(-(-size_bytes // block_bytes), block_bytes, sector_bytes, payload)
        if kind is DiskKind.FIXED
        else b""
    )
    end = payload + (round_up(size_bytes, block_bytes) if kind is DiskKind.FIXED else 0)
    _write_new_file(path, items, table=table, table_region=Region(_TABLE_OFFSET, payload - _TABLE_OFFSET), end=end)


def create_vhdx_child(path: Path, parent: VhdxLayer, *, windows_path: str, relative_path: str | None) -> None:
    """Make a differencing VHDX on an open parent; it is the same disk to the guest, so it keeps the disk's id."""
    info: DiskInfo = parent.info
    items = _common_items(
        info.size_bytes,
        info.block_bytes,
        flags=HAS_PARENT,
        sectors=(info.logical_sector_bytes, info.physical_sector_bytes),
        disk_id=parent.container.disk_id,
    )
    linkage = {"parent_linkage": f"{{{parent.container.header.data_write_guid}}}"}
    locator = pack_parent_locator({**linkage, **locator_paths(windows_path, relative_path)})
    items.append((PARENT_LOCATOR, ITEM_IS_REQUIRED, locator))
    count = table_entries(info.size_bytes, info.block_bytes, info.logical_sector_bytes, has_parent=True)
    table_region = Region(_TABLE_OFFSET, round_up(8 * count, MEBIBYTE))
    _write_new_file(path, items, table=b"", table_region=table_region, end=_TABLE_OFFSET + table_region.length)


def _common_items(
    size_bytes: int, block_bytes: int, *, flags: int, sectors: tuple[int, int], disk_id: uuid.UUID
) -> list[tuple[uuid.UUID, int, bytes]]:
    of_disk = ITEM_IS_REQUIRED | ITEM_IS_VIRTUAL_DISK
    return [
        (FILE_PARAMETERS, ITEM_IS_REQUIRED, struct.pack("<II", block_bytes, flags)),
        (VIRTUAL_DISK_SIZE, of_disk, struct.pack("<Q", size_bytes)),
        (VIRTUAL_DISK_ID, of_disk, disk_id.bytes_le),
        (LOGICAL_SECTOR_SIZE, of_disk, struct.pack("<I", sectors[0])),
        (PHYSICAL_SECTOR_SIZE, of_disk, struct.pack("<I", sectors[1])),
    ]


def _fixed_table(count: int, block_bytes: int, sector_bytes: int, payload_offset: int) -> bytes:
    """All blocks one after the other; the entries of sector bitmaps stay empty."""
    ratio = chunk_ratio(block_bytes, sector_bytes)
    blocks = np.arange(count)
    table = np.zeros(count + (count - 1) // ratio, dtype="<u8")
    table[blocks + blocks // ratio] = payload_offset + blocks * block_bytes | BLOCK_FULLY_PRESENT
    return table.tobytes()


def _write_new_file(
    path: Path, items: list[tuple[uuid.UUID, int, bytes]], *, table: bytes, table_region: Region, end: int
) -> None:
    """All structures, the file's signature last: a file whose making was interrupted is no VHDX."""
    regions = pack_region_table({BAT_REGION: table_region, METADATA_REGION: _METADATA})
    header = Header(0, uuid.uuid4(), uuid.uuid4(), NO_GUID, 0, 1, _LOG.length, _LOG.offset)
    with create_file(path) as file:
        try:
            file.extend_to(end)
            file.write_at(table_region.offset, table)
            file.write_at(_METADATA.offset, pack_metadata(items))
            for offset in REGION_TABLE_OFFSETS:
                file.write_at(offset, regions)
            file.write_at(HEADER_OFFSETS[0], header.pack())
            second = Header(
                1, *(header.file_write_guid, header.data_write_guid, NO_GUID), 0, 1, _LOG.length, _LOG.offset
            )
            file.write_at(HEADER_OFFSETS[1], second.pack())
            creator = "Quick Storage Migration lab".encode("utf-16-le")
            file.write_at(0, FILE_SIGNATURE + creator)
        except BaseException:
            path.unlink()
            raise
