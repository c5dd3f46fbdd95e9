"""One open file of the host: exact reads and writes at an offset, locked against a second writer.

Trouble: a short read or write that goes unnoticed is silent corruption, and two writers on one disk file
end the same way. Answer: every transfer is complete or raises; a writer locks the file exclusively and
readers share a lock, as Hyper-V's share modes do: a running VM's leaf cannot be opened by anyone else, its
parents by readers only. The lock dies with the process that holds it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.disks.model import MEBIBYTE, DiskError, Hresult

Buffer = bytes | bytearray | memoryview

_LARGE_BYTES = 4 * MEBIBYTE


class HostFile:
    """A file descriptor with complete reads and writes. Not safe for threads that share it."""

    def __init__(self, path: Path, *, writable: bool, locked: bool) -> None:
        """Open an existing file.

        Raises DiskError 0x80070002 when there is no such file and, with `locked`, 0x80070020 when another
        handle excludes this one.
        """
        self.path = path
        self.writable = writable
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC
        try:
            self.fd = os.open(path, flags)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise DiskError(Hresult.FILE_NOT_FOUND, f"there is no disk file {path}") from error
        if locked:
            self._lock()

    def _lock(self) -> None:
        try:
            fcntl.flock(self.fd, (fcntl.LOCK_EX if self.writable else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self.fd)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            purpose = "writing" if self.writable else "reading"
            raise DiskError(
                Hresult.SHARING_VIOLATION,
                f"{self.path} cannot be opened for {purpose}: it is in use. Close the disk or stop the VM first.",
            ) from error

    def size_bytes(self) -> int:
        return os.fstat(self.fd).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; raises DiskError 0xC03A0013 where the file ends before."""
        if length > _LARGE_BYTES and offset + length > self.size_bytes():
            # before asking: a damaged length must not make us reserve gigabytes
            raise DiskError(Hresult.INVALID_FILE_SIZE, f"{self.path} is truncated: {self.size_bytes()} bytes")
        data = os.pread(self.fd, length, offset)
        if len(data) == length:
            return data
        buffer = bytearray(length)
        self.read_into(memoryview(buffer), offset)
        return bytes(buffer)

    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill `view`; raises DiskError 0xC03A0013 where the file ends before."""
        while view:
            count = os.preadv(self.fd, [view], offset)
            if count == 0:
                raise DiskError(
                    Hresult.INVALID_FILE_SIZE,
                    f"{self.path} ends at {self.size_bytes()} bytes, but {len(view)} bytes at {offset} belong to it: "
                    "the file is truncated",
                )
            view = view[count:]
            offset += count

    def write_at(self, offset: int, data: Buffer) -> None:
        count = os.pwrite(self.fd, data, offset)
        if count == len(data):
            return
        rest = memoryview(data)[count:]
        while rest:
            offset += count
            count = os.pwrite(self.fd, rest, offset)
            rest = rest[count:]

    def extend_to(self, size_bytes: int) -> None:
        """Grow the file with zeros."""
        os.ftruncate(self.fd, size_bytes)

    def flush(self) -> None:
        os.fdatasync(self.fd)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create_file(path: Path) -> HostFile:
    """Make a new, empty file and open it; raises DiskError 0x80070050 when the name is taken."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    except FileExistsError as error:
        raise DiskError(Hresult.FILE_EXISTS, f"{path} exists already: nothing was changed") from error
    return HostFile(path, writable=True, locked=True)
