"""The cmdlets for virtual disk files: New-, Get-, Set-, Test- and Merge-VHD.

A disk that is set on the wrong parent, or merged while somebody reads it, is lost without a sign. So each of them looks
at the whole chain first, holds what it changes against all others, and never ignores an identity that does not match.
"""

from __future__ import annotations

import ntpath
import os
from collections.abc import Callable

from lab.disks import (
    DiskError,
    DiskFormat,
    DiskKind,
    Hresult,
    create_child,
    create_disk,
    merge_into_parent,
    set_parent,
)
from lab.hyperv import chains
from lab.hyperv.chains import Chain, ChainFile
from lab.hyperv.core import Core
from lab.hyperv.errors import ERROR_INVALID_PARAMETER, RETURN_PARENT_ID_MISMATCH, ErrorCategory, HyperVError
from lab.hyperv.held_files import HELD_FILE, SHARED_FILE
from lab.hyperv.model import VirtualHardDisk
from lab.hyperv.timing import Pace
from lab.hyperv.vhd_paths import resolve
from qsm.facts.names import same_path

FORMATS = {".vhd": DiskFormat.VHD, ".vhdx": DiskFormat.VHDX}
FOOTER_BYTES = 512  # "Virtual Hard Disk Image Format Specification" 1.0, "Hard Disk Footer Format"
NEW_FILE_BYTES = 8 << 20  # no empty dynamic or differencing disk of the lab takes more

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""


def new_vhd(core: Core, path: str, *, size_bytes: int, dynamic: bool, parent_path: str | None) -> VirtualHardDisk:
    """New-VHD."""
    full_path = core.platform.files.full_path(path)
    kind = FORMATS.get(ntpath.splitext(full_path)[1].lower())
    if kind is None:
        what = f"'{path}' is no .vhd or .vhdx file name."
        raise HyperVError(ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what)
    if parent_path is not None:
        make_child(core, full_path, parent=core.platform.files.full_path(parent_path))
        return _describe(core, full_path)
    core.platform.files.require_room(full_path, NEW_FILE_BYTES if dynamic else size_bytes)
    disk_kind = DiskKind.DYNAMIC if dynamic else DiskKind.FIXED
    create_disk(core.host_path(full_path), format=kind, kind=disk_kind, size_bytes=size_bytes)
    return _describe(core, full_path)


def make_child(core: Core, path: str, *, parent: str) -> None:
    """Make a differencing disk of a file that nobody writes to. Raises DiskError, PlatformError (no room)."""
    chains.require_plain(core, path)
    core.platform.files.require_room(path, NEW_FILE_BYTES)
    create_child(
        core.host_path(path),
        parent=core.host_path(parent),
        parent_windows_path=parent,
        relative_path=chains.relative_to(path, parent),
    )


def get_vhd(core: Core, path: str) -> VirtualHardDisk:
    """Get-VHD. The parent's path is where it was found; what the locator says if it is not there.

    What is wrong with a file it tells without a number (transcripts of "Getting the mounted storage instance").
    """
    if ntpath.splitext(path)[1].lower() == ".vhds":
        what = f"'{path}' is a VHD Set, which {core.host.name} cannot open."
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what)
    return _describe(core, resolve(core, path))


def _describe(core: Core, path: str) -> VirtualHardDisk:
    try:
        file = chains.read_file(core, path)
    except DiskError as error:
        if error.hresult == Hresult.SHARING_VIOLATION:
            raise
        what = f"Getting the mounted storage instance for the path '{path}' failed: {error.message}"
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what) from error
    return VirtualHardDisk(
        path=file.path,
        vhd_format=file.info.format.value,
        vhd_type=file.info.kind.value,
        file_size_bytes=file.info.file_bytes,
        size_bytes=file.info.size_bytes,
        block_size_bytes=file.info.block_bytes,
        parent_path=_told_parent(core, file),
        disk_identifier=file.info.disk_identifier,
        content_identity=_content_identity(file),
        attached=bool(core.platform.open_files.holders(file.path)),
    )


