"""States by the names that Windows' own enumerations have, and what follows from them: each group of them stands here once.

Names travel, never numbers: WMI and the cmdlets number the same state differently. Names are those of Hyper-V's module 2.0
(VMState, VMOperationalStatus, CheckpointType, StartAction, StopAction, SnapshotType, VMReplicationMode,
VMNetworkAdapterVlanMode, VMSwitchType), of the VHD cmdlets (VhdFormat, VhdType) and of BITS (BitsJobState).

A newer Windows may report a name that is not here, and one VM in such a state must not make a whole host unreadable. So
each enumeration keeps an unknown name as it is (`known` is false). No group holds it: whatever is decided here asks whether
a name is in the group that is safe, or treats what it does not know as the unsafe one.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class ReportedName(StrEnum):
    """A name that a host reports; one that nobody here knows stays what it is and equals no other."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @classmethod
    def named(cls, name: str) -> Self:
        """The member of that name. Raises ValueError for a name that nobody here knows."""
        found = cls(name)
        if not found.known:
            raise ValueError(f"{name!r} is not a valid {cls.__name__}")
        return found

    @property
    def known(self) -> bool:
        """Whether this tool knows the name."""
        return self._value_ in type(self)._value2member_map_


class VMState(ReportedName):
    """What a VM does; `Critical` names the same while its health is bad."""

    OTHER = "Other"
    RUNNING = "Running"
    OFF = "Off"
    STOPPING = "Stopping"
    SAVED = "Saved"
    PAUSED = "Paused"
    STARTING = "Starting"
    RESET = "Reset"
    SAVING = "Saving"
    PAUSING = "Pausing"
    RESUMING = "Resuming"
    FAST_SAVED = "FastSaved"
    FAST_SAVING = "FastSaving"
    FORCE_SHUTDOWN = "ForceShutdown"
    FORCE_REBOOT = "ForceReboot"
    HIBERNATED = "Hibernated"
    COMPONENT_SERVICING = "ComponentServicing"
    RUNNING_CRITICAL = "RunningCritical"
    OFF_CRITICAL = "OffCritical"
    STOPPING_CRITICAL = "StoppingCritical"
    SAVED_CRITICAL = "SavedCritical"
    PAUSED_CRITICAL = "PausedCritical"
    STARTING_CRITICAL = "StartingCritical"
    RESET_CRITICAL = "ResetCritical"
    SAVING_CRITICAL = "SavingCritical"
    PAUSING_CRITICAL = "PausingCritical"
    RESUMING_CRITICAL = "ResumingCritical"
    FAST_SAVED_CRITICAL = "FastSavedCritical"
    FAST_SAVING_CRITICAL = "FastSavingCritical"


class VMOperationalStatus(ReportedName):
    """A VM's health, and the operation that goes on with it: VMOperationalStatus."""

    OK = "Ok"
    DEGRADED = "Degraded"
    PREDICTIVE_FAILURE = "PredictiveFailure"
    IN_SERVICE = "InService"
    DORMANT = "Dormant"
    SUPPORTING_ENTITY_IN_ERROR = "SupportingEntityInError"
    APPLYING_SNAPSHOT = "ApplyingSnapshot"
    CREATING_SNAPSHOT = "CreatingSnapshot"
    DELETING_SNAPSHOT = "DeletingSnapshot"
    WAITING_TO_START = "WaitingToStart"
    MERGING_DISKS = "MergingDisks"
    EXPORTING_VIRTUAL_MACHINE = "ExportingVirtualMachine"
    MIGRATING_VIRTUAL_MACHINE = "MigratingVirtualMachine"
    BACKING_UP_VIRTUAL_MACHINE = "BackingUpVirtualMachine"
    MODIFYING_UP_VIRTUAL_MACHINE = "ModifyingUpVirtualMachine"
    STORAGE_MIGRATION_PHASE_ONE = "StorageMigrationPhaseOne"
    STORAGE_MIGRATION_PHASE_TWO = "StorageMigrationPhaseTwo"
    MIGRATING_PLANNED_VM = "MigratingPlannedVm"
    CHECKING_COMPATIBILITY = "CheckingCompatibility"
    APPLICATION_CRITICAL_STATE = "ApplicationCriticalState"
    COMMUNICATION_TIMED_OUT = "CommunicationTimedOut"
    COMMUNICATION_FAILED = "CommunicationFailed"
    NO_IOMMU = "NoIommu"
    IOV_GUEST_DRIVERS_NEEDED = "IovGuestDriversNeeded"
    CRITICAL_IO_ERROR = "CriticalIoError"


class CheckpointType(ReportedName):
    """What kind of checkpoint a VM takes, from 2016 on."""

    DISABLED = "Disabled"
    PRODUCTION = "Production"
    PRODUCTION_ONLY = "ProductionOnly"
    STANDARD = "Standard"


class SnapshotType(ReportedName):
    """What kind of checkpoint one is; `Recovery` is left by backup software."""

    STANDARD = "Standard"
    RECOVERY = "Recovery"
    PLANNED = "Planned"
    MISSING = "Missing"
    REPLICA = "Replica"
    APP_CONSISTENT_REPLICA = "AppConsistentReplica"
    SYNCED_REPLICA = "SyncedReplica"


