"""The way back: the VM runs at the source again, its checkpoint merged, nothing of ours left over.

1. ownership first: both records turn back, so that nothing of the living or dying run can go forward. A VM that was
   handed over is withdrawn: the target writes a higher epoch, which it does only if it can prove that the guest has not
   run there; then the source takes the VM back;
2. the VM is brought back to its state at the source: it stands still since the save, and that is what hurts;
3. copies stopped, shares closed, the checkpoint removed and merged, settings put back;
4. the imported VM and the copied files on the target removed; both records closed.
Works from the hosts' records alone, in any process, again and again. A target that does not answer does not keep the VM
from home: what is left there is named.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from qsm.errors import Failed, QsmError, TimeRanOut
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration import Migration
from qsm.model import End
from qsm.progress import step
from qsm.survey import current_vm, refresh

POLL_SECONDS = 2.0
SETTLING = ("Saving", "Starting", "Stopping", "Pausing", "Resuming")


@step
def abandon(migration: Migration, *, override: str = "") -> tuple[str, ...]:
    """Brings the VM home; returns what was left over, each with its reason.

    `override` takes the VM back without asking a target that is destroyed for good; it says who decided so.
    Raises HostRefused (MayHaveRun: it cannot be proved that the guest has not run on the target), Unreachable, Failed.
    """
    left_over: list[str] = []
    _take_ownership(migration, left_over, override=override)
    _bring_state_back(migration)
    _try(left_over, f"copies on host {migration.target.name}", lambda: _stop_work(migration))
    _try(left_over, f"shares on host {migration.source.name}", lambda: _close_shares(migration))
    _try(
        left_over,
        f"checkpoint of VM {migration.plan.vm_name} on host {migration.source.name}",
        lambda: _merge_back(migration),
    )
    _try(left_over, f"settings of VM {migration.plan.vm_name}", lambda: _restore_settings(migration))
    _try(left_over, f"copied VM and files on host {migration.target.name}", lambda: _clean_target(migration, left_over))
    text = f"VM {migration.plan.vm_name} is at {migration.source.name}, as before." + _listed(left_over)
    for side in migration.sides:
        if side.record is not None:
            _try(left_over, f"record on host {side.name}", partial(side.close, End.HOME, text))
    return tuple(left_over)


def _take_ownership(migration: Migration, left_over: list[str], *, override: str) -> None:
    source = refresh(migration.source)
    if source is None:
        raise Failed(
            f"Host {migration.source.name} has no record of migration {migration.id}: who owns VM {migration.plan.vm_name}"
            " cannot be told. Nothing was changed."
        )
    if source.owner == "handed over":
        epoch = None if override else _withdraw(migration)
        arguments = m.TakeBackArguments(epoch=epoch, override=override)
        migration.source.change(operations.take_back, arguments, subject=f"epoch {epoch}")
        return
    if source.direction != "back":
        migration.source.change(operations.turn_back, m.Nothing())
    _try(left_over, f"record on host {migration.target.name}", lambda: _turn_target_back(migration))


def _withdraw(migration: Migration) -> int:
    refresh(migration.target)
    subject = f"{migration.target.times(operations.withdraw) + 1}"
    result = migration.target.change(operations.withdraw, m.VMArguments(vm_id=migration.plan.vm_id), subject=subject)
    return result.record.epoch


def _turn_target_back(migration: Migration) -> None:
    target = refresh(migration.target)
    if target is not None and target.direction != "back":
        migration.target.change(operations.turn_back, m.Nothing())


def _bring_state_back(migration: Migration) -> None:
    """Running again (and suspended again) if it was; one that was off or saved has not been touched."""
    plan = migration.plan
    vm = _settled_vm(migration)
    if vm is None:
        raise Failed(f"VM {plan.vm_name} is no longer on host {migration.source.name}; somebody moved or removed it.")
    if not plan.live or vm.state == plan.state_before:
        return
    subject = f"home {migration.source.times(operations.start_vm) + 1}"
    arguments = m.StartVMArguments(vm_id=plan.vm_id, epoch=None, suspend=plan.state_before == "Paused")
    migration.source.change(operations.start_vm, arguments, subject=subject)


def _settled_vm(migration: Migration) -> m.VMFacts | None:
    """The VM once it is in no passing state, so that a save under way ends first."""
    limit = time.monotonic() + migration.settings.limits.unreachable_seconds
    while True:
        vm = current_vm(migration.source, migration.plan.vm_id)
        if vm is None or vm.state not in SETTLING or time.monotonic() > limit:
            return vm
        time.sleep(0.2)


def _stop_work(migration: Migration) -> None:
    if migration.target.record is not None:
        subject = f"home {migration.target.times(operations.stop_work) + 1}"
        migration.target.change(operations.stop_work, m.Nothing(), subject=subject)


def _close_shares(migration: Migration) -> None:
    subject = f"home {migration.source.times(operations.close_shares) + 1}"
    migration.source.change(operations.close_shares, m.Nothing(), subject=subject)


def _merge_back(migration: Migration) -> None:
    """Removes our checkpoint and waits for the merge: no checkpoint, no differencing disk, no file of it left."""
    plan = migration.plan
    if not migration.source.tried(operations.take_checkpoint):
        return
    subject = f"home {migration.source.times(operations.remove_checkpoint) + 1}"
    arguments = m.RemoveCheckpointArguments(vm_id=plan.vm_id, name=plan.checkpoint_name)
    migration.source.change(operations.remove_checkpoint, arguments, subject=subject)
    taken = migration.source.result(operations.take_checkpoint)
    question = m.CheckpointRemovalArguments(
        vm_id=plan.vm_id,
        name=plan.checkpoint_name,
        bases=tuple(m.SlotPath(slot=disk.slot, path=disk.base.path) for disk in plan.disks),
        leaves=tuple(pair.leaf.path for pair in taken.disks) if taken else (),
    )
    limit = time.monotonic() + migration.settings.limits.checkpoint_removal_seconds
    while True:
        look = migration.source.ask(operations.get_checkpoint_removal, question, wait_seconds=POLL_SECONDS)
        if look.done:
            return
        if time.monotonic() > limit:
            raise TimeRanOut(f"the merge is not over: {', '.join(look.remaining)} (state {look.state})")


def _restore_settings(migration: Migration) -> None:
    plan = migration.plan
    if not (migration.source.tried(operations.save_vm) or migration.source.tried(operations.take_checkpoint)):
        return
    migration.source.change(
        operations.restore_settings,
        m.RestoreSettingsArguments(
            vm_id=plan.vm_id,
            automatic_start_action=plan.automatic_start_action,
            checkpoint_type=plan.checkpoint_type_before,
        ),
        subject=f"home {migration.source.times(operations.restore_settings) + 1}",
    )


def _clean_target(migration: Migration, left_over: list[str]) -> None:
    plan, target = migration.plan, migration.target
    if refresh(target) is None:
        return
    turn = target.times(operations.remove_imported_vm) + 1
    target.change(operations.remove_imported_vm, m.VMArguments(vm_id=plan.vm_id), subject=f"home {turn}")
    result = target.change(
        operations.remove_files,
        m.RemoveFilesArguments(files=target.copied_files(), folders=plan.created_folders),
        subject=f"home {target.times(operations.remove_files) + 1}",
    )
    left_over.extend(f"{kept} (host {target.name})" for kept in result.kept)


def _try(left_over: list[str], what: str, act: Callable[[], None]) -> None:
    """Each part of going home is tried even if another failed; a failure is named, never swallowed."""
    try:
        act()
    except QsmError as error:
        left_over.append(f"{what}: {error}")


def _listed(left_over: list[str]) -> str:
    return " Left over: " + "; ".join(left_over) if left_over else ""
