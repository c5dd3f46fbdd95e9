"""Room on volumes: who writes how much, where, in which step; and whether the volume has it.

Every check is a list of demands, made by one function per moment. A demand names a place, never a volume: the volume is
found by the mount paths that the host reports (folders that are mount points and Cluster Shared Volumes included). What
is asked of one volume is added up, since nothing that a step writes goes away before the end; the reserve comes on top,
once a volume. Lists of several disks, layers or VMs can be joined and judged as one.

A place on a volume that its host does not report counts as one without room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qsm.errors import Failed
from qsm.facts.files import DiskFile
from qsm.facts.hosts import VolumeFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import inside_folder
from qsm.facts.states import LIVE_STATES, VhdType
from qsm.plan.chain import Chain
from qsm.plan.plan import Plan, PlannedDisk, TransferMode

BLOCKS_OF_A_DYNAMIC_DISK = 16 << 20
"""More than headers and tables of a dynamic disk take; a file never grows beyond its virtual size and this."""


@dataclass(frozen=True)
class Demand:
    """Bytes that come to lie at one place. No bytes: only the reserve must stay free there."""

    step: str  # empty: whichever runs
    host: str
    path: str
    what: str
    length_bytes: int = 0


# --- who writes what, by the moment at which it is asked


def of_migration(
    vm: VMFacts,
    disks: Sequence[PlannedDisk],
    *,
    source: str,
    target: str,
    target_folder: str | None,
    memory_bytes: int,
    transfer: TransferMode,
) -> Iterator[Demand]:
    """Before anything begins, but for the export. `target_folder`: None where the target cannot take it in any case."""
    memory = 0 if transfer is TransferMode.SHUTDOWN else memory_bytes
    if target_folder is not None:
        for link in (link for disk in disks for link in disk.chain.files):
            yield Demand(
                "copy_base_disks", target, link.target_path, "the copies of the VM's disks", link.file.length_bytes
            )
        yield Demand("copy_changes", target, target_folder, "the VM's saved memory", memory)
    if vm.state in LIVE_STATES:
        yield from _of_running(vm, host=source, memory_bytes=memory_bytes, saved_bytes=memory)


def of_export(export_folder: str, *, host: str, memory_bytes: int, transfer: TransferMode) -> Iterator[Demand]:
    """The second copy of the saved memory on the source."""
    if memory_bytes and transfer is not TransferMode.SHUTDOWN:
        what = "the exported copy of the VM's saved memory"
        yield Demand("copy_changes", host, export_folder, what, memory_bytes)


def _of_running(vm: VMFacts, *, host: str, memory_bytes: int, saved_bytes: int) -> Iterator[Demand]:
    for file in (file for disk in vm.disks for file in disk.chain):
        yield Demand("take_checkpoint", host, file.path, "what the guest writes meanwhile")
    # A production checkpoint may fall back to a standard one, which writes the memory.
    what = "the memory in the checkpoint"
    yield Demand("take_checkpoint", host, vm.snapshot_file_location, what, memory_bytes)
    if saved_bytes:
        yield Demand("save_state", host, vm.configuration_location, "the VM's saved memory", saved_bytes)


def of_merge_back(chains: Iterable[Chain], added_bytes: Mapping[str, int], *, host: str) -> Iterator[Demand]:
    """While the guest writes on: what going home would need. `added_bytes`: length of our layers, by slot."""
    for chain in (chain for chain in chains if chain.added):
        for link in chain.added:
            yield Demand("take_checkpoint", host, link.file.path, "what the guest writes meanwhile")
        growth = merge_growth(chain.foot.file, leaf_bytes=added_bytes[chain.slot])
        yield Demand("take_checkpoint", host, chain.foot.file.path, "the merge of our checkpoint back", growth)


def of_window(plan: Plan, chains: Iterable[Chain], added_bytes: Mapping[str, int]) -> Iterator[Demand]:
    """Before the VM stands still: what the target takes from then on."""
    for chain in chains:
        added = added_bytes.get(chain.slot, 0)
        place = chain.foot.target_path
        yield Demand("copy_changes", plan.target, place, "the differencing disks", added)
        growth = merge_growth(chain.foot.file, leaf_bytes=added)
        yield Demand("prepare_disks", plan.target, place, "the merge of the differencing disks", growth)
    memory = 0 if plan.transfer is TransferMode.SHUTDOWN else plan.memory_bytes
    yield Demand("copy_changes", plan.target, plan.target_folder, "the VM's saved memory", memory)


def of_copy(volume: VolumeFacts, *, host: str, what: str) -> Iterator[Demand]:
    """While a copy runs, on the volume that takes it: its bytes were counted before and are being written."""
    yield Demand("", host, volume.root, what)


def merge_growth(base: DiskFile, *, leaf_bytes: int) -> int:
    """Bytes by which a base file can grow when differencing disks of that length are merged into it."""
    if base.type is VhdType.FIXED:
        return 0
    return max(0, min(leaf_bytes, base.size_bytes + BLOCKS_OF_A_DYNAMIC_DISK - base.length_bytes))


# --- whether there is room


@dataclass(frozen=True)
class Need:
    """What is asked of one volume of one host, and what it has; `volume`: None where the host does not report it."""

    host: str
    volume: VolumeFacts | None
    demands: tuple[Demand, ...]
    reserve_bytes: int

    @property
    def needed_bytes(self) -> int:
        """All demands, and the reserve."""
        return sum(demand.length_bytes for demand in self.demands) + self.reserve_bytes

    @property
    def fits(self) -> bool:
        """Exactly enough is enough."""
        return self.volume is not None and self.volume.free_bytes >= self.needed_bytes

    def __str__(self) -> str:
        if self.volume is None:
            place = self.demands[0].path
            return f"host {self.host} does not report how much space is free on the volume of {place}"
        return (
            f"volume {self.volume.root} of host {self.host} has {self.volume.free_bytes:,} bytes free;"
            f" {self.needed_bytes:,} are needed: {', '.join(self._parts())}"
        )

    def _parts(self) -> list[str]:
        sums: dict[tuple[str, str], int] = {}
        for demand in self.demands:
            sums[demand.what, demand.step] = sums.get((demand.what, demand.step), 0) + demand.length_bytes
        named = {(what + (f" ({step})" if step else "")): amount for (what, step), amount in sums.items()}
        parts = [f"{amount:,} for {name}" for name, amount in named.items() if amount]
        beside = " and ".join(name for name, amount in named.items() if not amount)
        return [*parts, f"{self.reserve_bytes:,} must stay free" + (f" beside {beside}" if beside else "")]


def volume_of(path: str, volumes: Iterable[VolumeFacts]) -> VolumeFacts | None:
    """The volume that holds a path: the longest mount path that it lies in. None: the host does not report it."""
    return max((v for v in volumes if inside_folder(path, v.root)), key=lambda v: len(v.root), default=None)


def add_up(
    demands: Iterable[Demand], volumes: Mapping[str, Iterable[VolumeFacts]], *, reserve_bytes: int
) -> tuple[Need, ...]:
    """What is asked of each volume. `volumes`: by host, as reported; of one reported twice the later word counts.

    Places on SMB shares have no volume of the host and are left out: files there are refused for that reason.
    """
    found: dict[tuple[str, str], tuple[VolumeFacts | None, list[Demand]]] = {}
    by_host = {host: tuple({volume.root: volume for volume in told}.values()) for host, told in volumes.items()}
    for demand in demands:
        if demand.path.startswith("\\\\"):
            continue
        volume = volume_of(demand.path, by_host.get(demand.host, ()))
        key = (demand.host, volume.root if volume is not None else demand.path)
        found.setdefault(key, (volume, []))[1].append(demand)
    return tuple(Need(host, volume, tuple(asked), reserve_bytes) for (host, _), (volume, asked) in found.items())


def roomiest(
    places: Iterable[str], demands: Iterable[Demand], volumes: Iterable[VolumeFacts], *, host: str
) -> VolumeFacts | None:
    """Of the volumes that hold the places, the one with the most room left beside the demands; None: none is reported."""
    told = tuple(volumes)
    asked = [demand for demand in demands if demand.host == host]

    def left(volume: VolumeFacts) -> int:
        return volume.free_bytes - sum(d.length_bytes for d in asked if volume_of(d.path, told) is volume)

    return max((v for path in places if (v := volume_of(path, told)) is not None), key=left, default=None)


def shortages(
    demands: Iterable[Demand], volumes: Mapping[str, Iterable[VolumeFacts]], *, reserve_bytes: int
) -> list[str]:
    """A clause for each volume that has not the room, or that its host does not report."""
    return [str(need) for need in add_up(demands, volumes, reserve_bytes=reserve_bytes) if not need.fits]


def require(demands: Iterable[Demand], volumes: Mapping[str, Iterable[VolumeFacts]], plan: Plan) -> None:
    """Raises Failed where a volume has not the room."""
    if short := shortages(demands, volumes, reserve_bytes=plan.reserve_bytes):
        raise Failed(f"There is not enough free space to go on with VM {plan.vm_name}: {'; '.join(short)}.")
