"""Folding a differencing disk into its parent, offline.

Trouble: a merge takes long, and may be killed in the middle, with the parent half new and half old. Answer:
while it runs the child stays valid and shows the same contents at every moment, since each sector copied
into the parent is still read from the child; so a broken merge is simply run again. Only when all is copied
does the parent take over the identity of the child's contents (VHDX: DataWriteGuid, VHD: unique id and
time). From then on the child, and any other child of that parent, is refused, as Windows refuses it; a
child of the merged child recognises the parent; and a merge that is run once more sees that it is done and
touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from lab.disks.chain import check_growth
from lab.disks.files import open_layer, open_parent
from lab.disks.layer import PARENT, ZERO, Layer, Segment, read_extent
from lab.disks.model import AllowGrowth, DiskError, Hresult

Progress = Callable[[int, int], None]


def merge_into_parent(
    child: Path,
    *,
    parent: Path,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    allow_growth: AllowGrowth | None = None,
    locked: bool = True,
) -> None:
    """Copy all that lies in the child into its parent, which may be of any kind. The child is not deleted.

    `progress` gets the bytes done and in all. Raises DiskError 0x800704C7 when `should_stop` says so, and
    OSError ENOSPC when the parent may not grow: both leave the chain readable, and the merge can be run
    again. Raises DiskError D when the parent is not there, E, F or 17 when it is a wrong one, 1B for a disk
    without parent, 0x80070020 when a file is in use: nothing is changed then.

    Not `locked`: also while a VM has both open as parents of its leaf, for a live merge. What it reads stays right, since
    each copied sector is still read from the child; but it cannot open this chain again once the merge is complete.
    """
    with ExitStack() as stack:
        upper = open_layer(child, writable=True, locked=locked)
        stack.callback(upper.close)
        if not upper.is_differencing:
            raise DiskError(Hresult.INVALID_TYPE, f"{child} is no differencing disk: there is nothing to merge")
        lower = open_parent(child, parent, writable=True, locked=locked)
        stack.callback(lower.close)
        if upper.is_merged_into(lower):
            _check_not_a_copy(upper, lower)
        else:
            upper.is_linked_to(lower)
            _copy_all(upper, lower, progress or _ignore, should_stop or _never, allow_growth)
            lower.flush()
            upper.begin_merge_into_parent()  # also where there was nothing to copy: what follows touches the parent
        upper.complete_merge_into(lower)
        lower.flush()


def _check_not_a_copy(upper: Layer, lower: Layer) -> None:
    """The same identity may also mean that somebody names a copy of the child as its parent."""
    if upper.info.parent_identity == lower.info.parent_identity:
        raise DiskError(
            Hresult.CHILD_PARENT_ID_MISMATCH,
            f"{lower.path} is a copy of {upper.path}, not its parent: nothing was merged",
        )


def _ignore(done_bytes: int, total_bytes: int) -> None:
    """No one wants to know."""


def _never() -> bool:
    return False


def _copy_all(
    upper: Layer,
    lower: Layer,
    progress: Progress,
    should_stop: Callable[[], bool],
    allow_growth: AllowGrowth | None,
) -> None:
    pieces = list(_pieces(upper, lower.block_bytes))
    total_bytes = sum(length for _, length in pieces)
    done_bytes = 0
    progress(done_bytes, total_bytes)
    for offset, length in pieces:
        if should_stop():
            raise DiskError(
                Hresult.CANCELLED,
                f"the merge of {upper.path} into {lower.path} was stopped: the chain is whole, merge again to finish",
            )
        _copy_piece(upper, lower, (offset, length), allow_growth)
        done_bytes += length
        progress(done_bytes, total_bytes)


def _pieces(upper: Layer, block_bytes: int) -> Iterator[tuple[int, int]]:
    """Ranges (offset, length) where the child may have sectors, none across a border of the parent's blocks."""
    for offset, length in upper.present_ranges():
        end = offset + length
        while offset < end:
            size = min(block_bytes - offset % block_bytes, end - offset)
            yield offset, size
            offset += size


def _copy_piece(upper: Layer, lower: Layer, piece: tuple[int, int], allow_growth: AllowGrowth | None) -> None:
    block, within = divmod(piece[0], lower.block_bytes)
    segments: list[Segment] = []
    for extent in upper.extents(*piece):
        start, length, where = extent
        if where == PARENT or (where == ZERO and _is_all_zero(lower, start, length)):
            continue
        segments.append((within + start - piece[0], read_extent(upper, extent)))
    if not segments:
        return
    check_growth(lower, range(block, block + 1), allow_growth)
    upper.begin_merge_into_parent()
    lower.begin_writing(contents_change=False)
    lower.write_block(block, segments)


def _is_all_zero(layer: Layer, offset: int, length: int) -> bool:
    """The range reads as zero without any data, so that copying zeros would only grow the file."""
    return all(where == ZERO for _, _, where in layer.extents(offset, length))
