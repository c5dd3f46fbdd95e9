"""VHDX (version 2) files: fixed, dynamic and differencing.

Trouble: a parent that was written after its child was made shows garbage through the child. Answer: the
first write after opening gives the file a new DataWriteGuid before any data changes, and a child names its
parent by that GUID ([MS-VHDX] 2.2.2 and 2.6.2.6.3). Windows journals its table updates in the log; this
writer keeps the log empty and orders its writes instead: data, sector bitmap, table entry.
"""

from __future__ import annotations

import struct
import sys
import uuid
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.disks.allocation import check_places
from lab.disks.host_file import HostFile
from lab.disks.layer import PARENT, ZERO, Layer, Segment, SparseLayer, round_up
from lab.disks.model import MEBIBYTE, DiskError, Hresult
from lab.disks.vhdx_container import VhdxContainer
from lab.disks.vhdx_structures import (
    BITMAP_PRESENT,
    BLOCK_FULLY_PRESENT,
    BLOCK_NOT_PRESENT,
    BLOCK_PARTIALLY_PRESENT,
    ENTRY_OFFSET_MASK,
    ENTRY_STATE_MASK,
    chunk_ratio,
    locator_paths,
    table_entries,
)


class VhdxLayer(SparseLayer):
    """All kinds of VHDX: a fixed disk is one whose blocks are all present from the start."""

    bit_order = "little"

    def __init__(self, file: HostFile, container: VhdxContainer) -> None:
        super().__init__(file, container.info())
        self.container = container
        self._ratio = chunk_ratio(self.block_bytes, self.sector_bytes)
        self._bitmap_bytes = self._block_sectors // 8
        self._absent = PARENT if self.is_differencing else ZERO
        self._table_offset = container.table_region.offset
        self._data_end = round_up(file.size_bytes(), MEBIBYTE)
        self._table = self._read_table()
        self._noted_change = False
        self._noted_contents_change = False

    def content_identity(self) -> str:
        return str(self.container.header.data_write_guid)

    def _read_table(self) -> array[int]:
        count = table_entries(self.size_bytes, self.block_bytes, self.sector_bytes, has_parent=self.is_differencing)
        if 8 * count > self.container.table_region.length:
            raise DiskError(
                Hresult.BLOCK_ALLOCATION_TABLE_CORRUPT, f"{self.path}: the table is too short for {count} entries"
            )
        table = array("Q", self.file.read_at(self._table_offset, 8 * count))
        if sys.byteorder == "big":
            table.byteswap()
        self._check_table(np.frombuffer(table, dtype=np.uint64))
        return table

    def _check_table(self, table: npt.NDArray[np.uint64]) -> None:
        """[MS-VHDX] 2.5: after each chunk of payload entries comes the entry of its sector bitmap."""
        numbers = np.arange(len(table))
        chunks, in_chunk = np.divmod(numbers, self._ratio + 1)
        states = table & np.uint64(ENTRY_STATE_MASK)
        is_bitmap = in_chunk == self._ratio
        is_partial = ~is_bitmap & (states == BLOCK_PARTIALLY_PRESENT)
        if is_partial.any():
            bitmaps = (chunks[is_partial] + 1) * (self._ratio + 1) - 1
            if not self.is_differencing or (states[bitmaps] != BITMAP_PRESENT).any():
                raise DiskError(
                    Hresult.BLOCK_ALLOCATION_TABLE_CORRUPT,
                    f"{self.path}: a block is partly the parent's, but there is no parent or no sector bitmap",
                )
        is_placed = is_partial | (states == BLOCK_FULLY_PRESENT)
        payload = np.minimum(self.block_bytes, self.size_bytes - (numbers - chunks) * self.block_bytes)
        check_places(
            self.path,
            offsets=(table & np.uint64(ENTRY_OFFSET_MASK)).astype(np.int64)[is_placed],
            lengths=np.where(is_bitmap, MEBIBYTE, payload)[is_placed],
            fixed_places=[(0, MEBIBYTE), *((place.offset, place.length) for place in self.container.places())],
            file_bytes=self.file.size_bytes(),
        )

    def _data_offset(self, block: int) -> int:
        entry = self._table[block + block // self._ratio]
        state = entry & ENTRY_STATE_MASK
        if state >= BLOCK_FULLY_PRESENT:
            return entry & ENTRY_OFFSET_MASK
        # undefined, zero and unmapped blocks hide the parent: [MS-VHDX] 2.5.1.1
        return self._absent if state == BLOCK_NOT_PRESENT else ZERO

    def _has_absent_sectors(self, block: int) -> bool:
        return self._table[block + block // self._ratio] & ENTRY_STATE_MASK == BLOCK_PARTIALLY_PRESENT

    def _keeps_bitmap(self, block: int) -> bool:
        return self._has_absent_sectors(block)

    def _bitmap_entry(self, block: int) -> int:
        chunk = block // self._ratio
        return (chunk + 1) * self._ratio + chunk

    def _bitmap_offset(self, block: int) -> int:
        entry = self._table[self._bitmap_entry(block)]
        return (entry & ENTRY_OFFSET_MASK) + block % self._ratio * self._bitmap_bytes

    def growth_bytes(self, blocks: Iterable[int]) -> int:
        end = self._data_end
        chunks = set()
        for block in blocks:
            where = self._data_offset(block)
            if where < 0:
                end += self.block_bytes
                entry = self._bitmap_entry(block)
                if where == PARENT and self._table[entry] & ENTRY_STATE_MASK != BITMAP_PRESENT:
                    chunks.add(entry)
        end += len(chunks) * MEBIBYTE
        return 0 if end == self._data_end else end - self.file.size_bytes()

    def _write_new_block(self, block: int, segments: Sequence[Segment]) -> None:
        is_partial = self._data_offset(block) == PARENT and len(segments[0][1]) < self.block_bytes
        if is_partial and self._table[self._bitmap_entry(block)] & ENTRY_STATE_MASK != BITMAP_PRESENT:
            self._write_entry(self._bitmap_entry(block), self._append(MEBIBYTE) | BITMAP_PRESENT)
        start = self._append(self.block_bytes)
        for within, data in segments:
            self.file.write_at(start + within, data)
        if is_partial:
            # The whole slice: a writer that was killed before its table entry may have left bits here.
            bitmap = bytearray(self._bitmap_bytes)
            self._set_bits(bitmap, segments)
            self.file.write_at(self._bitmap_offset(block), bitmap)
            self._bitmaps[block] = bitmap
        state = BLOCK_PARTIALLY_PRESENT if is_partial else BLOCK_FULLY_PRESENT
        self._write_entry(block + block // self._ratio, start | state)

    def _append(self, length: int) -> int:
        """Zeros at the end of the file; a place is used once, so a failed write leaves nothing behind."""
        start = self._data_end
        self.file.extend_to(start + length)
        self._data_end = start + length
        return start

    def _write_entry(self, number: int, entry: int) -> None:
        self.file.write_at(self._table_offset + 8 * number, struct.pack("<Q", entry))
        self._table[number] = entry

    def begin_writing(self, *, contents_change: bool) -> None:
        """New FileWriteGuid, and for other contents a new DataWriteGuid, once per opening."""
        if self._noted_contents_change or (self._noted_change and not contents_change):
            return
        guid = uuid.uuid4() if contents_change else self.container.header.data_write_guid
        self.container.write_header(data_write_guid=guid)
        self._noted_change, self._noted_contents_change = True, contents_change

    def is_linked_to(self, parent: Layer) -> None:
        """DataWriteGuid, size and sector size of the parent ([MS-VHDX] 2.6.2.6.3)."""
        linkages = self.container.parent_linkages
        found = parent.container.header.data_write_guid if isinstance(parent, VhdxLayer) else None
        if found not in linkages:
            wanted = " or ".join(sorted(map(str, linkages)))
            raise DiskError(
                Hresult.CHILD_PARENT_ID_MISMATCH,
                f"{self.path} was made on contents {wanted}; {parent.path} holds {found or 'no VHDX'}: "
                "another disk, or changed since",
            )
        if parent.size_bytes != self.size_bytes:
            raise DiskError(
                Hresult.CHILD_PARENT_SIZE_MISMATCH,
                f"{self.path} has {self.size_bytes} bytes, its parent {parent.path} has {parent.size_bytes}",
            )
        if parent.sector_bytes != self.sector_bytes:
            raise DiskError(
                Hresult.UNSUPPORTED_SECTOR_SIZE, f"{self.path} and {parent.path} have different sector sizes"
            )

    def set_parent_paths(self, windows_path: str, relative_path: str | None) -> None:
        self.begin_writing(contents_change=False)
        linkage = {key: text for key, text in self.container.locator.items() if key.startswith("parent_linkage")}
        self.container.write_locator({**linkage, **locator_paths(windows_path, relative_path)})

    def is_merged_into(self, parent: Layer) -> bool:
        return isinstance(parent, VhdxLayer) and parent.content_identity() == self.content_identity()

    def complete_merge_into(self, parent: Layer) -> None:
        """The parent now holds the child's contents, so it takes the child's DataWriteGuid."""
        assert isinstance(parent, VhdxLayer)
        if not self.is_merged_into(parent):
            parent.container.write_header(data_write_guid=self.container.header.data_write_guid)


def open_vhdx(path: Path, *, writable: bool, locked: bool = True) -> VhdxLayer:
    """Open one VHDX file; raises DiskError when it is damaged or its log is not empty."""
    file = HostFile(path, writable=writable, locked=locked)
    try:
        return VhdxLayer(file, VhdxContainer(file))
    except BaseException:
        file.close()
        raise
