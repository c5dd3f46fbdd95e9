"""A second, independent reader of VHD and VHDX files, for the verdict on a migrated disk.

Trouble: if the code that wrote a disk also judges it, one misreading of the format passes as right on both sides. Answer:
this reader shares no line with `lab.disks`. It knows how to read and nothing else, goes sector bit by sector bit, keeps
no bitmap in memory, and looks for parents in the file's own folder only. Sources: "Virtual Hard Disk Image Format
Specification" 1.0 (Microsoft, 2006); [MS-VHDX].
"""

import os
import struct
from collections.abc import Callable
from itertools import groupby
from pathlib import Path, PureWindowsPath
from typing import Self

_BAT = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")  # GUIDs as they stand in the file
_METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_FILE_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
_DISK_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")
_LOGICAL_SECTOR = bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f")
_PARENT_LOCATOR = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c")

_ZERO, _PARENT = -1, -2  # a run that is all zeros, or the parent's; otherwise it has a place in the file

_Pread = Callable[[int, int], bytes]  # offset, length
_Run = tuple[int, int, int]  # offset in the disk, length, place


def _number(form: str, data: bytes, offset: int) -> int:
    return int(struct.unpack_from(form, data, offset)[0])


def _split(run: _Run, within: int, sector: int, is_here: Callable[[int], int]) -> list[_Run]:
    """Cut a run that starts `within` a block by the block's sector bits."""
    offset, length, place = run
    runs = []
    for here, bits in groupby(range(within // sector, (within + length - 1) // sector + 1), key=is_here):
        sectors = list(bits)
        begin = max(sectors[0] * sector, within) - within
        end = min((sectors[-1] + 1) * sector - within, length)
        runs.append((offset + begin, end - begin, place + begin if here else _PARENT))
    return runs


class FlatReader:
    """Reads one disk, with the parents that lie beside it."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError when the file is no sound VHD or VHDX, or a parent is missing or not the right one."""
        self.path = path
        self._parent: FlatReader | None = None
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            tables = _VhdxTables if self._pread(0, 8) == b"vhdxfile" else _VhdTables
            self._disk = tables(self._pread, os.fstat(self._fd).st_size)
            self.size_bytes, self.identity = self._disk.size_bytes, self._disk.identity
            if self._disk.has_parent:
                self._parent = self._open_parent()
        except BaseException as error:
            self.close()
            if isinstance(error, (struct.error, LookupError, ValueError)):
                raise ValueError(f"{path} is no sound VHD or VHDX, or has no sound parent: {error}") from error
            raise

    def _open_parent(self) -> "FlatReader":
        paths = [self.path.parent / PureWindowsPath(path).name for path in self._disk.parent_paths]
        found = next((path for path in paths if path.is_file() and path != self.path), None)
        if found is None:
            raise ValueError(f"none of its parents {paths} is there")
        parent = FlatReader(found)
        if (parent.identity, parent.size_bytes) != (self._disk.parent_identity, self.size_bytes):
            parent.close()
            raise ValueError(f"{found} is not the parent it was made on")
        return parent

    def _pread(self, offset: int, length: int) -> bytes:
        data = os.pread(self._fd, length, offset)
        if len(data) != length:
            raise ValueError(f"{self.path} ends before byte {offset + length}")
        return data

    def read(self, offset: int, length: int) -> bytes:
        """Any range inside the disk; raises ValueError outside of it and for damage that shows on the way."""
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"{length} bytes at {offset} are outside the disk of {self.size_bytes} bytes")
        pieces, end, step = [], offset + length, self._disk.block_bytes
        while offset < end:
            size = min(step - offset % step, end - offset)
            pieces += [self._read_run(*run) for run in self._disk.runs(offset, size)]
            offset += size
        return b"".join(pieces)

    def own_bytes(self) -> int:
        """How many bytes of the disk this very file holds, its parents left out. Raises ValueError for damage."""
        total, step = 0, self._disk.block_bytes
        for offset in range(0, self.size_bytes, step):
            runs = self._disk.runs(offset, min(step, self.size_bytes - offset))
            total += sum(length for _, length, place in runs if place >= 0)
        return total

    def _read_run(self, offset: int, length: int, where: int) -> bytes:
        if where >= 0:
            return self._pread(where, length)
        if where == _PARENT and self._parent is not None:
            return self._parent.read(offset, length)
        return bytes(length)

    def close(self) -> None:
        if self._parent is not None:
            self._parent.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _VhdTables:
    """Where things lie in a VHD: big-endian, bitmap of each block in front of it, first sector in the highest bit."""

    def __init__(self, pread: _Pread, file_bytes: int) -> None:
        self._pread = pread
        footer = pread(max(0, file_bytes - 512), 512)
        if footer[:8] != b"conectix":
            footer = pread(0, 512)  # a writer was stopped between growing the file and its new footer
        if footer[:8] != b"conectix" or sum(footer[:64] + footer[68:]) ^ 0xFFFFFFFF != _number(">I", footer, 64):
            raise ValueError("no sound VHD footer, and no VHDX")
        self._kind = _number(">I", footer, 60)
        self.has_parent = self._kind == 4
        self.size_bytes, self.identity = _number(">Q", footer, 48), footer[68:84]
        self.block_bytes, self.parent_identity = 1 << 21, b""
        self.parent_paths: list[str] = []
        if self._kind == 2:
            return
        header = pread(_number(">Q", footer, 16), 1024)
        self._table_offset, self.block_bytes = _number(">Q", header, 16), _number(">I", header, 32)
        self._bitmap_bytes = -(-self.block_bytes // 512 // 8 // 512) * 512
        if self.has_parent:
            self.parent_identity = header[40:56]
            for at in range(576, 768, 24):
                code, _, length, _, offset = struct.unpack_from(">4sIIIQ", header, at)
                if code in (b"W2ru", b"W2ku"):
                    self.parent_paths.append(pread(offset, length).decode("utf-16-le"))

    def runs(self, offset: int, length: int) -> list[_Run]:
        if self._kind == 2:
            return [(offset, length, offset)]
        block, within = divmod(offset, self.block_bytes)
        sector = _number(">I", self._pread(self._table_offset + 4 * block, 4), 0)
        if sector == 0xFFFFFFFF:
            return [(offset, length, _PARENT if self.has_parent else _ZERO)]
        data = sector * 512 + self._bitmap_bytes + within
        if self._kind == 3:
            return [(offset, length, data)]
        bitmap = self._pread(sector * 512, self._bitmap_bytes)
        return _split((offset, length, data), within, 512, lambda bit: bitmap[bit // 8] >> (7 - bit % 8) & 1)


class _VhdxTables:
    """Where things lie in a VHDX: little-endian, one bitmap for a run of blocks, first sector in the lowest bit."""

    def __init__(self, pread: _Pread, file_bytes: int) -> None:
        self._pread = pread
        headers = [pread(offset, 80) for offset in (65536, 131072)]
        header = max((h for h in headers if h[:4] == b"head"), key=lambda h: _number("<Q", h, 8), default=None)
        if header is None or header[48:64] != bytes(16):
            raise ValueError("no sound VHDX header, or a log to be replayed")
        self.identity = header[32:48]
        regions = pread(196608, 65536)
        places = dict(struct.unpack_from("<16sQ", regions, 16 + 32 * n) for n in range(_number("<I", regions, 8)))
        self._table_offset, metadata = places[_BAT], places[_METADATA]
        table, items = pread(metadata, 65536), {}
        for number in range(_number("<H", table, 10)):
            guid, at, length, _ = struct.unpack_from("<16sIII", table, 32 + 32 * number)
            items[guid] = pread(metadata + at, length)
        self.block_bytes, flags = struct.unpack("<II", items[_FILE_PARAMETERS])
        self.size_bytes, self._sector = _number("<Q", items[_DISK_SIZE], 0), _number("<I", items[_LOGICAL_SECTOR], 0)
        self._ratio = (1 << 23) * self._sector // self.block_bytes
        self.has_parent, self.parent_identity = bool(flags & 2), b""
        self.parent_paths = self._parent_paths(items[_PARENT_LOCATOR]) if self.has_parent else []

    def _parent_paths(self, locator: bytes) -> list[str]:
        entries = {}
        for number in range(_number("<H", locator, 18)):
            key, value, key_bytes, value_bytes = struct.unpack_from("<IIHH", locator, 20 + 12 * number)
            entries[locator[key:][:key_bytes].decode("utf-16-le")] = locator[value:][:value_bytes].decode("utf-16-le")
        digits = bytes.fromhex(entries["parent_linkage"].strip("{}").replace("-", ""))
        self.parent_identity = digits[3::-1] + digits[5:3:-1] + digits[7:5:-1] + digits[8:]  # Microsoft byte order
        return [entries[key] for key in ("relative_path", "absolute_win32_path") if key in entries]

    def runs(self, offset: int, length: int) -> list[_Run]:
        block, within = divmod(offset, self.block_bytes)
        chunk, in_chunk = divmod(block, self._ratio)
        first = self._table_offset + 8 * chunk * (self._ratio + 1)
        entry = _number("<Q", self._pread(first + 8 * in_chunk, 8), 0)
        state, data = entry & 7, (entry >> 20 << 20) + within
        if state == 6:
            return [(offset, length, data)]
        if state != 7:
            return [(offset, length, _PARENT if state == 0 and self.has_parent else _ZERO)]
        place = _number("<Q", self._pread(first + 8 * self._ratio, 8), 0) >> 20 << 20
        size = self.block_bytes // self._sector // 8
        bitmap = self._pread(place + in_chunk * size, size)
        return _split((offset, length, data), within, self._sector, lambda bit: bitmap[bit // 8] >> bit % 8 & 1)
