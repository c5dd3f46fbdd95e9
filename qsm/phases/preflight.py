"""Preflight: everything that can be known before anything is changed.

1. ask both hosts who they are, the source about the VM, the target about the place;
2. collect every reason against the move, not only the first;
3. choose how the VM stands still (saved, shut down, as it is) and where each file goes;
4. give the plan, or refuse with all reasons.

Changes nothing on a host but the installed module. A question without an answer is a reason to refuse.
"""

from __future__ import annotations

import ntpath
import time
from collections.abc import Iterable, Sequence
from typing import Literal

from qsm.errors import PreflightRefused
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.hosts.meter import Meter
from qsm.migration import Migration, open_host
from qsm.model import MigrationRequest, Plan, PlannedDisk, StateTransfer, new_migration_id
from qsm.progress import StepEnded, StepStarted, emit
from qsm.settings import Settings

CARRIED_STATES = ("Running", "Paused", "Saved", "Off")
QUIET_STATUS = {"Ok", "InService", "Dormant"}  # anything else on the VM means it is busy or ill
CLUSTER_STORAGE = "\\clusterstorage\\"
Transfer = Literal["save", "shutdown", "none"]


def begin(request: MigrationRequest, settings: Settings, *, requested_by: str) -> Migration:
    """Opens both hosts and makes the plan: a migration that may begin. Raises as `preflight`, and SettingsError."""
    meter = Meter()
    source = open_host(request.source, settings, meter=meter)
    target = open_host(request.target, settings, meter=meter)
    began = time.time()
    try:
        plan = preflight(request, source=source, target=target, settings=settings, requested_by=requested_by)
    except BaseException:
        source.close()
        target.close()
        raise
    emit(StepStarted(plan.migration_id, "preflight", at=began))
    emit(StepEnded(plan.migration_id, "preflight", seconds=time.time() - began))
    return Migration(plan, source, target, settings=settings)


def preflight(request: MigrationRequest, *, source: Host, target: Host, settings: Settings, requested_by: str) -> Plan:
    """The plan of a migration that may begin now. Raises PreflightRefused with every reason."""
    source_facts = source.ask(operations.get_host, m.GetHostArguments())
    target_facts = target.ask(operations.get_host, m.GetHostArguments(paths=(request.target_folder,)))
    vm = _find_vm(request, source)
    reasons = [*_about_host(source.name, source_facts), *_about_host(target.name, target_facts)]
    if source_facts.computer_name.casefold() == target_facts.computer_name.casefold():
        reasons.append(f"hosts {source.name} and {target.name} are the same computer, {source_facts.computer_name}")
    reasons += _about_vm(vm)
    disks, shared_folders = _place_disks(vm, request.target_folder)
    blob = source.ask(operations.get_compatibility, m.VMArguments(vm_id=vm.vm_id)).compatibility
    smb_name = source.settings.smb_name or source_facts.fqdn
    place = target.ask(operations.test_target, _target_question(vm, request, disks, smb_name=smb_name, blob=blob))
    reasons += _about_target(place, request, vm)
    reasons += _about_account(source, target_facts)
    reasons += _about_version(vm, target_facts)
    switches, switch_reasons = _choose_switches(vm, request, place)
    reasons += switch_reasons
    transfer, transfer_reasons = _choose_transfer(
        vm, request, place, source_facts=source_facts, target_facts=target_facts
    )
    reasons += transfer_reasons
    memory = _memory_bound(vm, settings)
    reasons += _about_space(vm, place, settings, memory_bytes=memory, source=source_facts, transfer=transfer)
    if reasons:
        raise PreflightRefused(f"{vm.name} on host {source.name}", reasons)
    return Plan(
        migration_id=new_migration_id(),
        requested_by=requested_by,
        vm_id=vm.vm_id,
        vm_name=vm.name,
        source=source.name,
        target=target.name,
        source_computer=source_facts.computer_name,
        target_computer=target_facts.computer_name,
        source_smb_name=smb_name,
        target_account=target_facts.computer_account or "",
        target_folder=request.target_folder,
        created_folders=_created_folders(request.target_folder, disks, exists=place.folder_exists),
        disks=disks,
        shared_folders=shared_folders,
        switches=switches,
        adapters=vm.adapters,
        state_before=vm.state,  # type: ignore[arg-type]  # one of CARRIED_STATES, or we had refused
        transfer=transfer,
        memory_bytes=memory,
        checkpoint_type="Production" if vm.checkpoint_type is not None else None,
        checkpoint_type_before=vm.checkpoint_type,
        automatic_start_action=vm.automatic_start_action,
        keep_source=request.keep_source,
        reserve_bytes=settings.reserve_bytes,
        source_boot_ticks=source_facts.boot_time_ticks,
        source_folders=_source_folders(vm),
    )


