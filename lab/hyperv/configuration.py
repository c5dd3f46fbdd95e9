"""A VM's configuration: what its .vmcx holds (before 2016 an .xml), and where the files beside it lie.

A host that dies keeps what is in its files and nothing else. So everything about a VM that outlives its process is in
one frozen value, written whole to `<folder>\\Virtual Machines\\<GUID>.vmcx`: either all of a change is there or none.
The format is the lab's own; Microsoft's is not documented.
"""

from __future__ import annotations

import ntpath
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from lab.guest.workload import Workload
from lab.hyperv.model import DeviceKind, DvdDrive, HardDiskDrive, NetworkAdapter, VMSecurity, VMSnapshot
from qsm.facts.names import same_name
from qsm.facts.states import CheckpointType, StartAction, StopAction

MACHINES_FOLDER = "Virtual Machines"
SNAPSHOTS_FOLDER = "Snapshots"
DISKS_FOLDER = "Virtual Hard Disks"
GUEST_STATE_VERSION = (10, 0)  # from this configuration version on there is a .vmgs
BINARY_VERSION = (6, 2)  # from this one on there are .vmcx and .vmrs; before, .xml, .bin and .vsv
_HEADER = b"LAB VMCX 1\n"


@dataclass(frozen=True)
class SavedState:
    """Where the saved memory comes from: it can be restored on a processor of that kind only."""

    processor_vendor: str
    processor_generation: int
    compatibility_for_migration: bool


@dataclass(frozen=True)
class Configuration:
    """Everything about a VM that outlives its process."""

    vm_id: str
    name: str
    generation: int
    version: str
    memory_startup_bytes: int
    memory_maximum_bytes: int
    dynamic_memory_enabled: bool
    processor_count: int
    compatibility_for_migration_enabled: bool
    automatic_start_action: StartAction
    automatic_start_delay_seconds: int
    automatic_stop_action: StopAction
    checkpoint_type: CheckpointType
    automatic_checkpoints_enabled: bool
    notes: str
    snapshot_file_location: str
    smart_paging_file_path: str
    workload: Workload
    hard_drives: tuple[HardDiskDrive, ...] = ()
    dvd_drives: tuple[DvdDrive, ...] = ()
    network_adapters: tuple[NetworkAdapter, ...] = ()
    snapshots: tuple[VMSnapshot, ...] = ()
    saved: SavedState | None = None
    checkpoint_files: dict[str, str] = field(default_factory=dict)
    """Differencing disks that checkpoints made, and the parent of each: merged into it once no checkpoint keeps that."""
    leftover_files: tuple[str, ...] = ()
    """Files to remove: of a checkpoint that is gone, or of one that was never finished."""
    is_clustered: bool = False
    replication_mode: str = "None"
    devices: dict[DeviceKind, tuple[str, ...]] = field(default_factory=dict)
    security: VMSecurity = field(default_factory=VMSecurity)
    merge_disabled: bool = False
    production_checkpoint_fails: bool = False
    guest_ignores_shutdown: bool = False
    """The guest takes the request and never goes down."""
    guest_refuses_shutdown: bool = False
    """Somebody has locked the guest's session: it goes down by force only."""
    shutdown_component: str = "Ok"
    """What keeps the guest from being asked: Missing, Disabled, or a status such as NoContact."""
    export_omits: str = ""
    """Extension of a file that its exports lack."""
    export_written_seconds: float = 0.0
    """How long VMMS goes on writing the last file of an export after that has returned."""
    guest_product_type: int | None = None
    """What its guest tells of itself: 1 workstation, 2 domain controller, 3 server; None: no Windows."""
    unanswered: tuple[str, ...] = ()
    """Cmdlets that fail for this VM."""


_CONFIGURATION = TypeAdapter(Configuration)


def encode(configuration: Configuration) -> bytes:
    """Return the contents of the .vmcx or .xml."""
    return _HEADER + _CONFIGURATION.dump_json(configuration, indent=1)


def decode(content: bytes) -> Configuration:
    """Read what `encode` made. Raises ValueError for anything else."""
    if not content.startswith(_HEADER):
        raise ValueError("it is no VM configuration")
    try:
        return _CONFIGURATION.validate_json(content[len(_HEADER) :])
    except ValidationError as error:
        raise ValueError(f"it is no whole VM configuration ({error.error_count()} errors)") from error


def is_binary(version: str) -> bool:
    """Whether VMs of this configuration version have a .vmcx; before 2016 it is an .xml."""
    return version_numbers(version) >= BINARY_VERSION


def configuration_path(location: str, vm_id: str, version: str) -> str:
    """Return where the configuration of a VM lies below its configuration location."""
    return ntpath.join(location, MACHINES_FOLDER, vm_id.upper() + (".vmcx" if is_binary(version) else ".xml"))


def location_of(configuration_file: str) -> str:
    """Return the configuration location that a configuration lies in."""
    folder = ntpath.dirname(configuration_file)
    return ntpath.dirname(folder) if same_name(ntpath.basename(folder), MACHINES_FOLDER) else folder


def saved_state_paths(configuration_file: str) -> tuple[str, ...]:
    """Return the files of a saved state, the memory first: the .vmrs beside a .vmcx. Beside an .xml lies a folder of the
    VM's id with a .bin and, for the devices, a .vsv."""
    stem, extension = ntpath.splitext(configuration_file)
    if extension.lower() != ".xml":
        return (f"{stem}.vmrs",)
    return tuple(ntpath.join(stem, ntpath.basename(stem) + each) for each in (".bin", ".vsv"))


def saved_memory_path(configuration_file: str) -> str:
    """Return the file of a saved state that holds the memory."""
    return saved_state_paths(configuration_file)[0]


def guest_state_path(configuration_file: str) -> str:
    """Return the .vmgs beside a .vmcx."""
    return ntpath.splitext(configuration_file)[0] + ".vmgs"


def has_guest_state(version: str) -> bool:
    """Whether VMs of this configuration version keep a .vmgs."""
    return version_numbers(version) >= GUEST_STATE_VERSION


def version_numbers(version: str) -> tuple[int, ...]:
    """Return "9.3" as (9, 3): versions are ordered by number."""
    return tuple(int(part) for part in version.split("."))


def snapshot_files(configuration: Configuration, snapshot_id: str) -> tuple[str, str]:
    """Return the paths of a checkpoint's configuration and of its memory."""
    stem = ntpath.join(configuration.snapshot_file_location, SNAPSHOTS_FOLDER, snapshot_id.upper())
    return (f"{stem}.vmcx", f"{stem}.vmrs") if is_binary(configuration.version) else (f"{stem}.xml", f"{stem}.bin")
