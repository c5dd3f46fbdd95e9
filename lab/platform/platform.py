"""One host's Windows, put together: the only object the Hyper-V half and the operations need.

Trouble: reboot and power loss must look alike from outside: what Windows keeps is there again, what lives in memory is
not. Answer: everything kept lies in the host's folder and is written by an atomic replace; ``boot`` starts from the
folder alone, whether the last run ended by ``shutdown`` or by SIGKILL.

``host_folder`` holds ``volumes/<letter>/`` (the files) and ``platform/*.json`` (the facts); the lab's folder holds what
hosts share: ``hosts.json``, ``links.json`` and ``domain/``.
"""

from __future__ import annotations

from pathlib import Path

from lab.platform.accounts import Accounts, WindowsFacts
from lab.platform.acl import AccessLists
from lab.platform.bits import Bits
from lab.platform.directory import HostDirectory
from lab.platform.files import PROGRAM_DATA, FileSystem
from lab.platform.hooks import CmdletFaults, NoCmdletFaults
from lab.platform.link import Links
from lab.platform.open_files import OpenFiles
from lab.platform.smb import Shares
from lab.platform.smb_client import SmbClient
from lab.platform.smb_server import SmbServer
from lab.platform.store import JsonStore
from lab.platform.tasks import ScheduledTasks, TaskRunner
from lab.platform.volumes import Volumes

SYSTEM_DRIVE = "C:\\"
SYSTEM_DRIVE_BYTES = 64 << 30


class Platform:
    """Attributes are the parts. One object per host and process; nothing runs before ``boot``."""

    def __init__(
        self,
        host_folder: Path,
        *,
        lab_folder: Path,
        faults: CmdletFaults | None = None,
        task_runner: TaskRunner | None = None,
    ) -> None:
        """A host that ``create`` made."""
        self.host_folder = host_folder
        self.faults: CmdletFaults = faults or NoCmdletFaults()
        self.directory = HostDirectory(lab_folder)
        self.links = Links(lab_folder)
        self.accounts = Accounts(host_folder, directory=self.directory)
        self.open_files = OpenFiles()
        self.files = FileSystem(host_folder, open_files=self.open_files, faults=self.faults)
        self.acl = AccessLists(host_folder, exists=self.files.exists, resolve=self.accounts.resolve, faults=self.faults)
        self.files.acl = self.acl
        self.shares = Shares(
            host_folder, files=self.files, acl=self.acl, resolve=self.accounts.resolve, faults=self.faults
        )
        self.tasks = ScheduledTasks(host_folder, faults=self.faults, runner=task_runner)
        self._client = SmbClient(accounts=self.accounts, directory=self.directory, links=self.links)
        self._server = SmbServer(
            accounts=self.accounts,
            directory=self.directory,
            files=self.files,
            open_files=self.open_files,
            shares=self.shares,
        )
        self.bits = Bits(host_folder, accounts=self.accounts, files=self.files, client=self._client, faults=self.faults)

    @classmethod
    def create(cls, host_folder: Path, *, settings: WindowsFacts, volumes: dict[str, int]) -> None:
        r"""Lay out a new host's folder: settings and volumes (root -> capacity in bytes); C:\ is made if not given.

        FileExistsError if there is a host in that folder."""
        facts = JsonStore(host_folder / "platform" / "host.json", None)
        if facts.load() is not None:
            raise FileExistsError(f"There is a lab host in '{host_folder}' already.")
        table = Volumes(host_folder)
        for root, capacity_bytes in {SYSTEM_DRIVE: SYSTEM_DRIVE_BYTES, **volumes}.items():
            table.add(root, capacity_bytes=capacity_bytes)
        FileSystem(host_folder).make_folder(PROGRAM_DATA)
        facts.save(settings.model_dump())

    def boot(self) -> None:
        """New boot time, temporary shares gone, tasks not running; the SMB server and BITS start."""
        self.accounts.boot()
        self.shares.boot()
        self.tasks.boot()
        self._server.start()
        self.bits.boot()

    def shutdown(self) -> None:
        """In order: tasks stopped, BITS and SMB server ended. A SIGKILL instead is a power loss."""
        self.tasks.shutdown()
        self.bits.shutdown()
        self._server.stop()

    def test_connection(self, address: str, *, timeout_seconds: float = 5.0) -> bool:
        """Whether TCP 445 of that name or address answers from here (Test-NetConnection -Port 445)."""
        return self._client.reachable(address, timeout_seconds=timeout_seconds)