def _find_vm(request: MigrationRequest, source: Host) -> m.VMFacts:
    matches = [
        v for v in source.ask(operations.get_vm, m.GetVMArguments(name_or_id=request.vm)).matches if not v.planned
    ]
    if not matches:
        raise PreflightRefused(request.vm, [f"host {source.name} has no VM with this name or id"])
    if len(matches) > 1:
        ids = ", ".join(vm.vm_id for vm in matches)
        raise PreflightRefused(
            request.vm, [f"host {source.name} has {len(matches)} VMs of this name; give one of the ids {ids}"]
        )
    return matches[0]


def _about_host(name: str, host: m.HostFacts) -> Iterable[str]:
    if not host.administrator:
        yield f"host {name}: the account holds no unfiltered administrator token (docs/hosts.md, 'Account')"
    if not host.hyperv:
        yield f"host {name}: Hyper-V's PowerShell module does not answer"
    if host.language_mode != "FullLanguage":
        yield f"host {name}: PowerShell runs in {host.language_mode}; FullLanguage is needed"
    if host.bits_start_mode.casefold() == "disabled":
        yield f"host {name}: the BITS service is disabled"


def _about_vm(vm: m.VMFacts) -> Iterable[str]:
    if vm.lock is not None:
        yield f"already migrating: migration {vm.lock.migration_id} by {vm.lock.by} since {vm.lock.since_utc}"
    if vm.state not in CARRIED_STATES:
        yield f"its state is {vm.state}; it must be one of {', '.join(CARRIED_STATES)}"
    busy = [status for status in vm.operational_status if status not in QUIET_STATUS]
    if busy:
        yield f"it is busy or ill: {', '.join(busy)}; wait until this has passed"
    if vm.clustered:
        yield "it is a clustered VM; those are not carried yet"
    if vm.replication_mode != "None":
        yield f"it takes part in Hyper-V Replica ({vm.replication_mode}); remove the replication first"
    for checkpoint in vm.checkpoints:
        yield f"it has a checkpoint '{checkpoint.name}' ({checkpoint.type}); remove it and wait for the merge"
    if vm.state in ("Running", "Paused") and vm.checkpoint_type == "Disabled":
        yield "its checkpoints are disabled; allow them with Set-VM -CheckpointType Production"
    for obstacle in vm.obstacles:
        yield f"{obstacle.code}: {obstacle.detail}"
    for question in vm.unanswered:
        yield f"the host could not answer: {question}"
    if not vm.disks:
        yield "it has no virtual disk; export and import it instead"
    for disk in vm.disks:
        yield from (f"disk {disk.slot} ({disk.path}): {reason}" for reason in _about_disk(disk))
    for folder in (vm.configuration_location, vm.path):
        if folder and _unsupported_place(folder):
            yield f"its configuration lies in {folder}: {_unsupported_place(folder)}"


def _about_disk(disk: m.VMDisk) -> Iterable[str]:
    if disk.pass_through:
        yield "a pass-through disk cannot be checkpointed or copied as a file"
        return
    if disk.shared:
        yield "shared disks (shared VHDX, VHD Set) cannot be checkpointed"
    if disk.error is not None or not disk.chain:
        yield f"its chain could not be read: {disk.error or 'no file'}"
        return
    if any(file.format not in ("VHD", "VHDX") for file in disk.chain):
        yield f"format {disk.chain[0].format} is not supported"
    if len(disk.chain) > 1 or disk.chain[0].type == "Differencing":
        orphan = disk.path.casefold().endswith((".avhd", ".avhdx"))
        kind = "the left-over of a backup or checkpoint" if orphan else "a differencing disk of its own"
        yield f"it sits on a chain of {len(disk.chain)} files ({kind}); merge it first"
    for file in disk.chain:
        if (why := _unsupported_place(file.path)) or (why := _unsupported_place(ntpath.dirname(file.path))):
            yield f"{file.path}: {why}"


