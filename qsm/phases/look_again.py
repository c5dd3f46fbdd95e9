"""Act beside others: a living run and `qsm abandon`, two operators, a run and the hook after its death.

Whoever comes home or goes on looks at the records first and then acts by what it saw. In between somebody else may act
too, and the host refuses then (the revision is another one, the owner is another one): nothing was changed, and the
answer is to look again, not to give up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from qsm.errors import HostRefused

T = TypeVar("T")

OVERTAKEN = ("RevisionStale", "NotOwner", "EpochStale")
MOST_LOOKS = 4
PAUSE_SECONDS = 0.5


def look_again(act: Callable[[], T]) -> T:
    """The result of an act that begins with a look at the records. Raises what it raises when it is overtaken for good."""
    for _ in range(MOST_LOOKS - 1):
        try:
            return act()
        except HostRefused as error:
            if error.facts.id not in OVERTAKEN:
                raise
        time.sleep(PAUSE_SECONDS)
    return act()
