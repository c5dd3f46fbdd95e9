r"""What the host is: name, domain, Windows version, quotas, boot time; and which accounts it can resolve.

Trouble: whether a copy can work at all is decided by facts outside Hyper-V: hosts in a workgroup know no computer
accounts, a filtered token is no administrator. Answer: all such facts are settings of the lab host, kept in its folder.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lab.platform.directory import HostDirectory
from lab.platform.identity import Identity


class HostSettings(BaseModel):
    """Settable facts of one host, with the defaults of a Windows Server 2022 in the domain LAB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    computer_name: str
    address: str = "127.0.0.1"  # where its SMB server listens
    domain: str | None = "LAB"  # NetBIOS name; None: workgroup
    dns_domain: str = "lab.example"
    trusted_domains: tuple[str, ...] = ()
    os_caption: str = "Microsoft Windows Server 2022 Datacenter"
    os_build: int = 20348
    powershell_version: str = "5.1.20348.2227"
    language_mode: str = "FullLanguage"
    execution_policy: str = "RemoteSigned"
    administrator_filtered: bool = False  # WinRM logons get a filtered token (UAC remote restrictions)
    processor_vendor: str = "GenuineIntel"
    processor_name: str = "Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz"
    memory_bytes: int = 64 << 30
    bits_start_mode: str = "Manual"  # Win32_Service.StartMode: Auto, Manual or Disabled
    max_shells_per_user: int = 30
    max_processes_per_shell: int = 25
    max_memory_per_shell_mb: int = 1024

    @property
    def fqdn(self) -> str:
        """NAME.dns.domain in a domain, the plain name in a workgroup."""
        return f"{self.computer_name}.{self.dns_domain}" if self.domain else self.computer_name

    @property
    def computer_account(self) -> str | None:
        return f"{self.domain}\\{self.computer_name.upper()}$" if self.domain else None


class Accounts:
    def __init__(self, host_folder: Path, *, directory: HostDirectory) -> None: ...

    @property
    def settings(self) -> HostSettings:
        raise NotImplementedError

    def change(self, **changes: object) -> HostSettings:
        """Set facts by field name, for good."""
        raise NotImplementedError

    def resolve(self, account: str) -> str | None:
        r"""SID of DOMAIN\NAME$, BUILTIN\..., NT AUTHORITY\..., NT VIRTUAL MACHINE\<id>; None: not known here."""
        raise NotImplementedError

    @property
    def boot_time_ticks(self) -> int:
        """.NET ticks of the last boot, another at each boot."""
        raise NotImplementedError

    def winrm_identity(self, account: str) -> Identity:
        """The token of a WinRM call: network logon, administrator unless filtered."""
        raise NotImplementedError
