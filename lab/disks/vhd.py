"""VHD (version 1) files: fixed, dynamic and differencing.

Trouble: a VHD has no journal, and its footer lies exactly where the next block goes, so that a careless
append leaves the old footer's bytes as stale bitmap bits. Answer: blocks start behind the old footer's
place or write over all of it, the new footer stands before the block becomes visible, and a reader that
finds no footer at the end uses the copy at the start of the file ("Virtual Hard Disk Image Format
Specification" 1.0, "Hard Disk Footer Format").

A child names its parent by unique id and by the modification time of the parent's file. The second is all
that tells an altered parent from the right one: copy a parent without its modification time and the chain is
refused. So a change of the link alone puts the file's time back. A process that is killed between the two
system calls leaves the contents whole, but a child of that file is refused for its time (0xC03A000F); the
format has no place to prevent it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import uuid
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.disks.allocation import check_places
from lab.disks.host_file import HostFile
from lab.disks.layer import PARENT, ZERO, Extent, Layer, Segment, SparseLayer, round_up
from lab.disks.model import MEBIBYTE, DiskError, DiskFormat, DiskInfo, DiskKind, Hresult
from lab.disks.vhd_structures import (
    ABSENT_BLOCK,
    ABSOLUTE_PATH_CODE,
    DYNAMIC_HEADER_BYTES,
    FOOTER_BYTES,
    RELATIVE_PATH_CODE,
    DynamicHeader,
    bitmap_bytes,
    last_name,
    pack_locators,
    parse_dynamic_header,
    parse_footer,
    seconds_since_2000,
    with_unique_id,
)

PAGE_BYTES = 4096  # data starts on this boundary, so that a guest's 4 KiB write never straddles two host pages
FIXED_STEP_BYTES = 2 * MEBIBYTE  # a fixed VHD has no blocks; this is the piece one write is made of


class VhdFooter:
    """The footer of one open file, wherever it was found."""

    def __init__(self, file: HostFile) -> None:
        """Raises DiskError 0xC03A0001 to 5 when neither end of the file has a sound footer."""
        self._file = file
        size = file.size_bytes()
        end = round_up(size, FOOTER_BYTES) - FOOTER_BYTES
        self.stands_at_end = False
        try:
            self.raw = file.read_at(end, min(FOOTER_BYTES, size - end)) if size else b""
            self.fields = parse_footer(self.raw)
            self.stands_at_end = True
        except DiskError as error:
            self.raw = file.read_at(0, min(FOOTER_BYTES, size))
            try:
                self.fields = parse_footer(self.raw)
            except DiskError:
                raise DiskError(error.hresult, f"{file.path}: {error.message}") from error
            if self.fields.kind is DiskKind.FIXED:
                raise DiskError(error.hresult, f"{file.path}: {error.message}") from error

    def write_unique_id(self, unique_id: uuid.UUID) -> None:
        """End of the file first: it is what a reader believes first."""
        self.raw = with_unique_id(self.raw, unique_id)
        self.fields = parse_footer(self.raw)
        if self.stands_at_end:
            self._file.write_at(self._file.size_bytes() - FOOTER_BYTES, self.raw)
        if self.fields.kind is not DiskKind.FIXED:
            self._file.write_at(0, self.raw)


class VhdLayer(Layer):
    """What fixed and sparse VHD files have in common: the footer and its identity."""

    footer: VhdFooter

    @property
    def unique_id(self) -> uuid.UUID:
        return self.footer.fields.unique_id

    def content_identity(self) -> str:
        return hashlib.sha256(self.footer.raw).hexdigest()

    def modification_stamp(self) -> int:
        return seconds_since_2000(os.fstat(self.file.fd).st_mtime)


class FixedVhd(VhdLayer):
    """The raw disk with a footer behind it."""

    def __init__(self, file: HostFile, info: DiskInfo, footer: VhdFooter) -> None:
        super().__init__(file, info)
        self.footer = footer
        self.block_bytes = FIXED_STEP_BYTES

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        yield offset, length, offset

    def present_ranges(self) -> Iterator[tuple[int, int]]:
        yield 0, self.size_bytes

    def growth_bytes(self, blocks: Iterable[int]) -> int:
        return 0

    def write_block(self, block: int, segments: Sequence[Segment]) -> None:
        for within, data in segments:
            self.file.write_at(block * self.block_bytes + within, data)

    def is_linked_to(self, parent: Layer) -> None:
        raise self._has_no_parent()

    def set_parent_paths(self, windows_path: str, relative_path: str | None) -> None:
        raise self._has_no_parent()

    def is_merged_into(self, parent: Layer) -> bool:
        raise self._has_no_parent()

    def complete_merge_into(self, parent: Layer) -> None:
        raise self._has_no_parent()

    def _has_no_parent(self) -> DiskError:
        return DiskError(Hresult.INVALID_TYPE, f"{self.path} is a fixed disk and has no parent")


class SparseVhd(SparseLayer, VhdLayer):
    """Dynamic and differencing: blocks with their sector bitmap in front, found through the block allocation table."""

    bit_order = "big"

    def __init__(self, file: HostFile, info: DiskInfo, footer: VhdFooter, header: DynamicHeader) -> None:
        super().__init__(file, info)
        self.footer = footer
        self._header = header
        self._bitmap_bytes = bitmap_bytes(header.block_bytes)
        self._absent = PARENT if self.is_differencing else ZERO
        self._data_end = round_up(file.size_bytes(), FOOTER_BYTES) - (FOOTER_BYTES if footer.stands_at_end else 0)
        self._table = self._read_table()

    def _read_table(self) -> array[int]:
        count = -(-self.size_bytes // self.block_bytes)
        if count > self._header.table_entries:
            raise DiskError(
                Hresult.BLOCK_ALLOCATION_TABLE_CORRUPT,
                f"{self.path}: {self._header.table_entries} table entries are too few for {count} blocks",
            )
        table = array("I", self.file.read_at(self._header.table_offset, 4 * count))
        if sys.byteorder == "little":
            table.byteswap()
        self._check_table(np.frombuffer(table, dtype=np.uint32))
        return table

    def _check_table(self, table: npt.NDArray[np.uint32]) -> None:
        blocks = np.flatnonzero(table != ABSENT_BLOCK)
        header_end = self.footer.fields.data_offset + DYNAMIC_HEADER_BYTES
        check_places(
            self.path,
            offsets=table[blocks].astype(np.int64) * 512,
            lengths=self._bitmap_bytes + np.minimum(self.block_bytes, self.size_bytes - blocks * self.block_bytes),
            fixed_places=[(0, header_end), (self._header.table_offset, 4 * len(table))],
            file_bytes=self.file.size_bytes(),
        )

    def _data_offset(self, block: int) -> int:
        sector = self._table[block]
        return self._absent if sector == ABSENT_BLOCK else 512 * sector + self._bitmap_bytes

    def _has_absent_sectors(self, block: int) -> bool:
        return self.is_differencing

    def _keeps_bitmap(self, block: int) -> bool:
        return True

    def _bitmap_offset(self, block: int) -> int:
        return 512 * self._table[block]

    def _block_start(self, data_end: int) -> int:
        return round_up(data_end + self._bitmap_bytes, PAGE_BYTES) - self._bitmap_bytes

    def growth_bytes(self, blocks: Iterable[int]) -> int:
        end = self._data_end
        for block in blocks:
            if self._table[block] == ABSENT_BLOCK:
                end = self._block_start(end) + self._bitmap_bytes + self.block_bytes
        return 0 if end == self._data_end else end + FOOTER_BYTES - self.file.size_bytes()

    def _write_new_block(self, block: int, segments: Sequence[Segment]) -> None:
        start = self._block_start(self._data_end)
        self._append(start + self._bitmap_bytes + self.block_bytes)
        for within, data in segments:
            self.file.write_at(start + self._bitmap_bytes + within, data)
        bitmap = bytearray(self._bitmap_bytes)
        if self.is_differencing:
            self._set_bits(bitmap, segments)
        else:  # all that was not written is zero in the file, and belongs to the disk
            bitmap[:] = b"\xff" * len(bitmap)
        self.file.write_at(start, bitmap)  # whole: the old footer may lie here
        self.file.write_at(self._header.table_offset + 4 * block, struct.pack(">I", start // 512))
        self._bitmaps[block] = bitmap
        self._table[block] = start // 512

    def _append(self, data_end: int) -> None:
        """Grow the file to hold data up to there, with the footer behind it."""
        self.file.extend_to(data_end + FOOTER_BYTES)
        self._data_end = data_end  # at once: after a failed write the place is lost, never used again with old bytes
        self.file.write_at(data_end, self.footer.raw)
        self.footer.stands_at_end = True

    def is_linked_to(self, parent: Layer) -> None:
        """Unique id, size and modification time ("Dynamic Disk Header Format", parent fields)."""
        check_vhd_link(self._header, self, parent)

    def set_parent_paths(self, windows_path: str, relative_path: str | None) -> None:
        with self._unchanged_modification_time():
            start = self._data_end
            locators, texts = pack_locators(windows_path, relative_path, offset=start)
            self._append(start + len(texts))
            self.file.write_at(start, texts)
            self._write_header(replace(self._header, locators=locators, parent_name=last_name(windows_path)))

    def _write_header(self, header: DynamicHeader) -> None:
        self.file.write_at(self.footer.fields.data_offset, header.pack())
        self._header = header

    @contextmanager
    def _unchanged_modification_time(self) -> Iterator[None]:
        """For changes of the link alone: the contents stay, so a child of this file must still recognise it."""
        before = os.fstat(self.file.fd)
        yield
        os.utime(self.file.fd, ns=(before.st_atime_ns, before.st_mtime_ns))

    def begin_merge_into_parent(self) -> None:
        """Drop the parent's time stamp from the link: the merge itself is going to touch the parent."""
        if self._header.parent_timestamp:
            with self._unchanged_modification_time():
                self._write_header(replace(self._header, parent_timestamp=0))

    def is_merged_into(self, parent: Layer) -> bool:
        return isinstance(parent, VhdLayer) and parent.unique_id == self.unique_id

    def complete_merge_into(self, parent: Layer) -> None:
        """Unique id and modification time become this child's: a grandchild recognises the parent by them."""
        assert isinstance(parent, VhdLayer)
        if self.is_merged_into(parent) and self._header.parent_timestamp:
            return
        parent.footer.write_unique_id(self.unique_id)
        own = os.fstat(self.file.fd)
        os.utime(parent.file.fd, ns=(own.st_atime_ns, own.st_mtime_ns))
        with self._unchanged_modification_time():
            self._write_header(replace(self._header, parent_timestamp=self.modification_stamp()))


