"""Who has which file open, and what it lets others do: Windows' share modes (CreateFile, dwShareMode).

Trouble: POSIX lets anyone read a file that a VM writes; Windows does not, and the whole method rests on the moment when
the base disk becomes readable. Answer: a table in the host's process. An open succeeds if its access is within what
every holder shares, and every holder's access is within what it shares itself.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Flag, auto

from lab.platform import paths
from lab.platform.errors import SHARING_VIOLATION, PlatformError


class Access(Flag):
    """What an opener does (access) or lets others do (share)."""

    NONE = 0
    READ = auto()
    WRITE = auto()
    DELETE = auto()


ANYTHING = Access.READ | Access.WRITE | Access.DELETE


@dataclass(frozen=True)
class OpenFile:
    r"""A handle. ``holder`` says who, in words: "VM Web (3f2a...)", "BITS", "SMB LAB\HV2$"."""

    path: str
    access: Access
    share: Access
    holder: str
    handle: int


class OpenFiles:
    """The table of one host. Paths are full Windows paths in any case; whether the files exist is not its business."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: dict[int, OpenFile] = {}
        self._numbers = itertools.count(1)
        self._others: list[Callable[[str], Iterable[OpenFile]]] = []

    def also_ask(self, holders: Callable[[str], Iterable[OpenFile]]) -> None:
        """Count the handles of another table too: ``holders`` gets the path and tells who holds that file there."""
        self._others.append(holders)

    def open(self, path: str, *, access: Access, share: Access, holder: str) -> OpenFile:
        """SHARING_VIOLATION (naming the holder) if another handle stands in the way."""
        with self._lock:
            self._refuse_conflict(path, access=access, share=share)
            handle = OpenFile(path, access, share, holder, next(self._numbers))
            self._handles[handle.handle] = handle
            return handle

    def close(self, handle: OpenFile) -> None:
        """Closing twice is no error."""
        with self._lock:
            self._handles.pop(handle.handle, None)

    def close_all(self, holder: str) -> None:
        """All handles of one holder: its process died."""
        with self._lock:
            self._handles = {number: each for number, each in self._handles.items() if each.holder != holder}

    @contextmanager
    def opened(self, path: str, *, access: Access, share: Access, holder: str) -> Iterator[OpenFile]:
        """open, and close at the end of the block."""
        handle = self.open(path, access=access, share=share, holder=holder)
        try:
            yield handle
        finally:
            self.close(handle)

    def require(self, path: str, *, access: Access, share: Access = ANYTHING) -> None:
        """SHARING_VIOLATION if such an open would fail now."""
        with self._lock:
            self._refuse_conflict(path, access=access, share=share)

    def holders(self, path: str) -> tuple[OpenFile, ...]:
        """Handles on the file, those of other tables too."""
        with self._lock:
            return tuple(self._of(path))

    def renamed(self, source: str, destination: str) -> None:
        """Handles follow a file that was renamed."""
        name = paths.key(source)
        with self._lock:
            for number, handle in self._handles.items():
                if paths.key(handle.path) == name:
                    self._handles[number] = replace(handle, path=destination)

    def _of(self, path: str) -> Iterator[OpenFile]:
        name = paths.key(path)
        yield from [handle for handle in self._handles.values() if paths.key(handle.path) == name]
        for holders in self._others:
            yield from holders(path)

    def _refuse_conflict(self, path: str, *, access: Access, share: Access) -> None:
        for other in self._of(path):
            if access & ~other.share or other.access & ~share:
                raise PlatformError(
                    SHARING_VIOLATION,
                    f"The process cannot access the file '{path}' because it is being used by another process"
                    f" ({other.holder}).",
                )
