r"""Access entries of files and folders, kept across reboots.

Trouble: the target's computer account reads the source's files only with a grant on the share and one on each file, and
a clean-up must take back exactly what was granted. Answer: explicit entries per path, inherited ones computed from the
folders above. A volume's root grants SYSTEM and Administrators full control and nobody else: the stricter of what
administrators set up, so that nothing works by the grace of "Users may read".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lab.platform.identity import Identity


class Right(StrEnum):
    READ = "Read"
    MODIFY = "Modify"
    FULL_CONTROL = "FullControl"


@dataclass(frozen=True)
class AccessEntry:
    account: str
    right: Right
    inherited: bool = False

    def __str__(self) -> str:
        return f"{self.account}:{self.right.value}"


class AccessLists:
    def __init__(self, host_folder: Path) -> None: ...

    def grant(self, path: str, account: str, right: Right) -> bool:
        """Add an explicit allow entry (icacls /grant). False if that very entry was there already.

        FILE_NOT_FOUND if there is no such file or folder, ACCOUNT_NOT_MAPPED if nobody knows the account."""
        raise NotImplementedError

    def revoke(self, path: str, account: str, right: Right | None = None) -> bool:
        """Take explicit entries of the account away (all, or the one with the right). False if there was none."""
        raise NotImplementedError

    def entries(self, path: str, *, inherited: bool = False) -> tuple[AccessEntry, ...]:
        """Explicit entries, sorted; with ``inherited`` those of the folders above too."""
        raise NotImplementedError

    def protect(self, path: str) -> None:
        """Cut inheritance: entries of the folders above no longer count (icacls /inheritance:r)."""
        raise NotImplementedError

    def is_protected(self, path: str) -> bool:
        raise NotImplementedError

    def owner(self, path: str) -> str:
        r"""BUILTIN\Administrators unless set."""
        raise NotImplementedError

    def set_owner(self, path: str, account: str) -> None:
        raise NotImplementedError

    def allowed(self, path: str, account: str, right: Right) -> bool:
        """Whether explicit or inherited entries give that account (not its groups) at least that right."""
        raise NotImplementedError

    def identity_allowed(self, path: str, identity: Identity, right: Right) -> bool:
        """Like ``allowed``, with the groups in the caller's token: Administrators where it holds them."""
        raise NotImplementedError

    def removed(self, path: str) -> None:
        """The file or folder is gone, its entries with it. Called by FileSystem."""
        raise NotImplementedError

    def renamed(self, source: str, destination: str) -> None:
        """Entries follow. Called by FileSystem."""
        raise NotImplementedError
