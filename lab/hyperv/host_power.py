"""The host goes up and down: which VMs start by themselves, and what becomes of those that run.

A VM must run again after a reboot that nobody announced, unless it was told not to; and a host that goes down must leave
nothing behind that still writes. So the host remembers which VMs ran, acts on that when it boots, and closing ends every
process and thread before anybody may read the host's folder.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from lab.hyperv.core import Core
from lab.hyperv.errors import HyperVError
from lab.hyperv.guest_shutdown import GuestShutdown
from lab.hyperv.machine import Machine
from lab.hyperv.merging import Merges
from lab.hyperv.power import Power
from lab.vm.process import VirtualMachineError
from qsm.facts.states import StartAction, StopAction


class HostPower:
    """Boot, orderly shutdown, power cut."""

    def __init__(self, core: Core, merges: Merges, power: Power, guest_shutdown: GuestShutdown) -> None:
        self._core, self._merges, self._power, self._guest_shutdown = core, merges, power, guest_shutdown

    def boot(self) -> None:
        """Begin automatic starts and interrupted merges, in threads of their own."""
        with self._core.lock:
            machines = [each for each in self._core.machines.values() if not each.planned]
            removed = list(self._core.removed)
        for machine in machines:
            threading.Thread(target=self._boot_vm, args=[machine], name=f"boots {machine.holder}", daemon=True).start()
        for machine in removed:
            self._merges.begin(machine)
            if machine.merging is None:
                self._merges.clean_removed(machine)

    def _boot_vm(self, machine: Machine) -> None:
        self._start_automatically(machine)
        if not self._core.closed.is_set():
            self._merges.begin(machine)

    def shut_down(self) -> None:
        """Stop every VM by its automatic stop action, all at once, and close."""
        with self._core.lock:
            machines = list(self._core.machines.values())
        threads = [threading.Thread(target=self._stop_automatically, args=[each]) for each in machines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.close()

    def close(self) -> None:
        """Kill all VM processes and wait for merges to stop."""
        self._core.closed.set()
        with self._core.lock:
            machines = (*self._core.machines.values(), *self._core.removed)
        for machine in machines:
            if (process := machine.process) is not None:
                process.turn_off()
            if (merging := machine.merging) is not None and merging.thread is not None:
                merging.thread.join()

    def _start_automatically(self, machine: Machine) -> None:
        """Do what the VM's automatic start action says; what Windows would write to its event log is kept as `failure`."""
        action = machine.configuration.automatic_start_action
        wanted = action is StartAction.START or (action is StartAction.START_IF_RUNNING and machine.ran_before)
        if not wanted:
            if machine.ran_before:
                self._core.set_running(machine, False)
            return
        try:
            self._core.take_time(machine.configuration.automatic_start_delay_seconds)
            self._power.start(machine.vm_id)
        except Exception as error:
            with self._core.changed:
                machine.failure = f"It was not started automatically: {error}"
                self._core.touch()

    def _stop_automatically(self, machine: Machine) -> None:
        """The host is shut down: do what the VM's automatic stop action says, and turn it off if that fails."""
        if machine.process is None:
            return
        action = machine.configuration.automatic_stop_action
        try:
            if action is StopAction.SAVE:
                self._power.save(machine.vm_id, during_merge=True)
            elif action is StopAction.SHUT_DOWN:
                self._guest_shutdown.stop(machine.vm_id, force=True)
            else:
                self._power.turn_off(machine.vm_id)
        except (HyperVError, VirtualMachineError):
            with suppress(HyperVError):
                self._power.turn_off(machine.vm_id)
        self._core.set_running(machine, True)
