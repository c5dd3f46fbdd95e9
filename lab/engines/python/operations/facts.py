"""What a host tells of files, disks, volumes and VMs.

A question that fails must not look like an answer: an unreadable chain becomes the disk's `error`, and a cmdlet that
refuses goes to the VM's `unanswered`. Everything else here is reading and naming.
"""

from __future__ import annotations

import ntpath
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

from lab.engines.python.operations.disk_paths import assert_disk_path
from lab.engines.python.operations.errors import SHARING_VIOLATION, OperationError, failed, refused
from lab.engines.python.operations.host import ModuleHost, check_process
from lab.engines.python.operations.records import normal_id, read_lock
from lab.host.sentences import because, say
from lab.hyperv import ErrorCategory, HyperVError
from lab.hyperv.model import DeviceKind, HardDiskDrive, NetworkAdapter, VirtualMachine, VMSecurity, VMSnapshot
from lab.platform.attributes import Attribute
from lab.platform.errors import FILE_NOT_FOUND, PATH_NOT_FOUND, PlatformError
from lab.platform.open_files import Access
from lab.platform.volumes import Volume
from qsm.facts.files import DiskFile, FileFacts, VMDisk
from qsm.facts.hosts import VolumeFacts
from qsm.facts.machines import Adapter, CheckpointFacts, Obstacle, Vlan, VMFacts
from qsm.facts.names import path_key
from qsm.facts.states import (
    ComponentStatus,
    GuestProduct,
    ReplicationMode,
    SnapshotType,
    VhdFormat,
    VhdType,
    VlanMode,
    VMState,
)

T = TypeVar("T")
HOST_ERRORS = (HyperVError, PlatformError)
PATH_MISSING = (FILE_NOT_FOUND, PATH_NOT_FOUND)
QUIET_SECONDS, SETTLE_SECONDS = 1.0, 30
"""How long a file that somebody holds must not change, and how long that may take."""
IDE_CONTROLLER = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
LONGEST_CHAIN = 64
"""Files in one chain; Hyper-V allows 50 checkpoints, so that more is a circle."""

OBSTACLES = {
    DeviceKind.FIBRE_CHANNEL: "FibreChannel",
    DeviceKind.ASSIGNABLE_DEVICE: "AssignableDevice",
    DeviceKind.GPU_PARTITION: "GpuPartition",
    DeviceKind.PERSISTENT_MEMORY: "PersistentMemory",
    DeviceKind.KEY_STORAGE_DRIVE: "KeyStorageDrive",
    DeviceKind.REMOTE_FX: "RemoteFX",
}


GUEST_PRODUCTS = {"1": GuestProduct.WORKSTATION, "2": GuestProduct.DOMAIN_CONTROLLER, "3": GuestProduct.SERVER}


def file_facts(host: ModuleHost, path: str) -> FileFacts:
    """Return name, size and time of a file. Raises PlatformError where there is none."""
    info = host.platform.files.facts(path)
    return FileFacts(path=info.path, length_bytes=info.length_bytes, last_write_ticks=info.last_write_ticks)


def existing_files(host: ModuleHost, paths: Iterable[str]) -> tuple[FileFacts, ...]:
    """Return the facts of those files that are there."""
    return tuple(file_facts(host, path) for path in paths if host.platform.files.is_file(path))


def settled_files(host: ModuleHost, paths: Iterable[str]) -> tuple[FileFacts, ...]:
    """Return the facts of those files that are there, once nobody writes them or they have not changed for a second."""
    present = [path for path in paths if host.platform.files.is_file(path)]
    return tuple(_settled(host, path) for path in present)


