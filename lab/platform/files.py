r"""The host's file system: Windows paths on folders of the machine that runs the lab.

Trouble: paths arrive as ``D:\VMs\Web.vhdx`` in any case, times as .NET ticks, and a volume must run full at a size that
has nothing to do with the disk below. Answer: drive X lies in ``<host folder>/volumes/X``; names are found without
regard to case; every change asks the sharing table and the volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.platform.hooks import Faults
from lab.platform.open_files import OpenFiles
from lab.platform.volumes import Volume, Volumes

PROGRAM_DATA = r"C:\ProgramData"


@dataclass(frozen=True)
class FileInfo:
    """One file or folder. ``path`` is the full Windows path as spelled on the disk; length is 0 for folders."""

    path: str
    length_bytes: int
    last_write_ticks: int  # 100 ns since 0001-01-01 UTC
    folder: bool
    hidden: bool


class FileSystem:
    """Files of one host. Any process may make one for the same host folder; sharing is known to the host's process alone.

    All paths are full Windows paths; ``%ProgramData%`` at the start is understood. Methods raise ``PlatformError``.
    """

    def __init__(
        self, host_folder: Path, *, open_files: OpenFiles | None = None, faults: Faults | None = None
    ) -> None: ...

    volumes: Volumes

    def host_path(self, path: str) -> Path:
        """Where the path lies on this machine, whether it exists or not (existing parts as spelled on disk).

        Raises INVALID_NAME for what is no full path, PATH_NOT_FOUND for a drive that is not there."""
        raise NotImplementedError

    def windows_path(self, host_path: Path) -> str:
        """The other way round; ValueError for a path outside the host's volumes."""
        raise NotImplementedError

    def full_path(self, path: str) -> str:
        r"""Normalised: %ProgramData% replaced, / to \, drive letter upper case, existing names as spelled on disk."""
        raise NotImplementedError

    def exists(self, path: str) -> bool:
        """File or folder there (Test-Path). False also for invalid paths and missing drives."""
        raise NotImplementedError

    def is_file(self, path: str) -> bool:
        raise NotImplementedError

    def is_folder(self, path: str) -> bool:
        raise NotImplementedError

    def facts(self, path: str) -> FileInfo:
        """FILE_NOT_FOUND or PATH_NOT_FOUND if it is not there."""
        raise NotImplementedError

    def list(self, folder: str, *, recursive: bool = False) -> tuple[FileInfo, ...]:
        """Files and folders (hidden ones too) by path; PATH_NOT_FOUND if the folder is not there."""
        raise NotImplementedError

    def make_folder(self, path: str) -> str:
        """With all parents; one that is there already is fine. Returns the full path."""
        raise NotImplementedError

    def remove_file(self, path: str) -> None:
        """FILE_NOT_FOUND, SHARING_VIOLATION; its access entries go with it."""
        raise NotImplementedError

    def remove_empty_folder(self, path: str) -> None:
        """FOLDER_NOT_EMPTY, PATH_NOT_FOUND."""
        raise NotImplementedError

    def read_bytes(self, path: str) -> bytes:
        """A small file, whole. SHARING_VIOLATION if held without sharing reads."""
        raise NotImplementedError

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a small file in place, made if missing; DISK_FULL, SHARING_VIOLATION."""
        raise NotImplementedError

    def create_new(self, path: str, data: bytes) -> None:
        """Written whole under another name, published by a rename that refuses an existing name: FILE_EXISTS."""
        raise NotImplementedError

    def replace(self, path: str, data: bytes) -> None:
        """Atomic replace (or creation): readers see the old or the new file; access entries stay."""
        raise NotImplementedError

    def rename(self, source: str, destination: str) -> None:
        """Within a volume, atomically, times and access entries kept; ALREADY_EXISTS, SHARING_VIOLATION."""
        raise NotImplementedError

    def set_last_write_ticks(self, path: str, ticks: int) -> None:
        raise NotImplementedError

    def volume_of(self, path: str) -> Volume:
        """Volume of a path that need not exist (Get-Volume -FilePath): mount points count. PATH_NOT_FOUND if no such drive."""
        raise NotImplementedError

    def grow_allowed(self, path: str, extra_bytes: int) -> bool:
        """Whether the file's volume has room for so many more bytes now. Cheap: may be asked for every write."""
        raise NotImplementedError

    def require_room(self, path: str, extra_bytes: int) -> None:
        """DISK_FULL unless grow_allowed."""
        raise NotImplementedError


def ticks_of(mtime_ns: int) -> int:
    """.NET ticks of a Unix time in nanoseconds (rounded down)."""
    raise NotImplementedError


def nanoseconds_of(ticks: int) -> int:
    raise NotImplementedError
