"""Make the VM stand still: the offline window begins here.

1. check the room for saved memory and for what is to be copied now, while going home costs nothing;
2. warm connections on both hosts, so that the window does not pay for them;
3. one call on the source: survey again (exactly our checkpoint, our differencing disks on unchanged bases, the VM here,
   not busy, in the state it had), automatic start off, then save, shut down, or (for a VM that stands still) nothing.
"""

from __future__ import annotations

from qsm.acts.watching import merge_growth, watch_source
from qsm.errors import Failed
from qsm.facts.files import SlotPath
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step


@step
def save_state(migration: Migration) -> m.SaveVMResult:
    """The VM's disks and saved memory, as they lie now. Raises WorldChanged, HostRefused, HostFailed, OutcomeUnknown."""
    plan = migration.plan
    taken = migration.source.result(operations.take_checkpoint)
    leaves = {pair.slot: pair.leaf.path for pair in taken.disks} if taken else {}
    migration.warm_up()
    migration.check_stop()
    leaf_bytes = watch_source(migration, shares=())
    _check_target_room(migration, leaf_bytes=leaf_bytes)
    return migration.source.change(
        operations.save_vm,
        m.SaveVMArguments(
            vm_id=plan.vm_id,
            mode=plan.transfer,
            expected_state=plan.state_before,
            expected_checkpoint=taken.checkpoint_id if taken else None,
            expected_disks=tuple(
                SlotPath(slot=disk.slot, path=leaves.get(disk.slot, disk.base.path)) for disk in plan.disks
            ),
            expected_bases=tuple(migration.frozen_base(disk.slot) for disk in plan.disks),
            reserve_bytes=plan.reserve_bytes,
            wait_limit_seconds=migration.settings.limits.guest_shutdown_seconds,
        ),
    )


def _check_target_room(migration: Migration, *, leaf_bytes: dict[str, int]) -> None:
    """Room on the target for the differencing disks as they are now, their merge, and the saved memory."""
    plan = migration.plan
    growth = sum(leaf + merge_growth(migration.frozen_base(slot), leaf_bytes=leaf) for slot, leaf in leaf_bytes.items())
    memory = 0 if plan.transfer == "shutdown" else plan.memory_bytes
    facts = migration.target.ask(operations.get_host, m.GetHostArguments(paths=(plan.target_folder,)))
    inside = [v for v in facts.volumes if plan.target_folder.casefold().startswith(v.root.casefold())]
    if not inside:
        raise Failed(f"Host {migration.target.name} does not tell the room on the volume of {plan.target_folder}.")
    volume = max(inside, key=lambda v: len(v.root))
    needed = growth + memory + plan.reserve_bytes
    if volume.free_bytes < needed:
        raise Failed(
            f"Volume {volume.root} of host {migration.target.name} has {volume.free_bytes:,} bytes left; {needed:,} are"
            f" needed for the changes of VM {plan.vm_name}, their merge, its saved memory and the reserve."
        )
