"""Save the VM or shut its guest down: the offline window begins here.

1. check the target: room for what is to be copied now, memory and processors to start; going home costs nothing yet;
2. warm connections on both hosts, so that the window does not pay for them;
3. one call on the source: survey again (exactly our checkpoint, our differencing disks on unchanged bases, the VM here,
   not busy, in the state it had), automatic start off, then save, shut down, or nothing (for a VM that is saved or off already).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qsm.acts.watching import watch_source
from qsm.errors import Failed
from qsm.facts.files import SlotPath
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.judgement import capacity, room
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.survey import current_vm
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
    _check_target(migration, chains, added_bytes=added_bytes)
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


def _check_target(migration: Migration, chains: Sequence[Chain], *, added_bytes: Mapping[str, int]) -> None:
    """Room on the target for the differencing disks as they are now, their merge and the saved memory; memory to start."""
    demands = tuple(room.of_window(migration.plan, chains, added_bytes))
    places = tuple(dict.fromkeys(demand.path for demand in demands))
    facts = migration.target.ask(operations.get_host, m.GetHostArguments(paths=places))
    room.require(demands, {migration.target.name: facts.volumes}, migration.plan)
    vm = current_vm(migration.source, migration.plan.vm_id)
    if vm is not None:  # else the save says so
        name, transfer = migration.target.name, migration.plan.transfer
        if lacking := list(capacity.lacks(vm, facts, host=name, transfer=transfer)):
            raise Failed(
                f"VM {vm.name} was not stopped, since it could not start on host {name}: {'; '.join(lacking)}."
            )
