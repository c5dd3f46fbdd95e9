r"""SMB shares of a host: the cmdlets New-, Get-, Remove-SmbShare and Grant-SmbShareAccess.

Trouble: the temporary share that a copy reads from is gone after a reboot, and access needs the share's and the file's
permission both. Answer: those rules here; the server in ``smb_server`` asks them for every open.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SmbShare:
    name: str
    path: str
    temporary: bool
    special: bool  # administrative: C$, ADMIN$, IPC$
    caching_mode: str  # None, Manual, ...
    read_access: tuple[str, ...]  # accounts, sorted


class Shares:
    def __init__(self, host_folder: Path) -> None: ...

    def new_smb_share(
        self,
        name: str,
        path: str,
        *,
        read_access: tuple[str, ...] = (),
        temporary: bool = False,
        caching_mode: str = "Manual",
    ) -> SmbShare:
        """SHARE_EXISTS, PATH_NOT_FOUND (folder), ACCOUNT_NOT_MAPPED, INVALID_NAME. Temporary shares vanish at a reboot."""
        raise NotImplementedError

    def get_smb_share(self, name: str | None = None, *, special: bool = True) -> tuple[SmbShare, ...]:
        """All, or the one of that name (case ignored); none is an empty tuple."""
        raise NotImplementedError

    def remove_smb_share(self, name: str) -> None:
        """SHARE_NOT_FOUND. Open files of the share are closed (-Force)."""
        raise NotImplementedError

    def grant_smb_share_access(self, name: str, account: str) -> SmbShare:
        """Read for the account; SHARE_NOT_FOUND, ACCOUNT_NOT_MAPPED."""
        raise NotImplementedError

    def revoke_smb_share_access(self, name: str, account: str) -> SmbShare:
        raise NotImplementedError
