"""The way back: the VM runs at the source again, its checkpoint merged, nothing of ours left over.

1. ownership first: the source's record turns back, so that nothing of the living or dying run can go forward. A VM that
   was handed over is withdrawn: the target writes a higher epoch, which it does only if it can prove that the guest has
   not run there; then the source takes the VM back;
2. the VM is brought back to its state at the source: its users have waited since the save;
3. the target turns back, its copies are stopped; shares closed, the checkpoint removed and merged, settings put back; where
   the guest was asked to shut down its state is looked at once more, since it may go down after the limit;
4. the imported VM and the copied files on the target removed; both records closed.
Works from the hosts' records alone, in any process, again and again, beside a living run too. A host that does not
answer does not keep the VM from home: what is left there is named, and the record there stays open for the next try.

A migration that never got the lock at the source has not touched the VM, and another one may be at work on it: then only
its own records are closed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qsm.errors import Failed, QsmError, Refused, Unreachable
from qsm.facts.machines import VMFacts
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.side import Side
from qsm.migration.survey import settled_vm
from qsm.plan.ending import End
from qsm.plan.plan import TransferMode
from qsm.plan.record import Direction, Owner
from qsm.ways.look_again import look_again
from qsm.ways.merge_back import merge_back
from qsm.ways.state_back import bring_state_back

OCCASION = "home"


@step
def abandon(migration: Migration, *, override: str = "") -> tuple[str, ...]:
    """Brings the VM home; returns what was left over, each with its reason.

    `override` takes the VM back without asking a target that is destroyed for good; it says who decided so.
    Raises HostRefused (MayHaveRun: it cannot be proved that the guest has not run on the target), Unreachable, and Failed
    when the VM is not on the source, or it is not known which host owns it.
    """
    if not look_again(lambda: _take_ownership(migration, override=override)):
        return ()
    plan, source, target = migration.plan, migration.source, migration.target
    vm = settled_vm(source, plan.vm_id, wait_seconds=migration.settings.limits.unreachable_seconds)
    ours = _is_ours(migration, vm)
    rest = _Rest()
    if ours and vm is not None:
        rest.attempt(source, f"VM {plan.vm_name} on host {source.name}", lambda: bring_state_back(migration))
    rest.attempt(target, f"work on host {target.name}", lambda: look_again(lambda: _stop_target(migration)))
    if ours:
        rest.attempt(source, f"shares on host {source.name}", lambda: _close_shares(migration))
        if vm is None:
            raise Failed(_vm_is_gone(migration))
        checkpoint = f"checkpoint of VM {plan.vm_name} on host {source.name}"
        rest.attempt(source, checkpoint, lambda: merge_back(migration))
        rest.attempt(source, f"settings of VM {plan.vm_name}", lambda: _restore_settings(migration))
    if ours and migration.plan.transfer is TransferMode.SHUTDOWN:  # a guest that was asked may have gone down late
        rest.attempt(source, f"VM {plan.vm_name} on host {source.name}", lambda: bring_state_back(migration))
    copied = f"copied VM and files on host {target.name}"
    rest.attempt(target, copied, lambda: look_again(lambda: _clean_target(migration, rest.left_over)))
    text = home_text(migration) + _listed(rest.left_over)
    for side in migration.sides:
        if side.record is not None and side.record.end is not End.HOME and not rest.holds(side):
            rest.attempt(side, f"record on host {side.name}", partial(side.close, End.HOME, text))
    return tuple(rest.left_over)


def home_text(migration: Migration) -> str:
    """Where the VM is, as far as this migration may say so: without the lock it has nothing to say."""
    plan = migration.plan
    if not migration.source.tried(operations.take_lock):
        return f"VM {plan.vm_name} was not touched by migration {migration.id}."
    return f"VM {plan.vm_name} is on host {plan.source}."


class _Rest:
    """What could not be done on the way home. Each part is tried even if another failed; a failure is named."""

    def __init__(self) -> None:
        self.left_over: list[str] = []
        self._open: set[str] = set()
        self._silent: set[str] = set()

    def attempt(self, side: Side, what: str, act: Callable[[], None]) -> None:
        """Tries one part. A side that went silent is not waited for again and again: its parts are named at once."""
        if side.name in self._silent:
            self.left_over.append(f"{what}: the host does not answer")
            return
        try:
            act()
        except QsmError as error:
            self.left_over.append(f"{what}: {error}")
            self._open.add(side.name)
            if isinstance(error, Unreachable):
                self._silent.add(side.name)

    def holds(self, side: Side) -> bool:
        """Whether something is left on this side that another try may do: its record must not be closed then."""
        return side.name in self._open


def _take_ownership(migration: Migration, *, override: str) -> bool:
    """The source owns the VM after this, and nothing goes forward. False where nothing was ever begun."""
    source = migration.source.refresh()
    if source is None:
        if migration.target.refresh() is None:  # the source's record is made before anything else
            return False
        raise Failed(
            f"Host {migration.source.name} has no record of migration {migration.id}, but host {migration.target.name} has"
            f" one, so it is not known which host may run VM {migration.plan.vm_name}. Nothing was changed."
        )
    if source.end is End.FORWARD:
        raise Refused(
            f"Migration {migration.id} of VM {source.vm_name} has ended: the VM was moved to host {migration.target.name}."
            " Nothing was changed."
        )
    if source.owner is Owner.HANDED_OVER:
        epoch = _withdraw(migration, override=override)
        arguments = m.TakeBackArguments(epoch=epoch, override="" if epoch is not None else override)
        migration.source.change_anew(operations.take_back, arguments)
    elif source.direction is not Direction.BACK:
        migration.source.change(operations.turn_back, m.Nothing())
    return True


def _withdraw(migration: Migration, *, override: str) -> int | None:
    """The target's new epoch. None under an override, which counts only where the target cannot be asked."""
    try:
        known = migration.target.refresh() is not None
    except Unreachable:
        known = False
        if not override:
            raise
    if override and not known:
        return None
    return _withdraw_now(migration)


