"""The files that Hyper-V and its VMs hold open on a host, by who holds them.

Who opens a file on the host meets them: a disk of a running VM cannot be copied, its chain's lower files can be read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.platform.open_files import Access, OpenFile, OpenFiles

OpenMode = tuple[Access, Access]
"""What a holder does with a file, and what it lets others do."""
HELD_FILE: OpenMode = (Access.READ | Access.WRITE, Access.NONE)
SHARED_FILE: OpenMode = (Access.READ, Access.READ)
KEPT_FILE: OpenMode = (Access.NONE, Access.READ | Access.WRITE)


class HeldFiles:
    """Handles in the platform's table of open files. Safe for threads."""

    def __init__(self, open_files: OpenFiles) -> None:
        self._open_files = open_files
        self._handles: dict[str, dict[str, OpenFile]] = {}
        self._lock = threading.Lock()

    def set(self, key: str, wanted: Mapping[str, OpenMode], *, holder: str) -> None:
        """Make `wanted` (path: access, share) all that is open under `key`, closing before opening.

        Raises PlatformError (sharing violation) if somebody else's handle stands in the way; what was to be closed is.
        """
        with self._lock:
            held = self._handles.setdefault(key, {})
            for path, handle in list(held.items()):
                if wanted.get(path) != (handle.access, handle.share):
                    self._open_files.close(held.pop(path))
            for path, (access, share) in wanted.items():
                if path not in held:
                    held[path] = self._open_files.open(path, access=access, share=share, holder=holder)

    @contextmanager
    def during(self, wanted: Mapping[str, OpenMode], *, holder: str) -> Iterator[None]:
        """Hold files for a while."""
        key = f"{holder} {time.monotonic_ns()} {threading.get_ident()}"
        try:
            self.set(key, wanted, holder=holder)
            yield
        finally:
            self.set(key, {}, holder=holder)
            del self._handles[key]
