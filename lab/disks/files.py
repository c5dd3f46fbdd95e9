"""Whole virtual disk files: make one, make a child, ask what one is, point a child at its moved parent.

Trouble: the name of a file does not say what is in it (.avhd, .avhdx, files that users bring), and a child
that is pointed at the wrong parent is silent corruption. Answer: the format is read from the file's own
signatures, and a parent is accepted only if it is the very one the child was made on; there is no way to
ignore a mismatch.
"""

from __future__ import annotations

from pathlib import Path

from lab.disks.host_file import HostFile
from lab.disks.layer import Layer
from lab.disks.model import MEBIBYTE, SECTOR_BYTES, DiskError, DiskFormat, DiskInfo, DiskKind, Hresult
from lab.disks.vhd import VhdLayer, open_vhd
from lab.disks.vhd_create import create_vhd, create_vhd_child
from lab.disks.vhdx import VhdxLayer, open_vhdx
from lab.disks.vhdx_create import create_vhdx, create_vhdx_child
from lab.disks.vhdx_structures import FILE_SIGNATURE

DEFAULT_BLOCK_BYTES = 2 * MEBIBYTE


def open_layer(path: Path, *, writable: bool, locked: bool = True) -> Layer:
    """Open one file of either format. Raises DiskError when it is none, damaged, or in use."""
    with HostFile(path, writable=False, locked=False) as file:
        signature = file.read_at(0, min(len(FILE_SIGNATURE), file.size_bytes()))
    if signature == FILE_SIGNATURE:
        return open_vhdx(path, writable=writable, locked=locked)
    try:
        return open_vhd(path, writable=writable, locked=locked)
    except DiskError as error:
        if error.hresult != Hresult.DRIVE_FOOTER_MISSING:
            raise
        raise DiskError(Hresult.FORMAT_UNKNOWN, f"{path} is neither a VHDX nor a VHD file") from error


def read_info(path: Path) -> DiskInfo:
    """What the file says, also while another process uses it. Raises DiskError when it is missing or damaged."""
    layer = open_layer(path, writable=False, locked=False)
    try:
        return layer.info
    finally:
        layer.close()


def create_disk(
    path: Path,
    *,
    format: DiskFormat,
    kind: DiskKind,
    size_bytes: int,
    block_bytes: int = DEFAULT_BLOCK_BYTES,
    logical_sector_bytes: int = SECTOR_BYTES,
) -> None:
    """Make an empty fixed or dynamic disk.

    Raises DiskError 0xC03A0012 (size), 0xC03A000B (block size), 0xC03A001D (sector size), 0xC03A001B (kind) or
    0x80070050 (name taken); nothing is left behind then.
    """
    if kind is DiskKind.DIFFERENCING:
        raise DiskError(Hresult.INVALID_TYPE, f"{path}: a differencing disk is made on a parent (create_child)")
    if format is DiskFormat.VHDX:
        create_vhdx(path, kind=kind, size_bytes=size_bytes, block_bytes=block_bytes, sector_bytes=logical_sector_bytes)
    elif logical_sector_bytes == SECTOR_BYTES:
        create_vhd(path, kind=kind, size_bytes=size_bytes, block_bytes=block_bytes)
    else:
        raise DiskError(Hresult.UNSUPPORTED_SECTOR_SIZE, f"{path}: a VHD has sectors of {SECTOR_BYTES} bytes")


def create_child(path: Path, *, parent: Path, parent_windows_path: str, relative_path: str | None) -> None:
    """Make a differencing disk of the parent's format on it.

    The parent must not be written any more from now on; whoever holds it open for writing has to stop before.
    `relative_path` is the parent's Windows path as seen from the child's folder, e.g. ".\\base.vhdx".
    """
    layer = open_layer(parent, writable=False, locked=False)
    try:
        if isinstance(layer, VhdxLayer):
            create_vhdx_child(path, layer, windows_path=parent_windows_path, relative_path=relative_path)
        elif isinstance(layer, VhdLayer):
            create_vhd_child(path, layer, windows_path=parent_windows_path, relative_path=relative_path)
    finally:
        layer.close()


def open_parent(child: Path, parent: Path, *, writable: bool, locked: bool = True) -> Layer:
    """Open a named parent; raises DiskError 0xC03A000D when it is not there, 0xC03A0018 when it is the child itself."""
    if not parent.exists():
        raise DiskError(Hresult.PARENT_NOT_FOUND, f"the parent {parent} of {child} is not there")
    if child.samefile(parent):
        raise DiskError(Hresult.CHAIN_CYCLE_DETECTED, f"{child} cannot be its own parent")
    return open_layer(parent, writable=writable, locked=locked)


def set_parent(child: Path, *, parent: Path, parent_windows_path: str, relative_path: str | None) -> None:
    """Write the parent's new place into the child, after checking that it is the same parent.

    Raises DiskError 0xC03A000E (another disk, or changed), 0xC03A000F (VHD: changed, by its time), 0xC03A0017 (size),
    0xC03A001B (the child has no parent), 0x80070020 (in use); the child is unchanged then.
    """
    upper = open_layer(child, writable=True)
    try:
        if not upper.is_differencing:
            raise DiskError(Hresult.INVALID_TYPE, f"{child} is no differencing disk and has no parent to set")
        lower = open_parent(child, parent, writable=False)
        try:
            upper.is_linked_to(lower)
            upper.set_parent_paths(parent_windows_path, relative_path)
            upper.flush()
        finally:
            lower.close()
    finally:
        upper.close()