def _unsupported_place(path: str) -> str:
    """Why files at this place are not carried; empty when they are."""
    if path.startswith("\\\\"):
        return "SMB storage is not carried yet"
    if CLUSTER_STORAGE in path.casefold() + "\\":
        return "Cluster Shared Volumes are not carried yet"
    if ntpath.splitdrive(path)[1] in ("", "\\"):
        return "files in the root of a volume are not supported by Hyper-V"
    return ""


def _place_disks(vm: m.VMFacts, folder: str) -> tuple[tuple[PlannedDisk, ...], tuple[str, ...]]:
    """Where each disk's copy goes. Names stay; two of one name get folders named after their slots."""
    usable = [disk for disk in vm.disks if disk.chain]
    names = [ntpath.basename(disk.chain[-1].path).casefold() for disk in usable]
    folders: list[str] = []
    planned = []
    for index, disk in enumerate(usable, start=1):
        base = disk.chain[-1]
        home = ntpath.dirname(base.path)
        if home.casefold() not in [known.casefold() for known in folders]:
            folders.append(home)
        name = ntpath.basename(base.path)
        place = ntpath.join(folder, "Virtual Hard Disks")
        if names.count(name.casefold()) > 1:
            place = ntpath.join(place, disk.slot.replace(" ", "-").replace(":", "-"))
        share = [known.casefold() for known in folders].index(home.casefold())
        target_path = ntpath.join(place, name)
        planned.append(PlannedDisk(index=index, slot=disk.slot, base=base, share=share, target_path=target_path))
    return tuple(planned), tuple(folders)


def _target_question(
    vm: m.VMFacts, request: MigrationRequest, disks: Sequence[PlannedDisk], *, smb_name: str, blob: str | None
) -> m.TestTargetArguments:
    return m.TestTargetArguments(
        vm_id=vm.vm_id,
        folder=request.target_folder,
        source_address=smb_name,
        files=tuple(disk.target_path for disk in disks),
        switch_names=tuple(sorted({pair.target for pair in request.switch_map if pair.target})),
        compatibility=blob,
    )


def _about_target(place: m.TestTargetResult, request: MigrationRequest, vm: m.VMFacts) -> Iterable[str]:
    where = f"{request.target_folder} on host {request.target}"
    problems = {
        "root": "is the root of a volume; give a subfolder",
        "missing": "lies on a drive that does not exist",
        "csv": "lies on a Cluster Shared Volume; those are not carried yet",
        "smb": "lies on an SMB share; those are not carried yet",
        "invalid": "is not a path that the host understands",
    }
    if place.folder_kind in problems:
        yield f"target folder {where} {problems[place.folder_kind]}"
    for path in place.files_in_the_way:
        yield f"file {path} exists on host {request.target} already"
    if place.vm_state is not None:
        yield f"host {request.target} has a VM with id {vm.vm_id} already (state {place.vm_state})"
    if place.planned_vm:
        yield f"host {request.target} has a planned VM with id {vm.vm_id}; remove the left-over import first"
    if place.lock is not None:
        yield f"host {request.target} is taking part in migration {place.lock.migration_id} of this VM already"
    if not place.smb_reachable:
        yield f"host {request.target} does not reach the shares of host {request.source} (TCP 445)"


def _about_account(source: Host, target: m.HostFacts) -> Iterable[str]:
    account = target.computer_account
    if account is None:
        yield (
            f"{target.computer_name} is in a workgroup: its computer account cannot read a share of {source.name};"
            " both hosts must be in one domain or in domains that trust each other"
        )
        return
    if source.ask(operations.resolve_account, m.AccountArguments(account=account)).sid is None:
        yield (
            f"host {source.name} does not know the computer account {account}, which shall read the disks;"
            " both hosts must be in one domain or in domains that trust each other"
        )


def _about_version(vm: m.VMFacts, target: m.HostFacts) -> Iterable[str]:
    if vm.version not in target.supported_vm_versions:
        known = ", ".join(target.supported_vm_versions) or "none told"
        yield f"its configuration version {vm.version} is not accepted by {target.computer_name} ({known})"


def _choose_switches(
    vm: m.VMFacts, request: MigrationRequest, place: m.TestTargetResult
) -> tuple[tuple[m.SwitchChoice, ...], list[str]]:
    """One choice per adapter. The map must be explicit: a switch of the same name may be another network."""
    chosen = {pair.source.casefold(): pair.target for pair in request.switch_map}
    choices, reasons = [], []
    for adapter in vm.adapters:
        target = None
        if adapter.switch_name is not None:
            if adapter.switch_name.casefold() not in chosen:
                reasons.append(
                    f"adapter '{adapter.name}' is connected to switch '{adapter.switch_name}', and the switch map"
                    f" does not say which switch of host {request.target} takes its place"
                )
            target = chosen.get(adapter.switch_name.casefold()) or None
        choices.append(m.SwitchChoice(adapter_id=adapter.adapter_id, switch_name=target))
    reasons += [f"host {request.target} has no switch '{name}'" for name in place.missing_switches]
    return tuple(choices), reasons


