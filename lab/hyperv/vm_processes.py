"""What happens between Start-VM and a running VM: all that Hyper-V checks first, the process, and what ends it.

Between "the guest runs" and "the host knows that it runs" a power cut can fall, and a saved state must never be restored
over disks that the guest has written since. So the configuration forgets the saved state before the guest may run, and
learns of it again if the start is refused.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lab.hyperv import addresses, chains
from lab.hyperv import configuration as files
from lab.hyperv.chains import Chain
from lab.hyperv.configuration import SavedState
from lab.hyperv.core import Core
from lab.hyperv.errors import (
    ERROR_ACCESS_DENIED,
    ERROR_FILE_NOT_FOUND,
    ERROR_NOT_ENOUGH_MEMORY,
    RETURN_FAILED,
    ErrorCategory,
)
from lab.hyperv.machine import Machine
from lab.hyperv.processors import why_not_restorable
from lab.vm.process import VirtualMachineProcess
from qsm.facts.states import VMState

WRITTEN_BY_GUEST = b"guest state, written by the running virtual machine\n"


class VMProcesses:
    """Makes the processes of VMs, and notes their end."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def check(self, machine: Machine) -> dict[str, Chain]:
        """Look at all that Hyper-V looks at before anything runs."""
        core, found = self._core, machine.configuration
        if found.memory_startup_bytes > core.free_memory_bytes():
            what = "Not enough memory in the system to start it."
            raise core.error(ERROR_NOT_ENOUGH_MEMORY, ErrorCategory.OPERATION_FAILED, machine, what)
        if found.processor_count > core.host.logical_processors:
            what = f"It has {found.processor_count} virtual processors; the host has {core.host.logical_processors}."
            raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)
        for dvd in found.dvd_drives:
            if dvd.path is not None and not core.platform.files.is_file(dvd.path):
                what = f"The image '{dvd.path}' in its drive {dvd.slot} is not there."
                raise core.error(ERROR_FILE_NOT_FOUND, ErrorCategory.OPERATION_FAILED, machine, what)
        addresses.refuse_static_twice(core, machine)
        if found.saved is not None:
            self._check_saved_state(machine, found.saved)
        disks = {drive.slot: chains.read_chain(core, drive.path) for drive in chains.file_drives(machine)}
        for slot, chain in disks.items():
            for each, right in zip(chain, [chains.FULL_CONTROL] + [chains.READ] * (len(chain) - 1), strict=True):
                if not core.platform.acl.grants(each.path, machine.account, right):
                    what = f"Account '{machine.account}' does not have permission to open '{each.path}' ({slot})."
                    raise core.error(ERROR_ACCESS_DENIED, ErrorCategory.ACCESS_DENIED, machine, what)
            chains.test(chain)
        return disks

    def _check_saved_state(self, machine: Machine, saved: SavedState) -> None:
        core = self._core
        for path in machine.files_of_saved_state():
            if not core.platform.files.is_file(path):
                what = f"The saved state '{path}' is not there."
                raise core.error(ERROR_FILE_NOT_FOUND, ErrorCategory.OPERATION_FAILED, machine, what)
        if (reason := why_not_restorable(core, saved)) is not None:
            what = f"It cannot be restored: {reason}"
            raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)

    def run(self, machine: Machine, disks: dict[str, Chain]) -> None:
        """Make the VM's process, or leave everything as it was."""
        core, former = self._core, machine.configuration
        memory_file = files.saved_memory_path(machine.configuration_file)
        core.held.set(machine.vm_id + " disks", chains.handles(machine, disks.values()), holder=machine.holder)
        try:
            restored_bytes = former.memory_startup_bytes if former.saved else 0
            adapters = addresses.at_start(core, machine)
            core.take_time(core.timing.start_seconds + restored_bytes / core.timing.memory_bytes_per_second)
            core.change(machine, replace(former, saved=None, network_adapters=adapters))
            core.set_running(machine, True)
            process = self._make_process(machine, disks, core.host_path(memory_file) if former.saved else None)
        except BaseException:
            core.held.set(machine.vm_id + " disks", {}, holder=machine.holder)
            core.change(machine, former)
            core.set_running(machine, False)
            raise
        self._end_if_closed(process)
        with core.changed:
            machine.process, machine.state, machine.ending = process, VMState.RUNNING, False
            machine.started_at, machine.failure = time.monotonic(), ""
            core.touch()
        threading.Thread(
            target=self._watch, args=[machine, process], name=f"watches {machine.holder}", daemon=True
        ).start()
        core.remove_saved_state(machine)
        for path in machine.files_of_guest_state():
            core.host_path(path).write_bytes(WRITTEN_BY_GUEST)

    def _end_if_closed(self, process: VirtualMachineProcess) -> None:
        if self._core.closed.is_set():
            process.turn_off()
            self._core.refuse_closed()

    def _make_process(
        self, machine: Machine, disks: dict[str, Chain], memory_file: Path | None
    ) -> VirtualMachineProcess:
        core = self._core
        machine.critical = None

        def allow_growth(leaf: Path, extra_bytes: int) -> bool:
            return core.platform.files.grow_allowed(core.platform.files.windows_path(leaf), extra_bytes)

        def hear(state: str, reason: str | None) -> None:
            with core.changed:
                if state == VMState.PAUSED_CRITICAL:
                    machine.critical = reason or "a disk cannot go on"
                    core.touch()

        return VirtualMachineProcess.start(
            vm_id=machine.vm_id,
            host_name=core.host.name,
            disks=[chains.attachment(slot, chain) for slot, chain in disks.items()],
            workload=replace(machine.configuration.workload, memory_bytes=machine.configuration.memory_startup_bytes),
            witness=core.witness,
            saved_state=memory_file,
            folder_for_log=core.log_folder,
            allow_growth=allow_growth,
            on_state_change=hear,
        )

    def _watch(self, machine: Machine, process: VirtualMachineProcess) -> None:
        """Wait for the end of a VM's process; one that nobody asked for is a power cut of the VM."""
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._core.changed:
            if machine.process is not process or machine.ending or self._core.closed.is_set():
                return
            self.note_stopped(machine, VMState.OFF, "Its process ended unexpectedly: as a power cut.")
        process.turn_off()  # it is dead; this takes it off the system's list of processes

    def note_stopped(self, machine: Machine, state: VMState, failure: str = "") -> None:
        """Note that a VM's process has ended."""
        core = self._core
        with core.changed:
            core.set_running(machine, False)
            machine.process, machine.state, machine.critical, machine.failure = None, state, None, failure
            core.held.set(machine.vm_id + " disks", {}, holder=machine.holder)
            core.touch()
