"""One file of a chain, seen as blocks: where each sector of the virtual disk lies, and how sectors are written.

Trouble: two formats and three kinds of disk must behave alike in a chain, and a file must stay right when
its writer is killed between any two system calls. Answer: a layer maps ranges of the virtual disk to
extents (in this file, zero, or in the parent) and writes one block at a time in one order: data, then
sector bitmap, then the table that makes the block visible. What is not yet reachable from the table is only
lost space. Writes survive the death of the process; they are not journalled, so a power cut of the machine
itself is not covered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lab.disks.host_file import Buffer, HostFile
from lab.disks.model import DiskInfo, DiskKind
from lab.disks.sector_bitmap import BitOrder, sector_runs, set_sectors

ZERO = -1  # the sectors read as zero
PARENT = -2  # the sectors are the parent's

Extent = tuple[int, int, int]  # offset in the virtual disk, length, and file offset or ZERO or PARENT
Segment = tuple[int, Buffer]  # offset inside a block, and the bytes to write there


class Layer(ABC):
    """A file of a chain; only whole sectors are asked for and written."""

    def __init__(self, file: HostFile, info: DiskInfo) -> None:
        self.file = file
        self.path: Path = file.path
        self._info = info
        self.size_bytes = info.size_bytes
        self.sector_bytes = info.logical_sector_bytes
        self.is_differencing = info.kind is DiskKind.DIFFERENCING
        self.block_bytes = info.block_bytes  # unit of `write_block`

    @property
    def info(self) -> DiskInfo:
        """The facts of the file as they are now."""
        return replace(self._info, file_bytes=self.file.size_bytes(), content_identity=self.content_identity())

    @abstractmethod
    def content_identity(self) -> str:
        """As in DiskInfo."""

    @abstractmethod
    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Where the range lies, in order and without gaps."""

    @abstractmethod
    def present_ranges(self) -> Iterator[tuple[int, int]]:
        """(offset, length) of the blocks that hide the parent, wholly or in part."""

    @abstractmethod
    def growth_bytes(self, blocks: Iterable[int]) -> int:
        """By how much the file grows when all these blocks are written."""

    @abstractmethod
    def write_block(self, block: int, segments: Sequence[Segment]) -> None:
        """Write sectors of one block. The segments are in order and do not overlap."""

    @abstractmethod
    def is_linked_to(self, parent: Layer) -> None:
        """Raise DiskError 0xC03A000E, F or 17 unless `parent` is the very parent this disk was made on."""

    @abstractmethod
    def set_parent_paths(self, windows_path: str, relative_path: str | None) -> None:
        """Replace the parent locator, in one atomic step; the identity of the parent stays."""

    def begin_writing(self, *, contents_change: bool) -> None:  # noqa: B027  (a VHD has no such note)
        """Before the first write since opening: note in the file that it is going to change."""

    def begin_merge_into_parent(self) -> None:  # noqa: B027  (a VHDX needs nothing)
        """This child is going to be merged: make its link to the parent survive the writes to the parent."""

    @abstractmethod
    def is_merged_into(self, parent: Layer) -> bool:
        """The parent has the identity of this child's contents: a merge of this child copied everything."""

    @abstractmethod
    def complete_merge_into(self, parent: Layer) -> None:
        """Give the parent that identity; does nothing where it was done before."""

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


class SparseLayer(Layer):
    """Dynamic and differencing disks: blocks appended to the file as they are first written."""

    bit_order: BitOrder

    def __init__(self, file: HostFile, info: DiskInfo) -> None:
        super().__init__(file, info)
        self._bitmaps: dict[int, bytearray] = {}
        self._block_sectors = self.block_bytes // self.sector_bytes

    @abstractmethod
    def _data_offset(self, block: int) -> int:
        """File offset of the block's data, ZERO or PARENT."""

    @abstractmethod
    def _has_absent_sectors(self, block: int) -> bool:
        """The block lies in the file, but some of its sectors may be the parent's."""

    @abstractmethod
    def _keeps_bitmap(self, block: int) -> bool:
        """Writing to the block, which lies in the file, must keep its sector bitmap up to date."""

    @abstractmethod
    def _bitmap_offset(self, block: int) -> int:
        """File offset of the bits of a block that lies in the file."""

    @abstractmethod
    def _write_new_block(self, block: int, segments: Sequence[Segment]) -> None:
        """Append the block with these segments and make it visible last."""

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        end = offset + length
        while offset < end:
            block, within = divmod(offset, self.block_bytes)
            size = min(self.block_bytes - within, end - offset)
            where = self._data_offset(block)
            if where < 0:
                yield offset, size, where
            elif not self._has_absent_sectors(block):
                yield offset, size, where + within
            else:
                yield from self._extents_by_bitmap(block, where, offset, size)
            offset += size

    def present_ranges(self) -> Iterator[tuple[int, int]]:
        for block in range(-(-self.size_bytes // self.block_bytes)):
            if self._data_offset(block) != PARENT:
                offset = block * self.block_bytes
                yield offset, min(self.block_bytes, self.size_bytes - offset)

    def _extents_by_bitmap(self, block: int, where: int, offset: int, size: int) -> Iterator[Extent]:
        sector = self.sector_bytes
        start = block * self.block_bytes
        first = (offset - start) // sector
        for begin, count, present in sector_runs(self._bitmap(block), first, size // sector, order=self.bit_order):
            within = begin * sector
            yield start + within, count * sector, where + within if present else PARENT

    def write_block(self, block: int, segments: Sequence[Segment]) -> None:
        where = self._data_offset(block)
        if where < 0:
            self._write_new_block(block, segments)
            return
        for within, data in segments:
            self.file.write_at(where + within, data)
        if self._keeps_bitmap(block):
            self._mark_present(block, segments)

    def _mark_present(self, block: int, segments: Sequence[Segment]) -> None:
        """Set the bits in memory and write the changed bytes; the data is in the file already."""
        bitmap = self._bitmap(block)
        changed = self._set_bits(bitmap, segments)
        if changed is None:
            return
        low, high = changed
        try:
            self.file.write_at(self._bitmap_offset(block) + low, bitmap[low:high])
        except OSError:
            del self._bitmaps[block]  # the memory must not claim what the file does not hold
            raise

    def _set_bits(self, bitmap: bytearray, segments: Sequence[Segment]) -> tuple[int, int] | None:
        sector = self.sector_bytes
        low, high = len(bitmap), 0
        for within, data in segments:
            changed = set_sectors(bitmap, within // sector, len(data) // sector, order=self.bit_order)
            if changed is not None:
                low, high = min(low, changed[0]), max(high, changed[1])
        return (low, high) if low < high else None

    def _bitmap(self, block: int) -> bytearray:
        bitmap = self._bitmaps.get(block)
        if bitmap is None:
            bitmap = bytearray(self.file.read_at(self._bitmap_offset(block), (self._block_sectors + 7) // 8))
            self._bitmaps[block] = bitmap
        return bitmap


def round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def read_extent(layer: Layer, extent: Extent) -> Buffer:
    """The bytes of an extent that is not the parent's."""
    _, length, where = extent
    return bytes(length) if where == ZERO else layer.file.read_at(where, length)
