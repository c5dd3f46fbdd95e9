r"""SMB shares of a host: the cmdlets New-, Get-, Remove-SmbShare, Grant- and Revoke-SmbShareAccess.

Trouble: the temporary share that a copy reads from is gone after a reboot, and access needs the share's and the file's
permission both. Answer: those rules here; ``smb_server`` asks ``open_for`` for every file that a peer opens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lab.platform import errors, paths
from lab.platform.acl import AccessLists, Right
from lab.platform.attributes import Attribute
from lab.platform.errors import PlatformError
from lab.platform.files import FileSystem
from lab.platform.hooks import CmdletFaults, changing
from lab.platform.store import JsonStore
from qsm.facts.names import name_key, one_of, same_name

_FORBIDDEN_IN_NAMES = set('"/\\[]:|<>+=;,*?')  # "New-SmbShare", NetShareAdd
_LONGEST_NAME = 80


@dataclass(frozen=True)
class SmbShare:
    name: str
    path: str
    temporary: bool
    special: bool  # administrative: C$, ADMIN$, IPC$
    caching_mode: str  # None, Manual, Documents, Programs, BranchCache
    read_access: tuple[str, ...]  # accounts, sorted


class Shares:
    """Shares of one host. Those that are not temporary are kept in the host's folder."""

    def __init__(
        self,
        host_folder: Path,
        *,
        files: FileSystem,
        acl: AccessLists,
        resolve: Callable[[str], str | None],
        faults: CmdletFaults,
    ) -> None:
        self._store = JsonStore(host_folder / "platform" / "shares.json", [])
        self._files = files
        self._acl = acl
        self._resolve = resolve
        self._faults = faults
        self._lock = threading.RLock()
        self._temporary: dict[str, SmbShare] = {}
        self.on_removed: Callable[[str], None] = lambda name: None  # the server closes what is open there

    def boot(self) -> None:
        """Temporary shares are gone ("New-SmbShare", -Temporary)."""
        with self._lock:
            self._temporary.clear()

    def new_smb_share(
        self,
        name: str,
        path: str,
        *,
        read_access: tuple[str, ...] = (),
        temporary: bool = False,
        caching_mode: str = "Manual",
    ) -> SmbShare:
        """SHARE_EXISTS, PATH_NOT_FOUND (no such folder), ACCOUNT_NOT_MAPPED, INVALID_NAME.

        Temporary shares vanish at a reboot. An empty ``read_access`` means Everyone, as on Windows."""
        accounts = read_access or ("Everyone",)
        with changing(self._faults, "New-SmbShare"), self._lock:
            if not name or len(name) > _LONGEST_NAME or _FORBIDDEN_IN_NAMES & set(name):
                raise PlatformError(errors.INVALID_NAME, f"'{name}' is not a valid name of a share.")
            if self.get_smb_share(name):
                raise PlatformError(errors.SHARE_EXISTS, f"The name '{name}' has already been shared.")
            if not self._files.is_folder(path):
                raise PlatformError(errors.PATH_NOT_FOUND, f"There is no folder '{path}' to share as '{name}'.")
            for account in accounts:
                self._require_known(account)
            share = SmbShare(name, self._files.full_path(path), temporary, False, caching_mode, _sorted(accounts))
            self._keep(share)
            return share

    def get_smb_share(self, name: str | None = None, *, special: bool = True) -> tuple[SmbShare, ...]:
        """All by name, or the one of that name (case ignored); none is an empty tuple. ``special``: those too."""
        with self._lock:
            found = [*self._kept(), *self._temporary.values(), *(self._administrative() if special else ())]
        if name is not None:
            found = [share for share in found if same_name(share.name, name)]
        return tuple(sorted(found, key=lambda share: name_key(share.name)))

    def remove_smb_share(self, name: str) -> None:
        """SHARE_NOT_FOUND. Open files of the share are closed (-Force)."""
        with changing(self._faults, "Remove-SmbShare"):
            with self._lock:
                share = self._ordinary(name)
                self._temporary.pop(name_key(share.name), None)
                self._save([each for each in self._kept() if each.name != share.name])
            self.on_removed(share.name)

    def grant_smb_share_access(self, name: str, account: str) -> SmbShare:
        """Read for the account; SHARE_NOT_FOUND, ACCOUNT_NOT_MAPPED."""
        with changing(self._faults, "Grant-SmbShareAccess"), self._lock:
            share = self._ordinary(name)
            self._require_known(account)
            changed = replace(share, read_access=_sorted((*share.read_access, account)))
            self._keep(changed)
            return changed

    def revoke_smb_share_access(self, name: str, account: str) -> SmbShare:
        """Take the account off the share; files that are open stay open. SHARE_NOT_FOUND."""
        with changing(self._faults, "Revoke-SmbShareAccess"), self._lock:
            share = self._ordinary(name)
            left = tuple(each for each in share.read_access if name_key(each) != name_key(account))
            changed = replace(share, read_access=left)
            self._keep(changed)
            return changed

    def open_for(self, account: str, *, share_name: str, below: str) -> str:
        """The full path that a computer account may read by that share and the path below it.

        BAD_NETWORK_NAME if there is no such share; ACCESS_DENIED unless both share and file grant read to the account;
        FILE_NOT_FOUND, PATH_NOT_FOUND. Traversing folders needs no right ("Bypass traverse checking" is everyone's)."""
        found = self.get_smb_share(share_name)
        if not found:
            raise PlatformError(errors.BAD_NETWORK_NAME, f"The network name '{share_name}' cannot be found.")
        share = found[0]
        if not any(_covers(granted, account) for granted in share.read_access):
            raise PlatformError(errors.ACCESS_DENIED, f"'{account}' has no access to the share '{share.name}'.")
        path = paths.join(paths.split(f"{share.path}\\{below}"))
        if self._files.facts(path).folder:
            raise PlatformError(errors.ACCESS_DENIED, f"'{path}' is a folder.")
        if not self._acl.grants(path, account, Right.READ):
            raise PlatformError(errors.ACCESS_DENIED, f"'{account}' has no permission to read '{path}'.")
        if Attribute.ENCRYPTED in self._files.attributes.of(path):
            raise PlatformError(errors.ACCESS_DENIED, f"'{account}' has no key to decrypt '{path}'.")
        return path

    def _ordinary(self, name: str) -> SmbShare:
        found = self.get_smb_share(name, special=False)
        if not found:
            raise PlatformError(errors.SHARE_NOT_FOUND, f"There is no share '{name}' that can be changed.")
        return found[0]

    def _administrative(self) -> list[SmbShare]:
        roots = [volume.root for volume in self._files.volumes.all() if len(volume.root) == 3]
        shared = [(f"{root[0]}$", root) for root in roots] + [("ADMIN$", r"C:\Windows"), ("IPC$", "")]
        return [SmbShare(name, path, False, True, "Manual", ()) for name, path in shared]

    def _require_known(self, account: str) -> None:
        if self._resolve(account) is None:
            raise PlatformError(
                errors.ACCOUNT_NOT_MAPPED, f"No mapping between account names and security IDs was done: '{account}'."
            )

    def _kept(self) -> list[SmbShare]:
        return [SmbShare(**{**facts, "read_access": tuple(facts["read_access"])}) for facts in self._store.load()]

    def _keep(self, share: SmbShare) -> None:
        if share.temporary:
            self._temporary[name_key(share.name)] = share
        else:
            self._save([*(each for each in self._kept() if each.name != share.name), share])

    def _save(self, shares: list[SmbShare]) -> None:
        self._store.save([asdict(share) for share in shares])


def _covers(granted: str, account: str) -> bool:
    return one_of(granted, ("Everyone", r"NT AUTHORITY\Authenticated Users", account))


def _sorted(accounts: tuple[str, ...]) -> tuple[str, ...]:
    """Each account once, whatever its case."""
    return tuple(sorted({name_key(account): account for account in reversed(accounts)}.values(), key=name_key))
