"""A laboratory: two (or more) stand-in Hyper-V hosts, a witness, and the settings by which the product reaches them.

    laboratory = Laboratory(Path(".lab"))
    laboratory.up()
    laboratory.host("hv01").create_vm("web")
    ...                                     # QSM_CONFIG=.lab/qsm.toml qsm migrate web hv01 hv02 ...
    laboratory.down()

Everything lies under one folder and nothing needs root. Another process attaches by the folder alone. A laboratory dies
with the process that made it, unless it was made to stay; `down` leaves nothing running in either case.

Asking how a laboratory is doing imports neither numpy nor the hosts' own parts: those are imported where they are used.
"""

from __future__ import annotations

import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lab.engines.powershell.program import NoPowerShell, find_program
from lab.host.handle import LabHost
from lab.host.tally import Kind, Spent
from lab.platform.link import Links
from lab.platform.store import JsonStore, write_whole
from lab.process import control
from lab.process.children import start_child
from lab.process.control import ControlError
from lab.settings import (
    ADMINISTRATOR,
    CERTIFICATE_USER,
    ENDPOINT_FILE,
    FILE_NAME,
    HostPlan,
    LabSettings,
    certificate_folder,
    password_file,
)

if TYPE_CHECKING:
    from lab.winrm.certificates import LabCA
    from lab.witness.client import WitnessClient

DOWN_SECONDS = 30
SETTINGS_FILE = "qsm.toml"


class LaboratoryError(Exception):
    """A laboratory cannot be made, found or ended; the text says why."""


