"""One host's Windows, put together: the only object the Hyper-V half and the operations need.

Trouble: reboot and power loss must look alike from outside: what Windows keeps is there again, what lives in memory is
not. Answer: everything kept lies in the host's folder and is written by an atomic replace; ``boot`` starts from the
folder alone, whether the last run ended by ``shutdown`` or by SIGKILL.
"""

from __future__ import annotations

from pathlib import Path

from lab.platform.accounts import Accounts, HostSettings
from lab.platform.acl import AccessLists
from lab.platform.bits import Bits
from lab.platform.directory import HostDirectory
from lab.platform.files import FileSystem
from lab.platform.hooks import Faults
from lab.platform.link import Links
from lab.platform.open_files import OpenFiles
from lab.platform.smb import Shares
from lab.platform.tasks import ScheduledTasks, TaskRunner


class Platform:
    """Attributes are the parts. ``host_folder`` is ``<lab folder>/<host>``; the lab folder holds what hosts share."""

    faults: Faults
    accounts: Accounts
    files: FileSystem
    acl: AccessLists
    open_files: OpenFiles
    shares: Shares
    bits: Bits
    tasks: ScheduledTasks
    directory: HostDirectory
    links: Links

    def __init__(
        self,
        host_folder: Path,
        *,
        lab_folder: Path,
        faults: Faults | None = None,
        task_runner: TaskRunner | None = None,
    ) -> None:
        """A host that ``create`` made; nothing runs before ``boot``."""

    @classmethod
    def create(cls, host_folder: Path, *, settings: HostSettings, volumes: dict[str, int]) -> None:
        r"""Lay out a new host's folder: settings and volumes (root -> capacity in bytes); C:\ is made if not given."""
        raise NotImplementedError

    def boot(self) -> None:
        """New boot time, temporary shares gone, tasks not running; SMB server and BITS start."""
        raise NotImplementedError

    def shutdown(self) -> None:
        """In order: tasks stopped, BITS and SMB server ended. A SIGKILL instead is a power loss."""
        raise NotImplementedError

    def test_connection(self, address: str, *, timeout_seconds: float = 5.0) -> bool:
        """Whether TCP 445 of that name or address answers from here (Test-NetConnection -Port 445)."""
        raise NotImplementedError
