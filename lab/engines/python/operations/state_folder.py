r"""Where a host keeps what it knows about migrations: `%ProgramData%\QuickStorageMigration`.

What is written here decides who may run a VM, and any process may end between two writes. So a file is never changed
in place: it is written whole under another name, flushed, and put in place by one rename; a file that must be new is
put there by a rename that refuses an existing name.
"""

from __future__ import annotations

import json
from typing import Any

from lab.platform.errors import FILE_EXISTS, FILE_NOT_FOUND, PATH_NOT_FOUND, PlatformError
from lab.platform.files import FileSystem
from lab.platform.paths import PROGRAM_DATA, parent

ROOT = rf"{PROGRAM_DATA}\QuickStorageMigration"
MISSING = (FILE_NOT_FOUND, PATH_NOT_FOUND)


class StateFolder:
    """Reads and writes our own files. All names are relative to the root, with backslashes."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files

    def path(self, name: str = "") -> str:
        """Return the full Windows path of a name below the root."""
        return f"{ROOT}\\{name}" if name else ROOT

    def exists(self, name: str) -> bool:
        """Whether there is such a file or folder."""
        return self._files.exists(self.path(name))

    def read_bytes(self, name: str) -> bytes | None:
        """Return what a file holds, or None where there is none."""
        try:
            return self._files.read_bytes(self.path(name))
        except PlatformError as error:
            if error.hresult in MISSING:
                return None
            raise

    def read_json(self, name: str) -> Any | None:
        """Return what a file holds, or None where there is none. Raises ValueError where it is not JSON."""
        content = self.read_bytes(name)
        if content is None:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise ValueError(f"{self.path(name)} cannot be read: {error}") from error

    def replace_json(self, name: str, content: Any) -> None:
        """Put a file in place, whether it is there or not; its folder is made if missing."""
        self.write_bytes(name, _encode(content))

    def create_json(self, name: str, content: Any) -> bool:
        """Put a file in place unless the name is taken; returns whether it was done."""
        self._files.make_folder(parent(self.path(name)))
        try:
            self._files.create_new(self.path(name), _encode(content))
        except PlatformError as error:
            if error.hresult == FILE_EXISTS:
                return False
            raise
        return True

    def write_bytes(self, name: str, content: bytes) -> None:
        """Put a file in place, whether it is there or not; its folder is made if missing."""
        self._files.make_folder(parent(self.path(name)))
        self._files.replace(self.path(name), content)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        try:
            found = self._files.list(self.path(folder))
        except PlatformError as error:
            if error.hresult in MISSING:
                return []
            raise
        return sorted(info.path.rpartition("\\")[2] for info in found)

    def make_folder(self, name: str) -> None:
        """Make a folder and those above it."""
        self._files.make_folder(self.path(name))

    def rename(self, name: str, new_name: str) -> None:
        """Rename a file or folder; the new name must be free."""
        self._files.rename(self.path(name), self.path(new_name))

    def remove_file(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""
        try:
            self._files.remove_file(self.path(name))
        except PlatformError as error:
            if error.hresult not in MISSING:
                raise

    def remove_tree(self, name: str) -> None:
        """Remove one of our own folders file by file; one that is not there is fine."""
        remove_tree(self._files, self.path(name))


def remove_tree(files: FileSystem, path: str) -> None:
    """Remove a folder file by file; one that is not there is fine."""
    if not files.exists(path):
        return
    found = files.list(path, recursive=True)
    for info in found:
        if not info.folder:
            files.remove_file(info.path)
    for info in sorted(found, key=lambda info: len(info.path), reverse=True):
        if info.folder:
            files.remove_empty_folder(info.path)
    files.remove_empty_folder(path)


def _encode(content: Any) -> bytes:
    return json.dumps(content, indent=1).encode("ascii")
