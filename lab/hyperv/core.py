"""What all of Hyper-V's parts share on a host: the VMs, one lock, one table of what is busy, one way to write.

Rules that look at a VM and then act on it are only rules if nothing comes between. So whoever changes a VM *occupies* it
first: the VM's state is checked and its business noted under one lock, and a second change is refused until the first
is over, as Windows refuses it. The lock itself is held for moments only, never while a process or a disk is at work.
"""

from __future__ import annotations

import ntpath
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from lab.hyperv import configuration as files
from lab.hyperv.configuration import Configuration
from lab.hyperv.errors import RETURN_IN_USE, RETURN_INVALID_STATE, ErrorCategory, HyperVError
from lab.hyperv.held_files import HELD_FILE, KEPT_FILE, HeldFiles
from lab.hyperv.machine import Machine, photograph
from lab.hyperv.model import VirtualMachine, VMHost
from lab.hyperv.records import HostRecord, Registration, read_record, write_record
from lab.hyperv.timing import Timing
from lab.platform.open_files import ANYTHING
from lab.platform.platform import Platform
from lab.platform.store import write_whole
from qsm.facts.names import name_key
from qsm.facts.states import VMOperationalStatus, VMState

PLANNED_FOLDER = r"C:\ProgramData\Microsoft\Windows\Hyper-V\Planned Virtual Machines"
SERVICE = "Virtual Machine Management Service"
LOW_SPACE_BYTES = 16 << 20
STANDING = (VMState.OFF, VMState.SAVED)


