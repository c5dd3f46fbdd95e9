"""A lab host that is on: everything that it loses when its power goes.

Hyper-V, Windows' half, the engine and the endpoint live in one process, running VMs are its children, and all of them
are one process group: a power cut is one SIGKILL to the group, and what was not on disk is gone, as it should be. The
same folder boots again.
"""

from __future__ import annotations

import dataclasses
import os
import signal
from typing import Any

from pydantic import SecretStr

from lab.host.cmdlets import PlatformFaults, with_faults
from lab.host.engine import EngineBuilder, EngineGround
from lab.host.faults import Faults
from lab.host.model import HostModel
from lab.host.place import HostPlace
from lab.host.tally import Tally
from lab.host.wire_faults import WireFaults
from lab.hyperv import HyperV, Timing, vm_host
from lab.hyperv.model import VMHost
from lab.platform.platform import Platform
from lab.platform.store import JsonStore
from lab.settings import ADMINISTRATOR, CERTIFICATE_USER, ENDPOINT_FILE, certificate_folder, password_file
from lab.winrm.certificates import LabCA
from lab.winrm.endpoint import Endpoint
from lab.winrm.engine import Engine
from lab.winrm.settings import EndpointSettings, Quotas


class RunningHost:
    """The parts of a host that is on."""

    def __init__(self, place: HostPlace, *, engine: EngineBuilder) -> None:
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
        self.tally = Tally()
        model = HostModel(self.platform, with_faults(self.hyperv, self.faults))
        parts = engine(EngineGround(model, self.faults, self.tally, place.plan))
        self.platform.tasks.runner = parts.tasks
        self.endpoint = self._endpoint(parts.commands)

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
