"""Room on volumes: what every step will write, and what the guest will write meanwhile, counted before anything begins."""

from __future__ import annotations

from collections.abc import Iterable

from qsm.facts.hosts import HostFacts, VolumeFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import inside_folder
from qsm.hosts import messages as m
from qsm.judgement.placement import Transfer
from qsm.settings import Settings


def about_space(
    vm: VMFacts,
    place: m.TestTargetResult,
    settings: Settings,
    *,
    memory_bytes: int,
    source: HostFacts,
    transfer: Transfer,
) -> Iterable[str]:
    """Every volume that a step will write to, or that the guest will write to meanwhile."""
    files = sum(file.length_bytes for disk in vm.disks for file in disk.chain)
    memory = 0 if transfer == "shutdown" else memory_bytes
    if place.volume is not None:
        yield from _short("target", place.volume, files + memory + settings.reserve_bytes)
    elif place.folder_kind == "local":
        yield "the target could not tell how much room its volume has"
    needed: dict[str, int] = {}
    rooms = {volume.root: volume for volume in (*vm.volumes, *source.volumes)}
    live = vm.state in ("Running", "Paused")
    for file in (file for disk in vm.disks for file in disk.chain if live):
        _need(needed, rooms, file.path, 0, reserve=settings.reserve_bytes)
    if live:  # a production checkpoint may fall back to a standard one, which writes the memory
        _need(needed, rooms, vm.snapshot_file_location, memory_bytes, reserve=settings.reserve_bytes)
    if live and memory:
        _need(needed, rooms, vm.configuration_location, memory, reserve=settings.reserve_bytes)
    if memory:  # the export makes a second copy of the saved memory on the system volume
        _need(needed, rooms, "C:\\ProgramData", memory, reserve=settings.reserve_bytes)
    for root, amount in needed.items():
        yield from _short("source", rooms[root], amount)


def _need(needed: dict[str, int], rooms: dict[str, VolumeFacts], path: str, amount: int, *, reserve: int) -> None:
    roots = [root for root in rooms if inside_folder(path, root)]
    if roots:
        root = max(roots, key=len)
        needed[root] = needed.get(root, reserve) + amount


def _short(side: str, volume: VolumeFacts, needed_bytes: int) -> Iterable[str]:
    if volume.free_bytes < needed_bytes:
        yield (
            f"volume {volume.root} of the {side} has {volume.free_bytes:,} bytes free, {needed_bytes:,} are needed"
            " (files, saved memory and reserve)"
        )
