"""The VM on the target once it was handed over: started there, confirmed, in its state, with its settings.

The step `hand_over` does these acts one after the other; the way forward does what is left of them, in any process. Each
of them may come a second time.
"""

from __future__ import annotations

from qsm.errors import Failed
from qsm.facts.states import LIVE_STATES, VMState
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.survey import settled_vm


def start(migration: Migration, *, again: bool = False) -> m.VMStateResult | None:
    """Act 3. The same act whenever it is sent, since it decides who owns the VM; `again`, once that is decided."""
    plan = migration.plan
    if not plan.wants_running:
        return None
    arguments = m.StartVMArguments(
        vm_id=plan.vm_id, epoch=epoch(migration), suspend=plan.state_before is VMState.PAUSED
    )
    if again:
        return migration.target.change_anew(operations.start_vm, arguments, about="again")
    return migration.target.change(operations.start_vm, arguments)


def confirm(migration: Migration) -> None:
    """Act 4."""
    plan = migration.plan
    migration.target.change(
        operations.confirm_target,
        m.ConfirmTargetArguments(vm_id=plan.vm_id, epoch=epoch(migration), started=plan.wants_running),
    )


def ensure_state(migration: Migration, *, suspend_again: bool = False) -> None:
    """The VM cannot go home any more: bring it to the state it had, whatever happened to it on the target meanwhile.

    One that runs counts as well where it was paused, since somebody may have resumed it; unless `suspend_again`.
    Raises Failed when it is not there, and what the start raises.
    """
    plan, target = migration.plan, migration.target
    vm = settled_vm(target, plan.vm_id, wait_seconds=migration.settings.limits.unreachable_seconds)
    if vm is None:
        raise Failed(f"VM {plan.vm_name} is not on host {target.name}, although that host's record says so.")
    enough = LIVE_STATES if not suspend_again else {plan.state_before, VMState.PAUSED}
    if plan.wants_running and vm.state not in enough:
        target.refresh()
        start(migration, again=True)


def restore_settings(migration: Migration) -> None:
    """Automatic start, checkpoint type and automatic checkpoints as they were at the source."""
    plan = migration.plan
    migration.target.change(
        operations.restore_settings,
        m.RestoreSettingsArguments(
            vm_id=plan.vm_id,
            automatic_start_action=plan.automatic_start_action,
            checkpoint_type=plan.checkpoint_type_before,
            automatic_checkpoints=plan.automatic_checkpoints_before,
        ),
    )


def epoch(migration: Migration) -> int:
    record = migration.target.record
    if record is None:
        raise Failed(f"Host {migration.target.name} has no record of migration {migration.id}.")
    return record.epoch