def _settled(host: ModuleHost, path: str) -> FileFacts:
    """Raises HostFailed for a file that changes on and on."""
    began = time.monotonic()
    file, since = file_facts(host, path), began
    while any(Access.WRITE in holder.access for holder in host.platform.open_files.holders(path)):
        check_process()
        now = file_facts(host, path)
        if now != file:
            file, since = now, time.monotonic()
        if time.monotonic() - since >= QUIET_SECONDS:
            break
        if time.monotonic() - began >= SETTLE_SECONDS:
            told = say("file_not_settled", host.name, path=path, seconds=SETTLE_SECONDS)
            raise failed("HostFailed", told, subject=path)
        time.sleep(0.05)
    return file_facts(host, path)


def disk_file(host: ModuleHost, path: str) -> DiskFile:
    """Return one virtual disk file (Get-VHD, and what identifies its contents).

    Raises HyperVError, PlatformError, and OperationError for a path that Windows' cmdlets do not take.
    """
    facts = file_facts(host, path)
    assert_disk_path(host.name, path)
    for place in (path, ntpath.dirname(path)):
        if form := storage_form(host, place):
            sentence = say("disk_form_refused", host.name, path=path, place=place, form=form)
            raise refused("HostFailed", sentence, subject=path, path=place)
    try:
        disk = host.hyperv.get_vhd(path)
    except HyperVError as error:
        if error.category is not ErrorCategory.INVALID_PARAMETER:
            raise
        raise refused(
            "HostFailed", say("disk_not_listed", host.name, path=path, cause=because(error)), subject=path, path=path
        ) from error
    return DiskFile(
        path=facts.path,
        length_bytes=facts.length_bytes,
        last_write_ticks=facts.last_write_ticks,
        format=VhdFormat(disk.vhd_format),
        type=VhdType(disk.vhd_type),
        size_bytes=disk.size_bytes,
        parent_path=disk.parent_path,
        disk_identifier=disk.disk_identifier,
        content_identity=disk.content_identity if _is_readable(host, path) else "",
    )


def storage_form(host: ModuleHost, path: str) -> Literal["encrypted", "compressed"] | None:
    """Whether NTFS keeps a file, or would keep one that is made now, in a form that no virtual disk may have."""
    found = host.platform.files.attributes.of(path)
    if Attribute.ENCRYPTED in found:
        return "encrypted"
    return "compressed" if Attribute.COMPRESSED in found else None


def disk_text(file: DiskFile) -> str:
    """Return what of a disk file changes when its contents do, as a text to compare and to tell."""
    return f"{file.length_bytes} bytes, time {file.last_write_ticks}, identity {file.content_identity}"


def changes_since(
    host: ModuleHost,
    before: tuple[Iterable[VMDisk], Iterable[FileFacts]],
    now: tuple[Iterable[VMDisk], Iterable[FileFacts]],
) -> list[str]:
    """Return what of a VM's disks and saved-state files is not as it was, each as a sentence.

    A disk that cannot be read, or whose contents cannot be identified, is not as it was.
    """
    reasons: list[str] = []
    for disk in now[0]:
        if disk.error:
            reasons.append(say("why_disk_unreadable", host.name, path=disk.path, error=disk.error))
        reasons += [
            say("why_not_identified", host.name, path=file.path) for file in disk.chain if not file.content_identity
        ]
    was, is_now = _identities(*before), _identities(*now)
    for key, (path, text) in was.items():
        if key not in is_now:
            reasons.append(say("why_not_used", host.name, path=path))
        elif is_now[key][1] != text:
            reasons.append(say("why_changed", host.name, path=path, found=is_now[key][1], before=text))
    return reasons + [say("why_new", host.name, path=path) for key, (path, _) in is_now.items() if key not in was]


def _identities(disks: Iterable[VMDisk], saved: Iterable[FileFacts]) -> dict[str, tuple[str, str]]:
    """Return each file by its path without regard to case, and what of it would change if the VM ran."""
    found = {
        path_key(file.path): (file.path, f"{disk_text(file)}, slot {disk.slot}")
        for disk in disks
        for file in disk.chain
    }
    return found | {
        path_key(file.path): (file.path, f"{file.length_bytes} bytes, time {file.last_write_ticks}") for file in saved
    }