def check_vhd_link(header: DynamicHeader, child: SparseVhd, parent: Layer) -> None:
    """Raise DiskError 0xC03A000E, 0xC03A0017 or 0xC03A000F unless the child was made on exactly this parent."""
    if not isinstance(parent, VhdLayer) or parent.unique_id != header.parent_unique_id:
        found = str(parent.unique_id) if isinstance(parent, VhdLayer) else "no VHD"
        raise DiskError(
            Hresult.CHILD_PARENT_ID_MISMATCH,
            f"{child.path} was made on the disk {header.parent_unique_id}; {parent.path} is {found}",
        )
    if parent.size_bytes != child.size_bytes:
        raise DiskError(
            Hresult.CHILD_PARENT_SIZE_MISMATCH,
            f"{child.path} has {child.size_bytes} bytes, its parent {parent.path} has {parent.size_bytes}",
        )
    stamp = parent.modification_stamp()
    if header.parent_timestamp not in (0, stamp):
        raise DiskError(
            Hresult.CHILD_PARENT_TIMESTAMP_MISMATCH,
            f"{parent.path} was changed after {child.path} was made on it, or was copied without its time: "
            f"modified {stamp} s after 2000-01-01 UTC, expected {header.parent_timestamp}",
        )


def open_vhd(path: Path, *, writable: bool, locked: bool = True) -> VhdLayer:
    """Open one VHD file; raises DiskError when it is damaged."""
    file = HostFile(path, writable=writable, locked=locked)
    try:
        return _open_vhd(file)
    except BaseException:
        file.close()
        raise


