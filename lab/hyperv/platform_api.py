"""What Hyper-V needs of the rest of its host: paths, volumes, permissions.

Only these few questions, so that the rules of Hyper-V can be tested on plain folders and know nothing of the lab's file
system beyond them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Volume(Protocol):
    """One volume of the host."""

    @property
    def root(self) -> str:
        """Mount path with trailing backslash, `D:\\`."""

    @property
    def capacity_bytes(self) -> int:
        """Size."""

    @property
    def free_bytes(self) -> int:
        """What can still be written."""


class Files(Protocol):
    """The host's file system."""

    def host_path(self, windows_path: str, /) -> Path:
        """Return the file behind a full Windows path, whether it exists or not."""

    def volume_of(self, windows_path: str, /) -> Volume:
        """Return the volume that holds a path."""

    def grow_allowed(self, windows_path: str, extra_bytes: int, /) -> bool:
        """Whether the file may grow by so much; False: the volume is full."""


class AccessLists(Protocol):
    """Permissions of files."""

    def grants(self, windows_path: str, account: str, right: str, /) -> bool:
        """Whether the file's access list gives the account the right, explicitly or inherited."""

    def grant(self, windows_path: str, account: str, right: str, /) -> None:
        """Add an explicit entry."""


class Platform(Protocol):
    """The host without Hyper-V."""

    @property
    def files(self) -> Files:
        """The file system."""

    @property
    def acl(self) -> AccessLists:
        """Permissions."""
