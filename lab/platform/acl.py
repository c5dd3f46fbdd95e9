r"""Access entries of files and folders, kept across reboots.

Trouble: the target's computer account reads the source's files only with a grant on the share and one on each file, and
a clean-up must take back exactly what was granted. Answer: explicit entries per path, inherited ones computed from the
folders above. A volume's root grants SYSTEM and Administrators full control and nobody else: the stricter of what
administrators set up, so that nothing works by the grace of "Users may read".

Every account that is granted to a folder is taken as granted to what lies below (icacls ``(OI)(CI)``), except below a
folder whose inheritance was cut.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from lab.platform import paths
from lab.platform.errors import ACCOUNT_NOT_MAPPED, FILE_NOT_FOUND, PlatformError
from lab.platform.hooks import CmdletFaults, NoCmdletFaults, changing
from lab.platform.identity import ADMINISTRATORS, SYSTEM_ACCOUNT, Identity
from lab.platform.store import JsonStore
from qsm.facts.names import same_name


class Right(StrEnum):
    """Simple rights of icacls, each with the ones before it."""

    READ = "Read"
    MODIFY = "Modify"
    FULL_CONTROL = "FullControl"

    @property
    def file_system_rights(self) -> str:
        """What icacls grants by it, in the words of .NET's FileSystemRights."""
        return self.value if self is Right.FULL_CONTROL else f"{self.value}, Synchronize"


_ORDER = list(Right)


@dataclass(frozen=True)
class AccessEntry:
    account: str
    right: Right
    inherited: bool = False
    denies: bool = False

    def __str__(self) -> str:
        return f"{self.account}:{'deny ' if self.denies else ''}{self.right.value}"


_ROOT_ENTRIES = (AccessEntry(ADMINISTRATORS, Right.FULL_CONTROL), AccessEntry(SYSTEM_ACCOUNT, Right.FULL_CONTROL))


