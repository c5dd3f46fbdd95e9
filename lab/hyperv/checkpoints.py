"""Checkpoint-VM and Remove-VMSnapshot.

At the moment of a checkpoint the VM's writes move from one file to another, and a write that was acknowledged into a
file nobody remembers is lost. So the guest stands still while its differencing disks are made; the configuration names
them before the first write can reach them; and files of a checkpoint that was never finished are known as such.
"""

from __future__ import annotations

import ntpath
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from lab.hyperv import chains
from lab.hyperv import configuration as files
from lab.hyperv.chains import Chain
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import Core
from lab.hyperv.errors import (
    ERROR_DISK_FULL,
    ERROR_INVALID_PARAMETER,
    RETURN_FAILED,
    RETURN_INVALID_PARAMETER,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.held_files import HELD_FILE
from lab.hyperv.machine import Machine
from lab.hyperv.model import DeviceKind, HardDiskDrive, VMSnapshot
from lab.hyperv.virtual_disks import make_child
from lab.platform.errors import PlatformError
from lab.platform.this_machine import ticks_of
from lab.vm.process import VirtualMachineProcess
from qsm.facts.states import CheckpointType, VMOperationalStatus, VMState

LONGEST_NAME = 100  # "Using checkpoints", Microsoft's user guide
MOST_SNAPSHOTS = 50  # per VM
DIFFERENCING = {".vhd": ".avhd", ".avhd": ".avhd", ".vhdx": ".avhdx", ".avhdx": ".avhdx"}
PAGE_BYTES = 1 << 20
STATES = (VMState.RUNNING, VMState.PAUSED, VMState.OFF, VMState.SAVED)


def checkpoint(
    core: Core, vm_id: str, *, snapshot_name: str, before_naming: Callable[[], None] = lambda: None
) -> VMSnapshot:
    """Checkpoint-VM: two jobs. CreateSnapshot makes the checkpoint with its default name, and a second one gives it the name
    that was asked for; whoever is killed between them leaves the default name (fact book, 5)."""
    _check_name(core, core.find(vm_id), snapshot_name)
    made = create(core, vm_id, snapshot_name=_default_name(core.find(vm_id).configuration.name))
    before_naming()
    return rename(core, vm_id, made.snapshot_id, snapshot_name)


def _default_name(vm_name: str) -> str:
    """The VM's name and the time, written as the host's language writes it."""
    return f"{vm_name} - ({time.strftime('%d.%m.%Y - %H:%M:%S')})"


def rename(core: Core, vm_id: str, snapshot_id: str, new_name: str) -> VMSnapshot:
    """ModifySystemSettings of a checkpoint: Rename-VMSnapshot."""
    with core.changed:
        machine = core.find(vm_id)
        found = machine.configuration
        named = replace(next(each for each in found.snapshots if each.snapshot_id == snapshot_id), name=new_name)
        snapshots = tuple(named if each.snapshot_id == snapshot_id else each for each in found.snapshots)
        core.change(machine, replace(found, snapshots=snapshots))
    return named


def before_start(core: Core, vm_id: str) -> None:
    """What Start-VM does first to a VM that is off, takes automatic checkpoints and has no checkpoint; that it failed is only
    traced (fact book, 4; HC/StartVM.cs of the module)."""
    found = core.show(core.find(vm_id))
    if found.automatic_checkpoints_enabled and found.state is VMState.OFF and not found.snapshots and not found.planned:
        with suppress(HyperVError):
            create(core, vm_id, snapshot_name=f"Automatic Checkpoint - {_default_name(found.name)}", automatic=True)


def after_stop(core: Core, vm_id: str) -> None:
    """What Stop-VM does last: an automatic checkpoint that is the VM's parent goes, errors are swallowed (fact book, 4)."""
    snapshots = core.find(vm_id).configuration.snapshots
    if snapshots and snapshots[-1].is_automatic:
        with suppress(HyperVError):
            remove_snapshot(core, vm_id, snapshots[-1].snapshot_id)


def create(
    core: Core, vm_id: str, *, snapshot_name: str, snapshot_type: str = "Standard", automatic: bool = False
) -> VMSnapshot:
    """CreateSnapshot; of another SnapshotType: what a backup program does."""
    with core.occupied(vm_id, VMOperationalStatus.CREATING_SNAPSHOT, states=STATES) as machine:
        _check(core, machine)
        with_memory = _takes_memory(core, machine)
        snapshot = _plan(machine, snapshot_name, snapshot_type, with_memory=with_memory, automatic=automatic)
        children = new_children(core, machine)
        former = machine.configuration
        leftover = (*former.leftover_files, *snapshot.state_files, *children.values())
        core.change(machine, replace(former, leftover_files=leftover))
        try:
            _write_state_files(core, machine, snapshot)
            core.take_time(core.timing.checkpoint_seconds)
            grown = replace(former, snapshots=(*former.snapshots, snapshot))
            move_to_children(core, machine, children, grown)
        except BaseException:
            discard_files(core, machine, (*snapshot.state_files, *children.values()))
            raise
        return snapshot


def _check_name(core: Core, machine: Machine, snapshot_name: str) -> None:
    if not snapshot_name or len(snapshot_name) > LONGEST_NAME:
        what = f"The name of a checkpoint has 1 to {LONGEST_NAME} characters, not {len(snapshot_name)}."
        raise core.error(
            ERROR_INVALID_PARAMETER,
            ErrorCategory.INVALID_PARAMETER,
            machine,
            what,
            return_code=RETURN_INVALID_PARAMETER,
        )


def _check(core: Core, machine: Machine) -> None:
    found = machine.configuration
    reasons = list(_obstacles(found))
    if core.host.checkpoint_types_known and found.checkpoint_type is CheckpointType.DISABLED:
        reasons.append("Checkpoints have been disabled for it.")
    if len(found.snapshots) >= MOST_SNAPSHOTS:
        reasons.append(f"It has {MOST_SNAPSHOTS} checkpoints already.")
    if reasons:
        what = " ".join(["A checkpoint cannot be taken.", *reasons])
        raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)


