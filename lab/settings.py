"""How a laboratory is built: its hosts and everything about them that a test may want otherwise.

The processes of a laboratory come and go, also by SIGKILL, and must find the same world again. So all settings lie in
one file of the lab's folder, `lab.json`, which is written once, when the laboratory is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lab.engines import ENGINES, EngineName
from lab.platform.store import write_whole
from qsm.facts.names import name_key, same_name

GIB = 1 << 30
FILE_NAME = "lab.json"
ENDPOINT_FILE = "endpoint.json"
"""In a host's folder: the port of its endpoint, which it keeps over reboots."""
OF_PYTHON = ("start_delay_seconds", "noise", "lock_wait_seconds")
"""Settings of the engine 'python'; what a real PowerShell does about them is its own affair."""
DOMAIN, DNS_DOMAIN = "LAB", "lab.example"
ADMINISTRATOR = rf"{DOMAIN}\administrator"
CERTIFICATE_USER = f"administrator@{DNS_DOMAIN}"

Transport = Literal["ntlm", "basic", "certificate"]
WindowsName = Literal["2012R2", "2016", "2019", "2022", "2025"]


class HostPlan(BaseModel):
    """One host. Fields that are dictionaries overrule single settings of the part that they are named after."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        min_length=1, pattern=r"^[A-Za-z0-9-]+$", description="name in the inventory; upper case: NetBIOS"
    )
    address: str = Field(default="", description="empty: 127.0.1.<number of the host>")
    windows: WindowsName = Field(default="2022", description="version of Windows Server")
    volumes: dict[str, int] = Field(
        default_factory=lambda: {"C:\\": 64 * GIB, "D:\\": 256 * GIB}, description="root to capacity in bytes"
    )
    switches: tuple[str, ...] = ("LAN",)
    facts: dict[str, Any] = Field(default_factory=dict, description="lab.platform.accounts.WindowsFacts")
    hyperv: dict[str, Any] = Field(default_factory=dict, description="lab.hyperv.model.VMHost")
    timing: dict[str, float] = Field(default_factory=dict, description="lab.hyperv.Timing")
    endpoint: dict[str, Any] = Field(default_factory=dict, description="lab.winrm.settings.EndpointSettings")
    quotas: dict[str, Any] = Field(default_factory=dict, description="lab.winrm.settings.Quotas")
    start_delay_seconds: float = Field(default=0.0, ge=0, description="how long powershell.exe needs to start")
    noise: bool = Field(default=True, description="progress records on standard error, as hosts write them")
    lock_wait_seconds: float = Field(default=60.0, gt=0, description="how long a call waits for another one's lock")


class LabSettings(BaseModel):
    """One laboratory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[HostPlan, ...] = Field(
        default_factory=lambda: (HostPlan(name="hv01"), HostPlan(name="hv02")), min_length=1
    )
    engine: EngineName = ENGINES[0]
    transport: Transport = "ntlm"

    @model_validator(mode="after")
    def _distinct(self) -> LabSettings:
        names = [name_key(host.name) for host in self.hosts]
        if len(names) != len(set(names)):
            raise ValueError(f"two hosts have one name: {names}")
        return self

    @model_validator(mode="after")
    def _acted_on(self) -> LabSettings:
        plain = {name: HostPlan.model_fields[name].default for name in OF_PYTHON}
        for host in self.hosts if self.engine == "powershell" else ():
            told = [name for name, value in plain.items() if getattr(host, name) != value]
            if told:
                raise ValueError(f"the engine 'powershell' does nothing about {', '.join(told)} of host {host.name}")
        return self

    def host(self, name: str) -> HostPlan:
        """Return a host's plan. Raises LookupError."""
        for host in self.hosts:
            if same_name(host.name, name):
                return host
        raise LookupError(f"There is no host {name} in this laboratory: {[host.name for host in self.hosts]}.")

    def address(self, name: str) -> str:
        """Return a host's address: Linux owns all of 127/8, so that each host can have the same ports."""
        plan = self.host(name)
        return plan.address or f"127.0.1.{self.hosts.index(plan) + 1}"

    def save(self, folder: Path) -> None:
        """Write the settings into the lab's folder."""
        write_whole(folder / FILE_NAME, self.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> LabSettings:
        """Read the settings of a laboratory. Raises FileNotFoundError where there is none."""
        return cls.model_validate_json((folder / FILE_NAME).read_bytes())


def password_file(folder: Path) -> Path:
    """Return the file with the administrator's password, readable by its owner only."""
    return folder / "secrets" / "administrator.password"


def certificate_folder(folder: Path) -> Path:
    """Return the folder of the lab's certificate authority."""
    return folder / "certificates"
