"""Clean up, last: the source is touched only when the target's record says that the target owns the VM.

1. the temporary shares and read grants on the source;
2. the source's VM: kept (registered, saved, adapters disconnected, automatic start off, a note says where it went), or
   removed (Remove-VM, wait for its merge, then the recorded files one by one);
3. both records are closed: lock, working files and exported configuration go.
What fails here is named, and the VM stays on the target as it is. The proof that travels with 2 is the target's record as
it is now, which another attempt may find changed: so each attempt has an operation id of its own.
"""

from __future__ import annotations

from qsm.errors import Failed
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.waiting import wait_for
from qsm.plan.ending import End
from qsm.plan.record import Owner, Record

POLL_SECONDS = 2.0
OCCASION = "clean up"


@step
def clean_up(migration: Migration) -> tuple[str, ...]:
    """Cleans up and closes the migration; returns what was left over, each with its reason."""
    target = _proven_target(migration)
    migration.source.refresh()  # a fresh process knows nothing yet of what is to be cleaned up there
    migration.source.change_anew(operations.close_shares, m.Nothing(), about=OCCASION)
    migration.target.change_anew(operations.stop_work, m.Nothing(), about=OCCASION)
    left_over = () if migration.plan.keep_source else _remove_source(migration, target)
    migration.left_over = left_over
    if migration.plan.keep_source:
        _retire_source(migration, target)
    text = migration.plan.text_at_target
    if left_over:
        text += " Left over: " + "; ".join(left_over)
    for side in (migration.target, migration.source):
        side.close(End.FORWARD, text)
    return left_over


def _proven_target(migration: Migration) -> Record:
    """The target's record, fresh from the target. Raises Failed unless it says `target`."""
    record = migration.target.refresh()
    if record is None or record.owner is not Owner.TARGET:
        raise Failed(
            f"The record of migration {migration.id} on host {migration.target.name} does not say that the target owns VM"
            f" {migration.plan.vm_name} ({f'owner: {record.owner}' if record else 'no record'}). VM and files on host"
            f" {migration.source.name} were not touched."
        )
    return record


def _retire_source(migration: Migration, target: Record) -> None:
    plan = migration.plan
    note = (
        f"[QSM {migration.id}] Moved to {plan.target_computer}. Do not start: this copy is out of date"
        " from the moment of the move."
    )
    migration.source.change_anew(
        operations.retire_source,
        m.RetireSourceArguments(vm_id=plan.vm_id, target_record=target, note=note),
        about=OCCASION,
    )


def _remove_source(migration: Migration, target: Record) -> tuple[str, ...]:
    plan = migration.plan
    saved = migration.source.result(operations.save_vm)
    if saved is None:
        raise Failed(
            f"VM {plan.vm_name} and its files stay on host {migration.source.name}: no record says which files are the VM's."
        )
    migration.source.change_anew(
        operations.remove_source,
        m.RemoveSourceArguments(vm_id=plan.vm_id, target_record=target),
        about=OCCASION,
    )
    _wait_for_removal(migration)
    files = tuple(file.path for disk in saved.disks for file in disk.chain)
    result = migration.source.change_anew(
        operations.remove_source_files,
        m.RemoveSourceFilesArguments(target_record=target, files=files, folders=plan.source_folders),
        about=OCCASION,
    )
    return result.kept


def _wait_for_removal(migration: Migration) -> None:
    """Remove-VM merges what is left of the checkpoint; no file may go before that is over."""
    question = m.VMArguments(vm_id=migration.plan.vm_id)
    wait_for(
        lambda: migration.source.ask(operations.get_source_removal, question, wait_seconds=POLL_SECONDS),
        is_over=lambda look: look.done,
        limit_seconds=migration.settings.limits.checkpoint_removal_seconds,
        pause_seconds=0,
        check_stop=None,
        too_late=lambda look: (
            f"VM {migration.plan.vm_name} is still being removed from host {migration.source.name}:"
            f" {', '.join(look.remaining)}. {migration.plan.text_at_target} Run 'qsm finish {migration.plan.vm_name}' later."
        ),
    )
