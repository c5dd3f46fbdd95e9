"""Reasons against a migration, from what the hosts said: pure functions, one sentence for each reason.

A question without an answer is a reason. Texts name the thing and say what to do about it.
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterable

from qsm.facts.files import VMDisk
from qsm.facts.hosts import HostFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import name_key, same_path
from qsm.facts.states import (
    CARRIED_FORMATS,
    CARRIED_STATES,
    CARRIED_TYPES,
    CHECKPOINTS_TAKEN,
    LIVE_STATES,
    ReplicationMode,
    VhdType,
    VMOperationalStatus,
    is_quiet,
)
from qsm.hosts import messages as m
from qsm.plan.chain import BrokenChain, read_chain
from qsm.plan.request import MigrationRequest

CLUSTER_STORAGE = "\\CLUSTERSTORAGE\\"


def about_vm(vm: VMFacts, *, host: str) -> Iterable[str]:
    if vm.lock is not None:
        yield (
            f"the VM is already migrating: migration {vm.lock.migration_id} by {vm.lock.by} since {vm.lock.since_utc}; wait"
            f" for its end, or run 'qsm abandon {vm.lock.migration_id}' if its run is dead"
        )
        return  # busy, checkpoint and chain are that migration's own, and nobody is to remove them
    if vm.state not in CARRIED_STATES:
        yield f"the VM is {vm.state}; only a VM that is {', '.join(CARRIED_STATES[:-1])} or {CARRIED_STATES[-1]} can be moved"
    if not is_quiet(vm.operational_status):
        words = [word for word in vm.operational_status if word is not VMOperationalStatus.OK]
        yield f"the VM is busy or unhealthy: {', '.join(words) or 'its host reports no status'}; wait until this has passed"
    if vm.clustered:
        yield "the VM is clustered; clustered VMs cannot be moved yet"
    if vm.replication_mode is not ReplicationMode.NONE:
        yield f"the VM takes part in Hyper-V Replica ({vm.replication_mode}); remove the replication first"
    for checkpoint in vm.checkpoints:
        yield f"the VM has a checkpoint '{checkpoint.name}' ({checkpoint.type}); remove that checkpoint and wait for the merge"
    if vm.state in LIVE_STATES and vm.checkpoint_type not in (None, *CHECKPOINTS_TAKEN):
        yield f"the VM's checkpoints are {vm.checkpoint_type}; allow them with Set-VM -CheckpointType Production"
    for setting in (vm.automatic_start_action, vm.checkpoint_type):
        if setting is not None and not setting.known:
            yield f"the VM has the setting {setting}, which this tool does not know and could not restore"
    for obstacle in vm.obstacles:
        yield f"{obstacle.code}: {obstacle.detail}"
    for question in vm.unanswered:
        yield f"host {host} could not answer: {question}"
    if not vm.disks:
        yield "the VM has no virtual disk; export and import the VM instead"
    roots = [volume.root for volume in vm.volumes]
    for disk in vm.disks:
        yield from (f"disk {disk.slot} ({disk.path}): {reason}" for reason in _about_disk(disk, host=host, roots=roots))
    for folder in dict.fromkeys((vm.configuration_location, vm.path)):
        if folder and (why := _unsupported_place(folder, roots=roots)):
            yield f"the VM's configuration lies in {folder}: {why}"


def _about_disk(disk: VMDisk, *, host: str, roots: Iterable[str]) -> Iterable[str]:
    if disk.pass_through:
        yield "this is a pass-through disk, which cannot be checkpointed or copied as a file"
        return
    if disk.shared:
        yield "this is a shared disk (shared VHDX or VHD Set), which cannot be checkpointed"
    if disk.error is not None or not disk.chain:
        yield f"the chain of its files could not be read: {disk.error or 'the host reported no file'}"
        return
    try:
        read_chain(disk, host=host)
    except BrokenChain as broken:
        yield f"its files do not form a chain: file {broken.path} {broken.problem}"
    for file in disk.chain:
        if file.format not in CARRIED_FORMATS or file.type not in CARRIED_TYPES:
            yield f"file {file.path} has format {file.format} and type {file.type}, which cannot be moved"
    if len(disk.chain) > 1 or disk.chain[0].type is VhdType.DIFFERENCING:
        orphan = disk.path.lower().endswith((".avhd", ".avhdx"))
        kind = "the left-over of a backup or checkpoint" if orphan else "a differencing disk of its own"
        yield f"the disk is a chain of {len(disk.chain)} files ({kind}); merge them first"
    for file in disk.chain:
        if why := _unsupported_place(ntpath.dirname(file.path), roots=roots):
            yield f"{file.path}: {why}"


def _unsupported_place(path: str, *, roots: Iterable[str]) -> str:
    """Why files in this folder are not carried; empty when they are. `roots` are the places of mounted volumes: in none of
    them can Hyper-V control access, whether it is a drive or a folder. The module decides alike (Get-QsmFolderKind).
    """
    if path.startswith("\\\\") and not path.startswith(("\\\\?\\", "\\\\.\\")):
        return "VMs on SMB storage cannot be moved yet"
    if CLUSTER_STORAGE in name_key(path) + "\\":
        return "VMs on Cluster Shared Volumes cannot be moved yet"
    if ntpath.splitdrive(path)[1] in ("", "\\") or any(same_path(path, root) for root in roots):
        return "Hyper-V does not support files in the root of a volume"
    return ""


def about_target(place: m.TestTargetResult, request: MigrationRequest, vm: VMFacts) -> Iterable[str]:
    where = f"{request.target_folder} on host {request.target}"
    problems = {
        "root": "is the root of a volume; give a subfolder",
        "missing": "lies on a drive that does not exist",
        "csv": "lies on a Cluster Shared Volume; those cannot be used yet",
        "smb": "lies on an SMB share; those cannot be used yet",
        "invalid": "is not a path that the host can use",
        "compressed": "is compressed by NTFS, and Hyper-V works on no disk that is; run compact /u on it or choose another",
        "encrypted": "is encrypted by EFS, and Hyper-V works on no disk that is; run cipher /d on it or choose another",
    }
    if place.folder_kind in problems:
        yield f"target folder {where} {problems[place.folder_kind]}"
    elif why := _unsupported_place(request.target_folder, roots=[place.volume.root] if place.volume else []):
        yield f"target folder {where}: {why}"
    for path in place.files_in_the_way:
        yield f"file {path} exists on host {request.target} already; move that file away or choose another target folder"
    if place.vm_state is not None:
        yield f"host {request.target} has a VM with id {vm.vm_id} already, which is {place.vm_state}"
    if place.planned_vm:
        yield f"host {request.target} has a planned VM with id {vm.vm_id}; remove the left-over import first"
    if place.lock is not None:
        yield f"host {request.target} is taking part in migration {place.lock.migration_id} of this VM already"


def about_version(vm: VMFacts, target: HostFacts) -> Iterable[str]:
    if vm.version not in target.supported_vm_versions:
        known = ", ".join(target.supported_vm_versions) or "none reported"
        yield f"host {target.computer_name} does not accept the VM's configuration version {vm.version} (accepted: {known})"
