"""Volumes with a size of their own, so that they can run full at any size, while the host runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Volume:
    """``root`` is the mount path with trailing backslash (Win32_Volume Name)."""

    root: str
    capacity_bytes: int
    free_bytes: int
    file_system: str  # NTFS, ReFS


class Volumes:
    r"""The volumes of one host; the table is a file of the host's folder, read again when another process changed it.

    Every file counts with its length in whole clusters of 4 KiB, sparse on the machine below or not: disks of VMs are
    never sparse on Windows (0xC03A001A), so there a file's allocation is its length.
    """

    def __init__(self, host_folder: Path) -> None: ...

    def add(self, root: str, *, capacity_bytes: int, file_system: str = "NTFS") -> None:
        r"""A drive (``D:\``) or a mount point (``C:\ClusterStorage\Volume1``). An existing one keeps its size."""
        raise NotImplementedError

    def set_capacity(self, root: str, capacity_bytes: int) -> None:
        """May be below what is used: then nothing is free."""
        raise NotImplementedError

    def set_free(self, root: str, free_bytes: int) -> None:
        """Size the volume so that just this much is free now."""
        raise NotImplementedError

    def all(self) -> tuple[Volume, ...]:
        raise NotImplementedError

    def of(self, path: str) -> Volume:
        """By longest root that is a prefix of the full path; PATH_NOT_FOUND if none."""
        raise NotImplementedError
