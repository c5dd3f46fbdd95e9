r"""Numbers of root\virtualization\v2, which are not always those of the module's enumerations (fact book, 3)."""

from __future__ import annotations

from datetime import UTC, datetime

from lab.platform.this_machine import UNIX_EPOCH_TICKS
from qsm.facts.states import CheckpointType, VMOperationalStatus, VMState

ENABLED, DISABLED = 2, 3  # CIM_EnabledLogicalElement.EnabledState
HEALTHY, CRITICAL_FAILURE = 5, 25  # HealthState

ENABLED_STATES = {
    VMState.OTHER: 1, VMState.RUNNING: ENABLED, VMState.OFF: DISABLED, VMState.STOPPING: 4, VMState.SAVED: 6, VMState.PAUSED: 9,
    VMState.STARTING: 10, VMState.RESET: 11, VMState.SAVING: 32773, VMState.PAUSING: 32776, VMState.RESUMING: 32777,
    VMState.FAST_SAVED: 32779, VMState.FAST_SAVING: 32780,
}  # fmt: skip
OPERATIONAL_STATUSES = {
    VMOperationalStatus.OK: 2, VMOperationalStatus.DEGRADED: 3, VMOperationalStatus.PREDICTIVE_FAILURE: 5,
    VMOperationalStatus.IN_SERVICE: 11, VMOperationalStatus.SUPPORTING_ENTITY_IN_ERROR: 16,
    VMOperationalStatus.CREATING_SNAPSHOT: 32768, VMOperationalStatus.APPLYING_SNAPSHOT: 32769,
    VMOperationalStatus.DELETING_SNAPSHOT: 32770, VMOperationalStatus.WAITING_TO_START: 32771,
    VMOperationalStatus.MERGING_DISKS: 32772, VMOperationalStatus.EXPORTING_VIRTUAL_MACHINE: 32773,
    VMOperationalStatus.MIGRATING_VIRTUAL_MACHINE: 32774, VMOperationalStatus.BACKING_UP_VIRTUAL_MACHINE: 32776,
    VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE: 32777, VMOperationalStatus.STORAGE_MIGRATION_PHASE_ONE: 32778,
    VMOperationalStatus.STORAGE_MIGRATION_PHASE_TWO: 32779, VMOperationalStatus.MIGRATING_PLANNED_VM: 32780,
    VMOperationalStatus.CHECKING_COMPATIBILITY: 32781, VMOperationalStatus.APPLICATION_CRITICAL_STATE: 32782,
    VMOperationalStatus.COMMUNICATION_TIMED_OUT: 32783, VMOperationalStatus.COMMUNICATION_FAILED: 32784,
    VMOperationalStatus.CRITICAL_IO_ERROR: 32795,
}  # fmt: skip
INTEGRATION_STATUSES = {
    "Ok": 2, "Degraded": 3, "Error": 6, "NonRecoverableError": 7, "NoContact": 12, "LostCommunication": 13,
    "ProtocolMismatch": 32775,
}  # fmt: skip
USER_SNAPSHOT_TYPES = {
    CheckpointType.DISABLED: 2, CheckpointType.PRODUCTION: 3, CheckpointType.PRODUCTION_ONLY: 4, CheckpointType.STANDARD: 5,
}  # fmt: skip
SNAPSHOT_KINDS = {
    "Standard": "Realized", "Recovery": "Recovery", "Planned": "Planned", "Missing": "Missing", "Replica": "Replica:Standard",
    "AppConsistentReplica": "Replica:ApplicationConsistent", "SyncedReplica": "SyncedReplica",
}  # fmt: skip
"""SnapshotType, and the end of Msvm_VirtualSystemSettingData.VirtualSystemType that says so."""


def wmi_time(ticks: int) -> str:
    """Return a time as WMI writes it: yyyymmddHHMMSS.mmmmmm+000."""
    since = ticks - UNIX_EPOCH_TICKS
    return f"{datetime.fromtimestamp(since // 10_000_000, UTC):%Y%m%d%H%M%S}.{ticks % 10_000_000 // 10:06d}+000"
