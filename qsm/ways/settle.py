"""Settle a migration that went wrong: home, forward or held, decided by the hosts' records and by nothing else.

- the source owns the VM: home;
- it was handed over, and the target can prove that the guest has not run there: home;
- it was handed over and may have run: forward, and what fails after that leaves it on the target, left-overs named;
- nobody can prove where it may run (a host does not answer, the VM is not where it should be): held. The VM is started
  nowhere, nothing is deleted, the text says what decides.
"""

from __future__ import annotations

from qsm.errors import HostRefused, QsmError, Unreachable
from qsm.facts.states import LIVE_STATES
from qsm.migration.migration import Migration
from qsm.migration.survey import current_vm
from qsm.plan.ending import End, Ending
from qsm.plan.record import Owner
from qsm.steps.clean_up import clean_up
from qsm.ways.forward import bring_up
from qsm.ways.home import abandon, home_text


def settle(migration: Migration) -> Ending:
    """Brings the migration to one of its three ends. Never raises a domain error: what fails is in the text."""
    record = migration.target.record
    if (
        record is None or record.owner is not Owner.TARGET
    ):  # once its record says that the VM is the target's, that is for good
        try:
            return _home(migration)
        except HostRefused as error:
            if error.facts.id != "MayHaveRun":
                return _held(migration, error)
        except QsmError as error:
            return _held(migration, error)
    return _on(migration)


def _on(migration: Migration) -> Ending:
    """The way on; an error there is a left-over as soon as the VM is the target's, or runs there."""
    try:
        bring_up(migration)
        return _forward(migration, clean_up(migration))
    except QsmError as error:
        if _is_at_the_target(migration):
            return _forward(migration, (str(error),))
        return _held(migration, error)


def _home(migration: Migration) -> Ending:
    left_over = abandon(migration)
    text = home_text(migration)
    if left_over:
        text += f" Run 'qsm abandon {migration.plan.vm_name}' to clean up what is left over."
    return Ending(End.HOME, text, left_over)


def _forward(migration: Migration, left_over: tuple[str, ...]) -> Ending:
    text = f"VM {migration.plan.vm_name} is on host {migration.target.name}."
    if left_over:
        text += f" Run 'qsm finish {migration.plan.vm_name}' to clean up what is left over."
    return Ending(End.FORWARD, text, left_over)


def _is_at_the_target(migration: Migration) -> bool:
    """Whether the VM, of which it is known that it may have run on the target, goes on there: by the target's record, as
    last seen if the host does not answer, or because it runs there."""
    record = migration.target.record
    try:
        record = migration.target.refresh()
        vm = current_vm(migration.target, migration.plan.vm_id)
    except QsmError:
        return record is not None and record.owner is Owner.TARGET
    return (record is not None and record.owner is Owner.TARGET) or (vm is not None and vm.state in LIVE_STATES)


def _held(migration: Migration, error: QsmError) -> Ending:
    """Writes on each host that answers that the migration is held, and says what decides."""
    plan = migration.plan
    text = (
        f"VM {plan.vm_name} is held: the migration was stopped on purpose and starts the VM on neither host, because nobody"
        f" can prove where the VM may run. {error} Nothing was deleted on host {plan.source} or host {plan.target}. As soon as"
        f" both hosts answer, run 'qsm abandon {plan.vm_name}': it brings the VM back to {plan.source} if the VM has not run"
        f" on {plan.target}. If it refuses, run 'qsm finish {plan.vm_name}': it brings the VM up on {plan.target}."
    )
    left_over = []
    for side in migration.sides:
        try:
            record = side.refresh()
            if record is not None and record.end == "":
                side.close(End.HELD, text)
        except QsmError as second:
            why = "the host does not answer" if isinstance(second, Unreachable) else second
            left_over.append(f"record on host {side.name}: {why}")
    return Ending(End.HELD, text, tuple(left_over))
