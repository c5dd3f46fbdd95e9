"""Bring the VM back to the state it had at the source: running again, and suspended again if it was paused.

What this migration did not do it does not undo: before it tried to save the VM, whoever switched the VM off or saved it
decided so, and the decision stays. Three things are no decisions: the save of this migration, a restart of the host, and
a VM that Hyper-V paused because something failed below it.
"""

from __future__ import annotations

import time

from qsm.acts.watching import CLOCK_STEP_TICKS
from qsm.errors import HostFailed, HostRefused, OutcomeUnknown
from qsm.facts.machines import VMFacts
from qsm.facts.states import CRITICAL_STATES, VMState
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.survey import settled_vm

MOST_STARTS = 5
PAUSE_SECONDS = 1.0


def bring_state_back(migration: Migration) -> None:
    """Starts the VM at the source if it is ours to start. Raises what the last of several starts raised."""
    plan = migration.plan
    if not plan.live:
        return  # it was off or saved, and was not touched
    for attempt in range(1, MOST_STARTS + 1):
        vm = settled_vm(migration.source, plan.vm_id, wait_seconds=migration.settings.limits.unreachable_seconds)
        if vm is None or vm.state == plan.state_before:
            return
        if not _is_ours_to_start(migration, vm):
            migration.note(
                f"VM {plan.vm_name} is {vm.state} on host {plan.source} and was {plan.state_before} before. This migration has"
                " not changed that: somebody else did, so the VM was left as it is."
            )
            return
        try:
            _start(migration)
        except (HostRefused, HostFailed, OutcomeUnknown):
            if attempt == MOST_STARTS:
                raise
            time.sleep(PAUSE_SECONDS)  # an automatic start or another process on the same way may be under way


def _is_ours_to_start(migration: Migration, vm: VMFacts) -> bool:
    if migration.source.tried(operations.save_vm) or vm.state in CRITICAL_STATES:
        return True
    host = migration.source.ask(operations.get_host, m.GetHostArguments())
    return abs(host.boot_time_ticks - migration.plan.source_boot_ticks) > CLOCK_STEP_TICKS


def _start(migration: Migration) -> None:
    plan = migration.plan
    migration.source.refresh()
    arguments = m.StartVMArguments(vm_id=plan.vm_id, epoch=None, suspend=plan.state_before is VMState.PAUSED)
    migration.source.change_anew(operations.start_vm, arguments, about="home")