def _obstacles(found: Configuration) -> Iterator[str]:
    for drive in found.hard_drives:
        if drive.disk_number is not None:
            yield f"Its disk {drive.slot} is the physical disk {drive.disk_number}."
        elif drive.support_persistent_reservations or drive.path.lower().endswith(".vhds"):
            yield f"Its disk {drive.slot} is shared."
    for kind in (DeviceKind.FIBRE_CHANNEL, DeviceKind.ASSIGNABLE_DEVICE, DeviceKind.GPU_PARTITION):
        if found.devices.get(kind):
            yield f"It has devices of its host ({kind})."


def _takes_memory(core: Core, machine: Machine) -> bool:
    """Whether the checkpoint holds the guest's memory. Raises where only a production checkpoint is wanted and none works."""
    if machine.process is None:
        return machine.state is VMState.SAVED
    kind = machine.configuration.checkpoint_type if core.host.checkpoint_types_known else CheckpointType.STANDARD
    if kind is CheckpointType.STANDARD:
        return True
    if not machine.configuration.production_checkpoint_fails:
        return False
    if kind is CheckpointType.PRODUCTION_ONLY:
        what = "The guest could not make a production checkpoint."
        raise core.error(None, ErrorCategory.OPERATION_FAILED, machine, what, return_code=RETURN_FAILED)
    return True


def _plan(machine: Machine, name: str, snapshot_type: str, *, with_memory: bool, automatic: bool) -> VMSnapshot:
    found, snapshot_id = machine.configuration, str(uuid.uuid4())
    configuration_file, memory_file = files.snapshot_files(found, snapshot_id)
    return VMSnapshot(
        snapshot_id=snapshot_id,
        vm_id=machine.vm_id,
        name=name,
        snapshot_type=snapshot_type,
        parent_snapshot_id=found.snapshots[-1].snapshot_id if found.snapshots else None,
        hard_drives=found.hard_drives,
        state_files=(configuration_file, memory_file) if with_memory else (configuration_file,),
        creation_time_ticks=ticks_of(time.time_ns()),
        is_automatic=automatic,
    )


def _write_state_files(core: Core, machine: Machine, snapshot: VMSnapshot) -> None:
    """Write the checkpoint's configuration, and memory of the VM's size. The lab cannot apply a checkpoint: for its own
    use the memory is only as large, as slow and as incompressible as the real one."""
    core.platform.files.make_folder(ntpath.dirname(snapshot.state_files[0]))
    core.host_path(snapshot.state_files[0]).write_bytes(files.encode(machine.configuration))
    if len(snapshot.state_files) == 1:
        return
    memory_bytes, path = machine.configuration.memory_startup_bytes, snapshot.state_files[1]
    if not core.platform.files.grow_allowed(path, memory_bytes):
        what = f"There is no room for {memory_bytes} bytes of memory at '{path}'."
        raise core.error(ERROR_DISK_FULL, ErrorCategory.OPERATION_FAILED, machine, what)
    if machine.state is VMState.SAVED:
        shutil.copyfile(core.host_path(files.saved_memory_path(machine.configuration_file)), core.host_path(path))
        return
    core.take_time(memory_bytes / core.timing.memory_bytes_per_second)
    with core.host_path(path).open("wb") as file:
        for start in range(0, memory_bytes, PAGE_BYTES):
            file.write(os.urandom(min(PAGE_BYTES, memory_bytes - start)))


