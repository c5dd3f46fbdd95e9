"""Which sectors of a block lie in the file: runs and updates in a packed bitmap.

Trouble: a fragmented differencing disk has thousands of runs in a block, and the two formats number the
bits of a byte in opposite directions: VHD from the most significant bit, VHDX from the least significant.
Answer: numpy finds the runs, and the common case, whole bytes that are all set or all clear, needs no numpy
at all.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

BitOrder = Literal["big", "little"]

_ALL_SET = b"\xff" * 65536
_ALL_CLEAR = bytes(65536)


def _byte_masks(order: BitOrder) -> list[list[int]]:
    """masks[first][end]: the byte in which the bits first .. end-1 are set."""
    masks = []
    for first in range(9):
        row = []
        for end in range(9):
            bits = range(first, end)
            row.append(sum(0x80 >> bit if order == "big" else 1 << bit for bit in bits))
        masks.append(row)
    return masks


_MASKS: dict[BitOrder, list[list[int]]] = {"big": _byte_masks("big"), "little": _byte_masks("little")}


def sector_runs(bitmap: bytearray, first: int, count: int, *, order: BitOrder) -> list[tuple[int, int, bool]]:
    """(first sector, sectors, present) of each run in `count` sectors from `first` on, in order."""
    low, high = first >> 3, (first + count + 7) >> 3
    part = bitmap[low:high]
    if part == _ALL_SET[: high - low]:
        return [(first, count, True)]
    if part == _ALL_CLEAR[: high - low]:
        return [(first, count, False)]
    bits = np.unpackbits(np.frombuffer(bytes(part), dtype=np.uint8), bitorder=order)
    bits = bits[first - 8 * low :][:count]
    edges = (np.flatnonzero(np.diff(bits)) + 1).tolist()
    starts = [0, *edges]
    ends = [*edges, count]
    present = bool(bits[0])
    runs = []
    for start, end in zip(starts, ends, strict=True):
        runs.append((first + start, end - start, present))
        present = not present
    return runs


def set_sectors(bitmap: bytearray, first: int, count: int, *, order: BitOrder) -> tuple[int, int] | None:
    """Set bits; gives the range of bytes (first, end) that now differ from before, or None when none does."""
    low, high = first >> 3, (first + count + 7) >> 3
    if bitmap[low:high] == _ALL_SET[: high - low]:
        return None
    before = bytes(bitmap[low:high])
    masks = _MASKS[order]
    first_bit, end_bit = first - 8 * low, first + count - 8 * (high - 1)
    if high - low == 1:
        bitmap[low] |= masks[first_bit][end_bit]
    else:
        bitmap[low] |= masks[first_bit][8]
        bitmap[low + 1 : high - 1] = _ALL_SET[: high - low - 2]
        bitmap[high - 1] |= masks[0][end_bit]
    return None if bitmap[low:high] == before else (low, high)
