"""The part of a VHDX file that is not the disk: which header counts, where the regions are, what the metadata says.

Trouble: a VHDX is updated in place while it may be killed, so each structure exists twice or is replaced by
one small write. Answer: a new header goes over the older one of two; a new parent locator goes into free
space of the metadata region and becomes valid with the 32 bytes of its table entry.

A file whose log holds unreplayed updates (non-zero LogGuid, [MS-VHDX] 2.2.2) was not closed by its last
writer; it is refused, because its tables cannot be believed before the replay.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import replace

from lab.disks.host_file import HostFile
from lab.disks.model import MEBIBYTE, DiskError, DiskFormat, DiskInfo, DiskKind, Hresult
from lab.disks.vhdx_structures import (
    BAT_REGION,
    FILE_PARAMETERS,
    FILE_SIGNATURE,
    HAS_PARENT,
    HEADER_BYTES,
    HEADER_OFFSETS,
    LARGEST_SIZE_BYTES,
    LEAVE_BLOCKS_ALLOCATED,
    LOGICAL_SECTOR_SIZE,
    METADATA_REGION,
    METADATA_TABLE_BYTES,
    NO_GUID,
    PARENT_LOCATOR,
    PHYSICAL_SECTOR_SIZE,
    REGION_TABLE_BYTES,
    REGION_TABLE_OFFSETS,
    VIRTUAL_DISK_ID,
    VIRTUAL_DISK_SIZE,
    Header,
    MetadataItem,
    Region,
    check_block_bytes,
    pack_parent_locator,
    parse_header,
    parse_metadata_table,
    parse_parent_locator,
    parse_region_table,
)

_SLOT_BYTES = 64 * 1024  # where a new parent locator may start in the metadata region


class VhdxContainer:
    """Headers, regions and metadata of one open file."""

    def __init__(self, file: HostFile) -> None:
        """Raises DiskError 0xC03A0004, 5, B, 10 or 1C with the file's name."""
        self._file = file
        try:
            if file.read_at(0, len(FILE_SIGNATURE)) != FILE_SIGNATURE:
                raise DiskError(Hresult.FORMAT_UNKNOWN, "this is no VHDX file")
            self.header = self._read_headers()
            self._regions = self._read_regions()
            self._read_metadata()
        except DiskError as error:
            raise DiskError(error.hresult, f"{file.path}: {error.message}") from error

    def _read_headers(self) -> Header:
        found = [parse_header(self._file.read_at(offset, HEADER_BYTES)) for offset in HEADER_OFFSETS]
        sound = [header for header in found if header is not None]
        if not sound:
            raise DiskError(Hresult.METADATA_READ_FAILURE, "both VHDX headers are damaged")
        current = max(sound, key=lambda header: header.sequence_number)
        self._current_slot = found.index(current)
        if current.version != 1:
            raise DiskError(Hresult.FORMAT_UNSUPPORTED_VERSION, f"VHDX version {current.version} is not known")
        if current.log_guid != NO_GUID:
            raise DiskError(
                Hresult.INVALID_STATE,
                "its log must be replayed: the file was not closed by its last writer. Attach and detach it once "
                "on Windows (Mount-VHD, Dismount-VHD), or convert it, and try again; it was left as it is.",
            )
        return current

    def _read_regions(self) -> dict[uuid.UUID, Region]:
        for offset in REGION_TABLE_OFFSETS:
            regions = parse_region_table(self._file.read_at(offset, REGION_TABLE_BYTES))
            if regions is not None and {BAT_REGION, METADATA_REGION} <= regions.keys():
                return regions
        raise DiskError(Hresult.METADATA_READ_FAILURE, "both VHDX region tables are damaged")

    def places(self) -> list[Region]:
        """Where the regions and the log lie: no block may."""
        return [*self._regions.values(), Region(self.header.log_offset, self.header.log_bytes)]

    @property
    def table_region(self) -> Region:
        return self._regions[BAT_REGION]

    def _read_metadata(self) -> None:
        region = self._regions[METADATA_REGION]
        self._items = parse_metadata_table(self._file.read_at(region.offset, METADATA_TABLE_BYTES))
        self.block_bytes, flags = struct.unpack("<II", self._item(FILE_PARAMETERS, 8))
        check_block_bytes(self.block_bytes)
        self.is_fixed = bool(flags & LEAVE_BLOCKS_ALLOCATED)
        self.has_parent = bool(flags & HAS_PARENT)
        (self.size_bytes,) = struct.unpack("<Q", self._item(VIRTUAL_DISK_SIZE, 8))
        (self.sector_bytes,) = struct.unpack("<I", self._item(LOGICAL_SECTOR_SIZE, 4))
        (self.physical_sector_bytes,) = struct.unpack("<I", self._item(PHYSICAL_SECTOR_SIZE, 4))
        self.disk_id = uuid.UUID(bytes_le=self._item(VIRTUAL_DISK_ID, 16))
        if self.sector_bytes not in (512, 4096):
            raise DiskError(Hresult.UNSUPPORTED_SECTOR_SIZE, f"logical sector size {self.sector_bytes}")
        if not 0 < self.size_bytes <= LARGEST_SIZE_BYTES or self.size_bytes % self.sector_bytes:
            raise DiskError(Hresult.INVALID_SIZE, f"virtual size {self.size_bytes} is not in whole sectors")
        self.locator = parse_parent_locator(self._item(PARENT_LOCATOR)) if self.has_parent else {}
        self.parent_linkages = self._read_linkages() if self.has_parent else set()

    def _read_linkages(self) -> set[uuid.UUID]:
        """The DataWriteGuids the parent may have ([MS-VHDX] 2.6.2.6.3: parent_linkage, parent_linkage2)."""
        texts = (self.locator.get(key) for key in ("parent_linkage", "parent_linkage2"))
        try:
            linkages = {uuid.UUID(text) for text in texts if text}
        except ValueError as error:
            raise DiskError(Hresult.METADATA_READ_FAILURE, f"the parent linkage is no GUID: {error}") from error
        if not linkages:
            raise DiskError(Hresult.METADATA_READ_FAILURE, "the parent locator does not say which parent it means")
        return linkages

    def _item(self, guid: uuid.UUID, length: int | None = None) -> bytes:
        item = self._items.get(guid)
        if item is None or item.length > MEBIBYTE or (length is not None and item.length != length):
            raise DiskError(Hresult.METADATA_READ_FAILURE, f"the metadata item {guid} is missing or damaged")
        return self._file.read_at(self._regions[METADATA_REGION].offset + item.offset, item.length)

    def write_header(self, *, data_write_guid: uuid.UUID) -> None:
        """A new FileWriteGuid, and this DataWriteGuid, in one write over the older header."""
        header = replace(
            self.header,
            sequence_number=self.header.sequence_number + 1,
            file_write_guid=uuid.uuid4(),
            data_write_guid=data_write_guid,
        )
        slot = 1 - self._current_slot
        self._file.write_at(HEADER_OFFSETS[slot], header.pack())
        self._current_slot, self.header = slot, header

    def write_locator(self, locator: dict[str, str]) -> None:
        """Replace the parent locator: text into free space first, then the entry that points to it."""
        data = pack_parent_locator(locator)
        region = self._regions[METADATA_REGION]
        old = self._items[PARENT_LOCATOR]
        new = replace(old, offset=self._free_space(len(data), region.length), length=len(data))
        self._file.write_at(region.offset + new.offset, data)
        self._file.write_at(region.offset + new.entry_offset, new.pack_entry())
        self._items[PARENT_LOCATOR], self.locator = new, locator

    def _free_space(self, length: int, region_bytes: int) -> int:
        for offset in range(METADATA_TABLE_BYTES, region_bytes - length + 1, _SLOT_BYTES):
            if not any(_overlaps(item, offset, length) for item in self._items.values()):
                return offset
        raise DiskError(
            Hresult.METADATA_READ_FAILURE, f"{self._file.path}: no space for a parent locator of {length} bytes"
        )

    def info(self) -> DiskInfo:
        """What the file says about itself."""
        fixed_or_dynamic = DiskKind.FIXED if self.is_fixed else DiskKind.DYNAMIC
        return DiskInfo(
            path=self._file.path,
            format=DiskFormat.VHDX,
            kind=DiskKind.DIFFERENCING if self.has_parent else fixed_or_dynamic,
            size_bytes=self.size_bytes,
            file_bytes=self._file.size_bytes(),
            block_bytes=self.block_bytes,
            logical_sector_bytes=self.sector_bytes,
            physical_sector_bytes=self.physical_sector_bytes,
            parent_windows_path=self.locator.get("absolute_win32_path"),
            parent_relative_path=self.locator.get("relative_path"),
            disk_identifier=str(self.disk_id).upper(),
            content_identity=str(self.header.data_write_guid),
            parent_identity=self.locator.get("parent_linkage", "").strip("{}").lower() or None,
        )


def _overlaps(item: MetadataItem, offset: int, length: int) -> bool:
    return item.offset < offset + length and offset < item.offset + item.length
