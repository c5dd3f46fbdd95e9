r"""Compression, encryption and sparseness of NTFS, by file and folder.

Trouble: Hyper-V works on no disk that NTFS has compressed or encrypted or that is sparse, and a file takes the first two from the
folder that it is made in. Answer: a table of what was set, for the whole host. What is not in the table has what the
nearest folder above it has, as if it had been made there after that was set; a file that is renamed into another folder
takes that folder's, where Windows would leave it as it was.
"""

from __future__ import annotations

import enum
from pathlib import Path

from lab.platform import paths
from lab.platform.store import JsonStore


class Attribute(enum.StrEnum):
    """Names of System.IO.FileAttributes."""

    COMPRESSED = "Compressed"
    ENCRYPTED = "Encrypted"
    SPARSE = "SparseFile"


UNFIT_FOR_DISKS = frozenset(Attribute)
"""ERROR_VIRTUAL_DISK_LIMITATION: "must be uncompressed and unencrypted and must not be sparse"."""


class Attributes:
    """The table of one host; a file of the host's folder, read again when another process changed it."""

    def __init__(self, host_folder: Path) -> None:
        self._table = JsonStore(host_folder / "platform" / "attributes.json", {})

    def set(self, path: str, *attributes: Attribute) -> None:
        """Give a file or folder just these; none: clear them (compact /u, cipher /d)."""
        self._table.save({**self._table.load(), paths.key(path): list(attributes)})

    def of(self, path: str) -> frozenset[Attribute]:
        """What a file or folder has, whether it is there or would be made now."""
        table = self._table.load()
        if not table:
            return frozenset()
        parts = paths.split(path)
        for count in range(len(parts), 0, -1):
            found = table.get(paths.key(paths.join(parts[:count])))
            if found is not None:
                return frozenset(Attribute(each) for each in found if count == len(parts) or each != Attribute.SPARSE)
        return frozenset()
