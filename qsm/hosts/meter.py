"""Counts the calls to hosts where they are made, because the offline window is paid for call by call."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class CallRecord:
    """One exchange with a host: when it began (time.time), how long it took here, and how long on the host."""

    host: str
    operation: str
    started: float
    seconds: float
    host_seconds: float


class Meter:
    """Thread-safe list of all calls of a migration."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[CallRecord] = []

    def add(self, host: str, operation: str, *, started: float, host_seconds: float) -> None:
        """Notes a call that began at `started` (time.time) and is over now."""
        record = CallRecord(host, operation, started, time.time() - started, host_seconds)
        with self._lock:
            self._calls.append(record)

    def between(self, start: float, end: float) -> tuple[CallRecord, ...]:
        """Calls that began in the interval [start, end)."""
        with self._lock:
            return tuple(call for call in self._calls if start <= call.started < end)


def busy_seconds(calls: Iterable[CallRecord]) -> float:
    """Wall-clock seconds in which at least one of the calls was under way (calls may overlap)."""
    total, reached = 0.0, float("-inf")
    for call in sorted(calls, key=lambda call: call.started):
        begin, end = max(call.started, reached), call.started + call.seconds
        if end > begin:
            total += end - begin
            reached = end
    return total