def _is_readable(host: ModuleHost, path: str) -> bool:
    """Whether another program may read the file; the leaf of a running VM it may not, and its contents change."""
    try:
        host.platform.open_files.require(path, access=Access.READ)
    except PlatformError as error:
        if error.hresult == SHARING_VIOLATION:
            return False
        raise
    return True


def chain(host: ModuleHost, path: str) -> tuple[DiskFile, ...]:
    """Return a disk's files, leaf first. Raises HyperVError, PlatformError."""
    files: list[DiskFile] = []
    next_path: str | None = path
    while next_path is not None:
        files.append(disk_file(host, next_path))
        next_path = files[-1].parent_path
        if len(files) > LONGEST_CHAIN:
            raise HyperVError(0xC03A0018, ErrorCategory.OPERATION_FAILED, f"The chain of {path} has no end.")
    return tuple(files)


def vm_disk(host: ModuleHost, drive: HardDiskDrive) -> VMDisk:
    """Return one disk of a VM with its chain; an unreadable chain is empty, with the reason."""
    files: tuple[DiskFile, ...] = ()
    error = None
    if not drive.path and drive.disk_number is None:
        error = "The drive has no disk."
    elif drive.disk_number is None and not drive.path.lower().endswith(".vhds"):
        try:
            files = chain(host, drive.path)
        except (*HOST_ERRORS, OperationError) as problem:
            error = because(problem)
    return VMDisk(
        slot=drive.slot,
        path=drive.path,
        pass_through=drive.disk_number is not None,
        shared=drive.support_persistent_reservations or drive.path.lower().endswith(".vhds"),
        chain=files,
        error=error,
        change_tracking=tuple(
            path
            for file in files
            for path in (f"{file.path}.rct", f"{file.path}.mrt")
            if host.platform.files.exists(path)
        ),
    )


def standing_mark(host: ModuleHost, vm: VirtualMachine) -> tuple[object, ...] | None:
    """Return what of a VM that stands still cannot stay the same once it has run; None where it cannot be told."""
    disks = [vm_disk(host, drive) for drive in vm.hard_drives]
    if any(disk.error or not all(file.content_identity for file in disk.chain) for disk in disks):
        return None
    saved = existing_files(host, vm.saved_state_files)
    return (str(vm.state), tuple((disk.slot, disk.path, disk.chain) for disk in disks), saved)


def volume_facts(volume: Volume) -> VolumeFacts:
    """Return a volume as it travels."""
    return VolumeFacts(
        root=volume.root,
        capacity_bytes=volume.capacity_bytes,
        free_bytes=volume.free_bytes,
        file_system=volume.file_system,
    )


def volumes_of(host: ModuleHost, paths: Iterable[str]) -> tuple[VolumeFacts, ...]:
    """Return the volumes that hold the paths, each once, by root. Raises PlatformError for a drive that is not there."""
    found = {volume.root: volume for volume in (host.platform.files.volume_of(path) for path in paths if path)}
    return tuple(volume_facts(found[root]) for root in sorted(found))


def known_volumes_of(host: ModuleHost, paths: Iterable[str]) -> tuple[VolumeFacts, ...]:
    """Return the volumes that hold the paths, each once; a path without a volume is left out."""
    known = []
    for path in paths:
        with suppress(PlatformError):
            host.platform.files.volume_of(path)
            known.append(path)
    return volumes_of(host, known)


def with_slots(vm: VirtualMachine) -> VirtualMachine:
    """Return a VM whose drives are named by slots that are the same on every host, however that counts controllers.

    The number of a SCSI controller is its place among the device ids of those that hold disks: the ids travel with the
    configuration, the numbers that a host shows do not.
    """
    parts = [drive.drive_id.split("\\") for drive in vm.hard_drives]
    controllers = sorted({controller for _, controller, *_ in parts if controller != IDE_CONTROLLER})
    slots = [
        f"IDE {number}:{place}" if controller == IDE_CONTROLLER else f"SCSI {controllers.index(controller)}:{place}"
        for _, controller, number, place, _ in parts
    ]
    drives = (replace(drive, slot=slot) for drive, slot in zip(vm.hard_drives, slots, strict=True))
    return replace(vm, hard_drives=tuple(drives))


