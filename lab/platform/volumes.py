r"""Volumes with a size of their own, so that they can run full at any size, while the host runs.

Trouble: a copy or a merge that fills a volume is the accident to be tested, and the disk below has other plans. Answer:
the capacity is a number in the host's folder, free space is the capacity less what the files take.

Every file counts with its length in whole clusters, sparse on the machine below or not. On NTFS a file that is not
sparse has its whole length allocated, and disks of VMs must not be sparse (ERROR_VIRTUAL_DISK_LIMITATION, 0xC03A001A),
so there length and allocation are one. Drive X lies in ``<host folder>/volumes/X``; a mount point is a folder in it,
whose files count for the mounted volume only.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.platform import paths
from lab.platform.errors import PATH_NOT_FOUND, PlatformError
from lab.platform.store import JsonStore
from qsm.facts.names import name_key

CLUSTER_BYTES = 4096  # default of NTFS up to 16 TB
USAGE_SECONDS = 0.1  # how long a count of used bytes may be reused
NEARLY_FULL_BYTES = 256 << 20  # below this a question about room is answered by counting anew


@dataclass(frozen=True)
class Volume:
    """``root`` is the mount path with trailing backslash (Win32_Volume Name)."""

    root: str
    capacity_bytes: int
    free_bytes: int
    file_system: str  # NTFS, ReFS


class Volumes:
    """The volumes of one host; the table is a file of the host's folder, read again when another process changed it."""

    def __init__(self, host_folder: Path) -> None:
        self._folder = host_folder / "volumes"
        self._table = JsonStore(host_folder / "platform" / "volumes.json", {})
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[float, int]] = {}

    def add(self, root: str, *, capacity_bytes: int, file_system: str = "NTFS") -> None:
        r"""A drive (``D:\``) or a mount point (``C:\ClusterStorage\Volume1``). An existing one keeps its size."""
        parts = paths.split(root)
        table: dict[str, Any] = dict(self._table.load())
        if self._find(table, parts) == parts:
            return
        table[_root_text(parts)] = {"capacity_bytes": capacity_bytes, "file_system": file_system}
        self.folder_of(parts).mkdir(parents=True, exist_ok=True)
        self._table.save(table)

    def remove(self, root: str) -> None:
        """Take a volume away; its folder stays. PATH_NOT_FOUND if there is no such volume."""
        with self._lock:
            table: dict[str, Any] = dict(self._table.load())
            kept = {name: facts for name, facts in table.items() if paths.key(name) != paths.key(root)}
            if len(kept) == len(table):
                raise PlatformError(PATH_NOT_FOUND, f"There is no volume '{root}'.")
            self._table.save(kept)

    def set_capacity(self, root: str, capacity_bytes: int) -> None:
        """May be below what is used: then nothing is free. PATH_NOT_FOUND if there is no such volume."""
        parts = paths.split(root)
        with self._lock:
            table: dict[str, Any] = dict(self._table.load())
            if self._find(table, parts) != parts:
                raise PlatformError(PATH_NOT_FOUND, f"There is no volume '{root}'.")
            name = next(each for each in table if paths.key(each) == paths.key(root))
            table[name] = {**table[name], "capacity_bytes": capacity_bytes}
            self._table.save(table)

    def set_free(self, root: str, free_bytes: int) -> None:
        """Size the volume so that just this much is free now."""
        self.set_capacity(root, self._used(paths.split(root), fresh=True) + free_bytes)

    def all(self) -> tuple[Volume, ...]:
        """By root."""
        return tuple(self.of(root) for root in sorted(self._table.load()))

    def of(self, path: str, *, fresh: bool = False) -> Volume:
        """By longest root that is a prefix of the full path; PATH_NOT_FOUND if none. ``fresh`` counts anew."""
        table: dict[str, Any] = self._table.load()
        root = self._find(table, paths.split(path))
        if root is None:
            raise PlatformError(PATH_NOT_FOUND, f"There is no volume that holds '{path}'.")
        facts = next(facts for name, facts in table.items() if paths.key(name) == paths.key(paths.join(root)))
        free = max(0, facts["capacity_bytes"] - self._used(root, fresh=fresh))
        return Volume(_root_text(root), facts["capacity_bytes"], free, facts["file_system"])

    def root_of(self, path: str) -> str | None:
        """The root alone, None if no volume holds the path: no counting."""
        found = self._find(self._table.load(), paths.split(path))
        return _root_text(found) if found else None

    def grow_allowed(self, path: str, extra_bytes: int) -> bool:
        """Whether there is room for so many more bytes. Counts anew only where it is nearly full."""
        if self.of(path).free_bytes - extra_bytes >= NEARLY_FULL_BYTES:
            return True
        return self.of(path, fresh=True).free_bytes >= extra_bytes

    def folder_of(self, root: tuple[str, ...]) -> Path:
        """Where a volume lies on this machine."""
        return self._folder.joinpath(root[0][0].upper(), *root[1:])

    def _find(self, table: dict[str, Any], parts: tuple[str, ...]) -> tuple[str, ...] | None:
        """Longest root of the table that begins ``parts``, as the table spells it."""
        folded = [name_key(part) for part in parts]
        best: tuple[str, ...] | None = None
        for name in table:
            root = paths.split(name)
            matches = [name_key(part) for part in root] == folded[: len(root)]
            if matches and (best is None or len(root) > len(best)):
                best = root
        return best

    def _used(self, root: tuple[str, ...], *, fresh: bool) -> int:
        name = _root_text(root)
        with self._lock:
            counted = self._counted.get(name)
        if counted is not None and not fresh and time.monotonic() - counted[0] < USAGE_SECONDS:
            return counted[1]
        mounted = {self.folder_of(paths.split(each)) for each in self._table.load()} - {self.folder_of(root)}
        used = _bytes_below(self.folder_of(root), without=mounted)
        with self._lock:
            self._counted[name] = (time.monotonic(), used)
        return used


def _root_text(root: tuple[str, ...]) -> str:
    return "\\".join(root) + "\\"


def _bytes_below(folder: Path, *, without: set[Path]) -> int:
    """Lengths in whole clusters; files that vanish meanwhile do not count."""
    total = 0
    pending = [folder]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if Path(entry.path) not in without:
                    pending.append(Path(entry.path))
                continue
            try:
                length = entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
            total += -(-length // CLUSTER_BYTES) * CLUSTER_BYTES
    return total
