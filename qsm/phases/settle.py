"""Settle a migration that went wrong: home, forward or held, decided by the hosts' records and by nothing else.

- the source owns the VM: home;
- it was handed over, and the target can prove that the guest has not run there: home;
- it was handed over and may have run: forward, and what fails after that leaves it on the target, left-overs named;
- nobody can prove where it may run (a host does not answer): held. It stands still, nothing is deleted, the text says
  what decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from qsm.errors import HostRefused, QsmError
from qsm.migration import Migration
from qsm.model import End
from qsm.phases.abandon import abandon
from qsm.phases.clean_up import clean_up
from qsm.phases.finish import bring_up
from qsm.survey import current_vm, refresh


@dataclass(frozen=True)
class Ending:
    """How a migration ended: the sentence for the operator, and what was left over."""

    end: End
    text: str
    left_over: tuple[str, ...] = ()


def settle(migration: Migration) -> Ending:
    """Brings the migration to one of its three ends. Never raises a domain error: what fails is in the text."""
    try:
        return _home(migration)
    except HostRefused as error:
        if error.facts.id != "MayHaveRun":
            return _held(migration, error)
    except QsmError as error:
        return _held(migration, error)
    try:
        bring_up(migration)
    except QsmError as error:
        if not _runs_on_target(migration):
            return _held(migration, error)
        return _forward(migration, (str(error),))
    try:
        return _forward(migration, clean_up(migration))
    except QsmError as error:
        return _forward(migration, (str(error),))


def _home(migration: Migration) -> Ending:
    left_over = abandon(migration)
    return Ending(
        End.HOME, f"VM {migration.plan.vm_name} is at {migration.source.name}, in the state it was in.", left_over
    )


def _forward(migration: Migration, left_over: tuple[str, ...]) -> Ending:
    text = f"VM {migration.plan.vm_name} is at {migration.target.name}."
    if left_over:
        text += " 'qsm finish' does the rest."
    return Ending(End.FORWARD, text, left_over)


def _runs_on_target(migration: Migration) -> bool:
    """Whether the target's record says that it owns the VM, and the VM is there. No answer counts as no."""
    try:
        record = refresh(migration.target)
        return (
            record is not None
            and record.owner == "target"
            and current_vm(migration.target, migration.plan.vm_id) is not None
        )
    except QsmError:
        return False


def _held(migration: Migration, error: QsmError) -> Ending:
    """Writes on each host that answers that the migration is held, and says what decides."""
    plan = migration.plan
    text = (
        f"VM {plan.vm_name} is held: {error} Nothing was deleted on {plan.source} or {plan.target}. As soon as both hosts"
        " answer, 'qsm abandon' brings it home if it has not run on the target, 'qsm finish' brings it up there."
    )
    left_over = []
    for side in migration.sides:
        try:
            if refresh(side) is not None:
                side.close(End.HELD, text)
        except QsmError as second:
            left_over.append(f"record on host {side.name}: {second}")
    return Ending(End.HELD, text, tuple(left_over))
