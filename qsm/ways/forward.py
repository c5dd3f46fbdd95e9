"""The way on: what is left to do after the VM was handed over, from the hosts' records alone, in any process.

1. the records are read: the source must say `handed over`, else the way back is the way;
2. the target gets its permission to start, if the run was killed before it;
3. the VM is started there. An attempt that failed, or that nobody knows the end of, counts as 'it ran': the VM is brought
   to its state there by another start, and never started at the source again;
4. the target is confirmed; settings, state, clean-up.
"""

from __future__ import annotations

from qsm.acts import at_target
from qsm.errors import Failed, HostFailed, OutcomeUnknown, Refused
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.plan.ending import End
from qsm.plan.record import Owner
from qsm.steps.clean_up import clean_up
from qsm.ways.look_again import look_again


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
    look_again(lambda: _bring_up(migration))


def _bring_up(migration: Migration) -> None:
    _require_handed_over(migration)
    target = migration.target.refresh()
    if target is None:
        raise Failed(
            f"Host {migration.target.name} has no record of migration {migration.id}, so nobody can prove that VM"
            f" {migration.plan.vm_name} may run there."
        )
    if target.end is End.FORWARD:
        return  # what became of the VM since is nobody's business here
    if target.owner is Owner.NONE:
        migration.target.change(operations.allow_start, m.EpochArguments(epoch=target.epoch + 1))
    if target.owner is not Owner.TARGET:
        _start(migration)
        at_target.confirm(migration)
    at_target.restore_settings(migration)
    at_target.ensure_state(migration)


def _require_handed_over(migration: Migration) -> None:
    """Raises NotHandedOver. The target's own record is no proof: the source may have taken the VM back from a target that
    was declared destroyed, and that comes back now."""
    source = migration.source.refresh()
    if source is None or source.owner is not Owner.HANDED_OVER:
        owner = "no record" if source is None else f"owner: {source.owner}"
        raise NotHandedOver(
            f"VM {migration.plan.vm_name} was not handed over to host {migration.target.name} ({owner} on host"
            f" {migration.source.name}). Nothing was changed. Run 'qsm abandon {migration.plan.vm_name}' to bring it back."
        )


def _start(migration: Migration) -> None:
    """The start under its one operation id. Where nobody knows its end, or it failed, the VM counts as run: it can only
    go on here, so that a VM which stands still is started again, as an operation of its own."""
    try:
        at_target.start(migration)
    except (OutcomeUnknown, HostFailed) as error:
        migration.note(
            f"VM {migration.plan.vm_name} may have run on host {migration.target.name} and stays there: {error}"
        )
        at_target.ensure_state(migration, suspend_again=True)