class ComponentStatus(ReportedName):
    """What an integration service of a VM reports of itself, by VMIntegrationComponentOperationalStatus; besides, that the VM
    lacks it or that it is switched off. Only with `Ok` it can be asked for anything."""

    OK = "Ok"
    MISSING = "Missing"
    DISABLED = "Disabled"
    DEGRADED = "Degraded"
    ERROR = "Error"
    NON_RECOVERABLE_ERROR = "NonRecoverableError"
    NO_CONTACT = "NoContact"
    LOST_COMMUNICATION = "LostCommunication"
    PROTOCOL_MISMATCH = "ProtocolMismatch"


class StartAction(ReportedName):
    """What a host does with a VM when it starts itself."""

    NOTHING = "Nothing"
    START_IF_RUNNING = "StartIfRunning"
    START = "Start"


class StopAction(ReportedName):
    """What a host does with a VM when it shuts down."""

    TURN_OFF = "TurnOff"
    SAVE = "Save"
    SHUT_DOWN = "ShutDown"


class ReplicationMode(ReportedName):
    """A VM's part in Hyper-V Replica."""

    NONE = "None"
    PRIMARY = "Primary"
    REPLICA = "Replica"
    TEST_REPLICA = "TestReplica"
    EXTENDED_REPLICA = "ExtendedReplica"


class GuestProduct(ReportedName):
    """What a guest with Windows is: our own names of the numbers 1 to 3 that it tells (wProductType)."""

    WORKSTATION = "Workstation"
    DOMAIN_CONTROLLER = "DomainController"
    SERVER = "Server"


class VlanMode(ReportedName):
    UNTAGGED = "Untagged"
    ACCESS = "Access"
    TRUNK = "Trunk"
    PRIVATE = "Private"


class SwitchType(ReportedName):
    PRIVATE = "Private"
    INTERNAL = "Internal"
    EXTERNAL = "External"


class VhdFormat(ReportedName):
    UNKNOWN = "Unknown"
    VHD = "VHD"
    VHDX = "VHDX"
    VHD_SET = "VHDSet"


class VhdType(ReportedName):
    UNKNOWN = "Unknown"
    FIXED = "Fixed"
    DYNAMIC = "Dynamic"
    DIFFERENCING = "Differencing"


class CopyJobState(ReportedName):
    """How far the copy of one file is: BITS' states, and our own for a finished file that was compared."""

    QUEUED = "Queued"
    CONNECTING = "Connecting"
    TRANSFERRING = "Transferring"
    SUSPENDED = "Suspended"
    ERROR = "Error"
    TRANSIENT_ERROR = "TransientError"
    TRANSFERRED = "Transferred"
    ACKNOWLEDGED = "Acknowledged"
    CANCELLED = "Cancelled"
    VERIFIED = "Verified"


class WorkState(StrEnum):
    """How far a copy or merge is that a SYSTEM task does: our own names, which a module of ours reports."""

    STARTING = "Starting"
    RUNNING = "Running"
    DONE = "Done"
    FAILED = "Failed"
    STOPPED = "Stopped"


# --- what follows from them

ENDED_WORK = frozenset({WorkState.DONE, WorkState.FAILED, WorkState.STOPPED})

LIVE_STATES = frozenset({VMState.RUNNING, VMState.PAUSED})
"""The guest has its memory and may write: a checkpoint is needed to copy its disks."""

CARRIED_STATES = (VMState.RUNNING, VMState.PAUSED, VMState.SAVED, VMState.OFF)
"""States in which a VM can be moved, and comes back in; in the order in which messages name them."""

CRITICAL_STATES = frozenset(state for state in VMState if state.endswith("Critical"))
"""States that nobody chose: something failed below the VM."""

ON_THE_WAY = frozenset({
    VMState.SAVING, VMState.STARTING, VMState.STOPPING, VMState.PAUSING, VMState.RESUMING, VMState.RESET, VMState.FAST_SAVING,
})  # fmt: skip
"""States that pass by themselves."""

HEALTH = frozenset({
    VMOperationalStatus.OK, VMOperationalStatus.DEGRADED, VMOperationalStatus.PREDICTIVE_FAILURE,
    VMOperationalStatus.SUPPORTING_ENTITY_IN_ERROR, VMOperationalStatus.APPLICATION_CRITICAL_STATE,
    VMOperationalStatus.CRITICAL_IO_ERROR,
})  # fmt: skip
"""Words on a VM's health, which may last; every other word of the status, known or not, is of an operation that goes on."""

CHECKPOINTS_TAKEN = frozenset({CheckpointType.PRODUCTION, CheckpointType.PRODUCTION_ONLY, CheckpointType.STANDARD})
"""Settings of a VM under which it takes checkpoints."""

CARRIED_FORMATS = frozenset({VhdFormat.VHD, VhdFormat.VHDX})
CARRIED_TYPES = frozenset({VhdType.FIXED, VhdType.DYNAMIC, VhdType.DIFFERENCING})


def may_pass(state: VMState) -> bool:
    """Whether the VM may soon be in another state by itself. Nobody knows that of an unknown one: it is waited for."""
    return state in ON_THE_WAY or not state.known


def is_quiet(status: Iterable[VMOperationalStatus]) -> bool:
    """Whether the VM is healthy and at rest, so that a checkpoint or a save may begin.

    The host's own rule (`take_checkpoint`, `save_vm`): Ok and nothing else. No word at all is no answer.
    """
    return set(status) == {VMOperationalStatus.OK}


def busy_with(status: Iterable[VMOperationalStatus]) -> tuple[VMOperationalStatus, ...]:
    """The operations that go on with the VM; the rule of the host's waits for an end."""
    return tuple(word for word in status if word not in HEALTH)
