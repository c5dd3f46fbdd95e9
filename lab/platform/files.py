r"""The host's file system: Windows paths on folders of the machine that runs the lab.

Trouble: paths arrive as ``D:\VMs\Web.vhdx`` in any case, times as .NET ticks, and a volume must run full at a size that
has nothing to do with the disk below. Answer: drive X lies in ``<host folder>/volumes/X``; names are found without
regard to case; every change asks the sharing table and the volume.

Hidden is what the temporary files of BITS are, and they are known by their name: no other file of a lab host is.
"""

from __future__ import annotations

import builtins
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.platform import errors, paths
from lab.platform.attributes import Attributes
from lab.platform.errors import PlatformError
from lab.platform.hooks import CmdletFaults, NoCmdletFaults, changing
from lab.platform.open_files import ANYTHING, Access, OpenFiles
from lab.platform.paths import PROGRAM_DATA as PROGRAM_DATA
from lab.platform.store import write_whole
from lab.platform.this_machine import (
    ERROR_TEXTS,
    rename_new,
    set_ticks,
    spelled_on_disk,
    ticks_of,
    vanished_is_fine,
    windows_errors,
)
from lab.platform.volumes import Volume, Volumes
from qsm.facts.names import name_key

if TYPE_CHECKING:
    from lab.platform.acl import AccessLists

BITS_TEMPORARY = re.compile(r"BIT[0-9A-F]{4,8}\.tmp", re.IGNORECASE)


@dataclass(frozen=True)
class FileInfo:
    """One file or folder. ``path`` is the full Windows path as spelled on the disk; length is 0 for folders."""

    path: str
    length_bytes: int
    last_write_ticks: int  # 100 ns since 0001-01-01 UTC
    folder: bool
    hidden: bool


