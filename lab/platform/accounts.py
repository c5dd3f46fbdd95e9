r"""What the host is: name, domain, Windows version, quotas, boot time; and which accounts it can resolve.

Trouble: whether a copy can work at all is decided by facts outside Hyper-V: hosts in a workgroup know no computer
accounts, a filtered token is no administrator. Answer: all such facts are settings of the lab host, kept in its folder.
"""

from __future__ import annotations

import hashlib
import struct
import time
import uuid
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lab.platform.directory import HostDirectory
from lab.platform.identity import Identity, LogonKind
from lab.platform.store import JsonStore
from lab.platform.this_machine import ticks_of
from lab.platform.windows import VERSIONS
from qsm.facts.names import name_key

USUAL = VERSIONS["2022"]


class WindowsFacts(BaseModel):
    """Settable facts of one host, with the defaults of a Windows Server 2022 in the domain LAB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    computer_name: str
    address: str = "127.0.0.1"  # where its SMB server listens
    domain: str | None = "LAB"  # NetBIOS name; None: workgroup
    dns_domain: str = "lab.example"
    trusted_domains: tuple[str, ...] = ()
    os_caption: str = USUAL.caption
    os_build: int = USUAL.build
    powershell_version: str = USUAL.powershell
    language_mode: str = "FullLanguage"
    execution_policy: str = "RemoteSigned"  # of the machine; a command line sets another one for its process
    enforced_execution_policy: str | None = None  # of a Group Policy, which no command line overrules
    console_code_page: int | None = None  # of the streams of each process, whatever its shell asked for; None: as asked
    cluster: str | None = None  # name of the failover cluster that the host says it belongs to
    cluster_runs: bool = True  # whether the cluster service answers
    administrator_filtered: bool = False  # WinRM logons get a filtered token (UAC remote restrictions)
    processor_vendor: str = "GenuineIntel"
    processor_name: str = "Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz"
    logical_processors: int = 64
    memory_bytes: int = 64 << 30
    bits_start_mode: str = "Manual"  # Win32_Service.StartMode: Auto, Manual or Disabled
    bits_tells_network_logons: bool = True  # of jobs, which they may not make; documented nowhere
    max_shells_per_user: int = 30
    max_processes_per_shell: int = 25
    max_memory_per_shell_mb: int = 1024
    # How the lab's clock runs: tests need not wait as long as Windows does.
    bits_seconds_scale: float = Field(default=1.0, gt=0.0)  # of BITS' retry interval and timeout
    smb_timeout_seconds: float = Field(default=60.0, gt=0.0)  # after which a silent peer counts as gone

    @property
    def effective_execution_policy(self) -> str:
        """Of the scripts that travel: each comes with -ExecutionPolicy Bypass, which yields to a Group Policy alone."""
        return self.enforced_execution_policy or "Bypass"

    @property
    def fqdn(self) -> str:
        """NAME.dns.domain in a domain, the plain name in a workgroup."""
        return f"{self.computer_name}.{self.dns_domain}" if self.domain else self.computer_name

    @property
    def computer_account(self) -> str | None:
        return f"{self.domain}\\{self.computer_name.upper()}$" if self.domain else None


# SIDs of well-known accounts and groups ("Well-known SIDs"), by the key of their names.
_WELL_KNOWN = {
    r"NT AUTHORITY\SYSTEM": "S-1-5-18",
    r"NT AUTHORITY\LOCAL SERVICE": "S-1-5-19",
    r"NT AUTHORITY\NETWORK SERVICE": "S-1-5-20",
    r"NT AUTHORITY\AUTHENTICATED USERS": "S-1-5-11",
    r"BUILTIN\ADMINISTRATORS": "S-1-5-32-544",
    r"BUILTIN\USERS": "S-1-5-32-545",
    r"NT VIRTUAL MACHINE\VIRTUAL MACHINES": "S-1-5-83-0",
    "SYSTEM": "S-1-5-18",
    "ADMINISTRATORS": "S-1-5-32-544",
    "EVERYONE": "S-1-1-0",
}
_RELATIVE_IDS = {"ADMINISTRATOR": 500, "DOMAIN ADMINS": 512, "DOMAIN USERS": 513, "DOMAIN COMPUTERS": 515}
_MINIMUM_BOOT_STEP_TICKS = 10_000_000  # a reboot takes at least a second, on any clock


class Accounts:
    """Facts and accounts of one host. Settings may be changed by another process while the host runs."""

    def __init__(self, host_folder: Path, *, directory: HostDirectory) -> None:
        self._settings = JsonStore(host_folder / "platform" / "host.json", None)
        self._boot = JsonStore(host_folder / "platform" / "boot.json", {"boot_time_ticks": 0})
        self._directory = directory

    @property
    def settings(self) -> WindowsFacts:
        return WindowsFacts.model_validate(self._settings.load())

    def change(self, **changes: object) -> WindowsFacts:
        """Set facts by field name, for good. Raises pydantic's ValidationError for what is no fact."""
        changed = WindowsFacts.model_validate({**self.settings.model_dump(), **changes})
        self._settings.save(changed.model_dump())
        return changed

    def resolve(self, account: str) -> str | None:
        r"""SID of DOMAIN\NAME$, BUILTIN\..., NT AUTHORITY\..., NT VIRTUAL MACHINE\<id>; None: not known here.

        Computer accounts are those of hosts of the lab that are in this host's domain or in one it trusts."""
        name = name_key(account.strip())
        if name in _WELL_KNOWN:
            return _WELL_KNOWN[name]
        authority, _, user = name.rpartition("\\")
        if authority == "NT VIRTUAL MACHINE":
            return _virtual_machine_sid(user)
        settings = self.settings
        if authority in (name_key(settings.computer_name), ".") and user == "ADMINISTRATOR":
            return f"{_authority_sid(settings.computer_name)}-{_RELATIVE_IDS[user]}"
        domain = self._domain(authority)
        if domain is None:
            return None
        if user in _RELATIVE_IDS:
            return f"{_authority_sid(domain)}-{_RELATIVE_IDS[user]}"
        return self._computer_sid(domain, user)

    @property
    def boot_time_ticks(self) -> int:
        """.NET ticks of the last boot, later at each boot."""
        return int(self._boot.load()["boot_time_ticks"])

    def boot(self) -> None:
        """The host boots now."""
        ticks = max(ticks_of(time.time_ns()), self.boot_time_ticks + _MINIMUM_BOOT_STEP_TICKS)
        self._boot.save({"boot_time_ticks": ticks})

    def winrm_identity(self, account: str) -> Identity:
        """The token of a WinRM call: network logon, administrator unless filtered."""
        return Identity(account, LogonKind.NETWORK, administrator=not self.settings.administrator_filtered)

    def trusts(self, domain: str | None) -> bool:
        """Whether accounts of that domain can log on here."""
        return domain is not None and self._domain(name_key(domain)) is not None

    def _domain(self, authority: str) -> str | None:
        """NetBIOS name of a domain whose accounts this host resolves; an empty name is the host's own domain."""
        settings = self.settings
        if settings.domain is None:
            return None
        if authority in ("", name_key(settings.domain), name_key(settings.dns_domain)):
            return settings.domain
        return next((each for each in settings.trusted_domains if name_key(each) == authority), None)

    def _computer_sid(self, domain: str, user: str) -> str | None:
        entry = self._directory.find(user[:-1]) if user.endswith("$") else None
        if entry is None or entry.domain is None or name_key(entry.domain) != name_key(domain):
            return None
        relative_id = 1104 + int.from_bytes(hashlib.sha256(user.encode()).digest()[:3], "little")
        return f"{_authority_sid(domain)}-{relative_id}"


def _authority_sid(name: str) -> str:
    """A domain's or machine's SID: any three numbers will do, the same ones each time."""
    numbers = struct.unpack("<3I", hashlib.sha256(name_key(name).encode()).digest()[:12])
    return "S-1-5-21-" + "-".join(str(number) for number in numbers)


def _virtual_machine_sid(vm_id: str) -> str | None:
    """S-1-5-83-1 and the GUID as four numbers ("Security identifiers", NT VIRTUAL MACHINE)."""
    try:
        numbers = struct.unpack("<4I", uuid.UUID(vm_id).bytes_le)
    except ValueError:
        return None
    return "S-1-5-83-1-" + "-".join(str(number) for number in numbers)