def new_children(core: Core, machine: Machine) -> dict[str, str]:
    """Name a new differencing disk per disk: `<base>_<GUID>.avhdx` beside the file that is frozen."""
    children = {}
    for drive in chains.file_drives(machine):
        chain = chains.read_chain(core, drive.path)
        made = machine.configuration.checkpoint_files
        base = next(each.path for each in chain if not chains.is_among(each.path, made))
        stem, extension = ntpath.splitext(ntpath.basename(base))
        name = f"{stem}_{str(uuid.uuid4()).upper()}{DIFFERENCING[extension.lower()]}"
        children[drive.slot] = ntpath.join(ntpath.dirname(chain[0].path), name)
    return children


def move_to_children(core: Core, machine: Machine, children: dict[str, str], configuration: Configuration) -> None:
    """Make the differencing disks and let the VM go on with them. `configuration` is what it has then, but for the disks.

    When anything fails the VM goes on with the disks it had. Files made are the caller's to remove: it names them as left
    over before.
    """
    former = machine.configuration
    with standing_still(machine.process):
        for drive in chains.file_drives(machine):
            make_child(core, children[drive.slot], parent=drive.path)
        drives = tuple(_moved(drive, children) for drive in former.hard_drives)
        made = {children[drive.slot]: drive.path for drive in chains.file_drives(machine)}
        checkpoint_files = configuration.checkpoint_files | made
        core.change(machine, replace(configuration, hard_drives=drives, checkpoint_files=checkpoint_files))
        try:
            use_disks(core, machine)
        except BaseException:
            core.change(machine, former)
            hold_disks(core, machine)
            raise


def _moved(drive: HardDiskDrive, children: dict[str, str]) -> HardDiskDrive:
    return replace(drive, path=children[drive.slot]) if drive.slot in children else drive


@contextmanager
def standing_still(process: VirtualMachineProcess | None) -> Iterator[None]:
    """Hold the guest, if there is one."""
    with ExitStack() as stack:
        if process is not None:
            stack.enter_context(process.standing_still())
        yield


def use_disks(core: Core, machine: Machine) -> None:
    """Give the VM access to the disks of its configuration and, if it runs, have it use them."""
    disks = read_disks(core, machine)
    for chain in disks.values():
        chains.grant_access(core, machine, chain)
    if machine.process is not None:
        hold_disks(core, machine)
        machine.process.switch_disks([chains.attachment(slot, chain) for slot, chain in disks.items()])


def read_disks(core: Core, machine: Machine) -> dict[str, Chain]:
    """Return the chain of each disk, by slot. Raises DiskError."""
    return {drive.slot: chains.read_chain(core, drive.path) for drive in chains.file_drives(machine)}


def hold_disks(core: Core, machine: Machine, *, alone: Iterable[str] = ()) -> None:
    """Open, in the host's table, what the VM has open if it runs; the files in `alone` without sharing them."""
    wanted = chains.handles(machine, read_disks(core, machine).values()) | dict.fromkeys(alone, HELD_FILE)
    with core.lock:
        if machine.process is not None:
            core.held.set(machine.vm_id + " disks", wanted, holder=machine.holder)


def discard_files(core: Core, machine: Machine, paths: Iterable[str]) -> None:
    """Remove files that were not needed after all; those that somebody holds stay known as left over."""
    with suppress(HyperVError, PlatformError):
        for path in paths:
            core.remove_file(path)
            kept = tuple(each for each in machine.configuration.leftover_files if each != path)
            core.change(machine, replace(machine.configuration, leftover_files=kept))


def remove_snapshot(core: Core, vm_id: str, snapshot_id: str) -> None:
    """Remove-VMSnapshot: forget the checkpoint; the merge begins when the VM is free again."""
    states = (*STATES, VMState.PAUSED_CRITICAL)
    with core.occupied(vm_id, VMOperationalStatus.DELETING_SNAPSHOT, states=states) as machine:
        found = machine.configuration
        gone = next((each for each in found.snapshots if each.snapshot_id == snapshot_id.strip("{}").lower()), None)
        if gone is None:
            what = f"There is no checkpoint {snapshot_id}."
            raise core.error(None, ErrorCategory.OBJECT_NOT_FOUND, machine, what)
        kept = tuple(
            replace(each, parent_snapshot_id=gone.parent_snapshot_id)
            if each.parent_snapshot_id == gone.snapshot_id
            else each
            for each in found.snapshots
            if each is not gone
        )
        leftover = (*found.leftover_files, *gone.state_files)
        core.change(machine, replace(found, snapshots=kept, leftover_files=leftover))
        machine.merge_failure = ""
