"""The network between two hosts: a rate, and the ways in which it breaks.

Trouble: predictions, rounds and the watch over a copy mean nothing on a loopback without limit. Answer: every byte that
one lab host fetches from another passes ``LinkUse.take`` on the fetching side. The settings lie in ``links.json`` in
the lab's folder, so any process may change them while the hosts run; they are seen at once.

The rate is kept by a token bucket per direction, shared by all transfers of the fetching host.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from lab.platform.directory import exclusive
from lab.platform.errors import BAD_NETWORK_PATH, NETWORK_NAME_DELETED, TIMED_OUT, PlatformError
from lab.platform.store import JsonStore
from qsm.facts.names import name_key

BURST_SECONDS = 0.05  # what an idle link may catch up
NAP_SECONDS = 0.02  # how long a change of settings may go unseen
SMALLEST_CHUNK_BYTES = 16 << 10
LARGEST_CHUNK_BYTES = 1 << 20


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
    """All links of one lab, named by the two hosts in either order, case ignored."""

    def __init__(self, lab_folder: Path) -> None:
        self._lock_file = lab_folder / "links.lock"
        self._store = JsonStore(lab_folder / "links.json", {})
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def settings(self, host: str, other: str) -> LinkSettings:
        facts = self._store.load().get(_key(host, other))
        return LinkSettings(**{**facts, "state": LinkState(facts["state"])}) if facts else LinkSettings()

    def set_rate(self, host: str, other: str, *, bytes_per_second: int | None) -> None:
        if bytes_per_second is not None and bytes_per_second < 1:
            raise ValueError(f"A link needs a rate of at least 1 byte/s, not {bytes_per_second}; cut() or stall() it.")
        self._change(host, other, lambda old: replace(old, rate_bytes_per_second=bytes_per_second))

    def cut(self, host: str, other: str) -> None:
        self._change(host, other, lambda old: replace(old, state=LinkState.CUT))

    def stall(self, host: str, other: str) -> None:
        self._change(host, other, lambda old: replace(old, state=LinkState.STALLED))

    def restore(self, host: str, other: str) -> None:
        """Up again, rate as set."""
        self._change(host, other, lambda old: replace(old, state=LinkState.UP))

    def reset(self, host: str, other: str) -> None:
        """Break the connections that are open now; new ones work."""
        self._change(host, other, lambda old: replace(old, resets=old.resets + 1))

    def connect(
        self, receiver: str, sender: str, *, timeout_seconds: float, stopped: Callable[[], bool] = lambda: False
    ) -> LinkUse:
        """Begin to use the link. BAD_NETWORK_PATH if it is cut, or stalled for the whole time."""
        deadline = time.monotonic() + timeout_seconds
        while (state := self.settings(receiver, sender).state) is LinkState.STALLED and time.monotonic() < deadline:
            if stopped():
                break
            time.sleep(NAP_SECONDS)
        if state is not LinkState.UP:
            raise PlatformError(BAD_NETWORK_PATH, f"The network path to '{sender}' was not found.")
        with self._lock:
            bucket = self._buckets.setdefault((name_key(receiver), name_key(sender)), _Bucket())
        return LinkUse(self, receiver, sender, bucket=bucket, timeout_seconds=timeout_seconds)

    def _change(self, host: str, other: str, change: Callable[[LinkSettings], LinkSettings]) -> None:
        with exclusive(self._lock_file):
            changed = change(self.settings(host, other))
            self._store.save({**self._store.load(), _key(host, other): asdict(changed)})


class LinkUse:
    """One connection over a link, seen from the side that receives."""

    def __init__(self, links: Links, receiver: str, sender: str, *, bucket: _Bucket, timeout_seconds: float) -> None:
        self._links = links
        self._receiver = receiver
        self._sender = sender
        self._bucket = bucket
        self._timeout_seconds = timeout_seconds
        self._resets = self._settings().resets

    def chunk_bytes(self) -> int:
        """How much to receive at a time, so that the rate is smooth and a change of it is soon felt."""
        rate = self._settings().rate_bytes_per_second
        if rate is None:
            return LARGEST_CHUNK_BYTES
        return max(SMALLEST_CHUNK_BYTES, min(LARGEST_CHUNK_BYTES, int(rate * NAP_SECONDS)))

    def check(self) -> bool:
        """Whether bytes flow: False while the link is stalled. NETWORK_NAME_DELETED if it is cut or was reset."""
        settings = self._settings()
        if settings.state is LinkState.CUT or settings.resets != self._resets:
            raise PlatformError(
                NETWORK_NAME_DELETED, f"The network connection to '{self._sender}' was lost; its name is gone."
            )
        return settings.state is LinkState.UP

    def take(self, byte_count: int, *, stopped: Callable[[], bool] = lambda: False) -> None:
        """Let bytes through, when their time has come. TIMED_OUT after a stall, NETWORK_NAME_DELETED as ``check``.

        Returns early once ``stopped`` says so."""
        silent_since = time.monotonic()
        while not self.check():
            if stopped():
                return
            if time.monotonic() - silent_since > self._timeout_seconds:
                raise PlatformError(TIMED_OUT, f"The semaphore timeout period for '{self._sender}' has expired.")
            time.sleep(NAP_SECONDS)
        rate = self._settings().rate_bytes_per_second
        if rate is None:
            return
        due = self._bucket.reserve(byte_count / rate)
        while (wait := due - time.monotonic()) > 0 and not stopped():
            time.sleep(min(wait, NAP_SECONDS))
            self.check()

    def _settings(self) -> LinkSettings:
        return self._links.settings(self._receiver, self._sender)


class _Bucket:
    """Time on one direction of a link, given away in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at = 0.0

    def reserve(self, seconds: float) -> float:
        """The moment at which a transfer of so many seconds is over."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() - BURST_SECONDS) + seconds
            return self._free_at


def _key(host: str, other: str) -> str:
    return "|".join(sorted((name_key(host), name_key(other))))
