"""Act beside others: a living run and `qsm abandon`, two operators, a run and the hook after its death.

Whoever comes home or goes on looks at the records first and then acts by what it saw. In between somebody else may act
too, and the host refuses then (the revision is another one, the owner is another one): nothing was changed, and the
answer is to look again, not to give up. A host that is busy with another call of the migration, such as the save of much
memory that a dead run began, is waited for as long as that call may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from qsm.errors import HostRefused
from qsm.hosts.operations import OPERATIONS

T = TypeVar("T")

OVERTAKEN = ("RevisionStale", "NotOwner", "EpochStale")
MOST_LOOKS = 4
PAUSE_SECONDS = 0.5
BUSY_SECONDS = max(operation.time_limit_seconds for operation in OPERATIONS.values())


def look_again(act: Callable[[], T]) -> T:
    """The result of an act that begins with a look at the records. Raises what the act raises, also when it is overtaken
    again and again."""
    looks, limit = 1, time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return act()
        except HostRefused as error:
            overtaken = error.facts.id in OVERTAKEN and looks < MOST_LOOKS
            busy = error.facts.id == "Busy" and time.monotonic() < limit
            if not (overtaken or busy):
                raise
            looks += overtaken
        time.sleep(PAUSE_SECONDS)
