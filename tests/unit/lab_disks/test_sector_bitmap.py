"""Runs and updates of packed bits, against the plain way, one bit at a time."""

from __future__ import annotations

import itertools
import random

import pytest

from lab.disks.sector_bitmap import BitOrder, sector_runs, set_sectors

SECTORS = 256


def bit_is_set(bitmap: bytearray, sector: int, order: BitOrder) -> bool:
    shift = 7 - sector % 8 if order == "big" else sector % 8
    return bool(bitmap[sector // 8] >> shift & 1)


@pytest.mark.parametrize("order", ["big", "little"])
def test_runs_and_updates(order: BitOrder) -> None:
    dice = random.Random(order)
    for _ in range(40):
        bitmap, plain = bytearray(SECTORS // 8), [False] * SECTORS
        for _ in range(12):
            first = dice.randrange(SECTORS)
            count = dice.randrange(1, min(40, SECTORS - first) + 1)
            before = bytes(bitmap)
            changed = set_sectors(bitmap, first, count, order=order)
            plain[first : first + count] = [True] * count
            assert [bit_is_set(bitmap, sector, order) for sector in range(SECTORS)] == plain
            assert (changed is None) == (before == bitmap)
            if changed is not None:
                low, high = changed
                assert before[:low] == bitmap[:low]
                assert before[high:] == bitmap[high:]
            check_runs(bitmap, plain, dice, order)


def check_runs(bitmap: bytearray, plain: list[bool], dice: random.Random, order: BitOrder) -> None:
    first = dice.randrange(SECTORS)
    count = dice.randrange(1, SECTORS - first + 1)
    runs = sector_runs(bitmap, first, count, order=order)
    assert [present for _, length, present in runs for _ in range(length)] == plain[first : first + count]
    assert [start for start, _, _ in runs] == [first + sum(n for _, n, _ in runs[:at]) for at in range(len(runs))]
    assert all(one[2] != other[2] for one, other in itertools.pairwise(runs))
