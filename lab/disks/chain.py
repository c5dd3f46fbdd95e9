"""A disk chain opened as one virtual disk.

Trouble: what the guest sees is spread over several files, and one wrong file spoils all of it. Answer:
every link is checked before the first byte is read; a read asks the leaf first and each parent only for
what is still missing; writes go to the leaf alone, which is the only file opened for writing.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.disks.files import open_layer
from lab.disks.host_file import Buffer
from lab.disks.layer import PARENT, Layer
from lab.disks.model import AllowGrowth, DiskError, Hresult, Resolver

_LONGEST_CHAIN = 256
_PASSED_ON = {
    Hresult.PARENT_NOT_FOUND,
    Hresult.CHAIN_CYCLE_DETECTED,
    Hresult.CHILD_PARENT_ID_MISMATCH,
    Hresult.CHILD_PARENT_TIMESTAMP_MISMATCH,
    Hresult.CHILD_PARENT_SIZE_MISMATCH,
    Hresult.SHARING_VIOLATION,
}


class VirtualDisk:
    """The disk a guest sees. One user at a time: nothing here is safe for several threads."""

    def __init__(self, layers: Sequence[Layer], *, writable: bool, allow_growth: AllowGrowth | None) -> None:
        self._layers = tuple(layers)
        self._leaf = layers[0]
        self._writable = writable
        self._allow_growth = allow_growth
        self._has_written = False
        self._is_open = True
        self.size_bytes = self._leaf.size_bytes
        self.sector_bytes = self._leaf.sector_bytes

    @property
    def leaf(self) -> Path:
        return self._leaf.path

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of the chain, the leaf first."""
        return tuple(layer.path for layer in self._layers)

    def read(self, offset: int, length: int) -> bytes:
        """Any range inside the disk; raises ValueError outside of it."""
        self._check_range(offset, length)
        sector = self.sector_bytes
        first = offset - offset % sector
        end = -(-(offset + length) // sector) * sector
        buffer = bytearray(end - first)
        self._read_sectors(memoryview(buffer), first)
        if end - first == length:
            return bytes(buffer)
        return bytes(memoryview(buffer)[offset - first : offset - first + length])

    def _read_sectors(self, view: memoryview, first: int) -> None:
        """Fill a zeroed view from the topmost file that has each sector."""
        missing = [(first, len(view))]
        for layer in self._layers:
            beneath = []
            for offset, length in missing:
                for start, size, where in layer.extents(offset, length):
                    if where >= 0:
                        layer.file.read_into(view[start - first : start - first + size], where)
                    elif where == PARENT:
                        beneath.append((start, size))
            if not beneath:
                return
            missing = beneath

    def write(self, offset: int, data: Buffer) -> None:
        """Write whole sectors into the leaf; when it returns, the death of this process does not undo it.

        Raises OSError ENOSPC, before anything is changed, when the leaf would have to grow and may not;
        ValueError for a range outside the disk or not in whole sectors; PermissionError on a disk opened
        for reading.
        """
        self._check_range(offset, len(data))
        if not self._writable:
            raise PermissionError(errno.EACCES, "the disk is open for reading only", str(self.leaf))
        if offset % self.sector_bytes or len(data) % self.sector_bytes:
            raise ValueError(f"{len(data)} bytes at {offset} are not whole sectors of {self.sector_bytes} bytes")
        if not data:
            return
        leaf, block_bytes = self._leaf, self._leaf.block_bytes
        first, last = offset // block_bytes, (offset + len(data) - 1) // block_bytes
        check_growth(leaf, range(first, last + 1), self._allow_growth)
        if not self._has_written:
            leaf.begin_writing(contents_change=True)
            self._has_written = True
        if first == last:
            leaf.write_block(first, ((offset - first * block_bytes, data),))
            return
        view, at = memoryview(data), 0
        for block in range(first, last + 1):
            within = offset + at - block * block_bytes
            size = min(block_bytes - within, len(data) - at)
            leaf.write_block(block, ((within, view[at : at + size]),))
            at += size

    def _check_range(self, offset: int, length: int) -> None:
        if not self._is_open:
            raise ValueError(f"the disk {self.leaf} is closed")
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"{length} bytes at {offset} are outside the disk of {self.size_bytes} bytes")

    def flush(self) -> None:
        """Bring all writes to the host's disk."""
        if self._has_written:
            self._leaf.flush()

    def close(self) -> None:
        self._is_open = False
        for layer in self._layers:
            layer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_growth(layer: Layer, blocks: range, allow_growth: AllowGrowth | None) -> None:
    """Raise OSError ENOSPC when writing these blocks would need more of the volume than there is."""
    if allow_growth is None:
        return
    extra_bytes = layer.growth_bytes(blocks)
    if extra_bytes and not allow_growth(extra_bytes):
        raise OSError(errno.ENOSPC, f"no space to grow by {extra_bytes} bytes; nothing was changed", str(layer.path))


def open_chain(
    leaf: Path, *, resolve: Resolver, writable: bool, allow_growth: AllowGrowth | None = None
) -> VirtualDisk:
    """Open a disk with all its parents; only the leaf for writing. Opening changes nothing.

    Raises DiskError: 0xC03A000D (parent not found), E, F, 17 (not the parent the child was made on), 18
    (cycle), 19 (a parent is damaged), 0x80070020 (in use), or what is wrong with the leaf itself.
    """
    layers: list[Layer] = []
    try:
        layers.append(open_layer(leaf, writable=writable))
        while layers[-1].is_differencing:
            layers.append(_open_parent(layers, resolve))
            layers[-2].is_linked_to(layers[-1])
    except BaseException:
        for layer in layers:
            layer.close()
        raise
    return VirtualDisk(layers, writable=writable, allow_growth=allow_growth)


def _open_parent(layers: list[Layer], resolve: Resolver) -> Layer:
    child = layers[-1]
    path = resolve(child.info)
    if not path.exists():
        raise DiskError(Hresult.PARENT_NOT_FOUND, f"the parent of {child.path} is not there: {path}")
    if len(layers) >= _LONGEST_CHAIN or any(layer.path.samefile(path) for layer in layers):
        raise DiskError(Hresult.CHAIN_CYCLE_DETECTED, f"the chain of {layers[0].path} comes back to {path}")
    try:
        return open_layer(path, writable=False)
    except PermissionError as error:
        raise DiskError(Hresult.PARENT_ACCESS_DENIED, f"the parent {path} may not be read") from error
    except DiskError as error:
        if error.hresult in _PASSED_ON:
            raise
        raise DiskError(Hresult.CHAIN_ERROR_IN_PARENT, f"the parent of {child.path} cannot be used: {error}") from error


def test_chain(leaf: Path, *, resolve: Resolver) -> None:
    """What Test-VHD does: open the whole chain and check each file and link. Raises DiskError like open_chain."""
    open_chain(leaf, resolve=resolve, writable=False).close()


test_chain.__test__ = False  # type: ignore[attr-defined]  # pytest collects functions of this name