def _open_vhd(file: HostFile) -> VhdLayer:
    footer = VhdFooter(file)
    if footer.fields.kind is DiskKind.FIXED:
        if file.size_bytes() < footer.fields.size_bytes + FOOTER_BYTES:
            raise DiskError(Hresult.INVALID_FILE_SIZE, f"{file.path} is shorter than the fixed disk it holds")
        return FixedVhd(file, _info(file, footer, None), footer)
    try:
        header = parse_dynamic_header(file.read_at(footer.fields.data_offset, DYNAMIC_HEADER_BYTES))
    except DiskError as error:
        raise DiskError(error.hresult, f"{file.path}: {error.message}") from error
    return SparseVhd(file, _info(file, footer, header), footer, header)


def _info(file: HostFile, footer: VhdFooter, header: DynamicHeader | None) -> DiskInfo:
    is_child = footer.fields.kind is DiskKind.DIFFERENCING
    paths = _read_locators(file, header) if header is not None and is_child else {}
    name = header.parent_name or None if header is not None and is_child else None
    return DiskInfo(
        path=file.path,
        format=DiskFormat.VHD,
        kind=footer.fields.kind,
        size_bytes=footer.fields.size_bytes,
        file_bytes=file.size_bytes(),
        block_bytes=header.block_bytes if header is not None else 0,
        logical_sector_bytes=512,
        physical_sector_bytes=512,
        parent_windows_path=paths.get(ABSOLUTE_PATH_CODE, name),
        parent_relative_path=paths.get(RELATIVE_PATH_CODE),
        disk_identifier=str(footer.fields.unique_id).upper(),
        content_identity=hashlib.sha256(footer.raw).hexdigest(),
        parent_identity=str(header.parent_unique_id).upper() if header is not None and is_child else None,
    )


def _read_locators(file: HostFile, header: DynamicHeader) -> dict[bytes, str]:
    paths = {}
    for code, _, length, offset in header.locators:
        if code in (ABSOLUTE_PATH_CODE, RELATIVE_PATH_CODE) and 0 < length <= 65536:
            text = file.read_at(offset, length).decode("utf-16-le", "replace").rstrip("\0")
            paths[code] = text
    return paths
