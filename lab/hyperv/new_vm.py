"""A VM to build for a lab, with its disks and adapters."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.guest.workload import Workload
from lab.hyperv.model import VlanSetting
from qsm.facts.states import CheckpointType, StartAction, StopAction

UNTAGGED = VlanSetting()


@dataclass(frozen=True)
class NewDisk:
    """A disk of a VM to build: a file that exists, or a number of a host's disk."""

    slot: str
    path: str = ""
    disk_number: int | None = None
    support_persistent_reservations: bool = False


@dataclass(frozen=True)
class NewAdapter:
    """An adapter of a VM to build. An empty MAC address: it gets one when the VM is started first."""

    name: str = "Network Adapter"
    switch_name: str | None = None
    mac_address: str = ""
    dynamic_mac_address_enabled: bool = True
    is_legacy: bool = False
    vlan: VlanSetting = UNTAGGED
    iov_weight: int = 0


@dataclass(frozen=True)
class NewVM:
    """A VM to build for a lab. Times of its guest and sizes are the lab's choice, the rules are Hyper-V's."""

    name: str
    path: str
    """Folder under which Hyper-V makes `<name>\\Virtual Machines` and `<name>\\Snapshots`."""
    workload: Workload
    disks: tuple[NewDisk, ...] = ()
    adapters: tuple[NewAdapter, ...] = ()
    dvd_paths: tuple[str | None, ...] = ()
    generation: int = 2
    version: str = ""
    """Empty: the highest the host knows."""
    memory_startup_bytes: int = 0
    """0: what the workload says."""
    memory_maximum_bytes: int = 0
    """0: as at start."""
    dynamic_memory_enabled: bool = False
    processor_count: int = 1
    compatibility_for_migration_enabled: bool = False
    automatic_start_action: StartAction = StartAction.START_IF_RUNNING
    automatic_start_delay_seconds: int = 0
    automatic_stop_action: StopAction = StopAction.SAVE
    checkpoint_type: CheckpointType = CheckpointType.PRODUCTION
    automatic_checkpoints_enabled: bool = False
    """The default of Windows Server; on a client Windows it is on."""
    notes: str = ""
    guest_product_type: int | None = None
    """Of a guest with Windows: 1 workstation, 2 domain controller, 3 server."""
    vm_id: str = field(default="")
    """Empty: drawn."""
