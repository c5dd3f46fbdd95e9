"""Where a test may break a cmdlet: at its start and at its end.

Trouble: a host may die before, within or after each change, and only a host that can be killed there proves that the
product recovers. Answer: each changing cmdlet runs inside ``changing``, which asks the faults given to the platform.
They may raise, hang or end the process. Without faults nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

Moment = Literal["before", "after"]


class CmdletFaults(Protocol):
    def at(self, cmdlet_name: str, moment: Moment) -> None:
        """Return, raise, hang or end the process. Called without any lock of the platform held."""


class NoCmdletFaults:
    def at(self, cmdlet_name: str, moment: Moment) -> None:
        return None


@contextmanager
def changing(faults: CmdletFaults, cmdlet_name: str) -> Iterator[None]:
    """Run a change between its two moments; "after" is reached only if the change succeeded."""
    faults.at(cmdlet_name, "before")
    yield
    faults.at(cmdlet_name, "after")
