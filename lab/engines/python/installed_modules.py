r"""The PowerShell module as it lies on a lab host: `modules\<hash>\QuickStorageMigration\`.

The lab's Python engine runs none of it, but a host that answers without having been given the module would hide every
mistake of the client in sending it. So the bytes are really stored, in the volume of the host, and are checked before
each process uses them, as the scripts of the bootstrap do: owner, closed root, and the hash over all files.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.state_folder import ROOT
from lab.platform.acl import Right
from lab.platform.identity import ADMINISTRATORS, SYSTEM_ACCOUNT
from lab.platform.paths import parent
from qsm.facts.names import one_of

MODULE_NAME = "QuickStorageMigration"
HASH = re.compile(r"[0-9a-f]{64}")
FILE_NAME = re.compile(r"[\w/-]+\.\w+")
OWNERS = (ADMINISTRATORS, SYSTEM_ACCOUNT)


class ModuleError(Exception):
    """The module cannot be stored; the text says why."""


def module_hash(digests: Mapping[str, str]) -> str:
    """Hash of a module from its files' SHA-256 by relative path with `/`."""
    lines = "".join(f"{path} {digests[path]}\n" for path in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


class InstalledModules:
    """The modules of one host."""

    def __init__(self, host: ModuleHost) -> None:
        self._host = host

    def is_installed(self, module: str) -> bool:
        """Whether the module is there, closed to others, and unchanged."""
        if not HASH.fullmatch(module) or not self._is_closed() or not self._may(Right.READ):
            return False
        folder = self._host.folder.path(f"modules\\{module}\\{MODULE_NAME}")
        if not self._host.platform.files.is_folder(folder):
            return False
        digests = {}
        for info in self._host.platform.files.list(folder, recursive=True):
            if not one_of(self._host.platform.acl.owner(info.path), OWNERS):
                return False
            if not info.folder:
                name = info.path[len(folder) + 1 :].replace("\\", "/")
                digests[name] = hashlib.sha256(self._host.platform.files.read_bytes(info.path)).hexdigest()
        return module_hash(digests) == module

    def install(self, module: str, files: Sequence[Mapping[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Store a module: written beside, checked, renamed when whole. Raises ModuleError."""
        if not self._host.caller.administrator:
            raise ModuleError(
                f"access to {ROOT} is denied: the logon of {self._host.caller.account} holds no unfiltered administrator "
                "token"
            )
        self._close_root()
        if self.is_installed(module):
            return
        contents = _assemble(files, pieces)
        if module_hash({path: hashlib.sha256(data).hexdigest() for path, data in contents.items()}) != module:
            raise ModuleError(f"the files sent are not the module {module}")
        beside = f"modules\\{module}.{secrets.token_hex(4)}"
        for path, data in contents.items():
            self._host.folder.write_bytes(f"{beside}\\{MODULE_NAME}\\{path.replace('/', chr(92))}", data)
        for info in self._host.platform.files.list(self._host.folder.path(beside), recursive=True):
            if self._host.platform.acl.owner(info.path) != ADMINISTRATORS:
                self._host.platform.acl.set_owner(info.path, ADMINISTRATORS)
        self._host.folder.remove_tree(f"modules\\{module}")
        self._host.folder.rename(beside, f"modules\\{module}")

    def _may(self, right: Right) -> bool:
        return self._host.platform.acl.identity_grants(ROOT, self._host.caller, right)

    def _is_closed(self) -> bool:
        acl = self._host.platform.acl
        exists = self._host.platform.files.is_folder(ROOT)
        return exists and acl.is_protected(ROOT) and one_of(acl.owner(ROOT), OWNERS)

    def _close_root(self) -> None:
        """Make the root, closed to others before it has its name. Raises ModuleError for one that others may enter."""
        if not self._host.platform.files.exists(ROOT):
            new = f"{ROOT}.{secrets.token_hex(4)}"
            acl = self._host.platform.acl
            self._host.platform.files.make_folder(parent(ROOT))
            self._host.platform.files.make_folder(new)
            acl.protect(new)
            acl.set_owner(new, ADMINISTRATORS)
            for account in (SYSTEM_ACCOUNT, ADMINISTRATORS):
                acl.grant(new, account, Right.FULL_CONTROL)
            self._host.platform.files.rename(new, ROOT)
        if not self._is_closed():
            raise ModuleError(f"{ROOT} is not closed to others")


def _assemble(files: Sequence[Mapping[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Put the files together. Raises ModuleError where one is not what was announced."""
    contents = {str(file["path"]): bytearray() for file in files}
    for piece in pieces:
        if piece.get("path") not in contents:
            raise ModuleError(f"a piece of {piece.get('path')!r} was not announced")
        contents[piece["path"]] += base64.b64decode(piece["data"])
    for file in files:
        path, data = str(file["path"]), contents[str(file["path"])]
        if not FILE_NAME.fullmatch(path):
            raise ModuleError(f"bad path {path}")
        if len(data) != file["length"] or hashlib.sha256(data).hexdigest() != file["sha256"]:
            raise ModuleError(f"{path} is not what was announced")
    return {path: bytes(data) for path, data in contents.items()}
