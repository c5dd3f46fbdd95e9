"""The lab's name service: which host has which address and SMB port.

Trouble: two lab hosts on one machine cannot both listen on port 445 of names that a resolver knows. Answer: the file
``hosts.json`` in the lab's folder, one entry per host; each host enters itself when it boots.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostEntry:
    name: str
    fqdn: str
    address: str
    smb_port: int
    domain: str | None


class HostDirectory:
    """Shared by all hosts of one lab; safe between processes (lock file, atomic replace)."""

    def __init__(self, lab_folder: Path) -> None: ...

    def enter(self, entry: HostEntry) -> None:
        raise NotImplementedError

    def find(self, name_or_address: str) -> HostEntry | None:
        """By name, FQDN or address, case ignored. An address that several hosts share finds none."""
        raise NotImplementedError

    def all(self) -> tuple[HostEntry, ...]:
        raise NotImplementedError

    def machine_secret(self, name: str) -> bytes:
        """The password of a computer account, which the host and the domain know. Made at first use, file mode 0600."""
        raise NotImplementedError
