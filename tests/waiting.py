"""How tests wait: for a condition, as long as a machine may need that is busy with much else.

A deadline is there so that a test which waits in vain ends and says for what. It is never what a test is about, so there
is one, far beyond what anything takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

DEADLINE_SECONDS = 300.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.002, 0.05


def wait_until(condition: Callable[[], Found], *, what: str | Callable[[], str] = "the condition") -> Found:
    """Asks until the answer is yes, and returns it; fails after the deadline with what was waited for."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while not (found := condition()):
        if time.monotonic() >= deadline:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {DEADLINE_SECONDS:.0f} s in vain for {told}")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return found