def _choose_transfer(
    vm: m.VMFacts,
    request: MigrationRequest,
    place: m.TestTargetResult,
    *,
    source_facts: m.HostFacts,
    target_facts: m.HostFacts,
) -> tuple[Transfer, list[str]]:
    """How the VM stands still. Memory moves only where the target's processor provably takes it."""
    fits = place.compatible is True and source_facts.processor_vendor == target_facts.processor_vendor
    why = "; ".join(place.incompatibilities) or (
        f"processors {source_facts.processor_name} and {target_facts.processor_name}"
        if place.compatible is not None
        else "the hosts could not answer the compatibility question"
    )
    misfit = f"its memory cannot be restored on host {request.target}: {why}"
    if vm.state == "Off":
        return "none", []
    if vm.state == "Saved":
        return "none", [] if fits else [f"{misfit}. Start it, or delete its saved state, and try again"]
    wanted = request.state_transfer
    if wanted is StateTransfer.SAVE or (wanted is StateTransfer.AUTO and fits):
        return "save", [] if fits else [f"{misfit}. Use state transfer 'shutdown' or 'auto'"]
    if vm.state == "Paused":
        return "shutdown", ["it is paused, so that its guest cannot shut down; resume it or use state transfer 'save'"]
    return "shutdown", []


def _memory_bound(vm: m.VMFacts, settings: Settings) -> int:
    """Bytes of saved memory to expect. The host counts again with the memory assigned then, just before the save."""
    if vm.state == "Saved":
        return sum(file.length_bytes for file in vm.saved_state_files)
    if vm.state == "Off":
        return 0
    assigned = max(vm.memory_assigned_bytes, vm.memory_startup_bytes)
    return assigned * (100 + settings.memory_slack_percent) // 100


def _about_space(
    vm: m.VMFacts,
    place: m.TestTargetResult,
    settings: Settings,
    *,
    memory_bytes: int,
    source: m.HostFacts,
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


def _need(needed: dict[str, int], rooms: dict[str, m.VolumeFacts], path: str, amount: int, *, reserve: int) -> None:
    roots = [root for root in rooms if path.casefold().startswith(root.casefold())]
    if roots:
        root = max(roots, key=len)
        needed[root] = needed.get(root, reserve) + amount


def _short(side: str, volume: m.VolumeFacts, needed_bytes: int) -> Iterable[str]:
    if volume.free_bytes < needed_bytes:
        yield (
            f"volume {volume.root} of the {side} has {volume.free_bytes:,} bytes free, {needed_bytes:,} are needed"
            " (files, saved memory and reserve)"
        )


def _created_folders(folder: str, disks: Sequence[PlannedDisk], *, exists: bool) -> tuple[str, ...]:
    """Folders of ours on the target, deepest first; an existing target folder stays in any case."""
    ours = {ntpath.dirname(disk.target_path) for disk in disks}
    ours |= {ntpath.join(folder, name) for name in ("Virtual Hard Disks", "Virtual Machines", "Snapshots")}
    deepest_first = sorted(ours, key=lambda path: (-path.count("\\"), path))
    return (*deepest_first, *(() if exists else (folder,)))


def _source_folders(vm: m.VMFacts) -> tuple[str, ...]:
    """Folders named after the VM, and what is ours below them, deepest first: removed in the end if empty.

    A folder with another name may be a default folder of the host; it stays even when it becomes empty.
    """
    homes = {vm.path.rstrip("\\"), vm.configuration_location.rstrip("\\")}
    disk_folders = {ntpath.dirname(file.path) for disk in vm.disks for file in disk.chain}
    own = {path for path in homes | disk_folders if ntpath.basename(path).casefold() == vm.name.casefold()}
    below = disk_folders | {
        ntpath.join(home, name) for home in homes for name in ("Virtual Machines", "Snapshots", "Virtual Hard Disks")
    }
    inside = {path for path in below if any(path.casefold().startswith(root.casefold() + "\\") for root in own)}
    return tuple(sorted(own | inside, key=lambda path: (-path.count("\\"), path)))