class Laboratory:
    """A laboratory in a folder, running or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._keeper: subprocess.Popen[bytes] | None = None

    # --- life

    def up(self, settings: LabSettings | None = None, *, stay: bool = False) -> Self:
        """Make the laboratory, or take up the one in the folder, and switch all hosts on.

        `settings` count for a new laboratory only. With `stay` it outlives this process. Raises LaboratoryError.
        """
        if self.is_running():
            raise LaboratoryError(f"A laboratory runs in {self.folder} already; end it first.")
        wanted = self.settings if self.exists() else settings or LabSettings()
        _require_engine(wanted)
        if not self.exists():
            self._create(wanted)
        self._start_keeper(stay=stay)
        try:
            with ThreadPoolExecutor() as threads:
                list(threads.map(LabHost.boot, self.hosts()))
            self.write_settings()
        except ControlError as error:
            self.down()
            raise LaboratoryError(str(error)) from error
        return self

    def down(self) -> None:
        """End everything that runs; the folder stays. Raises LaboratoryError if something does not end."""
        if self.is_running():
            keeper = int(control.ask(self.folder, "status")["keeper"])
            control.ask(self.folder, "down")
            _wait_for_end(keeper, self._keeper)
        self._keeper = None

    def exists(self) -> bool:
        """Whether the folder holds a laboratory, running or not."""
        return (self.folder / FILE_NAME).exists()

    def is_running(self) -> bool:
        """Whether its processes run, whoever started them."""
        try:
            control.ask(self.folder, "status")
        except ControlError:
            return False
        return True

    @contextmanager
    def running(self, settings: LabSettings | None = None) -> Iterator[Self]:
        """Have it up for the length of a block."""
        self.up(settings)
        try:
            yield self
        finally:
            self.down()

    def status(self) -> dict[str, Any]:
        """Process ids, ports and VMs. Raises LaboratoryError where nothing runs."""
        try:
            running = control.ask(self.folder, "status")
        except ControlError as error:
            raise LaboratoryError(f"No laboratory runs in {self.folder}. Start one with up.") from error
        hosts = {}
        for host in self.hosts():
            process_id = running["hosts"][host.name]
            hosts[host.name] = {
                "address": host.address,
                "port": self.port(host.name),
                "process_id": process_id,
                "vms": [f"{vm['name']} ({vm['state']})" for vm in host.vms()] if process_id else [],
            }
        return {"folder": str(self.folder), "witness": running["witness"], "hosts": hosts}

    def powershell(self) -> dict[str, dict[Kind, Spent]]:
        """What real PowerShell processes have cost, by host; none where the lab's engine has none, or hosts are off."""
        if self.settings.engine != "powershell":
            return {}
        running = control.ask(self.folder, "status")["hosts"]
        return {host.name: host.powershell() for host in self.hosts() if running[host.name]}

    # --- parts

    @property
    def settings(self) -> LabSettings:
        """How it was planned. Raises LaboratoryError where the folder holds no laboratory."""
        try:
            return LabSettings.load(self.folder)
        except FileNotFoundError as error:
            raise LaboratoryError(f"There is no laboratory in {self.folder}.") from error

    def host(self, name: str) -> LabHost:
        """One host. Raises LookupError."""
        return LabHost(self.folder, self.settings, name)

    def hosts(self) -> tuple[LabHost, ...]:
        """All hosts."""
        return tuple(self.host(plan.name) for plan in self.settings.hosts)

    @property
    def links(self) -> Links:
        """The network between the hosts: rate, cut, stall, by their computer names."""
        return Links(self.folder)

    @property
    def witness(self) -> WitnessClient:
        """The witness."""
        from lab.witness.client import WitnessClient

        address, port = control.ask(self.folder, "status")["witness"]
        return WitnessClient((address, port))

    def port(self, name: str) -> int:
        """The HTTPS port of a host's endpoint; it keeps it over reboots."""
        return int(JsonStore(self.folder / self.host(name).name / ENDPOINT_FILE, {}).load()["port"])

    @property
    def settings_file(self) -> Path:
        """The product's settings for these hosts: give its path in QSM_CONFIG."""
        return self.folder / SETTINGS_FILE

    def write_settings(self) -> None:
        """Write the product's settings. The password stays in a file of its own."""
        sections = [self._host_section(plan) for plan in self.settings.hosts]
        head = f'poll_seconds = 1.0\nreport_folder = "{self.folder / "reports"}"\n'
        write_whole(self.settings_file, "\n".join([head, *sections]).encode(), mode=0o600)

    # --- making

    def _create(self, settings: LabSettings) -> None:
        from lab.host.place import create_host

        self.folder.mkdir(parents=True, exist_ok=True)
        password = password_file(self.folder)
        password.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(password, secrets.token_urlsafe(24).encode(), mode=0o600)
        authority = _certificate_authority(self.folder, new=True)
        authority.issue_client(CERTIFICATE_USER)
        for plan in settings.hosts:
            create_host(self.folder, settings, plan)
        settings.save(self.folder)

    def _start_keeper(self, *, stay: bool) -> None:
        reading, writing = os.pipe()
        log_file = self.folder / "keeper.log"
        arguments = [str(self.folder), str(writing)]
        if stay:
            command = [sys.executable, "-P", "-m", "lab.keeper", "0", *arguments]
            with log_file.open("ab") as log:
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[writing],
                    start_new_session=True,
                )
        else:
            self._keeper = start_child("lab.keeper", arguments, log_file=log_file, pass_file_descriptors=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            if not ready.readline():
                raise LaboratoryError(f"The laboratory in {self.folder} did not start; see {log_file}.")

    def _host_section(self, plan: HostPlan) -> str:
        transport = self.settings.transport
        authority = _certificate_authority(self.folder)
        lines = [
            f"[hosts.{plan.name}]",
            f'address = "{self.settings.address(plan.name)}"',
            f"port = {self.port(plan.name)}",
            f'transport = "{transport}"',
            f'ca_file = "{authority.certificate}"',
        ]
        if transport == "certificate":
            pair = authority.issue_client(CERTIFICATE_USER)
            lines += [f'certificate_file = "{pair.certificate}"', f'certificate_key_file = "{pair.key}"']
        else:
            user = ADMINISTRATOR.replace("\\", "\\\\")
            lines += [f'user = "{user}"', f'password_file = "{password_file(self.folder)}"']
        return "\n".join(lines) + "\n"


def _certificate_authority(folder: Path, *, new: bool = False) -> LabCA:
    from lab.winrm.certificates import LabCA

    place = certificate_folder(folder)
    return LabCA.create(place) if new else LabCA(place)


def _require_engine(settings: LabSettings) -> None:
    """Raises LaboratoryError where the engine that is asked for is not on this machine."""
    if settings.engine == "powershell":
        try:
            find_program()
        except NoPowerShell as error:
            raise LaboratoryError(f"{error} Nothing was started.") from error


def _wait_for_end(process_id: int, ours: subprocess.Popen[bytes] | None) -> None:
    """Wait until the keeper is gone. Raises LaboratoryError."""
    if ours is not None:
        ours.wait(DOWN_SECONDS)
        return
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(DOWN_SECONDS * 1000):
            raise LaboratoryError(f"The laboratory's process {process_id} does not end.")
    finally:
        os.close(descriptor)
