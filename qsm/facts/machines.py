"""A VM, as its host reports it."""

from __future__ import annotations

from pydantic import Field

from qsm.facts.files import FileFacts, VMDisk
from qsm.facts.frozen import Frozen
from qsm.facts.hosts import VolumeFacts
from qsm.facts.states import (
    CheckpointType,
    ComponentStatus,
    GuestProduct,
    ReplicationMode,
    SnapshotType,
    StartAction,
    StopAction,
    VlanMode,
    VMOperationalStatus,
    VMState,
)


class Vlan(Frozen):
    mode: VlanMode
    access_id: int
    native_id: int
    allowed_ids: str
    primary_id: int
    secondary_id: int


class Adapter(Frozen):
    adapter_id: str
    name: str
    mac_address: str
    dynamic_mac: bool
    legacy: bool
    switch_name: str | None = Field(description="None: not connected")
    switch_gone: bool = Field(default=False, description="connected to a switch that the host no longer has")
    vlan: Vlan
    iov_weight: int


class AddressUse(Frozen):
    """An adapter on a host that has an address which was asked about."""

    mac_address: str
    adapter_name: str
    vm_name: str | None = Field(description="None: an adapter of the host itself")


class CheckpointFacts(Frozen):
    checkpoint_id: str
    name: str
    type: SnapshotType


class Obstacle(Frozen):
    """Something of the VM that cannot be moved this way. The code is stable, the detail names the object."""

    code: str
    detail: str


class LockFacts(Frozen):
    migration_id: str
    vm_id: str
    vm_name: str
    by: str
    since_utc: str


class VMFacts(Frozen):
    """One VM as its host reports it."""

    vm_id: str = Field(description="lower case, no braces")
    name: str
    planned: bool
    generation: int
    version: str
    path: str
    configuration_location: str
    snapshot_file_location: str
    smart_paging_file_path: str
    state: VMState
    operational_status: tuple[VMOperationalStatus, ...]
    uptime_seconds: float
    memory_assigned_bytes: int
    memory_startup_bytes: int
    memory_maximum_bytes: int
    dynamic_memory: bool
    guest_product: GuestProduct | None = Field(description="None: the guest does not run, or does not tell it")
    processor_count: int
    processor_compatibility: bool
    automatic_start_action: StartAction
    automatic_stop_action: StopAction
    guest_shutdown: ComponentStatus = Field(description="of the component that shuts the guest down")
    checkpoint_type: CheckpointType | None = Field(description="None before 2016")
    automatic_checkpoints: bool | None = Field(
        description="whether Start-VM takes a checkpoint first; None before 2019"
    )
    clustered: bool
    replication_mode: ReplicationMode
    notes: str
    disks: tuple[VMDisk, ...]
    adapters: tuple[Adapter, ...]
    dvd_paths: tuple[str, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    obstacles: tuple[Obstacle, ...]
    unanswered: tuple[str, ...] = Field(description="questions the host could not answer; each is a reason to refuse")
    volumes: tuple[VolumeFacts, ...] = Field(description="of every folder the VM uses")
    saved_state_files: tuple[FileFacts, ...]
    lock: LockFacts | None


class SwitchChoice(Frozen):
    adapter_id: str
    switch_name: str | None


class PinnedAddress(Frozen):
    """An adapter whose MAC address shall be static on the target."""

    adapter_id: str
    mac_address: str
