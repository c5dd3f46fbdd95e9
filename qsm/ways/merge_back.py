"""Remove our checkpoint at the source and wait for its merge: no checkpoint, no differencing disk, no file of it left.

Somebody else may have taken a checkpoint of his own meanwhile. That one stays, and the VM goes on writing to its
differencing disks; of ours nothing may be left in the chains.
"""

from __future__ import annotations

from qsm.facts.files import SlotPath
from qsm.facts.names import path_key
from qsm.facts.states import busy_with
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.survey import current_vm
from qsm.migration.waiting import wait_for

POLL_SECONDS = 2.0


def merge_back(migration: Migration) -> None:
    """Returns when nothing of the checkpoint is left. Raises TimeRanOut, and what the host raises."""
    plan, source = migration.plan, migration.source
    if not source.tried(operations.take_checkpoint):
        return
    arguments = m.RemoveCheckpointArguments(vm_id=plan.vm_id, name=plan.checkpoint_name)
    source.change_anew(operations.remove_checkpoint, arguments, about="home")
    question = m.CheckpointRemovalArguments(
        vm_id=plan.vm_id,
        name=plan.checkpoint_name,
        bases=tuple(SlotPath(slot=disk.slot, path=disk.path) for disk in plan.disks),
        leaves=migration.added_files(),
    )
    wait_for(
        lambda: source.ask(operations.get_checkpoint_removal, question, wait_seconds=POLL_SECONDS),
        is_over=lambda look: look.done or _only_others_are_left(migration, question.leaves),
        limit_seconds=migration.settings.limits.checkpoint_removal_seconds,
        pause_seconds=0,
        check_stop=None,
        too_late=lambda look: f"its merge has not ended: {', '.join(look.remaining)} (state of the VM: {look.state})",
    )


def _only_others_are_left(migration: Migration, leaves: tuple[str, ...]) -> bool:
    """Whether what keeps the disks from being their bases again is a checkpoint of somebody else, and only that."""
    vm = current_vm(migration.source, migration.plan.vm_id)
    if vm is None or not vm.checkpoints:
        return False
    names = [checkpoint.name for checkpoint in vm.checkpoints]
    files = {path_key(file.path) for disk in vm.disks for file in disk.chain}
    busy = busy_with(vm.operational_status)
    unread = any(disk.error is not None for disk in vm.disks)
    ours = any(migration.plan.is_our_checkpoint(name) for name in names)
    ours = ours or any(path_key(leaf) in files for leaf in leaves)
    if ours or busy or unread:
        return False
    migration.note(
        f"VM {vm.name} on host {migration.source.name} keeps the checkpoint of somebody else: {', '.join(names)}."
    )
    return True
