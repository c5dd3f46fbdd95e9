"""Take the checkpoint: from here on the guest writes to differencing disks, and its base disks are frozen.

1. the record on the source, then on the target; the lock on the source, then on the target (so that whatever is left
   by a kill in between is found from either);
2. a running or paused VM gets a checkpoint; one that is off or saved does not need it.
"""

from __future__ import annotations

from qsm.facts.files import SlotPath
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.plan.operator import this_process
from qsm.plan.record import Role


@step
def take_checkpoint(migration: Migration) -> m.TakeCheckpointResult | None:
    """The checkpoint's disks, or None for a VM that stands still.

    Raises HostRefused (AlreadyMigrating, WorldChanged), HostFailed, OutcomeUnknown, Unreachable.
    """
    plan = migration.plan
    _claim(migration)
    if not plan.live:
        return None
    return migration.source.change(
        operations.take_checkpoint,
        m.TakeCheckpointArguments(
            vm_id=plan.vm_id,
            name=plan.checkpoint_name,
            checkpoint_type=plan.checkpoint_type,
            expected_state=plan.state_before,
            expected_disks=tuple(SlotPath(slot=disk.slot, path=disk.path) for disk in plan.disks),
        ),
    )


def _claim(migration: Migration) -> None:
    """Record and lock on both hosts; taken by somebody else is AlreadyMigrating."""
    plan = migration.plan
    by = this_process()
    peers = (plan.target_computer, plan.source_computer)
    roles = (Role.SOURCE, Role.TARGET)
    for side, role, peer in zip(migration.sides, roles, peers, strict=True):
        if side.result(operations.create_record) is None:
            side.change(
                operations.create_record,
                m.CreateRecordArguments(
                    role=role,
                    vm_id=plan.vm_id,
                    vm_name=plan.vm_name,
                    peer=peer,
                    by=by,
                    plan=plan,
                ),
            )
    for side in migration.sides:
        if side.result(operations.take_lock) is None:
            side.change(operations.take_lock, m.LockArguments(vm_id=plan.vm_id, vm_name=plan.vm_name, by=by))
