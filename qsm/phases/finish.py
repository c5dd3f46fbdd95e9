"""The way on: what is left to do after the VM was handed over, from the hosts' records alone, in any process.

1. both records are read: the source must say `handed over`, else the way back is the way;
2. the target gets its permission to start, if the run was killed before it;
3. an attempt to start that nobody knows the end of counts as 'it ran': the target is confirmed first, then the VM is
   brought to its state there; it is never started at the source again;
4. settings, clean-up.
"""

from __future__ import annotations

from qsm.errors import Failed, HostFailed, OutcomeUnknown, Refused
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration import Migration
from qsm.phases import resume
from qsm.phases.clean_up import clean_up
from qsm.progress import step
from qsm.survey import current_vm, refresh


class NotHandedOver(Refused):
    """The VM was not handed over; it belongs to the source."""


@step
def finish(migration: Migration) -> tuple[str, ...]:
    """Ends a migration whose VM was handed over; returns what was left over, each with its reason.

    Raises NotHandedOver, HostRefused (StartRefused: going home may be possible), HostFailed, OutcomeUnknown, Unreachable.
    """
    bring_up(migration)
    return clean_up(migration)


def bring_up(migration: Migration) -> None:
    """Everything of `finish` up to the VM's state and settings on the target; the source is not touched."""
    source, target = refresh(migration.source), refresh(migration.target)
    if source is None or source.owner != "handed over":
        owner = "no record" if source is None else f"owner: {source.owner}"
        raise NotHandedOver(
            f"VM {migration.plan.vm_name} was not handed over ({owner} on host {migration.source.name}); use 'qsm abandon'."
        )
    if target is None:
        raise Failed(
            f"Host {migration.target.name} has no record of migration {migration.id}; VM {migration.plan.vm_name} is held."
        )
    if target.owner == "none":
        migration.target.change(operations.allow_start, m.EpochArguments(epoch=target.epoch + 1))
    if target.owner != "target":
        _start_once(migration)
        resume.confirm(migration)
    _ensure_state(migration)
    resume.restore_settings(migration)


def _start_once(migration: Migration) -> None:
    """The start under its one operation id; an unknown end is left to `_ensure_state`, after the target is confirmed."""
    try:
        resume.start_on_target(migration)
    except (OutcomeUnknown, HostFailed):
        migration.note(
            f"Nobody knows whether VM {migration.plan.vm_name} was started on {migration.target.name}; it counts as run."
        )


def _ensure_state(migration: Migration) -> None:
    """The target owns the VM now: bring it to the state it had, whatever happened to it meanwhile."""
    plan = migration.plan
    vm = current_vm(migration.target, plan.vm_id)
    if vm is None:
        raise Failed(f"VM {plan.vm_name} is not on host {migration.target.name}, although its record says so.")
    if not plan.wants_running or vm.state in ("Running", "Paused"):
        return
    subject = f"finish {migration.target.times(operations.start_vm) + 1}"
    resume.start_on_target(migration, subject=subject)