def _content_identity(file: ChainFile) -> str:
    """What tells this disk's contents from others: the DataWriteGuid of a VHDX, the footer of a VHD."""
    if file.info.format is DiskFormat.VHDX:
        return file.info.content_identity.lower()
    with file.host_path.open("rb") as opened:
        opened.seek(-FOOTER_BYTES, os.SEEK_END)
        return opened.read(FOOTER_BYTES).hex()


def _told_parent(core: Core, file: ChainFile) -> str | None:
    try:
        return chains.parent_path(core, file)
    except DiskError:
        return file.info.parent_windows_path or file.info.parent_relative_path


def set_vhd(core: Core, path: str, *, parent_path: str) -> None:
    """Set-VHD -ParentPath."""
    child, parent = chains.read_file(core, resolve(core, path)), chains.read_file(core, parent_path)
    with core.held.during({child.path: HELD_FILE, parent.path: SHARED_FILE}, holder="Set-VHD"):
        try:
            connect(child, parent)
        except DiskError as error:
            if error.hresult != Hresult.CHILD_PARENT_ID_MISMATCH:
                raise
            # VM/ServerSideErrorCode.cs knows it, but ExceptionHelper.cs makes nothing of it: no identifier, no number
            raise HyperVError(
                None, ErrorCategory.UNSPECIFIED, error.message, return_code=RETURN_PARENT_ID_MISMATCH
            ) from error


def connect(child: ChainFile, parent: ChainFile) -> None:
    """Write the parent's place into the child. Raises DiskError if it is not the parent the child was made on."""
    set_parent(
        child.host_path,
        parent=parent.host_path,
        parent_windows_path=parent.path,
        relative_path=chains.relative_to(child.path, parent.path),
    )


def test_vhd(core: Core, path: str) -> None:
    """Test-VHD."""
    chain = chains.read_chain(core, resolve(core, path))
    with core.held.during({each.path: SHARED_FILE for each in chain}, holder="Test-VHD"):
        chains.test(chain)


test_vhd.__test__ = False  # type: ignore[attr-defined]  # pytest collects functions of this name


def merge_vhd(
    core: Core,
    path: str,
    *,
    destination_path: str,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> None:
    """Merge-VHD: from the lowest child upwards, so that each is the destination's own child when its turn comes."""
    chain = chains.read_chain(core, resolve(core, path))
    depth = next((n for n, each in enumerate(chain) if same_path(each.path, destination_path)), 0)
    if depth == 0:
        what = f"'{destination_path}' is not among the parents of '{path}'."
        raise HyperVError(Hresult.PARENT_NOT_FOUND, ErrorCategory.INVALID_PARAMETER, what)
    wanted = {each.path: HELD_FILE for each in chain[: depth + 1]} | {e.path: SHARED_FILE for e in chain[depth + 1 :]}
    with core.held.during(wanted, holder="Merge-VHD"):
        for child in _unmerged(chain, depth):
            merge_file(core, child, chain[depth], progress=progress, should_stop=should_stop)


def _unmerged(chain: Chain, depth: int) -> tuple[ChainFile, ...]:
    """Return the children that are not in the destination yet, the lowest first: a merge that was broken off goes on."""
    children, destination = chain[:depth], chain[depth]
    done = next((n for n, child in enumerate(children) if chains.is_merged(child, destination)), depth)
    return tuple(reversed(children[:done]))


def merge_file(
    core: Core,
    child: ChainFile,
    parent: ChainFile,
    *,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    exclusive: bool = True,
    paced: bool = True,
) -> None:
    """Fold one file into its parent, at the host's speed if `paced`. Not `exclusive`: while a VM reads both.

    Raises DiskError (0x800704C7 when stopped), or OSError ENOSPC; the chain then shows what it showed before.
    """
    pace = Pace(core.timing.merge_bytes_per_second)

    def tell(done_bytes: int, total_bytes: int) -> None:
        if progress is not None:
            progress(done_bytes, total_bytes)
        if paced:
            pace.reached(done_bytes)

    merge_into_parent(
        child.host_path,
        parent=parent.host_path,
        progress=tell,
        should_stop=lambda: core.closed.is_set() or (should_stop is not None and should_stop()),
        allow_growth=lambda extra_bytes: core.platform.files.grow_allowed(parent.path, extra_bytes),
        locked=exclusive,
    )
