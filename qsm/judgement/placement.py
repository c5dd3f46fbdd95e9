"""Where things go: files on the target, adapters to switches, and how the VM stands still. Pure functions."""

from __future__ import annotations

import ntpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from qsm.facts.files import VMDisk
from qsm.facts.hosts import HostFacts, VolumeFacts
from qsm.facts.machines import SwitchChoice, VMFacts
from qsm.facts.names import inside_folder, name_key, path_key, same_name, same_path
from qsm.facts.states import ComponentStatus, VMState
from qsm.hosts import messages as m
from qsm.judgement.room import Demand, roomiest, volume_of
from qsm.plan.chain import BrokenChain, Chain, own_chain
from qsm.plan.plan import PlannedDisk, TransferMode
from qsm.plan.request import MigrationRequest
from qsm.plan.state_transfer import StateTransfer
from qsm.settings import Settings


def place_disks(vm: VMFacts, folder: str, *, host: str) -> tuple[tuple[PlannedDisk, ...], tuple[str, ...]]:
    """Where the copies of each disk's files go, and the source's folders that hold them.

    Names stay; disks with a file of one name get folders named after their slots. A disk whose files are no chain has no
    place: it is an obstacle.
    """
    names = Counter(name_key(ntpath.basename(file.path)) for disk in vm.disks for file in disk.chain)
    chains = [chain for disk in vm.disks if (chain := _place_disk(disk, folder, host=host, names=names)) is not None]
    homes = {
        path_key(home): home for chain in chains for link in chain.files if (home := ntpath.dirname(link.file.path))
    }
    disks = tuple(PlannedDisk(index=index, chain=chain) for index, chain in enumerate(chains, start=1))
    return disks, tuple(homes.values())


def _place_disk(disk: VMDisk, folder: str, *, host: str, names: Mapping[str, int]) -> Chain | None:
    place = ntpath.join(folder, "Virtual Hard Disks")
    if any(names[name_key(ntpath.basename(file.path))] > 1 for file in disk.chain):
        place = ntpath.join(place, disk.slot.replace(" ", "-").replace(":", "-"))
    try:
        return own_chain(disk, host=host, place=lambda file: ntpath.join(place, ntpath.basename(file.path)))
    except BrokenChain:
        return None


def misleading_files(disks: Sequence[PlannedDisk], folder: str) -> tuple[str, ...]:
    """Files that Hyper-V would take for the disks' own in the import: of their names, in the folder where disks usually lie.

    It points every disk there if all names are there, whatever path was set (Compare-VM).
    """
    place = ntpath.join(folder, "Virtual Hard Disks")
    return tuple(ntpath.join(place, ntpath.basename(link.file.path)) for disk in disks for link in disk.chain.files)


def choose_switches(
    vm: VMFacts, request: MigrationRequest, place: m.TestTargetResult
) -> tuple[tuple[SwitchChoice, ...], list[str]]:
    """One choice per adapter. The map must be explicit: a switch of the same name may be another network."""
    chosen = {name_key(pair.source): pair.target for pair in request.switch_map}
    choices, reasons = [], []
    for adapter in vm.adapters:
        target = None
        if adapter.switch_name is not None:
            if name_key(adapter.switch_name) not in chosen:
                reasons.append(
                    f"adapter '{adapter.name}' is connected to switch '{adapter.switch_name}', and the switch map"
                    f" does not name the switch of host {request.target} that takes its place"
                )
            target = chosen.get(name_key(adapter.switch_name)) or None
        choices.append(SwitchChoice(adapter_id=adapter.adapter_id, switch_name=target))
    reasons += [f"host {request.target} has no switch '{name}'" for name in place.missing_switches]
    return tuple(choices), reasons


def choose_transfer(
    vm: VMFacts,
    request: MigrationRequest,
    place: m.TestTargetResult,
    *,
    source_facts: HostFacts,
    target_facts: HostFacts,
) -> tuple[TransferMode, list[str]]:
    """How the VM is stopped. Memory moves only where the target's processor provably takes it."""
    fits = place.compatible is True and source_facts.processor_vendor == target_facts.processor_vendor
    why = "; ".join(place.incompatibilities) or (
        f"processors {source_facts.processor_name} and {target_facts.processor_name}"
        if place.compatible is not None
        else "the hosts could not say whether their processors are compatible"
    )
    misfit = f"the VM's memory cannot be restored on host {request.target}: {why}"
    if vm.state == VMState.OFF:
        return TransferMode.NONE, []
    if vm.state == VMState.SAVED:
        return TransferMode.NONE, [] if fits else [f"{misfit}. Start the VM, or delete its saved state, and try again"]
    wanted = request.state_transfer
    if wanted is StateTransfer.SAVE or (wanted is StateTransfer.AUTO and fits):
        return TransferMode.SAVE, [] if fits else [f"{misfit}. Use state transfer 'shutdown' or 'auto'"]
    if vm.state == VMState.PAUSED:
        return TransferMode.SHUTDOWN, [
            "the VM is paused, so that its guest cannot shut down; resume the VM or use state transfer 'save'"
        ]
    return TransferMode.SHUTDOWN, list(_about_guest(vm))


