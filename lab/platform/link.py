"""The network between two hosts: a rate, and the ways in which it breaks.

Trouble: predictions, rounds and the watch over a copy mean nothing on a loopback without limit. Answer: every byte that
one lab host fetches from another passes ``Link.take``. The settings lie in ``links.json`` in the lab's folder, so any
process may change them while the hosts run; they are seen within 50 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class LinkState(StrEnum):
    UP = "up"
    CUT = "cut"  # connections break at once, new ones are refused
    STALLED = "stalled"  # nothing arrives, nothing is said


@dataclass(frozen=True)
class LinkSettings:
    rate_bytes_per_second: int | None = None  # in each direction, shared by all transfers; None: as fast as it goes
    state: LinkState = LinkState.UP
    resets: int = 0  # each increase breaks the connections that are open


class Links:
    """All links of one lab, named by the two hosts, in either order."""

    def __init__(self, lab_folder: Path) -> None: ...

    def settings(self, host: str, other: str) -> LinkSettings:
        raise NotImplementedError

    def set_rate(self, host: str, other: str, *, bytes_per_second: int | None) -> None:
        raise NotImplementedError

    def cut(self, host: str, other: str) -> None:
        raise NotImplementedError

    def stall(self, host: str, other: str) -> None:
        raise NotImplementedError

    def restore(self, host: str, other: str) -> None:
        """Up again, rate as set."""
        raise NotImplementedError

    def reset(self, host: str, other: str) -> None:
        """Break the connections that are open now; new ones work."""
        raise NotImplementedError
