"""Small facts of a host, kept so that a SIGKILL at any instant leaves the old or the new state and nothing between.

Trouble: a host dies without warning, and several processes look at the same facts (a laboratory that resizes a volume,
a VM's process that asks whether it may grow). Answer: each fact is one JSON file, written whole under another name and
renamed over the old one; readers notice a new file by its inode and time, at the price of one ``stat``.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from pathlib import Path
from typing import Any

_serial = itertools.count()


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace the file atomically; the folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.{next(_serial)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


class JsonStore:
    """One JSON value in one file. Safe for threads; between processes the last writer wins; no reader sees a half."""

    def __init__(self, path: Path, default: Any) -> None:
        self.path = path
        self._default = default
        self._seen: tuple[int, int, int] | None = None
        self._value: Any = default
        self._lock = threading.Lock()

    def load(self) -> Any:
        """The value as it is in the file now; the default if there is no file. Callers must not change it in place."""
        with self._lock:
            try:
                status = self.path.stat()
            except FileNotFoundError:
                self._seen, self._value = None, self._default
                return self._value
            signature = (status.st_ino, status.st_mtime_ns, status.st_size)
            if signature != self._seen:
                self._value = json.loads(self.path.read_bytes())
                self._seen = signature
            return self._value

    def save(self, value: Any) -> None:
        with self._lock:
            write_whole(self.path, json.dumps(value, indent=1).encode())
            self._seen = None
