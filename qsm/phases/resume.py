"""Hand the VM over and bring it back to the state it was in: the offline window ends here.

Handing over is the only way a VM changes hands, for every VM whatever its state:
1. the source writes `handed over`, refused unless the VM stands still there: from here it refuses to start it;
2. the target writes `may start` with a new epoch;
3. the VM is started there with this epoch (not one that was off or saved), and suspended again if it was paused;
4. the target writes `target`.
Before it, the source's files are compared once more with what was copied. Killed between any two acts, nobody runs twice.
Last, automatic start and checkpoint type are put back: a reboot before that leaves the VM standing, a reboot after it
brings the VM up. So its state is looked at once more after that.
"""

from __future__ import annotations

from qsm.errors import Failed
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration import Migration
from qsm.phases.watching import WorldChanged
from qsm.progress import step
from qsm.survey import current_vm, refresh, settled_vm


@step
def resume(migration: Migration) -> m.VMStateResult | None:
    """Hands over and starts; returns the state on the target (None: it was off or saved and stays so).

    Raises WorldChanged, HostRefused (NotStandingStill, StartRefused): the way home is open; and HostFailed,
    OutcomeUnknown, Unreachable.
    """
    migration.check_stop()
    require_unchanged(migration)
    hand_over(migration)
    state = start_on_target(migration)
    confirm(migration)
    restore_settings(migration)
    ensure_state(migration)
    return state


def require_unchanged(migration: Migration) -> None:
    """The source's files are still those that were copied: a VM that somebody started in the window and stopped again
    stands still as it should, and has acknowledged writes that the target lacks. Raises WorldChanged."""
    saved = migration.source.result(operations.save_vm)
    vm = current_vm(migration.source, migration.plan.vm_id)
    if saved is None or vm is None or _files(vm) != _files(saved):
        raise WorldChanged(
            f"VM {migration.plan.vm_name} is no longer on host {migration.source.name} as it was stopped there by the"
            " migration: somebody started or changed it meanwhile. What was copied is out of date and is not used."
        )


def _files(vm: m.VMFacts | m.SaveVMResult) -> set[tuple[str, int, int, str]]:
    disks = {
        (file.path.casefold(), file.length_bytes, file.last_write_ticks, file.content_identity)
        for disk in vm.disks
        for file in disk.chain
    }
    memory = {(file.path.casefold(), file.length_bytes, file.last_write_ticks, "") for file in vm.saved_state_files}
    return disks | memory


def hand_over(migration: Migration) -> None:
    """Acts 1 and 2."""
    migration.source.change(operations.hand_over, m.VMArguments(vm_id=migration.plan.vm_id))
    record = migration.target.record
    if record is None:
        raise Failed(f"Host {migration.target.name} has no record of migration {migration.id}.")
    migration.target.change(operations.allow_start, m.EpochArguments(epoch=record.epoch + 1))


def start_on_target(migration: Migration, *, subject: str = "") -> m.VMStateResult | None:
    """Act 3."""
    plan = migration.plan
    if not plan.wants_running:
        return None
    arguments = m.StartVMArguments(vm_id=plan.vm_id, epoch=_epoch(migration), suspend=plan.state_before == "Paused")
    return migration.target.change(operations.start_vm, arguments, subject=subject)


def confirm(migration: Migration) -> None:
    """Act 4."""
    plan = migration.plan
    migration.target.change(
        operations.confirm_target,
        m.ConfirmTargetArguments(vm_id=plan.vm_id, epoch=_epoch(migration), started=plan.wants_running),
    )


def ensure_state(migration: Migration, *, suspend_again: bool = False) -> None:
    """The VM cannot go home any more: bring it to the state it had, whatever happened to it on the target meanwhile.

    One that runs counts as well where it was paused, since somebody may have resumed it; unless `suspend_again`.
    Raises Failed when it is not there, and what the start raises.
    """
    plan, target = migration.plan, migration.target
    vm = settled_vm(target, plan.vm_id, wait_seconds=migration.settings.limits.unreachable_seconds)
    if vm is None:
        raise Failed(f"VM {plan.vm_name} is not on host {target.name}, although its record says so.")
    enough = {"Running", "Paused"} if not suspend_again else {plan.state_before, "Paused"}
    if plan.wants_running and vm.state not in enough:
        refresh(target)
        start_on_target(migration, subject=f"again {target.times(operations.start_vm) + 1}")


def restore_settings(migration: Migration) -> None:
    """Automatic start and checkpoint type as they were at the source."""
    plan = migration.plan
    migration.target.change(
        operations.restore_settings,
        m.RestoreSettingsArguments(
            vm_id=plan.vm_id,
            automatic_start_action=plan.automatic_start_action,
            checkpoint_type=plan.checkpoint_type_before,
        ),
    )


def _epoch(migration: Migration) -> int:
    record = migration.target.record
    if record is None:
        raise Failed(f"Host {migration.target.name} has no record of migration {migration.id}.")
    return record.epoch