def _about_guest(vm: VMFacts) -> Iterator[str]:
    """Why the guest could not be asked to shut down. A VM is never turned off instead."""
    if vm.guest_shutdown != ComponentStatus.OK:
        yield (
            f"the guest cannot be asked to shut down: the VM's shutdown component (integration service 'Shutdown') is"
            f" {vm.guest_shutdown}. Wait until the guest is up, switch the service on, or install the integration services; or"
            " shut the guest down by hand and move the VM while it is off"
        )


def memory_bound(vm: VMFacts, settings: Settings) -> int:
    """Bytes of saved memory to expect. The host counts again with the memory assigned then, just before the save."""
    if vm.state == VMState.SAVED:
        return sum(file.length_bytes for file in vm.saved_state_files)
    if vm.state == VMState.OFF:
        return 0
    assigned = max(vm.memory_assigned_bytes, vm.memory_startup_bytes)
    return assigned * (100 + settings.memory_slack_percent) // 100


def configuration_files(folder: str, *, vm_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a VM's configuration and saved state lie below its folder: since configuration version 6.2, and before."""
    stem = ntpath.join(folder, "Virtual Machines", vm_id.upper())
    inner = ntpath.join(stem, vm_id.upper())
    binary = tuple(stem + extension for extension in (".vmcx", ".vmrs", ".vmgs"))
    return binary, (f"{stem}.xml", f"{inner}.bin", f"{inner}.vsv")


def created_folders(folder: str, disks: Sequence[PlannedDisk], *, vm_id: str, exists: bool) -> tuple[str, ...]:
    """Folders of ours on the target, deepest first; an existing target folder stays in any case."""
    ours = {ntpath.dirname(link.target_path) for disk in disks for link in disk.chain.files}
    ours |= {ntpath.join(folder, name) for name in _own_names(vm_id)}
    deepest_first = sorted(ours, key=lambda path: (-path.count("\\"), path))
    return (*deepest_first, *(() if exists else (folder,)))


def _own_names(vm_id: str) -> tuple[str, ...]:
    """Folders below a VM's own. Before 2016 its saved state lies in one named after its id, which may outlive the VM."""
    id_folder = ntpath.join("Virtual Machines", vm_id.upper())
    return ("Virtual Hard Disks", id_folder, "Virtual Machines", "Snapshots")


def export_volume(vm: VMFacts, source: HostFacts, demands: Iterable[Demand], *, host: str) -> str:
    """Root of the volume that takes the exported memory: of those with files of the VM the one with the most room.

    The system volume takes it only where no other one has any: what fills it stops the host, and not this VM alone.
    """
    own = [file.path for disk in vm.disks for file in disk.chain]
    own += [vm.configuration_location, vm.snapshot_file_location]
    volumes = tuple({volume.root: volume for volume in (*vm.volumes, *source.volumes)}.values())
    others = [path for path in own if not same_path(_root(path, volumes), source.system_volume)]
    chosen = roomiest(others or own, demands, volumes, host=host)
    return chosen.root if chosen is not None else _root(vm.configuration_location, volumes)


def _root(path: str, volumes: Iterable[VolumeFacts]) -> str:
    """Of a volume that is not reported, the drive: it has no room, which is a reason against the migration."""
    volume = volume_of(path, volumes)
    return volume.root if volume is not None else ntpath.splitdrive(path)[0] + "\\"


def source_folders(vm: VMFacts) -> tuple[str, ...]:
    """Folders named after the VM, and what is ours below them, deepest first: removed in the end if empty.

    A folder with another name may be a default folder of the host; it stays even when it becomes empty.
    """
    homes = {vm.path.rstrip("\\"), vm.configuration_location.rstrip("\\")}
    disk_folders = {ntpath.dirname(file.path) for disk in vm.disks for file in disk.chain}
    own = {path for path in homes | disk_folders if same_name(ntpath.basename(path), vm.name)}
    below = disk_folders | {ntpath.join(home, name) for home in homes for name in _own_names(vm.vm_id)}
    inside = {path for path in below if any(inside_folder(path, root) for root in own)}
    return tuple(sorted(own | inside, key=lambda path: (-path.count("\\"), path)))