class FileSystem:
    """Files of one host. Any process may make one for the same folder; sharing is known to the host's process alone.

    All paths are full Windows paths; ``%ProgramData%`` at the start is understood. Methods raise ``PlatformError``.
    """

    def __init__(
        self, host_folder: Path, *, open_files: OpenFiles | None = None, faults: CmdletFaults | None = None
    ) -> None:
        self.volumes = Volumes(host_folder)
        self.attributes = Attributes(host_folder)
        self.acl: AccessLists | None = None  # told of files that go or get another name
        self._root = host_folder / "volumes"
        self.open_files = open_files or OpenFiles()
        self._faults = faults or NoCmdletFaults()

    # --- paths

    def host_path(self, path: str, /) -> Path:
        """Where the path lies on this machine, whether it exists or not (existing parts as spelled on disk).

        Raises INVALID_NAME for what is no full path, PATH_NOT_FOUND for a drive that is not there."""
        drive, *names = paths.split(path)
        if self.volumes.root_of(path) is None:
            raise PlatformError(errors.PATH_NOT_FOUND, f"Cannot find drive. A drive '{drive}' does not exist.")
        found = self._root / drive[0]
        with windows_errors(path):
            for name in names:
                found = spelled_on_disk(found, name)
        return found

    def windows_path(self, host_path: Path) -> str:
        """The other way round; ValueError for a path outside the host's volumes."""
        drive, *names = host_path.relative_to(self._root).parts
        return paths.join((f"{drive}:", *names))

    def full_path(self, path: str) -> str:
        r"""Normalised: %ProgramData% replaced, / to \, drive letter upper case, existing names as spelled on disk."""
        return self.windows_path(self.host_path(path))

    # --- questions

    def exists(self, path: str) -> bool:
        """File or folder there (Test-Path). False also for invalid paths and missing drives."""
        try:
            return self.host_path(path).exists()
        except PlatformError:
            return False

    def is_file(self, path: str) -> bool:
        return self.exists(path) and self.host_path(path).is_file()

    def is_folder(self, path: str) -> bool:
        return self.exists(path) and self.host_path(path).is_dir()

    def facts(self, path: str) -> FileInfo:
        """FILE_NOT_FOUND, or PATH_NOT_FOUND where even the folder is not there."""
        host_path = self.host_path(path)
        try:
            return self._info(host_path, host_path.stat())
        except (FileNotFoundError, NotADirectoryError):
            code = errors.FILE_NOT_FOUND if host_path.parent.is_dir() else errors.PATH_NOT_FOUND
            raise PlatformError(code, ERROR_TEXTS[code].format(path)) from None

    def list(self, folder: str, *, recursive: bool = False) -> tuple[FileInfo, ...]:
        """Files and folders (hidden ones too) by path; PATH_NOT_FOUND if the folder is not there."""
        top = self.host_path(folder)
        if not top.is_dir():
            raise PlatformError(errors.PATH_NOT_FOUND, ERROR_TEXTS[errors.PATH_NOT_FOUND].format(folder))
        return tuple(sorted(self._entries(top, recursive=recursive), key=lambda info: name_key(info.path)))

    def volume_of(self, path: str, /) -> Volume:
        """Volume of a path that need not exist (Get-Volume -FilePath): mount points count. PATH_NOT_FOUND."""
        return self.volumes.of(path)

    def grow_allowed(self, path: str, extra_bytes: int, /) -> bool:
        """Whether the file's volume has room for so many more bytes now. Cheap: may be asked for every write."""
        return self.volumes.grow_allowed(path, extra_bytes)

    def require_room(self, path: str, extra_bytes: int) -> None:
        """DISK_FULL unless grow_allowed."""
        if extra_bytes > 0 and not self.grow_allowed(path, extra_bytes):
            raise PlatformError(errors.DISK_FULL, ERROR_TEXTS[errors.DISK_FULL].format(path))

    # --- changes

    def make_folder(self, path: str) -> str:
        """With all parents; one that is there already is fine. Returns the full path."""
        with self._changing("New-Item", path) as host_path:
            host_path.mkdir(parents=True, exist_ok=True)
        return self.windows_path(host_path)

    def remove_file(self, path: str) -> None:
        """FILE_NOT_FOUND, SHARING_VIOLATION; its access entries go with it."""
        with self._changing("Remove-Item", path, access=Access.DELETE) as host_path:
            host_path.unlink()
            self._removed(path)

    def remove_empty_folder(self, path: str) -> None:
        """FOLDER_NOT_EMPTY, FILE_NOT_FOUND; ACCESS_DENIED for the root of a volume."""
        with self._changing("Remove-Item", path) as host_path:
            if len(paths.split(path)) == 1 or paths.key(self.volumes.root_of(path) or "") == paths.key(path):
                raise PlatformError(errors.ACCESS_DENIED, f"'{path}' is the root of a volume.")
            host_path.rmdir()
            self._removed(path)

    def read_bytes(self, path: str) -> bytes:
        """A small file, whole. SHARING_VIOLATION if held without sharing reads."""
        self.facts(path)
        self.open_files.require(path, access=Access.READ)
        with windows_errors(path):
            return self.host_path(path).read_bytes()

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a small file in place, made if missing; DISK_FULL, SHARING_VIOLATION, PATH_NOT_FOUND (no folder)."""
        with self._changing("Set-Content", path, access=Access.WRITE, data=data) as host_path:
            host_path.write_bytes(data)

    def create_new(self, path: str, data: bytes) -> None:
        """Written whole under another name, published by a rename that refuses an existing name: FILE_EXISTS."""
        with self._changing("Rename-Item", path, data=data) as host_path:
            new = host_path.with_name(f"{host_path.name}.{os.urandom(4).hex()}.new")
            write_whole(new, data)
            try:
                rename_new(new, host_path)
            except FileExistsError:
                new.unlink()
                raise PlatformError(errors.FILE_EXISTS, f"The file '{path}' already exists.") from None

    def replace(self, path: str, data: bytes) -> None:
        """Atomic replace (or creation): readers see the old or the new file; access entries stay."""
        with self._changing("Replace-File", path, access=Access.WRITE | Access.DELETE, data=data) as host_path:
            write_whole(host_path, data)

    def rename(self, source: str, destination: str) -> None:
        """Within a volume, atomically, times and access entries kept. A name that is there: ALREADY_EXISTS.

        Also NOT_SAME_DEVICE, SHARING_VIOLATION, FILE_NOT_FOUND."""
        with self._changing("Move-Item", source, access=Access.DELETE) as host_path:
            new = self.host_path(destination)
            self._require_folder(destination, new)
            if self.volumes.root_of(source) != self.volumes.root_of(destination):
                raise PlatformError(errors.NOT_SAME_DEVICE, f"'{source}' and '{destination}' lie on two volumes.")
            self._move(host_path, new, destination)
            self.open_files.renamed(source, destination)
            if self.acl is not None:
                self.acl.renamed(source, destination)

    def set_last_write_ticks(self, path: str, ticks: int) -> None:
        """Exactly; FILE_NOT_FOUND."""
        with self._changing("Set-ItemProperty", path) as host_path:
            set_ticks(host_path, ticks)

    # --- inner

    @contextmanager
    def _changing(
        self, cmdlet_name: str, path: str, *, access: Access = Access.NONE, data: bytes | None = None
    ) -> Iterator[Path]:
        """A change of one path between its two moments; ``data``: what the file will hold, for room and folder."""
        host_path = self.host_path(path)
        with changing(self._faults, cmdlet_name), windows_errors(path):
            if data is not None:
                self._require_folder(path, host_path)
                self.require_room(path, len(data) - (host_path.stat().st_size if host_path.is_file() else 0))
            if access:
                self.open_files.require(path, access=access, share=ANYTHING)
            yield host_path

    def _require_folder(self, path: str, host_path: Path) -> None:
        if not host_path.parent.is_dir():
            raise PlatformError(errors.PATH_NOT_FOUND, ERROR_TEXTS[errors.PATH_NOT_FOUND].format(path))

    def _move(self, source: Path, new: Path, destination: str) -> None:
        if new == source:  # only the spelling changes
            source.rename(source.with_name(paths.split(destination)[-1]))
            return
        try:
            rename_new(source, new)
        except FileExistsError:
            code = errors.ALREADY_EXISTS
            raise PlatformError(code, ERROR_TEXTS[code].format(destination)) from None

    def _removed(self, path: str) -> None:
        if self.acl is not None:
            self.acl.removed(path)

    def _entries(self, folder: Path, *, recursive: bool) -> Iterator[FileInfo]:
        entries: builtins.list[os.DirEntry[str]] = []
        with vanished_is_fine():
            entries = list(os.scandir(folder))
        for entry in entries:
            with vanished_is_fine():
                info = self._info(Path(entry.path), entry.stat())
                yield info
                if info.folder and recursive:
                    yield from self._entries(Path(entry.path), recursive=True)

    def _info(self, host_path: Path, status: os.stat_result) -> FileInfo:
        folder = stat.S_ISDIR(status.st_mode)
        return FileInfo(
            path=self.windows_path(host_path),
            length_bytes=0 if folder else status.st_size,
            last_write_ticks=ticks_of(status.st_mtime_ns),
            folder=folder,
            hidden=BITS_TEMPORARY.fullmatch(host_path.name) is not None,
        )
