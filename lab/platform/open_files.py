"""Who has which file open, and what it lets others do: Windows' share modes (CreateFile, dwShareMode).

Trouble: POSIX lets anyone read a file that a VM writes; Windows does not, and the whole method rests on the moment when
the base disk becomes readable. Answer: a table in the host's process. An open succeeds if its access is within what
every holder shares, and every holder's access is within what it shares itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Flag, auto


class Access(Flag):
    """What an opener does (access) or lets others do (share)."""

    NONE = 0
    READ = auto()
    WRITE = auto()
    DELETE = auto()


ANYTHING = Access.READ | Access.WRITE | Access.DELETE


@dataclass(frozen=True)
class OpenFile:
    """A handle. ``holder`` says who, in words: "VM Web (3f2a...)", "BITS", "SMB LAB\\HV2$"."""

    path: str
    access: Access
    share: Access
    holder: str
    handle: int


class OpenFiles:
    def __init__(self) -> None: ...

    def open(self, path: str, *, access: Access, share: Access, holder: str) -> OpenFile:
        """SHARING_VIOLATION (naming the holder) if another handle stands in the way. The path need not exist."""
        raise NotImplementedError

    def close(self, handle: OpenFile) -> None:
        """Closing twice is no error."""
        raise NotImplementedError

    def close_all(self, holder: str) -> None:
        """All handles of one holder: its process died."""
        raise NotImplementedError

    @contextmanager
    def opened(self, path: str, *, access: Access, share: Access, holder: str) -> Iterator[OpenFile]:
        """open, and close at the end of the block."""
        raise NotImplementedError
        yield

    def require(self, path: str, *, access: Access, share: Access = ANYTHING) -> None:
        """SHARING_VIOLATION if such an open would fail now."""
        raise NotImplementedError

    def holders(self, path: str) -> tuple[OpenFile, ...]:
        raise NotImplementedError

    def renamed(self, source: str, destination: str) -> None:
        """Handles follow a file that was renamed."""
        raise NotImplementedError
