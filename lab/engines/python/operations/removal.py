"""Removing files one by one: never a tree, never what was not named, and each one told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lab.engines.python.operations.host import ModuleHost
from lab.host.sentences import because, say
from lab.platform.errors import FILE_NOT_FOUND, FOLDER_NOT_EMPTY, PATH_NOT_FOUND, PlatformError
from qsm.hosts import messages as m

ROOT = re.compile(r"[A-Za-z]:\\?")
"""The root of a volume."""


def remove_files_of(
    host: ModuleHost,
    files: Sequence[str],
    folders: Sequence[str],
    *,
    allowed: Callable[[str], bool],
    reason: str,
) -> m.RemoveFilesResult:
    """Remove the files that are allowed to go, then the folders that are empty, in their order."""
    removed: list[str] = []
    missing: list[str] = []
    kept: list[str] = []
    for path in files:
        if not host.platform.files.exists(path):
            missing.append(path)
        elif not allowed(path):
            kept.append(say("kept", host.name, path=path, why=reason))
        else:
            _remove(host, host.platform.files.remove_file, path, removed=removed, missing=missing, kept=kept)
    for path in folders:
        if host.platform.files.is_file(path) or ROOT.fullmatch(path):
            kept.append(say("kept", host.name, path=path, why=say("kept_no_folder", host.name)))
        elif host.platform.files.is_folder(path):
            _remove(host, host.platform.files.remove_empty_folder, path, removed=removed, missing=missing, kept=kept)
        else:
            missing.append(path)
    return m.RemoveFilesResult(removed=tuple(removed), missing=tuple(missing), kept=tuple(kept))


def keep_files_of(host: ModuleHost, files: Sequence[str], *, reason: str) -> m.RemoveFilesResult:
    """Remove nothing: the files may be those of a VM that is registered here."""
    return remove_files_of(host, files, (), allowed=lambda path: False, reason=reason)


def _remove(
    host: ModuleHost,
    remove: Callable[[str], None],
    path: str,
    *,
    removed: list[str],
    missing: list[str],
    kept: list[str],
) -> None:
    try:
        remove(path)
    except PlatformError as error:
        if error.hresult in (FILE_NOT_FOUND, PATH_NOT_FOUND):
            missing.append(path)
        else:
            not_empty = error.hresult == FOLDER_NOT_EMPTY
            why = say("kept_not_empty", host.name) if not_empty else because(error)
            kept.append(say("kept", host.name, path=path, why=why))
    else:
        removed.append(path)
