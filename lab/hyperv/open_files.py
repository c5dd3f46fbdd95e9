"""Who holds which file of the host, and what that leaves to others.

On Windows a file opened by Hyper-V says with its share mode what others may do, and everything else meets sharing
violation 0x80070020. The lab's files lie on a system without share modes, so Hyper-V keeps them in a table, and
whoever reads or writes files on the lab host (BITS, SMB, cmdlets) asks it first.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.hyperv.errors import ERROR_SHARING_VIOLATION, ErrorCategory, HyperVError


class OpenMode(enum.Enum):
    """What holders of a file leave to others."""

    NONE = "none"
    """Nobody holds it."""
    READ_ONLY = "read only"
    """Others may read it, not write, rename or remove it."""
    LOCKED = "locked"
    """Others may not open it at all."""


class OpenFiles:
    """The table. Holders are named by any text: all holds of one holder are replaced together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holds: dict[str, dict[Path, OpenMode]] = {}

    def hold(self, holder: str, *, reads: Iterable[Path] = (), locks: Iterable[Path] = ()) -> None:
        """Replace what `holder` holds. Raises HyperVError (0x80070020) if another holder does not leave room for it."""
        wanted = dict.fromkeys(reads, OpenMode.READ_ONLY) | dict.fromkeys(locks, OpenMode.LOCKED)
        with self._lock:
            for path, mode in wanted.items():
                for other, held in self._holds.items():
                    if other != holder and OpenMode.LOCKED in (held.get(path), mode) and path in held:
                        raise HyperVError(
                            ERROR_SHARING_VIOLATION,
                            ErrorCategory.OBJECT_IN_USE,
                            f"The process cannot access the file '{path}' because it is being used by another process:"
                            f" {other} holds it.",
                        )
            self._holds[holder] = wanted
            if not wanted:
                del self._holds[holder]

    def release(self, holder: str) -> None:
        """Give back all that `holder` holds."""
        with self._lock:
            self._holds.pop(holder, None)

    @contextmanager
    def held(self, holder: str, *, reads: Iterable[Path] = (), locks: Iterable[Path] = ()) -> Iterator[None]:
        """Hold files for a while; raises as `hold`."""
        self.hold(holder, reads=reads, locks=locks)
        try:
            yield
        finally:
            self.release(holder)

    def mode(self, path: Path) -> OpenMode:
        """Return what others may do with the file."""
        with self._lock:
            modes = {held[path] for held in self._holds.values() if path in held}
        return OpenMode.LOCKED if OpenMode.LOCKED in modes else OpenMode.READ_ONLY if modes else OpenMode.NONE

    def holders(self, path: Path) -> tuple[str, ...]:
        """Return who holds the file."""
        with self._lock:
            return tuple(sorted(holder for holder, held in self._holds.items() if path in held))