def _withdraw_now(migration: Migration) -> int:
    result = migration.target.change_anew(operations.withdraw, m.VMArguments(vm_id=migration.plan.vm_id))
    return result.record.epoch


def _is_ours(migration: Migration, vm: VMFacts | None) -> bool:
    """Whether the VM at the source is this migration's to touch: by the lock, and until the migration ended there."""
    record = migration.source.record
    if record is None or record.end is End.HOME:
        return False
    if vm is not None and vm.lock is not None:
        return vm.lock.migration_id == migration.id
    return migration.source.tried(operations.take_lock)


def _vm_is_gone(migration: Migration) -> str:
    plan = migration.plan
    return (
        f"VM {plan.vm_name} is no longer on host {plan.source}; somebody moved or removed it there. Copies were stopped and"
        f" shares closed; nothing was deleted, and what was copied lies in {plan.target_folder} on host {plan.target}. When"
        f" the VM is on host {plan.source} again, run 'qsm abandon {plan.vm_name}': it cleans up what is left."
    )


def _stop_target(migration: Migration) -> None:
    target = migration.target
    record = target.refresh()
    if record is None or record.end is End.HOME:
        return
    if record.owner is not Owner.NONE:
        _withdraw_now(migration)  # it was taken back without asking this host, which had been declared destroyed
    elif record.direction is not Direction.BACK:
        target.change(operations.turn_back, m.Nothing())
    target.change_anew(operations.stop_work, m.Nothing(), about=OCCASION)


def _close_shares(migration: Migration) -> None:
    migration.source.change_anew(operations.close_shares, m.Nothing(), about=OCCASION)


def _restore_settings(migration: Migration) -> None:
    plan, source = migration.plan, migration.source
    if not (source.tried(operations.save_vm) or source.tried(operations.take_checkpoint)):
        return
    look_again(lambda: _restore_once(migration, m.RestoreSettingsArguments(
        vm_id=plan.vm_id, automatic_start_action=plan.automatic_start_action, checkpoint_type=plan.checkpoint_type_before,
        automatic_checkpoints=plan.automatic_checkpoints_before,
    )))  # fmt: skip


def _restore_once(migration: Migration, arguments: m.RestoreSettingsArguments) -> None:
    record = migration.source.refresh()
    if record is not None and record.end is End.HOME:
        return  # somebody else has brought it home meanwhile, settings included
    migration.source.change_anew(operations.restore_settings, arguments, about=OCCASION)


def _clean_target(migration: Migration, left_over: list[str]) -> None:
    plan, target = migration.plan, migration.target
    record = target.refresh()
    if record is None or record.end is End.HOME:
        return
    if target.tried(operations.import_vm):
        target.change_anew(operations.remove_imported_vm, m.VMArguments(vm_id=plan.vm_id), about=OCCASION)
    if target.tried(operations.start_copy):
        files = m.RemoveFilesArguments(files=target.copied_files(), folders=plan.created_folders)
        result = target.change_anew(operations.remove_files, files, about=OCCASION)
        left_over.extend(f"{kept} (host {target.name})" for kept in result.kept)


def _listed(left_over: list[str]) -> str:
    return " Left over: " + "; ".join(left_over) if left_over else ""
