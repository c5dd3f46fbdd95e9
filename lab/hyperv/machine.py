"""One VM as its host knows it: configuration, process, and what is being done with it.

Many threads ask for a VM while one changes it. So a `Machine` is only touched under the host's lock, its configuration
is a frozen value that is replaced, and what is handed out is a photograph.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from lab.hyperv import configuration as files
from lab.hyperv import slots
from lab.hyperv.configuration import Configuration
from lab.hyperv.model import VirtualMachine, VMHost
from lab.hyperv.slots import Drive
from lab.vm.process import VirtualMachineProcess
from qsm.facts.names import name_key
from qsm.facts.states import VMOperationalStatus, VMState


@dataclass
class Merging:
    """A merge that goes on in the background."""

    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    child: str = ""
    parent: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


@dataclass
class Machine:
    """Mutable: only under the lock of `Core`."""

    configuration: Configuration
    configuration_file: str
    planned: bool = False
    removed: bool = False
    """Remove-VM took it away; it lives on for its last merges."""
    state: VMState = VMState.OFF
    critical: str | None = None
    """Why Hyper-V paused it."""
    failure: str = ""
    merge_failure: str = ""
    activity: VMOperationalStatus | None = None
    arranged_activity: VMOperationalStatus | None = None
    merging: Merging | None = None
    process: VirtualMachineProcess | None = None
    ending: bool = False
    """The process is being ended on purpose."""
    storage_lost: bool = False
    """Its configuration cannot be read any more: the drive is gone, say."""
    listed: bool = True
    """While its storage is lost: whether WMI lists it."""
    started_at: float = 0.0
    ran_before: bool = False
    """It ran when the host went down."""
    shown_as: dict[str, Any] = field(default_factory=dict)
    """Fields that are told instead of the true ones (`lab.hyperv.appearances`)."""

    @property
    def vm_id(self) -> str:
        """The VM's id."""
        return self.configuration.vm_id

    @property
    def holder(self) -> str:
        """Its name in the table of open files."""
        return f"VM {self.configuration.name} ({self.vm_id})"

    @property
    def account(self) -> str:
        """The account that its process runs as."""
        return f"NT VIRTUAL MACHINE\\{self.vm_id.upper()}"

    @property
    def shown_state(self) -> VMState:
        """The state, with what Hyper-V itself did to it."""
        critical = self.critical is not None and self.state in (VMState.RUNNING, VMState.PAUSED)
        return VMState.PAUSED_CRITICAL if critical else self.state

    @property
    def busy_with(self) -> VMOperationalStatus | None:
        """What it is busy with, if anything."""
        merging = VMOperationalStatus.MERGING_DISKS if self.merging else None
        return self.activity or self.arranged_activity or merging

    def files_of_saved_state(self) -> tuple[str, ...]:
        """Windows paths of the saved state, the memory first."""
        return files.saved_state_paths(self.configuration_file)

    def files_of_guest_state(self) -> tuple[str, ...]:
        """Windows path of the guest state, where the VM's version has one."""
        has_one = files.has_guest_state(self.configuration.version)
        return (files.guest_state_path(self.configuration_file),) if has_one else ()


def photograph(
    machine: Machine, *, host: VMHost, look: int, low_on_space: bool, switches: Collection[str]
) -> VirtualMachine:
    """Return what the cmdlets show of it. `switches`: keys of the names that the host has."""
    told = dict(machine.shown_as)
    found = replace(machine.configuration, hard_drives=told.pop("hard_drives", machine.configuration.hard_drives))
    true = _photograph(machine, found, host=host, look=look, low_on_space=low_on_space, switches=switches)
    return replace(true, **told) if told else true


def _photograph(
    machine: Machine, found: Configuration, *, host: VMHost, look: int, low_on_space: bool, switches: Collection[str]
) -> VirtualMachine:
    places = [*(drive.slot for drive in found.hard_drives), *(drive.slot for drive in found.dvd_drives)]

    def as_shown(drives: tuple[Drive, ...]) -> tuple[Drive, ...]:
        return slots.shown(drives, places, order=host.controller_order, look=look)

    location = files.location_of(machine.configuration_file)
    has_process = machine.process is not None
    return VirtualMachine(
        vm_id=found.vm_id,
        name=found.name,
        planned=machine.planned,
        generation=found.generation,
        version=found.version,
        path=location,
        configuration_location=location,
        snapshot_file_location=found.snapshot_file_location,
        smart_paging_file_path=found.smart_paging_file_path,
        configuration_file=machine.configuration_file,
        state=machine.shown_state,
        operational_status=_statuses(machine, low_on_space=low_on_space),
        uptime_seconds=time.monotonic() - machine.started_at if has_process else 0.0,
        memory_assigned_bytes=found.memory_startup_bytes if has_process else 0,
        memory_startup_bytes=found.memory_startup_bytes,
        memory_minimum_bytes=found.memory_startup_bytes,
        memory_maximum_bytes=found.memory_maximum_bytes,
        dynamic_memory_enabled=found.dynamic_memory_enabled,
        processor_count=found.processor_count,
        compatibility_for_migration_enabled=found.compatibility_for_migration_enabled,
        automatic_start_action=found.automatic_start_action,
        automatic_start_delay_seconds=found.automatic_start_delay_seconds,
        automatic_stop_action=found.automatic_stop_action,
        checkpoint_type=found.checkpoint_type if host.checkpoint_types_known else None,
        automatic_checkpoints_enabled=found.automatic_checkpoints_enabled if host.automatic_checkpoints_known else None,
        is_clustered=found.is_clustered,
        replication_mode=found.replication_mode,
        notes=found.notes,
        hard_drives=as_shown(found.hard_drives),
        dvd_drives=as_shown(found.dvd_drives),
        network_adapters=tuple(
            replace(each, switch_gone=each.switch_name is not None and name_key(each.switch_name) not in switches)
            for each in found.network_adapters
        ),
        snapshots=tuple(replace(each, hard_drives=as_shown(each.hard_drives)) for each in found.snapshots),
        saved_state_files=(
            *(machine.files_of_saved_state() if machine.state is VMState.SAVED else ()),
            *machine.files_of_guest_state(),
        ),
        workload=found.workload,
        failure=machine.critical or machine.failure or machine.merge_failure,
    )


def _statuses(machine: Machine, *, low_on_space: bool) -> tuple[VMOperationalStatus, ...]:
    """Health first; a second one says what it is busy with ([MSDN] Msvm_ComputerSystem.OperationalStatus)."""
    if machine.busy_with is not None:
        return (VMOperationalStatus.IN_SERVICE, machine.busy_with)
    if machine.critical is not None:
        return (VMOperationalStatus.PREDICTIVE_FAILURE, VMOperationalStatus.CRITICAL_IO_ERROR)
    return (VMOperationalStatus.PREDICTIVE_FAILURE if low_on_space else VMOperationalStatus.OK,)
