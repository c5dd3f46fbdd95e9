"""How many PowerShell processes a host has started since it was switched on, and the seconds spent in them.

A host pays for each: a start, the modules, the first run of every function. So they are counted where they are started,
and by what they were started for: a client at the endpoint, or a scheduled task.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["endpoint", "tasks"]


@dataclass(frozen=True)
class Spent:
    """Processes, and the time from the start to the end of each added up; one that still runs counts until now."""

    processes: int = 0
    seconds: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.processes + other.processes, self.seconds + other.seconds)

    def __str__(self) -> str:
        return f"{self.processes} {'process' if self.processes == 1 else 'processes'}, {self.seconds:.1f} s"


class Tally:
    """Counts the processes of one host. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._over: dict[Kind, Spent] = {"endpoint": Spent(), "tasks": Spent()}
        self._running: dict[str, tuple[Kind, float]] = {}
        self._lock = threading.Lock()

    def started(self, process: str, kind: Kind) -> None:
        """A process has been started; `process` is any name that no other has."""
        with self._lock:
            self._running[process] = (kind, self._clock())

    def ended(self, process: str) -> None:
        """It is over."""
        with self._lock:
            kind, began = self._running.pop(process)
            self._over[kind] += Spent(1, self._clock() - began)

    def spent(self) -> dict[Kind, Spent]:
        """What was spent so far, by what it was spent on."""
        with self._lock:
            spent, now = dict(self._over), self._clock()
            for kind, began in self._running.values():
                spent[kind] += Spent(1, now - began)
        return spent


def told(hosts: Mapping[str, Mapping[Kind, Spent]]) -> str:
    """The sum, and each host's part in it."""
    whole = sum((spent for parts in hosts.values() for spent in parts.values()), Spent())
    each = (f"{name}: {', '.join(f'{kind} {spent}' for kind, spent in parts.items())}" for name, parts in hosts.items())
    return f"{whole} ({'; '.join(each)})"


def to_json(hosts: Mapping[str, Mapping[Kind, Spent]]) -> dict[str, Any]:
    """The same as JSON can hold it."""
    return {name: {kind: asdict(spent) for kind, spent in parts.items()} for name, parts in hosts.items()}
