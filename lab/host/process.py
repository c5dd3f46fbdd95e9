"""One lab host: a process of its own, with everything that a host loses when its power goes.

Hyper-V, Windows' half, the engine and the endpoint live in this process, running VMs are its children, and all of them
are one process group: a power cut is one SIGKILL to the group, and what was not on disk is gone, as it should be. The
same folder boots again. The control socket is the lab's own way in, for levers that no client of a host has.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lab.engines.powershell.bridge import Bridge
from lab.engines.powershell.processes import PowerShellEngine, PowerShellTasks, ProcessStarter
from lab.engines.python.engine import EngineSettings as PowerShellSettings
from lab.engines.python.engine import PythonEngine, TaskEngine, WireFaults
from lab.engines.python.operations.host import Host, MigrationLocks
from lab.engines.python.operations.state_folder import StateFolder
from lab.host.cmdlets import PlatformFaults, with_faults
from lab.host.faults import Faults
from lab.host.levers import HostLevers
from lab.host.tally import Tally
from lab.hyperv import HyperV, Timing, vm_host
from lab.hyperv.model import VMHost
from lab.platform.accounts import HostSettings
from lab.platform.platform import Platform
from lab.platform.store import JsonStore
from lab.platform.windows import VERSIONS
from lab.process.control import ControlServer
from lab.process.dying_with_parent import die_with_parent
from lab.settings import (
    ADMINISTRATOR,
    CERTIFICATE_USER,
    DNS_DOMAIN,
    DOMAIN,
    ENDPOINT_FILE,
    HostPlan,
    LabSettings,
    certificate_folder,
    password_file,
)
from lab.winrm.certificates import LabCA
from lab.winrm.endpoint import Endpoint
from lab.winrm.engine import Engine
from lab.winrm.settings import EndpointSettings, Quotas


@dataclass(frozen=True)
class Place:
    """Where a host's things lie, and how it was planned."""

    lab_folder: Path
    settings: LabSettings
    plan: HostPlan
    witness: tuple[str, int] | None

    @property
    def folder(self) -> Path:
        """The host's folder."""
        return self.lab_folder / self.plan.name

    @property
    def address(self) -> str:
        """Where its endpoint and its SMB server listen."""
        return self.settings.address(self.plan.name)


def create_host(lab_folder: Path, settings: LabSettings, plan: HostPlan) -> None:
    """Lay out the folder of a new host."""
    windows = VERSIONS[plan.windows]
    facts = {
        "os_caption": windows.caption,
        "os_build": windows.build,
        "powershell_version": windows.powershell,
        "computer_name": plan.name.upper(),
        "address": settings.address(plan.name),
        "domain": DOMAIN,
        "dns_domain": DNS_DOMAIN,
        **plan.facts,
    }
    Platform.create(lab_folder / plan.name, settings=HostSettings(**facts), volumes=plan.volumes)


class HostProcess:
    """The parts of a running host."""

    def __init__(self, place: Place) -> None:
        """Put the host together; nothing runs before `boot`."""
        self._place = place
        self.faults = Faults(power_off=cut_power)
        self.platform = Platform(place.folder, lab_folder=place.lab_folder, faults=PlatformFaults(self.faults))
        self.hyperv = HyperV(
            self._vm_host(),
            place.folder / "hyperv",
            platform=self.platform,
            witness=place.witness,
            timing=Timing(**place.plan.timing),
        )
        self.host = Host(
            self.platform,
            with_faults(self.hyperv, self.faults),
            StateFolder(self.platform.files),
            MigrationLocks(wait_seconds=place.plan.lock_wait_seconds),
        )
        self.tally = Tally()
        self.endpoint = self._endpoint(self._engine())

    def boot(self) -> None:
        """Start everything, the endpoint last: who reaches the host finds it ready."""
        self.platform.boot()
        self.hyperv.boot()
        for name in self._place.plan.switches:
            if all(switch.name != name for switch in self.hyperv.get_vm_switch()):
                self.hyperv.new_vm_switch(name)
        self.endpoint.start()
        JsonStore(self._place.folder / ENDPOINT_FILE, {}).save({"port": self.endpoint.port})

    def shut_down(self) -> None:
        """End in order, as `shutdown.exe` does."""
        self.endpoint.stop()
        self.hyperv.shut_down_host()
        self.platform.shutdown()

    def _vm_host(self) -> VMHost:
        told: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in self._place.plan.hyperv.items()
        }
        return dataclasses.replace(vm_host(self.platform), **told)

    def _engine(self) -> Engine:
        """Make the engine that the laboratory was planned with, for the endpoint and for tasks."""
        plan = self._place.plan
        if self._place.settings.engine == "powershell":
            bridge = Bridge(self.host, self._place.folder)
            starter = ProcessStarter(self.host, bridge, self.tally)
            self.platform.tasks.runner = PowerShellTasks(starter)
            bridge.start()
            return PowerShellEngine(self.host, starter, faults=self.faults)
        self.platform.tasks.runner = TaskEngine(self.host)
        return PythonEngine(
            self.host,
            faults=self.faults,
            settings=PowerShellSettings(start_delay_seconds=plan.start_delay_seconds, noise=plan.noise),
        )

    def _endpoint(self, engine: Engine) -> Endpoint:
        plan, name = self._place.plan, self.platform.accounts.settings.computer_name
        authority = LabCA(certificate_folder(self._place.lab_folder))
        fqdn = self.platform.accounts.settings.fqdn
        certificate = authority.issue_server(plan.name, [self._place.address, name.lower(), fqdn, fqdn.lower()])
        password = SecretStr(password_file(self._place.lab_folder).read_text("utf-8").strip())
        given: dict[str, Any] = {
            "machine_name": name,
            "server_certificate": certificate.certificate,
            "server_key": certificate.key,
            "accounts": {ADMINISTRATOR: password},
            "address": self._place.address,
            "port": JsonStore(self._place.folder / ENDPOINT_FILE, {}).load().get("port", 0),
            "client_ca": authority.certificate,
            "certificate_mapping": {CERTIFICATE_USER: ADMINISTRATOR},
            "allow_basic": self._place.settings.transport == "basic",
            "quotas": Quotas(**plan.quotas),
            **plan.endpoint,
        }
        return Endpoint(EndpointSettings(**given), engine, WireFaults(self.faults))


def cut_power() -> None:
    """End this host as a power cut does, running VMs included. Does not return."""
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run a host: parent's process id, lab folder, host name, witness ("address:port" or ""), descriptor to say ready."""
    parent, lab_folder, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    die_with_parent(parent)
    os.setpgid(0, 0)
    settings = LabSettings.load(lab_folder)
    address, _, port = sys.argv[4].rpartition(":")
    place = Place(lab_folder, settings, settings.host(name), (address, int(port)) if port else None)
    process = HostProcess(place)
    over = threading.Event()
    control = ControlServer(place.folder, HostLevers(process, over=over).handlers())
    process.boot()
    control.start()
    with os.fdopen(int(sys.argv[5]), "w") as ready:
        ready.write(f"{process.endpoint.port}\n")
    over.wait()
    process.shut_down()


if __name__ == "__main__":
    main()
