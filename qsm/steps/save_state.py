"""Make the VM stand still: the offline window begins here.

1. check the room for saved memory and for what is to be copied now, while going home costs nothing;
2. warm connections on both hosts, so that the window does not pay for them;
3. one call on the source: survey again (exactly our checkpoint, our differencing disks on unchanged bases, the VM here,
   not busy, in the state it had), automatic start off, then save, shut down, or (for a VM that stands still) nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qsm.acts.watching import watch_source
from qsm.facts.files import SlotPath
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.judgement import room
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.plan.chain import Chain


@step
def save_state(migration: Migration) -> m.SaveVMResult:
    """The VM's disks and saved memory, as they lie now. Raises WorldChanged, HostRefused, HostFailed, OutcomeUnknown."""
    plan = migration.plan
    taken = migration.checkpoints()
    migration.warm_up()
    migration.check_stop()
    added_bytes = watch_source(migration, shares=())
    chains = migration.chains()
    _check_target_room(migration, chains, added_bytes=added_bytes)
    return migration.source.change(
        operations.save_vm,
        m.SaveVMArguments(
            vm_id=plan.vm_id,
            mode=plan.transfer,
            expected_state=plan.state_before,
            expected_checkpoint=taken[-1].checkpoint_id if taken else None,
            expected_disks=tuple(SlotPath(slot=chain.slot, path=chain.leaf.file.path) for chain in chains),
            expected_bases=tuple(link.file for chain in chains for link in chain.frozen),
            reserve_bytes=plan.reserve_bytes,
            wait_limit_seconds=migration.settings.limits.guest_shutdown_seconds,
        ),
    )


def _check_target_room(migration: Migration, chains: Sequence[Chain], *, added_bytes: Mapping[str, int]) -> None:
    """Room on the target for the differencing disks as they are now, their merge, and the saved memory."""
    demands = tuple(room.of_window(migration.plan, chains, added_bytes))
    places = tuple(dict.fromkeys(demand.path for demand in demands))
    facts = migration.target.ask(operations.get_host, m.GetHostArguments(paths=places))
    room.require(demands, {migration.target.name: facts.volumes}, migration.plan)
