"""What can be changed of a VM that is there: Set-VM, Rename-VM, its disks and DVD drives.

A disk path in a VM is also a permission, as `lab.hyperv.building` says: who attaches a file writes that entry.
"""

from __future__ import annotations

from dataclasses import replace

from lab.hyperv import chains, slots
from lab.hyperv.core import STANDING, Core
from lab.hyperv.errors import (
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_PARAMETER,
    RETURN_INVALID_STATE,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.model import VirtualMachine
from lab.hyperv.slots import Drive
from qsm.facts.states import VMOperationalStatus, VMState


def change_settings(core: Core, vm_id: str, **changes: object) -> VirtualMachine:
    """Set what may be set in any state; None leaves a setting."""
    with core.changed:
        machine = core.find(vm_id)
        core.change(machine, replace(machine.configuration, **_given(changes)))  # type: ignore[arg-type]
    return core.show(machine)


def change_hardware(core: Core, vm_id: str, **changes: object) -> VirtualMachine:
    """Set what may only be set while the VM is off (or planned)."""
    given = _given(changes)
    with core.occupied(
        vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=(VMState.OFF,), planned=True
    ) as machine:
        core.change(machine, replace(machine.configuration, **given))  # type: ignore[arg-type]
    return core.show(machine)


def _given(changes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changes.items() if value is not None}


def forget_saved_state(core: Core, vm_id: str) -> VirtualMachine:
    """Remove-VMSavedState, and the end of a saved VM that is turned off."""
    activity = VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE
    with core.occupied(vm_id, activity, states=(VMState.SAVED,), planned=True) as machine:
        core.change(machine, replace(machine.configuration, saved=None))
        core.set_state(machine, VMState.OFF)
        core.remove_saved_state(machine)
    return core.show(machine)


def rename(core: Core, vm_id: str, new_name: str) -> VirtualMachine:
    """Rename-VM."""
    if not new_name.strip():
        what = "The name of a virtual machine cannot be empty."
        raise HyperVError(ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what)
    return change_settings(core, vm_id, name=new_name)


def set_disk_path(core: Core, vm_id: str, drive_id: str, *, path: str) -> VirtualMachine:
    """Set-VMHardDiskDrive -Path."""
    states = STANDING if core.find(vm_id).planned else (VMState.OFF,)
    with core.occupied(vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=states, planned=True) as machine:
        found = machine.configuration
        if found.checkpoint_files and not machine.planned:
            what = "The disks of a virtual machine with checkpoints cannot be changed."
            raise core.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)
        chain = chains.read_chain(core, path)
        drive = _named(core, machine, found.hard_drives, drive_id)
        moved = replace(drive, path=chain[0].path, disk_number=None)
        chains.grant_access(core, machine, chain)
        drives = tuple(moved if each is drive else each for each in found.hard_drives)
        core.change(machine, replace(found, hard_drives=drives))
    return core.show(machine)


def set_dvd_path(core: Core, vm_id: str, drive_id: str, *, path: str | None) -> VirtualMachine:
    """Set-VMDvdDrive -Path."""
    if path is not None and not core.platform.files.is_file(path):
        what = f"There is no file '{path}' on {core.host.name}."
        raise HyperVError(ERROR_FILE_NOT_FOUND, ErrorCategory.INVALID_PARAMETER, what)
    with core.changed:
        machine = core.find(vm_id)
        found = machine.configuration
        drive = _named(core, machine, found.dvd_drives, drive_id)
        drives = tuple(replace(each, path=path) if each is drive else each for each in found.dvd_drives)
        core.change(machine, replace(found, dvd_drives=drives))
    return core.show(machine)


def _named(core: Core, machine: Machine, drives: tuple[Drive, ...], drive_id: str) -> Drive:
    for drive in drives:
        if slots.drive_id(drive.vm_id, drive.slot) == drive_id:
            return drive
    raise core.error(None, ErrorCategory.OBJECT_NOT_FOUND, machine, f"It has no such drive: {drive_id}.")