def real_vms(host: ModuleHost) -> tuple[VirtualMachine, ...]:
    """Return all real VMs."""
    return tuple(map(with_slots, host.hyperv.get_vms()))


def real_vm(host: ModuleHost, vm_id: str) -> VirtualMachine | None:
    """Return a real VM, or None. Raises HyperVError for one that is there and cannot be read: it is not absent."""
    if any(lost.listed and lost.vm_id == normal_id(vm_id) for lost in host.hyperv.get_unreadable_vms()):
        return host.hyperv.get_vm(vm_id)
    return next((vm for vm in real_vms(host) if vm.vm_id == normal_id(vm_id)), None)


def known_vm(host: ModuleHost, vm_id: str) -> VirtualMachine:
    """Return a real VM. Raises VMNotFound."""
    vm = real_vm(host, vm_id)
    if vm is None:
        raise refused("VMNotFound", say("vm_not_found", host.name, vm_id=normal_id(vm_id)), subject=vm_id)
    return vm


def vm_after(host: ModuleHost, vm_id: str) -> VirtualMachine:
    """Return a real VM that was just acted on: that it is gone now is no refusal. Raises HostFailed (failed)."""
    vm = real_vm(host, vm_id)
    if vm is None:
        raise failed("HostFailed", say("vm_gone", host.name, vm_id=normal_id(vm_id)), subject=vm_id)
    return vm


def vm_or_planned(host: ModuleHost, vm_id: str) -> VirtualMachine | None:
    """Return a VM, a planned one too, or None."""
    everything = (*real_vms(host), *map(with_slots, host.hyperv.get_planned_vms()))
    return next((vm for vm in everything if vm.vm_id == normal_id(vm_id)), None)


def checkpoint_facts(snapshot: VMSnapshot) -> CheckpointFacts:
    """Return a checkpoint as it travels."""
    return CheckpointFacts(
        checkpoint_id=snapshot.snapshot_id, name=snapshot.name, type=SnapshotType(snapshot.snapshot_type)
    )


def _adapter(adapter: NetworkAdapter) -> Adapter:
    vlan = adapter.vlan
    return Adapter(
        adapter_id=adapter.adapter_id,
        name=adapter.name,
        mac_address=adapter.mac_address,
        dynamic_mac=adapter.dynamic_mac_address_enabled,
        legacy=adapter.is_legacy,
        switch_name=None if adapter.switch_gone else adapter.switch_name,
        switch_gone=adapter.switch_gone,
        vlan=Vlan(
            mode=VlanMode(vlan.operation_mode),
            access_id=vlan.access_vlan_id,
            native_id=vlan.native_vlan_id,
            allowed_ids=vlan.allowed_vlan_ids,
            primary_id=vlan.primary_vlan_id,
            secondary_id=vlan.secondary_vlan_id,
        ),
        iov_weight=adapter.iov_weight,
    )


def shutdown_status(host: ModuleHost, vm_id: str) -> str:
    """Return whether the guest can be asked to shut down: Ok, or what is in the way."""
    component = host.hyperv.get_shutdown_component(vm_id)
    if component is None:
        return "Missing"
    return component.status if component.enabled else "Disabled"


