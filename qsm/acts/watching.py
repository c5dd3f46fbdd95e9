"""Watch the source while the guest writes on: turn back before a volume is full or somebody else has changed the VM.

A differencing disk grows on its base's volume, and a full volume pauses the VM. Going home merges it into the base, and
a dynamic base grows by that. So the room that must stay free is what the merge could take, plus the reserve.
"""

from __future__ import annotations

from qsm.errors import Failed
from qsm.facts.names import path_key
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.judgement import room
from qsm.migration.migration import Migration
from qsm.migration.progress import LeafGrew

# Windows derives the boot time from the clock and the uptime: a clock that is set moves it a little.
CLOCK_STEP_TICKS = 10 * 10_000_000


class WorldChanged(Failed):
    """Somebody or something else changed the VM or its host; the migration goes home."""


def watch_source(migration: Migration, *, shares: tuple[str, ...]) -> dict[str, int]:
    """One look; the bytes that our checkpoints added to each disk, by slot. Raises WorldChanged or Failed (room)."""
    plan = migration.plan
    chains = migration.chains()
    added = [link.file.path for chain in chains for link in chain.added]
    saved = migration.source.result(operations.save_vm)
    look = migration.source.ask(
        operations.watch_source,
        m.WatchSourceArguments(vm_id=plan.vm_id, shares=shares, files=tuple(added)),
    )
    _check_world(migration, look, expected_state=saved.state if saved else plan.state_before)
    lengths = {path_key(file.path): file.length_bytes for file in look.files}
    if added and look.volumes:
        free_bytes = min(volume.free_bytes for volume in look.volumes)
        migration.progress.tell(LeafGrew(sum(lengths.values()), free_bytes))
    by_slot = {
        chain.slot: sum(lengths.get(path_key(link.file.path), 0) for link in chain.added)
        for chain in chains
        if chain.added
    }
    host = migration.source.name
    room.require(room.of_merge_back(chains, by_slot, host=host), {host: look.volumes}, plan)
    return by_slot


def _check_world(migration: Migration, look: m.WatchSourceResult, *, expected_state: str) -> None:
    plan = migration.plan
    host = migration.source.name
    if abs(look.boot_time_ticks - plan.source_boot_ticks) > CLOCK_STEP_TICKS:
        raise WorldChanged(
            f"Host {host} was restarted meanwhile: its temporary shares are gone, and VM {plan.vm_name} may have changed."
        )
    if look.state is None:
        raise WorldChanged(f"VM {plan.vm_name} is no longer on host {host}.")
    if look.state != expected_state:
        raise WorldChanged(f"VM {plan.vm_name} on host {host} is {look.state} now; it was {expected_state}.")
    names = [found.name for found in look.checkpoints]
    ours = [name for name in names if plan.is_our_checkpoint(name)]
    if ours != names or len(ours) != len(migration.checkpoints()):
        alien = ", ".join(f"'{name}'" for name in names if name not in ours) or "this migration's own is gone"
        raise WorldChanged(
            f"The checkpoints of VM {plan.vm_name} on host {host} were changed by somebody else: {alien}."
        )
    if look.missing_shares:
        raise WorldChanged(
            f"Share {', '.join(look.missing_shares)} on host {host} is gone or was closed for the target."
        )
