"""Hand the VM over and bring it back to the state it was in: the offline window ends here.

Handing over is the only way a VM changes hands, for every VM whatever its state:
1. the source writes `handed over`, refused unless the VM stands still there: from here it refuses to start it;
2. the target writes `may start` with a new epoch;
3. the VM is started there with this epoch (not one that was off or saved), and suspended again if it was paused;
4. the target writes `target`.
Before it, the source's files are compared once more with what was copied. Killed between any two acts, nobody runs twice.
Last, automatic start and checkpoint type are put back: a reboot before that leaves the VM stopped, a reboot after it
starts the VM. So its state is looked at once more after that.
"""

from __future__ import annotations

from qsm.acts import at_target
from qsm.acts.watching import WorldChanged
from qsm.facts.machines import VMFacts
from qsm.facts.names import path_key
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.survey import current_vm


@step
def hand_over(migration: Migration) -> m.VMStateResult | None:
    """Hands over and starts; returns the state on the target (None: it was off or saved and stays so).

    Raises WorldChanged, HostRefused (NotStandingStill, StartRefused): the way home is open; and HostFailed,
    OutcomeUnknown, Unreachable.
    """
    migration.check_stop()
    require_unchanged(migration)
    _change_hands(migration)
    state = at_target.start(migration)
    at_target.confirm(migration)
    at_target.restore_settings(migration)
    at_target.ensure_state(migration)
    return state


def require_unchanged(migration: Migration) -> None:
    """The source's files are still those that were copied: a VM that somebody started in the window and stopped again
    stands still as it should, and has acknowledged writes that the target lacks. Raises WorldChanged."""
    saved = migration.source.result(operations.save_vm)
    vm = current_vm(migration.source, migration.plan.vm_id)
    if saved is None or vm is None or _files(vm) != _files(saved):
        raise WorldChanged(
            f"VM {migration.plan.vm_name} on host {migration.source.name} is no longer as this migration stopped it:"
            " somebody started or changed the VM meanwhile. The copies on the target are out of date and are not used."
        )


def _files(vm: VMFacts | m.SaveVMResult) -> set[tuple[str, int, int, str]]:
    disks = {
        (path_key(file.path), file.length_bytes, file.last_write_ticks, file.content_identity)
        for disk in vm.disks
        for file in disk.chain
    }
    memory = {(path_key(file.path), file.length_bytes, file.last_write_ticks, "") for file in vm.saved_state_files}
    return disks | memory


def _change_hands(migration: Migration) -> None:
    """Acts 1 and 2."""
    migration.source.change(operations.hand_over, m.VMArguments(vm_id=migration.plan.vm_id))
    migration.target.change(operations.allow_start, m.EpochArguments(epoch=at_target.epoch(migration) + 1))
