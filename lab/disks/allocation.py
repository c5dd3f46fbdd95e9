"""Is an allocation table believable: nothing beyond the end of the file, and nothing twice?

Trouble: a truncated copy opens like a whole one and shows its loss only when the guest reads there; two blocks in one
place destroy each other at the next write. Answer: all places a table names are compared with the file and with each
other at every opening; with numpy that costs about a millisecond for a terabyte.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.disks.model import DiskError, Hresult

Places = npt.NDArray[np.int64]


def check_places(
    path: Path, *, offsets: Places, lengths: Places, fixed_places: list[tuple[int, int]], file_bytes: int
) -> None:
    """Check blocks against each other, the file's length, and the (offset, length) of its other structures.

    Raises DiskError 0xC03A0013 for a block beyond the end of the file, 0xC03A000A for two that overlap.
    """
    if not offsets.size:
        return
    end = int((offsets + lengths).max())
    if end > file_bytes:
        raise DiskError(
            Hresult.INVALID_FILE_SIZE,
            f"{path} is truncated: its table names data up to byte {end}, the file has {file_bytes}",
        )
    starts = np.concatenate([offsets, np.array([offset for offset, _ in fixed_places], dtype=np.int64)])
    ends = starts + np.concatenate([lengths, np.array([length for _, length in fixed_places], dtype=np.int64)])
    order = np.argsort(starts)
    if (ends[order][:-1] > starts[order][1:]).any():
        raise DiskError(Hresult.BLOCK_ALLOCATION_TABLE_CORRUPT, f"{path}: blocks overlap in the block allocation table")
