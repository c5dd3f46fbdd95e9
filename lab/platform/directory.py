"""The lab's name service and domain controller: which host has which address and SMB port, and the machine passwords.

Trouble: two lab hosts on one machine cannot both listen on port 445 under names that a resolver knows, and a host must
prove to another that it is the computer it says. Answer: the file ``hosts.json`` in the lab's folder, into which each
host enters itself when it boots, and one secret per computer account that the host and the domain know.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.platform.store import JsonStore
from qsm.facts.names import name_key


@dataclass(frozen=True)
class HostEntry:
    name: str
    fqdn: str
    address: str
    smb_port: int
    domain: str | None  # NetBIOS name; None: workgroup


class HostDirectory:
    """Shared by all hosts of one lab; safe between processes (lock file, atomic replace)."""

    def __init__(self, lab_folder: Path) -> None:
        self._folder = lab_folder
        self._store = JsonStore(lab_folder / "hosts.json", {"hosts": []})

    def enter(self, entry: HostEntry) -> None:
        """Add the host, or replace the entry of that name."""
        with exclusive(self._folder / "hosts.lock"):
            others = [each for each in self._store.load()["hosts"] if name_key(each["name"]) != name_key(entry.name)]
            self._store.save({"hosts": [*others, asdict(entry)]})

    def find(self, name_or_address: str) -> HostEntry | None:
        """By name, FQDN or address, case ignored. An address that several hosts share finds none."""
        wanted = name_key(name_or_address)
        named = [each for each in self.all() if wanted in (name_key(each.name), name_key(each.fqdn))]
        found = named or [each for each in self.all() if each.address == name_or_address]
        return found[0] if len(found) == 1 else None

    def all(self) -> tuple[HostEntry, ...]:
        """All hosts that ever booted in this lab."""
        return tuple(HostEntry(**each) for each in self._store.load()["hosts"])

    def machine_secret(self, name: str) -> bytes:
        """The password of a computer account. Made at first use, readable by the owner of the lab's folder only."""
        file = self._folder / "domain" / f"{name_key(name)}.secret"
        if not file.exists():
            with exclusive(self._folder / "hosts.lock"):
                if not file.exists():
                    _write_secret(file)
        return bytes.fromhex(file.read_text("ascii"))


@contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """One process and thread at a time."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_secret(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secrets.token_hex(32))
    new.replace(file)
