"""A host of the laboratory in the process of the tests: its model, and PowerShell processes that ask it.

Windows is played by the laboratory alone (lab/hyperv, lab/platform), and its cmdlets reach PowerShell as on each of its
hosts (lab/engines/powershell). What a host has besides, an endpoint and a process of its own, these tests do not need: so
they hold the model itself, and can look at it and change it between two calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import module_coverage
from engine import EngineProcess, EngineSession, write_module

from lab.engines.powershell.bridge import Bridge
from lab.engines.powershell.processes import PowerShellTasks, ProcessStarter
from lab.host.cmdlets import PlatformFaults, with_faults
from lab.host.faults import Faults
from lab.host.model import HostModel
from lab.host.tally import Tally
from lab.host.windows_process import WindowsProcess
from lab.hyperv import INSTANT, HyperV, vm_host
from lab.platform.accounts import WindowsFacts
from lab.platform.acl import Right
from lab.platform.identity import ADMINISTRATORS, SYSTEM_ACCOUNT, Identity
from lab.platform.paths import PROGRAM_DATA
from lab.platform.platform import Platform
from lab.platform.windows import VERSIONS
from lab.settings import ADMINISTRATOR
from qsm.hosts import wire

ROOT = rf"{PROGRAM_DATA}\QuickStorageMigration"
MODULE = rf"{ROOT}\modules\{wire.module_hash()}\{wire.MODULE_NAME}"
TEMP = r"C:\Temp"
VOLUMES = {"C:\\": 100 << 30, "D:\\": 1000 << 30}
CLOCK = {"bits_seconds_scale": 0.0005, "smb_timeout_seconds": 1.0}
"""Of BITS and SMB: an hour without progress is two seconds here."""


def create_platform(lab_folder: Path, name: str, *, windows: str = "2022", **facts: object) -> WindowsFacts:
    """Lays out the folder of a host, and returns what it says of itself."""
    version = VERSIONS[windows]
    told = {"os_caption": version.caption, "os_build": version.build, "powershell_version": version.powershell}
    settings = WindowsFacts.model_validate({"computer_name": name, **told, **CLOCK, **facts})
    Platform.create(lab_folder / name, settings=settings, volumes=VOLUMES)
    return settings


def close_to_others(platform: Platform, path: str) -> None:
    """What install.ps1 does: inheritance cut, SYSTEM and the administrators alone."""
    for account in (SYSTEM_ACCOUNT, ADMINISTRATORS):
        platform.acl.grant(path, account, Right.FULL_CONTROL)
    platform.acl.protect(path)


@dataclass(frozen=True)
class _Started:
    process: EngineProcess
    admitted: dict[str, str]


class EngineHost:
    """A host that is on, with the switch LAN. `facts` are fields of `lab.platform.accounts.WindowsFacts`."""

    def __init__(self, folder: Path, *, name: str = "HV01", windows: str = "2022", **facts: object) -> None:
        """`folder` is the laboratory's, which several hosts may share."""
        create_platform(folder, name, windows=windows, **facts)
        self.folder, self.name = folder, name
        self.faults = Faults(power_off=_no_power_cut)
        self.platform = Platform(folder / name, lab_folder=folder, faults=PlatformFaults(self.faults))
        state_folder = folder / name / "hyperv"
        self.hyperv = HyperV(vm_host(self.platform), state_folder, platform=self.platform, witness=None, timing=INSTANT)
        model = HostModel(self.platform, with_faults(self.hyperv, self.faults))
        self.bridge = Bridge(model, self.platform.host_folder, faults=self.faults)
        measured = module_coverage.environment()
        self._starter = ProcessStarter(model, self.bridge, Tally(), environment=measured)
        self._started: list[_Started] = []
        self.tasks = PowerShellTasks(self._starter)
        self.platform.tasks.runner = self.tasks
        self.bridge.start()
        self.platform.boot()
        self.platform.files.make_folder(TEMP)
        self.hyperv.new_vm_switch("LAN")

    def path(self, windows_path: str) -> Path:
        """Where a path of this host really lies."""
        return self.platform.files.host_path(windows_path)

    @property
    def root(self) -> Path:
        """The folder of everything of this project on the host."""
        return self.path(ROOT)

    @property
    def caller(self) -> Identity:
        """Who calls over WinRM."""
        return self.platform.accounts.winrm_identity(ADMINISTRATOR)

    def put_module(self) -> Path:
        """Lays the module where install.ps1 puts it, closed to others, and returns that folder."""
        folder = write_module(self.root / "modules" / wire.module_hash())
        close_to_others(self.platform, ROOT)
        return folder

    def start(self, *arguments: str, identity: Identity | None = None) -> EngineProcess:
        """Starts the engine, for whoever calls over WinRM if nobody else is named."""
        return self._start(("-NoProfile", "-NonInteractive", *arguments), identity)

    def bootstrap(self, name: str, *, profile: bool = False) -> EngineProcess:
        """Starts a bootstrap by the tool's own command line, with a pipe for standard input."""
        words = wire.bootstrap_command(name).split()[1:]
        return self._start([word for word in words if not (profile and word == "-NoProfile")])

    def session(self, *, identity: Identity | None = None) -> EngineSession:
        """Starts a process that has the module and stays. The module is put on the host if it is not there."""
        if not self.platform.files.exists(MODULE):
            self.put_module()
        return EngineSession(self, MODULE, lambda file: self.start("-File", str(file), identity=identity))

    def close(self) -> None:
        """Ends whatever still runs."""
        for each in self._started:
            each.process.end()
            self._starter.ended(each.admitted)
        self.hyperv.close()
        self.platform.shutdown()
        self.bridge.stop()

    def _start(self, words: Iterable[str], identity: Identity | None = None) -> EngineProcess:
        process = WindowsProcess("powershell.exe", identity or self.caller)
        started, admitted = self._starter.start(list(words), process, kind="endpoint", environment={})
        self._started.append(_Started(EngineProcess(started), admitted))
        return self._started[-1].process


def _no_power_cut() -> NoReturn:
    raise AssertionError(f"a fault cut the power of a host that is part of the tests' process {os.getpid()}")
