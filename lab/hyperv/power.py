"""Start-, Stop-, Save-, Suspend- and Resume-VM, and what becomes of VMs when host or VM dies.

A configuration learns of a saved state only when its file is whole; how it forgets one: `lab.hyperv.vm_processes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lab.hyperv.changing import forget_saved_state
from lab.hyperv.core import STANDING, Core
from lab.hyperv.errors import (
    ERROR_DISK_FULL,
    RETURN_FAILED,
    ErrorCategory,
)
from lab.hyperv.held_files import HELD_FILE
from lab.hyperv.machine import Machine
from lab.hyperv.merging import Merges
from lab.hyperv.model import DeviceKind, VirtualMachine
from lab.hyperv.processors import saved_on
from lab.hyperv.vm_processes import VMProcesses
from lab.vm.process import VirtualMachineError, VirtualMachineProcess
from qsm.facts.states import VMOperationalStatus, VMState

RUNNING = (VMState.RUNNING, VMState.PAUSED, VMState.PAUSED_CRITICAL)
GUEST_START_SECONDS = 60.0
POLL_SECONDS = 0.05
DEVICE_STATE_BYTES = 4096


class Power:
    """Everything that changes a VM's state."""

    def __init__(self, core: Core, merges: Merges) -> None:
        self._core = core
        self._merges = merges
        self._processes = VMProcesses(core)

    # --- starting

    def start(self, vm_id: str) -> VirtualMachine:
        """Start-VM."""
        core, machine = self._core, self._core.find(vm_id)
        if machine.shown_state is VMState.RUNNING:
            return core.show(machine)
        if machine.shown_state in (VMState.PAUSED, VMState.PAUSED_CRITICAL):
            return self.resume(vm_id)
        with core.occupied(vm_id, VMOperationalStatus.IN_SERVICE, states=STANDING, during_merge=True) as machine:
            self._merges.interrupt(machine)
            former = machine.state
            disks = self._processes.check(machine)
            core.set_state(machine, VMState.STARTING)
            try:
                self._processes.run(machine, disks)
            except BaseException:
                core.set_state(machine, former)
                raise
        return core.show(machine)

    def _is_already(self, vm_id: str, target: VMState) -> bool:
        """The state that is asked for is that of the VM: nothing is called, and all is well (section 4, ChangeState)."""
        machine = self._core.find(vm_id)
        return machine.shown_state is target and not machine.planned and machine.activity is None

    # --- stopping: what Stop-VM makes of these stands in `lab.hyperv.guest_shutdown`

    def turn_off(self, vm_id: str) -> VirtualMachine:
        """Cut the VM's power. One that is saved loses its saved state (fact book, 4)."""
        core, machine = self._core, self._core.find(vm_id)
        if machine.state is VMState.OFF and machine.activity is None and not machine.planned:
            return core.show(machine)
        if machine.state is VMState.SAVED:
            return forget_saved_state(core, vm_id)
        with core.occupied(vm_id, VMOperationalStatus.IN_SERVICE, states=RUNNING, during_merge=True) as machine:
            process = self._process_of(machine)
            self._merges.interrupt(machine)
            core.take_time(core.timing.stop_seconds)
            with self._ending(machine, VMState.STOPPING):
                process.turn_off()
            self._processes.note_stopped(machine, VMState.OFF)
        return core.show(machine)

    def shut_down(self, vm_id: str, *, taken: Callable[[], bool]) -> VirtualMachine:
        """Let the guest go down. `taken` waits as long as that takes, and tells whether it does."""
        core = self._core
        states = (VMState.RUNNING,)
        with core.occupied(vm_id, VMOperationalStatus.IN_SERVICE, states=states, during_merge=True) as machine:
            process = self._process_of(machine)
            self._merges.interrupt(machine)
            with self._ending(machine, VMState.STOPPING):
                if not taken():
                    what = "The guest did not shut down."
                    raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)
                process.shutdown()
            self._processes.note_stopped(machine, VMState.OFF)
        return core.show(machine)

    def _ending(self, machine: Machine, state: VMState) -> _Ending:
        return _Ending(self._core, machine, state)

    def _process_of(self, machine: Machine) -> VirtualMachineProcess:
        if machine.process is None:
            what = "Its process has just ended."
            raise self._core.error(None, ErrorCategory.INVALID_STATE, machine, what)
        return machine.process

    # --- saving

    def save(self, vm_id: str, *, during_merge: bool = False) -> VirtualMachine:
        """Save-VM; with `during_merge` even if that interrupts a merge."""
        core = self._core
        if self._is_already(vm_id, VMState.SAVED):
            return core.show(core.find(vm_id))
        states = (VMState.RUNNING, VMState.PAUSED)
        activity = VMOperationalStatus.IN_SERVICE
        with core.occupied(vm_id, activity, states=states, during_merge=during_merge) as machine:
            self._merges.interrupt(machine)
            process, found = self._process_of(machine), machine.configuration
            memory_file, *of_devices = machine.files_of_saved_state()
            core.host_path(memory_file).parent.mkdir(exist_ok=True)
            self._check_save(machine, memory_file)
            was_paused = machine.state is VMState.PAUSED
            held = core.held.during({memory_file: HELD_FILE}, holder=machine.holder)
            with held, self._ending(machine, VMState.SAVING):
                self._write_memory(machine, process, core.host_path(memory_file), go_on=not was_paused)
                for path in of_devices:
                    core.host_path(path).write_bytes(bytes(DEVICE_STATE_BYTES))
            core.change(machine, replace(found, saved=saved_on(core, machine)))
            self._processes.note_stopped(machine, VMState.SAVED)
        return core.show(machine)

    def _check_save(self, machine: Machine, memory_file: str) -> None:
        core, found = self._core, machine.configuration
        tied = [kind for kind in (DeviceKind.ASSIGNABLE_DEVICE, DeviceKind.GPU_PARTITION) if found.devices.get(kind)]
        if tied:
            what = f"It has devices that cannot be saved ({', '.join(tied)})."
            raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)
        if not core.platform.files.grow_allowed(memory_file, found.memory_startup_bytes):
            what = f"There is no room for {found.memory_startup_bytes} bytes of memory at '{memory_file}'."
            raise core.error(ERROR_DISK_FULL, ErrorCategory.OPERATION_FAILED, machine, what)

    def _write_memory(self, machine: Machine, process: VirtualMachineProcess, path: Path, *, go_on: bool) -> None:
        """Have the guest stand still, take the time it takes, and write. On failure the guest goes on."""
        core = self._core
        memory_bytes = machine.configuration.memory_startup_bytes
        self._wait_for_guest(machine, process)
        process.pause()
        try:
            seconds = core.timing.save_seconds + memory_bytes / core.timing.memory_bytes_per_second
            core.take_time(seconds)
            core.refuse_closed()
            process.save(path, memory_bytes=memory_bytes)
        except Exception:
            if go_on:
                with suppress(VirtualMachineError):
                    process.resume()
            raise

    def _wait_for_guest(self, machine: Machine, process: VirtualMachineProcess) -> None:
        """A VM has no memory worth saving until its guest has read its disks: a moment after a start."""
        until = time.monotonic() + GUEST_START_SECONDS
        while not process.status().guest_running:
            if time.monotonic() > until or not process.alive():
                what = f"Its guest did not start up ({process.status().last_error})."
                raise self._core.error(None, ErrorCategory.OPERATION_FAILED, machine, what)
            time.sleep(POLL_SECONDS)

    # --- pausing

    def suspend(self, vm_id: str) -> VirtualMachine:
        """Suspend-VM."""
        core = self._core
        if self._is_already(vm_id, VMState.PAUSED):
            return core.show(core.find(vm_id))
        states = (VMState.RUNNING,)
        with core.occupied(vm_id, VMOperationalStatus.IN_SERVICE, states=states, during_merge=True) as machine:
            self._process_of(machine).pause()
            core.set_state(machine, VMState.PAUSED)
        return core.show(machine)

    def resume(self, vm_id: str) -> VirtualMachine:
        """Resume-VM."""
        core = self._core
        if self._is_already(vm_id, VMState.RUNNING):
            return core.show(core.find(vm_id))
        states = (VMState.PAUSED, VMState.PAUSED_CRITICAL)
        with core.occupied(vm_id, VMOperationalStatus.IN_SERVICE, states=states, during_merge=True) as machine:
            with core.changed:
                critical, machine.critical = machine.critical, None
            try:
                self._process_of(machine).resume()
            except VirtualMachineError:
                machine.critical = critical
                raise
            core.set_state(machine, VMState.RUNNING)
        return core.show(machine)


class _Ending:
    """While a VM's process is ended on purpose; if that fails the VM is in its former state again."""

    def __init__(self, core: Core, machine: Machine, state: VMState) -> None:
        self._core, self._machine, self._state = core, machine, state

    def __enter__(self) -> None:
        with self._core.changed:
            self._former = self._machine.state
            self._machine.state, self._machine.ending = self._state, True
            self._core.touch()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            return
        with self._core.changed:
            machine = self._machine
            alive = machine.process is not None and machine.process.alive()
            machine.ending = False
            machine.state = self._former if alive else VMState.OFF
            if not alive:
                machine.process, machine.failure = None, "Its process ended while it was being stopped."
                self._core.set_running(machine, False)
                self._core.held.set(machine.vm_id + " disks", {}, holder=machine.holder)
            self._core.touch()
