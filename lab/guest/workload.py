"""How a guest writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """How a guest writes. Raises ValueError for values that make no sense."""

    writes_per_second: float
    """Writes per second over all disks; the disks take turns. 0 is an idle guest."""
    working_set_blocks: int
    """How many blocks of 4 KiB of each disk are written to; a smaller disk is written to as a whole."""
    hot_set_share: float
    """Which share of the writes goes to the hot set, 0 to 1."""
    hot_set_blocks: int
    """How many blocks of each disk's working set are hot."""
    memory_bytes: int
    """The VM's memory: the size of its saved state, unless the table of the blocks needs more."""

    def __post_init__(self) -> None:
        if self.writes_per_second < 0 or self.memory_bytes < 0:
            raise ValueError(f"Writes per second and memory cannot be negative: {self}.")
        if not 0 <= self.hot_set_share <= 1:
            raise ValueError(f"The share of the hot set lies between 0 and 1: {self}.")
        if self.working_set_blocks < 1 or not 0 <= self.hot_set_blocks <= self.working_set_blocks:
            raise ValueError(f"The working set holds at least one block, and the hot set: {self}.")
        if self.hot_set_share > 0 and self.hot_set_blocks == 0:
            raise ValueError(f"Writes to the hot set need a hot set: {self}.")
