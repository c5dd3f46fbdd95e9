"""Seconds since a beginning, as they are told in results."""

from __future__ import annotations

import time


class Stopwatch:
    """Begins when it is made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Seconds so far, to the millisecond."""
        return round(time.monotonic() - self._started, 3)
