"""What the lab host's file system needs of this machine's: its errors and times in Windows' terms, names in any case.

Windows' names are found without regard to case, its times are .NET ticks, and a file may have to be put in place only
where the name is free; Linux does all that, under other names.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.platform import errors
from lab.platform.errors import PlatformError
from qsm.facts.names import name_key

UNIX_EPOCH_TICKS = 621_355_968_000_000_000  # DateTime(1970, 1, 1).Ticks
_RENAME_NOREPLACE = 1  # linux/fs.h
_AT_FDCWD = -100  # linux/fcntl.h

_HRESULTS = {
    errno.ENOENT: errors.FILE_NOT_FOUND,
    errno.ENOTDIR: errors.PATH_NOT_FOUND,
    errno.EEXIST: errors.ALREADY_EXISTS,
    errno.ENOTEMPTY: errors.FOLDER_NOT_EMPTY,
    errno.ENOSPC: errors.DISK_FULL,
    errno.EDQUOT: errors.DISK_FULL,
    errno.EISDIR: errors.ACCESS_DENIED,
    errno.EACCES: errors.ACCESS_DENIED,
    errno.EPERM: errors.ACCESS_DENIED,
    errno.ENAMETOOLONG: errors.INVALID_NAME,
}
ERROR_TEXTS = {
    errors.FILE_NOT_FOUND: "There is no file or folder '{}'.",
    errors.PATH_NOT_FOUND: "Could not find a part of the path '{}'.",
    errors.ALREADY_EXISTS: "Cannot create '{}' because a file or folder of that name already exists.",
    errors.FOLDER_NOT_EMPTY: "The folder '{}' is not empty.",
    errors.DISK_FULL: "There is not enough space on the disk for '{}'.",
    errors.ACCESS_DENIED: "Access to the path '{}' is denied.",
    errors.INVALID_NAME: "The name of '{}' is not valid.",
}


def ticks_of(mtime_ns: int) -> int:
    """.NET ticks of a Unix time in nanoseconds (rounded down)."""
    return mtime_ns // 100 + UNIX_EPOCH_TICKS


def nanoseconds_of(ticks: int) -> int:
    """Unix time in nanoseconds of .NET ticks."""
    return (ticks - UNIX_EPOCH_TICKS) * 100


def set_ticks(host_path: Path, ticks: int) -> None:
    """Set the last write time of a file or folder of this machine."""
    os.utime(host_path, ns=(host_path.stat().st_atime_ns, nanoseconds_of(ticks)))


def spelled_on_disk(folder: Path, name: str) -> Path:
    """The entry of that name as spelled on the disk; the name itself where there is none."""
    exact = folder / name
    if exact.exists():
        return exact
    wanted = name_key(name)
    with vanished_is_fine():
        for spelled in os.listdir(folder):  # noqa: PTH208  (a Path for each of many names is slow)
            if name_key(spelled) == wanted:
                return folder / spelled
    return exact


def rename_new(source: Path, destination: Path) -> None:
    """Rename that refuses an existing name, in one step of the kernel. FileExistsError."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(destination), ctypes.c_uint(_RENAME_NOREPLACE)
    )
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(destination))


@contextmanager
def vanished_is_fine() -> Iterator[None]:
    """What another process removes while we look is not there, and that is no error."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        return


@contextmanager
def windows_errors(path: str) -> Iterator[None]:
    """Errors of this machine's file system, as Windows would tell them of that path."""
    try:
        yield
    except OSError as error:
        hresult = _HRESULTS.get(error.errno or 0)
        if hresult is None:
            raise
        raise PlatformError(hresult, ERROR_TEXTS[hresult].format(path)) from error