class Core:
    """The host's VMs and what is needed to act on them."""

    def __init__(
        self,
        host: VMHost,
        state_folder: Path,
        *,
        platform: Platform,
        witness: tuple[str, int] | None,
        timing: Timing,
    ) -> None:
        """Read the host's record and every registered configuration."""
        self.host, self.platform, self.witness, self.timing = host, platform, witness, timing
        self.state_folder = state_folder
        self.log_folder = state_folder / "logs"
        self.log_folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.mark = 0
        self.looks = 0
        self.closed = threading.Event()
        self.service_answers = True
        self.merge_waiting: Callable[[Machine], None] = lambda _machine: None
        self.held = HeldFiles(platform.open_files)
        self._record_file = state_folder / "registered.json"
        self.record = read_record(self._record_file)
        self.machines: dict[str, Machine] = {}
        for registration in self.record.machines:
            self._load(registration)
        self.removed = [Machine(found, "", removed=True) for found in self.record.removed]
        for machine in self.removed:
            self.keep_files(machine)

    # --- finding

    def find(self, vm_id: str) -> Machine:
        """Return a VM, planned or real. Raises ObjectNotFound."""
        self.require_service()
        with self.lock:
            machine = self.machines.get(normal_id(vm_id))
        if machine is None or machine.storage_lost:
            raise HyperVError(
                None,
                ErrorCategory.OBJECT_NOT_FOUND,
                f"Hyper-V was unable to find a virtual machine with id {vm_id} on {self.host.name}.",
            )
        return machine

    def require_service(self) -> None:
        """Raise the ObjectNotFound that also means "not allowed" and "service stopped" (fact book of the module, 1.1)."""
        if not self.service_answers:
            what = (
                f"Hyper-V encountered an error trying to access an object on computer '{self.host.name}' because the object"
                " was not found. The object might have been deleted. Verify that the Virtual Machine Management service on"
                " the computer is running."
            )
            raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)

    def show(self, machine: Machine) -> VirtualMachine:
        """Return a photograph."""
        low = machine.process is not None and self._is_low_on_space(machine)
        with self.lock:
            self.looks += 1
            switches = {name_key(switch.name) for switch in self.record.switches}
            return photograph(machine, host=self.host, look=self.looks, low_on_space=low, switches=switches)

    def describe(self, machine: Machine) -> str:
        """Name a VM in an error, with its host."""
        return f"virtual machine '{machine.configuration.name}' ({machine.vm_id}) on {self.host.name}"

    def error(
        self,
        hresult: int | None,
        category: ErrorCategory,
        machine: Machine,
        what: str,
        *,
        return_code: int | None = None,
    ) -> HyperVError:
        """Make an error that says which VM, what, and in which state it is."""
        text = f"{self.describe(machine)}: {what} It is {machine.shown_state}."
        return HyperVError(hresult, category, text[0].upper() + text[1:], return_code=return_code)

    def free_memory_bytes(self) -> int:
        """Memory that no running VM has."""
        with self.lock:
            used = sum(
                each.configuration.memory_startup_bytes
                for each in self.machines.values()
                if each.process is not None or each.state is VMState.STARTING
            )
        return self.host.memory_capacity_bytes - used

    # --- changing

    def touch(self) -> None:
        """Tell those who wait that something changed. Under the lock."""
        self.mark += 1
        self.changed.notify_all()

    @contextmanager
    def occupied(
        self,
        vm_id: str,
        activity: VMOperationalStatus,
        *,
        states: Collection[VMState],
        planned: bool = False,
        during_merge: bool = False,
    ) -> Iterator[Machine]:
        """Have a VM to oneself. Raises InvalidState, or ObjectInUse while it is busy with something else.

        With `during_merge` a merge in the background does not stand in the way; it goes on when the VM is free again.
        """
        with self.changed:
            machine = self.find(vm_id)
            self._refuse_occupied(machine, states=states, planned=planned, during_merge=during_merge)
            machine.activity = activity
            self.touch()
        try:
            yield machine
        finally:
            with self.changed:
                machine.activity = None
                if not machine.planned and not self.closed.is_set():
                    self.merge_waiting(machine)
                self.touch()

    def _refuse_occupied(
        self, machine: Machine, *, states: Collection[VMState], planned: bool, during_merge: bool
    ) -> None:
        if machine.planned and not planned:
            what = "It is a planned virtual machine, which must be imported first."
            raise self.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)
        busy = machine.activity or machine.arranged_activity or (machine.busy_with if not during_merge else None)
        if busy is not None:
            what = f"The operation cannot be performed while the virtual machine is in use ({busy})."
            raise self.error(None, ErrorCategory.OBJECT_IN_USE, machine, what, return_code=RETURN_IN_USE)
        if machine.shown_state not in states:
            what = "The operation cannot be performed while the object is in its current state."
            raise self.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)

    def set_state(self, machine: Machine, state: VMState) -> None:
        """Change the state and tell."""
        with self.changed:
            machine.state = state
            self.touch()

    def change(self, machine: Machine, configuration: Configuration) -> None:
        """Replace a VM's configuration, on disk first: when this returns, a power cut does not undo it."""
        with self.changed:
            self.refuse_closed()
            if machine.removed:
                others = [each.configuration for each in self.removed if each is not machine]
                self._write_record(replace(self.record, removed=(*others, configuration)))
            else:
                write_whole(self.host_path(self.stored_at(machine)), files.encode(configuration))
            machine.configuration = configuration
            self.touch()

    def refuse_closed(self) -> None:
        """Raise HyperVError once the host is down: what still runs of it must not touch what the next boot reads."""
        if self.closed.is_set():
            raise HyperVError(None, ErrorCategory.OPERATION_FAILED, f"{self.host.name} is down.")

    def stored_at(self, machine: Machine) -> str:
        """Return the file that holds the configuration now: a planned VM's is in the service's own folder."""
        return self.planned_file(machine.vm_id) if machine.planned else machine.configuration_file

    def planned_file(self, vm_id: str) -> str:
        """Return where the service keeps a planned VM's configuration."""
        return ntpath.join(PLANNED_FOLDER, f"{vm_id.upper()}.vmcx")

    # --- registration

    def register(self, machine: Machine) -> None:
        """Add a VM, or a planned one, to the host for good."""
        with self.changed:
            self.held.set(machine.vm_id, {machine.configuration_file: HELD_FILE}, holder=SERVICE)
            path = self.host_path(self.stored_at(machine))
            path.parent.mkdir(parents=True, exist_ok=True)
            self.change(machine, machine.configuration)
            registration = Registration(machine.vm_id, machine.configuration_file, machine.planned)
            self._write_record(replace(self.record, machines=(*self._others(machine), registration)))
            self.machines[machine.vm_id] = machine
            self.touch()

    def unregister(self, machine: Machine) -> None:
        """Take a VM away; with checkpoint files to merge it lives on among the removed ones."""
        with self.changed:
            if not machine.planned and (machine.configuration.checkpoint_files or machine.configuration.leftover_files):
                machine.removed = True
                self.removed.append(machine)
                self.keep_files(machine)
            removed = tuple(each.configuration for each in self.removed)
            self._write_record(replace(self.record, machines=self._others(machine), removed=removed))
            del self.machines[machine.vm_id]
            self.held.set(machine.vm_id, {}, holder=SERVICE)
            self.touch()

    def keep_files(self, machine: Machine) -> None:
        """Keep the disk files of a removed VM from being removed or renamed before its merges are done."""
        disks = machine.configuration.checkpoint_files
        self.held.set(machine.vm_id + " kept", dict.fromkeys((*disks, *disks.values()), KEPT_FILE), holder=SERVICE)

    def forget_removed(self, machine: Machine) -> None:
        """The last merge of a removed VM is done."""
        with self.changed:
            self.held.set(machine.vm_id + " kept", {}, holder=SERVICE)
            self.removed = [each for each in self.removed if each is not machine]
            self._write_record(replace(self.record, removed=tuple(each.configuration for each in self.removed)))
            self.touch()

    def set_running(self, machine: Machine, running: bool) -> None:
        """Remember, across a power cut, whether it runs."""
        with self.changed:
            registration = Registration(machine.vm_id, machine.configuration_file, machine.planned, running)
            self._write_record(replace(self.record, machines=(*self._others(machine), registration)))

    def set_record(self, record: HostRecord) -> None:
        """Replace the host's record (switches)."""
        with self.changed:
            self._write_record(record)
            self.touch()

    def _others(self, machine: Machine) -> tuple[Registration, ...]:
        return tuple(each for each in self.record.machines if each.vm_id != machine.vm_id)

    def _write_record(self, record: HostRecord) -> None:
        self.refuse_closed()
        write_record(self._record_file, record)
        self.record = record

    def _load(self, registration: Registration) -> None:
        """Take up a registered VM. One whose configuration cannot be read stays registered and is not shown."""
        planned = registration.planned
        stored_at = self.planned_file(registration.vm_id) if planned else registration.configuration_file
        try:
            path = self.host_path(stored_at)
            found = files.decode(path.read_bytes())
        except (OSError, ValueError):
            return
        for broken_off in path.parent.glob(f".{path.name}.*.new"):
            broken_off.unlink()
        machine = Machine(found, registration.configuration_file, planned=planned, ran_before=registration.running)
        machine.state = VMState.SAVED if found.saved else VMState.OFF
        if found.saved is None and not planned:  # of a save that was broken off, or restored and not yet removed
            self.remove_saved_state(machine)
        self.machines[registration.vm_id] = machine
        self.held.set(machine.vm_id, {registration.configuration_file: HELD_FILE}, holder=SERVICE)

    # --- files

    def remove_saved_state(self, machine: Machine) -> None:
        """Remove the files of a saved state, and the folder that only they lie in before 2016."""
        paths = machine.files_of_saved_state()
        for path in paths:
            self.remove_file(path)
        if not files.is_binary(machine.configuration.version):
            with suppress(OSError):
                self.host_path(paths[0]).parent.rmdir()

    def host_path(self, windows_path: str) -> Path:
        """Return the file behind a Windows path."""
        return self.platform.files.host_path(windows_path)

    def remove_file(self, windows_path: str) -> None:
        """Remove a file of Hyper-V's own, if it is there. Raises PlatformError (sharing violation)."""
        if self.platform.files.exists(windows_path):
            self.platform.open_files.require(windows_path, access=ANYTHING)
            self.host_path(windows_path).unlink(missing_ok=True)
            self.platform.acl.removed(windows_path)

    def _is_low_on_space(self, machine: Machine) -> bool:
        drives = [drive.path for drive in machine.configuration.hard_drives if drive.path]
        return any(self.platform.files.volume_of(path).free_bytes < LOW_SPACE_BYTES for path in drives)

    # --- time

    def take_time(self, seconds: float) -> None:
        """Let a fixed time pass, unless the host goes down meanwhile."""
        if seconds > 0:
            self.closed.wait(seconds)


def normal_id(vm_id: str) -> str:
    """Return an id as Hyper-V's API shows it here: lower case, no braces."""
    return vm_id.strip().strip("{}").lower()