class _Questions:
    """Asks, and keeps what could not be answered."""

    def __init__(self) -> None:
        self.unanswered: list[str] = []

    def ask(self, name: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except HOST_ERRORS as error:
            self.unanswered.append(f"{name}: {error}")
            return None


def _obstacles(host: ModuleHost, vm_id: str, questions: _Questions) -> tuple[Obstacle, ...]:
    found = []
    for kind, code in OBSTACLES.items():
        devices = questions.ask(kind.value, partial(host.hyperv.get_vm_devices, vm_id, kind))
        found += [Obstacle(code=code, detail=device) for device in devices or ()]
    security = questions.ask("Get-VMSecurity", lambda: host.hyperv.get_vm_security(vm_id)) or VMSecurity()
    if security.tpm_enabled:
        found.append(Obstacle(code="VirtualTpm", detail=say("obstacle_tpm", host.name)))
    if security.shielded:
        found.append(Obstacle(code="Shielded", detail=say("obstacle_shielded", host.name)))
    if security.encrypt_state_and_vm_migration_traffic:
        found.append(Obstacle(code="EncryptedState", detail=say("obstacle_encrypted", host.name)))
    return tuple(found)


def _guest_product(host: ModuleHost, vm: VirtualMachine) -> GuestProduct | None:
    """What a running guest says of itself. No answer is none: it decides nothing."""
    if vm.planned or vm.state is not VMState.RUNNING:
        return None
    try:
        return GUEST_PRODUCTS.get(host.hyperv.get_guest_items(vm.vm_id).get("ProductType", ""))
    except HyperVError:
        return None


def vm_facts(host: ModuleHost, vm: VirtualMachine) -> VMFacts:
    """Return everything about one VM."""
    questions = _Questions()
    snapshots = questions.ask("checkpoints", lambda: host.hyperv.get_vm_snapshot(vm.vm_id)) or ()
    obstacles = () if vm.planned else _obstacles(host, vm.vm_id, questions)
    folders = [vm.configuration_location, vm.snapshot_file_location, vm.smart_paging_file_path]
    disks = tuple(vm_disk(host, drive) for drive in vm.hard_drives)
    files = [path for disk in disks if not disk.pass_through for path in (disk.path, *(f.path for f in disk.chain))]
    paths = [*files, *folders]
    volumes = questions.ask("Get-Volume", lambda: volumes_of(host, paths)) or ()
    shutdown = ("Missing" if vm.planned else questions.ask("shutdown", lambda: shutdown_status(host, vm.vm_id))) or ""
    saved = questions.ask("saved state", lambda: existing_files(host, vm.saved_state_files)) or ()
    return VMFacts(
        vm_id=vm.vm_id,
        name=vm.name,
        planned=vm.planned,
        generation=vm.generation,
        version=vm.version,
        path=vm.path,
        configuration_location=vm.configuration_location,
        snapshot_file_location=vm.snapshot_file_location,
        smart_paging_file_path=vm.smart_paging_file_path,
        state=vm.state,
        operational_status=vm.operational_status,
        uptime_seconds=vm.uptime_seconds,
        memory_assigned_bytes=vm.memory_assigned_bytes,
        memory_startup_bytes=vm.memory_startup_bytes,
        memory_maximum_bytes=vm.memory_maximum_bytes,
        dynamic_memory=vm.dynamic_memory_enabled,
        guest_product=_guest_product(host, vm),
        processor_count=vm.processor_count,
        processor_compatibility=vm.compatibility_for_migration_enabled,
        automatic_start_action=vm.automatic_start_action,
        automatic_stop_action=vm.automatic_stop_action,
        guest_shutdown=ComponentStatus(shutdown),
        checkpoint_type=vm.checkpoint_type,
        automatic_checkpoints=vm.automatic_checkpoints_enabled,
        clustered=vm.is_clustered,
        replication_mode=ReplicationMode(vm.replication_mode),
        notes=vm.notes,
        disks=disks,
        adapters=tuple(_adapter(adapter) for adapter in vm.network_adapters),
        dvd_paths=tuple(drive.path for drive in vm.dvd_drives if drive.path),
        checkpoints=tuple(checkpoint_facts(snapshot) for snapshot in snapshots),
        obstacles=obstacles,
        unanswered=tuple(questions.unanswered),
        volumes=volumes,
        saved_state_files=saved,
        lock=read_lock(host, vm.vm_id),
    )
