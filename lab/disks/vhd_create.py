"""Making VHD files.

Trouble: making a file may be interrupted, and half a disk must not pass for an empty one. Answer: the structure
without which no reader accepts the file is written last.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lab.disks.host_file import HostFile, create_file
from lab.disks.layer import round_up
from lab.disks.model import MEBIBYTE, DiskError, DiskKind, Hresult
from lab.disks.vhd import FIXED_STEP_BYTES, PAGE_BYTES, VhdLayer
from lab.disks.vhd_structures import (
    DYNAMIC_HEADER_BYTES,
    FOOTER_BYTES,
    LARGEST_SIZE_BYTES,
    NO_OFFSET,
    DynamicHeader,
    Footer,
    chs_geometry,
    last_name,
    pack_locators,
    seconds_since_2000,
)


def create_vhd(path: Path, *, kind: DiskKind, size_bytes: int, block_bytes: int) -> None:
    """Make a fixed or dynamic VHD; raises DiskError 0xC03A0012, 0xC03A000B or 0x80070050."""
    _check_sizes(path, size_bytes, block_bytes)
    footer = _new_footer(kind, size_bytes)
    if kind is DiskKind.FIXED:
        with _new_file(path) as file:
            file.extend_to(size_bytes)
            file.write_at(size_bytes, footer.pack())
        return
    _create_sparse(path, footer, DynamicHeader(0, -(-size_bytes // block_bytes), block_bytes), texts=b"")


def create_vhd_child(path: Path, parent: VhdLayer, *, windows_path: str, relative_path: str | None) -> None:
    """Make a differencing VHD on an open parent."""
    block_bytes = parent.info.block_bytes or FIXED_STEP_BYTES
    locators, texts = pack_locators(windows_path, relative_path, offset=FOOTER_BYTES + DYNAMIC_HEADER_BYTES)
    header = DynamicHeader(
        table_offset=0,
        table_entries=-(-parent.size_bytes // block_bytes),
        block_bytes=block_bytes,
        parent_unique_id=parent.unique_id,
        parent_timestamp=parent.modification_stamp(),
        parent_name=last_name(windows_path),
        locators=locators,
    )
    _create_sparse(path, _new_footer(DiskKind.DIFFERENCING, parent.size_bytes), header, texts=texts)


def _create_sparse(path: Path, footer: Footer, header: DynamicHeader, *, texts: bytes) -> None:
    """Footer copy, header, locator texts, table, footer. The header goes last: half a file is refused."""
    table_offset = round_up(FOOTER_BYTES + DYNAMIC_HEADER_BYTES + len(texts), PAGE_BYTES)
    table_bytes = round_up(4 * header.table_entries, 512)
    with _new_file(path) as file:
        file.write_at(FOOTER_BYTES + DYNAMIC_HEADER_BYTES, texts)
        file.write_at(table_offset, b"\xff" * table_bytes)
        file.write_at(table_offset + table_bytes, footer.pack())
        file.write_at(0, footer.pack())
        file.write_at(FOOTER_BYTES, replace(header, table_offset=table_offset).pack())


@contextmanager
def _new_file(path: Path) -> Iterator[HostFile]:
    """A new file that is removed again when filling it fails."""
    with create_file(path) as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _new_footer(kind: DiskKind, size_bytes: int) -> Footer:
    return Footer(
        kind=kind,
        size_bytes=size_bytes,
        unique_id=uuid.uuid4(),
        timestamp=seconds_since_2000(time.time()),
        data_offset=NO_OFFSET if kind is DiskKind.FIXED else FOOTER_BYTES,
        geometry=chs_geometry(size_bytes),
    )


def _check_sizes(path: Path, size_bytes: int, block_bytes: int) -> None:
    if size_bytes <= 0 or size_bytes % 512 or size_bytes > LARGEST_SIZE_BYTES:
        raise DiskError(
            Hresult.INVALID_SIZE,
            f"{path} cannot be made: a VHD has 512 bytes to 2040 GiB in whole sectors, not {size_bytes} bytes",
        )
    if block_bytes < 4096 or block_bytes & (block_bytes - 1) or block_bytes > 256 * MEBIBYTE:
        raise DiskError(
            Hresult.INVALID_BLOCK_SIZE, f"{path} cannot be made: block size {block_bytes} is no power of two"
        )