class AccessLists:
    """Entries of one host's files, keyed by path; ``exists`` and ``resolve`` ask the file system and the accounts."""

    def __init__(
        self,
        host_folder: Path,
        *,
        exists: Callable[[str], bool],
        resolve: Callable[[str], str | None],
        faults: CmdletFaults | None = None,
    ) -> None:
        self._store = JsonStore(host_folder / "platform" / "access.json", {})
        self._exists = exists
        self._resolve = resolve
        self._faults = faults or NoCmdletFaults()
        self._lock = threading.RLock()

    def grant(self, path: str, account: str, right: Right | str) -> None:
        """Add an explicit allow entry (icacls /grant); one that is there already stays.

        FILE_NOT_FOUND if there is no such file or folder, ACCOUNT_NOT_MAPPED if nobody knows the account."""
        if self._resolve(account) is None:
            raise PlatformError(
                ACCOUNT_NOT_MAPPED, f"No mapping between account names and security IDs was done: '{account}'."
            )
        wanted = [account, Right(right).value]
        with changing(self._faults, "Set-Acl"), self._lock:
            facts = self._facts(path)
            if not any(_same(entry, wanted) for entry in facts["entries"]):
                self._save(path, {**facts, "entries": [*facts["entries"], wanted]})

    def deny(self, path: str, account: str) -> None:
        """Add an explicit entry that denies reading (icacls /deny), and with it every right that holds reading.

        It goes before what allows ("Order of ACEs in a DACL"). `revoke` leaves it, as icacls /remove:g does."""
        with changing(self._faults, "Set-Acl"), self._lock:
            facts = self._facts(path)
            self._save(path, {**facts, "denied": [*facts.get("denied", []), account]})

    def revoke(self, path: str, account: str, right: Right | str | None = None) -> bool:
        """Take explicit entries of the account away (all, or the one with the right). False if there was none."""
        with changing(self._faults, "Set-Acl"), self._lock:
            facts = self._facts(path)
            kept = [e for e in facts["entries"] if not _same(e, [account, Right(right).value if right else e[1]])]
            if len(kept) == len(facts["entries"]):
                return False
            self._save(path, {**facts, "entries": kept})
            return True

    def entries(self, path: str, *, inherited: bool = False) -> tuple[AccessEntry, ...]:
        """Explicit entries, sorted; with ``inherited`` those of the folders above too. FILE_NOT_FOUND."""
        facts = self._facts(path)
        found = [AccessEntry(account, Right(right)) for account, right in facts["entries"]]
        found += [AccessEntry(account, Right.READ, denies=True) for account in facts.get("denied", [])]
        if inherited and not facts["protected"]:
            found += [replace(entry, inherited=True) for entry in self._above(path)]
        return tuple(sorted(found, key=lambda entry: (entry.inherited, not entry.denies, str(entry))))

    def protect(self, path: str) -> None:
        """Cut inheritance: entries of the folders above no longer count (icacls /inheritance:r)."""
        with changing(self._faults, "Set-Acl"), self._lock:
            self._save(path, {**self._facts(path), "protected": True})

    def unprotect(self, path: str) -> None:
        """Let entries of the folders above count again (icacls /inheritance:e)."""
        with changing(self._faults, "Set-Acl"), self._lock:
            self._save(path, {**self._facts(path), "protected": False})

    def is_protected(self, path: str) -> bool:
        return bool(self._facts(path)["protected"])

    def owner(self, path: str) -> str:
        r"""BUILTIN\Administrators unless set."""
        return str(self._facts(path)["owner"])

    def set_owner(self, path: str, account: str) -> None:
        with changing(self._faults, "Set-Acl"), self._lock:
            self._save(path, {**self._facts(path), "owner": account})

    def grants(self, path: str, account: str, right: Right | str) -> bool:
        """Whether explicit or inherited entries give that account (not its groups) at least that right."""
        least = _ORDER.index(Right(right))
        for entry in self.entries(path, inherited=True):  # the first that says something decides
            if same_name(entry.account, account) and (entry.denies or _ORDER.index(entry.right) >= least):
                return not entry.denies
        return False

    def identity_grants(self, path: str, identity: Identity, right: Right | str) -> bool:
        """Like ``grants``, with the groups in the caller's token: Administrators where it holds them.

        Not acted on: an entry that denies one of them what another is granted."""
        groups = [ADMINISTRATORS] if identity.administrator else []
        return any(self.grants(path, account, right) for account in (identity.account, *groups))

    def removed(self, path: str) -> None:
        """The file or folder is gone, its entries with it. Called by FileSystem."""
        with self._lock:
            table: dict[str, Any] = self._store.load()
            if paths.key(path) in table:
                self._store.save({name: facts for name, facts in table.items() if name != paths.key(path)})

    def renamed(self, source: str, destination: str) -> None:
        """Entries follow, those of everything below too. Called by FileSystem."""
        old, new = paths.key(source), paths.key(destination)
        with self._lock:
            table: dict[str, Any] = self._store.load()
            moved = {
                new + name[len(old) :] if name == old or name.startswith(old + "\\") else name: facts
                for name, facts in table.items()
                if name != new
            }
            if moved.keys() != table.keys():
                self._store.save(moved)

    def _above(self, path: str) -> tuple[AccessEntry, ...]:
        parts = paths.split(path)
        if len(parts) == 1:
            return _ROOT_ENTRIES
        return self.entries(paths.join(parts[:-1]), inherited=True)

    def _facts(self, path: str) -> dict[str, Any]:
        if not self._exists(path):
            raise PlatformError(FILE_NOT_FOUND, f"There is no file or folder '{path}'.")
        facts: dict[str, Any] = self._store.load().get(
            paths.key(path), {"entries": [], "protected": False, "owner": ADMINISTRATORS}
        )
        return facts

    def _save(self, path: str, facts: dict[str, Any]) -> None:
        """Write the table, without the entries of files that somebody removed behind the file system's back."""
        table: dict[str, Any] = {**self._store.load(), paths.key(path): facts}
        self._store.save({name: each for name, each in table.items() if self._exists(name)})


def _same(one: list[str], other: list[str]) -> bool:
    return same_name(one[0], other[0]) and one[1] == other[1]
