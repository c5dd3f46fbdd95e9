"""What the host itself remembers of Hyper-V: which VMs are registered, which ran, its switches, merges left over,
the last MAC address.

After a power cut the host must start the VMs that ran, and only those; a configuration file alone does not say whether
its VM ran, nor that the VM is registered at all. So the host keeps one small file of its own, replaced atomically.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from lab.hyperv.configuration import Configuration
from lab.hyperv.model import VMSwitch
from lab.platform.store import write_whole


@dataclass(frozen=True)
class Registration:
    """One registered VM."""

    vm_id: str
    configuration_file: str
    """Windows path of the .vmcx as registered; of a planned VM: the file that it was compared from."""
    planned: bool = False
    running: bool = False
    """Whether it runs, or ran when the host's power was cut."""


@dataclass(frozen=True)
class HostRecord:
    """The whole file."""

    machines: tuple[Registration, ...] = ()
    removed: tuple[Configuration, ...] = ()
    """VMs that Remove-VM took away and whose checkpoints are still being merged."""
    switches: tuple[VMSwitch, ...] = ()
    last_mac_address: str = ""
    """The dynamic address that was made last."""


_RECORD = TypeAdapter(HostRecord)


def read_record(path: Path) -> HostRecord:
    """Return what the file says; an empty record where there is none."""
    return _RECORD.validate_json(path.read_bytes()) if path.exists() else HostRecord()


def write_record(path: Path, record: HostRecord) -> None:
    """Replace the file as a whole."""
    write_whole(path, _RECORD.dump_json(record, indent=1))
