"""Stop-VM, and the shutdown component that it asks.

A guest can only be shut down by its own integration service. What Stop-VM does where that service is not usable is what
a migration must not meet: it asks whether to turn the VM off, and -Force and -AsJob answer yes at once, for a paused and
a saved VM too (fact book, 4, step 1 to 3). Who wants a clean shutdown or none asks the component itself.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from lab.hyperv.core import Core
from lab.hyperv.errors import RETURN_FAILED, RETURN_INVALID_STATE, ErrorCategory, HyperVError
from lab.hyperv.machine import Machine
from lab.hyperv.model import ShutdownComponent, VirtualMachine
from lab.hyperv.power import Power
from qsm.facts.states import VMState

MISSING, DISABLED, OK, NO_CONTACT = "Missing", "Disabled", "Ok", "NoContact"
POLL_SECONDS = 0.05


class GuestShutdown:
    """Everything about going down that needs the guest's own help."""

    def __init__(self, core: Core, power: Power) -> None:
        self._core, self._power = core, power

    def component(self, vm_id: str) -> ShutdownComponent | None:
        """Msvm_ShutdownComponent; None for a VM without one. It answers while the guest is up, and only then."""
        machine = self._core.find(vm_id)
        arranged = machine.configuration.shutdown_component
        if arranged == MISSING:
            return None
        if arranged not in (OK, DISABLED):
            return ShutdownComponent(enabled=True, status=arranged)
        return ShutdownComponent(arranged == OK, OK if _is_up(machine) else NO_CONTACT)

    def stop(self, vm_id: str, *, force: bool) -> VirtualMachine:
        """Stop-VM without -TurnOff; `force` for -AsJob too, since in a job every question is answered with yes (1.3)."""
        core, machine = self._core, self._core.find(vm_id)
        if machine.state is VMState.OFF and machine.activity is None and not machine.planned:
            return core.show(machine)
        component = self.component(vm_id)
        if component is not None and component.usable:
            self._require_willing(machine, force=force)
            return self._power.shut_down(vm_id, taken=lambda: self._goes_down(machine, patient=True))
        if force or machine.planned:  # a planned VM is refused there
            return self._power.turn_off(vm_id)
        what = "It cannot be shut down, and nobody can be asked here whether to turn it off."
        raise core.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)

    def initiate(self, vm_id: str, *, force: bool) -> None:
        """Msvm_ShutdownComponent.InitiateShutdown: returns once the guest has taken the request; never turns anything off."""
        core, machine = self._core, self._core.find(vm_id)
        component = self.component(vm_id)
        if component is None or not component.usable:
            what = "Its guest cannot be asked to shut down."
            raise core.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)
        self._require_willing(machine, force=force)
        threading.Thread(target=self._follow, args=[machine], name=f"guest of {machine.holder}", daemon=True).start()

    def _require_willing(self, machine: Machine, *, force: bool) -> None:
        if machine.configuration.guest_refuses_shutdown and not force:
            what = "The guest refused to shut down: a session is locked."
            raise self._core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)

    def _goes_down(self, machine: Machine, *, patient: bool) -> bool:
        """Whether the guest goes down, after the time that this takes; one that does not costs the patience of Stop-VM."""
        timing = self._core.timing
        if machine.configuration.guest_ignores_shutdown:
            self._core.take_time(timing.shutdown_patience_seconds if patient else 0.0)
            return False
        self._core.take_time(timing.guest_shutdown_seconds)
        return True

    def _follow(self, machine: Machine) -> None:
        """The guest goes down in its own time, whatever its host is busy with, unless it was stopped meanwhile."""
        if not self._goes_down(machine, patient=False):
            return
        process = machine.process
        while machine.process is process and process is not None and not self._core.closed.is_set():
            with suppress(HyperVError):
                self._power.shut_down(machine.vm_id, taken=lambda: True)
                return
            time.sleep(POLL_SECONDS)


def _is_up(machine: Machine) -> bool:
    process = machine.process
    return machine.shown_state is VMState.RUNNING and process is not None and process.status().guest_running
