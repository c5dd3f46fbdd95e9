"""Make the VM stand still: the offline window begins here.

1. check the room for saved memory and for what is to be copied now, while going home costs nothing;
2. warm connections on both hosts, so that the window does not pay for them;
3. one call on the source: survey again (exactly our checkpoint, our differencing disks on unchanged bases, the VM here,
   not busy, in the state it had), automatic start off, then save, shut down, or (for a VM that stands still) nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from qsm.acts.watching import merge_growth, watch_source
from qsm.errors import Failed
from qsm.facts.files import SlotPath
from qsm.facts.names import inside_folder
from qsm.hosts import messages as m
from qsm.hosts import operations
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


def _check_target_room(migration: Migration, chains: Sequence[Chain], *, added_bytes: dict[str, int]) -> None:
    """Room on the target for the differencing disks as they are now, their merge, and the saved memory."""
    plan = migration.plan
    growth = 0
    for chain in chains:
        added = added_bytes.get(chain.slot, 0)
        growth += added + merge_growth(chain.foot.file, leaf_bytes=added)
    memory = 0 if plan.transfer == "shutdown" else plan.memory_bytes
    facts = migration.target.ask(operations.get_host, m.GetHostArguments(paths=(plan.target_folder,)))
    inside = [v for v in facts.volumes if inside_folder(plan.target_folder, v.root)]
    if not inside:
        raise Failed(f"Host {migration.target.name} does not tell the room on the volume of {plan.target_folder}.")
    volume = max(inside, key=lambda v: len(v.root))
    needed = growth + memory + plan.reserve_bytes
    if volume.free_bytes < needed:
        raise Failed(
            f"Volume {volume.root} of host {migration.target.name} has {volume.free_bytes:,} bytes left; {needed:,} are"
            f" needed for the changes of VM {plan.vm_name}, their merge, its saved memory and the reserve."
        )
