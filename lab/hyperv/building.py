"""Making VMs and changing their settings: New-VM, Set-VM, Rename-VM, drives, adapters, switches.

A disk path in a VM is also a permission: Hyper-V gives the VM's own account access to a file when the disk is attached,
and a start fails without it. So whatever attaches a file here writes that entry; copying a file does not.
"""

from __future__ import annotations

import ntpath
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from lab.hyperv import chains
from lab.hyperv import configuration as files
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import STANDING, Core, normal_id
from lab.hyperv.errors import (
    ERROR_ALREADY_EXISTS,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_PARAMETER,
    RETURN_INVALID_PARAMETER,
    RETURN_INVALID_STATE,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.model import (
    DvdDrive,
    HardDiskDrive,
    NetworkAdapter,
    NewAdapter,
    NewVM,
    VirtualMachine,
    VlanSetting,
    VMSwitch,
)
from qsm.facts.names import same_name
from qsm.facts.states import VMOperationalStatus, VMState

Drive = TypeVar("Drive", HardDiskDrive, DvdDrive)

SLOT = re.compile(r"(IDE|SCSI) (\d+):(\d+)")
SLOTS_OF = {"IDE": (2, 2), "SCSI": (4, 64)}  # controllers, and places on each
GUEST_STATE_BYTES = 4096
MAC_PREFIX = "00155D"  # Microsoft's, of Hyper-V's address pools


def new_vm(core: Core, wanted: NewVM) -> VirtualMachine:
    """New-VM."""
    vm_id = normal_id(wanted.vm_id) or str(uuid.uuid4())
    version = wanted.version or max(core.host.supported_vm_versions, key=files.version_numbers)
    _check_new(core, wanted, vm_id, version)
    location = ntpath.join(core.platform.files.full_path(wanted.path), wanted.name)
    configuration_file = files.configuration_path(location, vm_id, version)
    found = _configuration(core, wanted, vm_id=vm_id, version=version, location=location)
    machine = Machine(found, configuration_file)
    disks = [chains.read_chain(core, drive.path) for drive in chains.file_drives(machine)]
    for folder in (files.MACHINES_FOLDER, files.SNAPSHOTS_FOLDER):
        core.platform.files.make_folder(ntpath.join(location, folder))
    if files.has_guest_state(version):
        core.host_path(files.guest_state_path(configuration_file)).write_bytes(bytes(GUEST_STATE_BYTES))
    for chain in disks:
        chains.grant_access(core, machine, chain)
    core.register(machine)
    return core.show(machine)


def _check_new(core: Core, wanted: NewVM, vm_id: str, version: str) -> None:
    if vm_id in core.machines:
        what = f"There is a virtual machine with id {vm_id} on {core.host.name} already."
        raise HyperVError(ERROR_ALREADY_EXISTS, ErrorCategory.INVALID_PARAMETER, what)
    wrong = [] if version in core.host.supported_vm_versions else [f"configuration version {version}"]
    slots = [disk.slot for disk in wanted.disks]
    wrong += [f"slot {slot}" for slot in slots if not _is_slot(slot, wanted.generation) or slots.count(slot) > 1]
    wrong += [f"switch {each.switch_name}" for each in wanted.adapters if not _has_switch(core, each.switch_name)]
    wrong += [f"disk {disk.slot}" for disk in wanted.disks if bool(disk.path) == (disk.disk_number is not None)]
    if wrong or wanted.generation not in (1, 2):
        what = f"'{wanted.name}' cannot be made on {core.host.name}: {', '.join(wrong) or 'generation'} not possible."
        raise HyperVError(
            ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what, return_code=RETURN_INVALID_PARAMETER
        )


def _is_slot(slot: str, generation: int) -> bool:
    found = SLOT.fullmatch(slot)
    if found is None or (found[1] == "IDE" and generation == 2):
        return False
    controllers, places = SLOTS_OF[found[1]]
    return int(found[2]) < controllers and int(found[3]) < places


def _has_switch(core: Core, name: str | None) -> bool:
    return name is None or find_switch(core, name) is not None


def _configuration(core: Core, wanted: NewVM, *, vm_id: str, version: str, location: str) -> Configuration:
    memory_bytes = wanted.memory_startup_bytes or wanted.workload.memory_bytes
    full_path = core.platform.files.full_path
    taken = [disk.slot for disk in wanted.disks]
    return Configuration(
        vm_id=vm_id,
        name=wanted.name,
        generation=wanted.generation,
        version=version,
        memory_startup_bytes=memory_bytes,
        memory_maximum_bytes=wanted.memory_maximum_bytes or memory_bytes,
        dynamic_memory_enabled=wanted.dynamic_memory_enabled,
        processor_count=wanted.processor_count,
        compatibility_for_migration_enabled=wanted.compatibility_for_migration_enabled,
        automatic_start_action=wanted.automatic_start_action,
        automatic_start_delay_seconds=wanted.automatic_start_delay_seconds,
        automatic_stop_action=wanted.automatic_stop_action,
        checkpoint_type=wanted.checkpoint_type,
        notes=wanted.notes,
        snapshot_file_location=location,
        smart_paging_file_path=location,
        workload=wanted.workload,
        hard_drives=tuple(
            HardDiskDrive(
                vm_id,
                disk.slot,
                full_path(disk.path) if disk.path else "",
                disk.disk_number,
                disk.support_persistent_reservations,
            )
            for disk in wanted.disks
        ),
        dvd_drives=tuple(
            DvdDrive(vm_id, slot, path)
            for slot, path in zip(_free_slots(taken, wanted.generation), wanted.dvd_paths, strict=False)
        ),
        network_adapters=tuple(_new_adapter(vm_id, adapter) for adapter in wanted.adapters),
    )


def _free_slots(taken: Iterable[str], generation: int) -> list[str]:
    """Places for DVD drives: on the IDE controllers of generation 1, else behind the disks."""
    kind = "IDE" if generation == 1 else "SCSI"
    controllers, places = SLOTS_OF[kind]
    everything = (f"{kind} {number}:{place}" for number in range(controllers) for place in range(places))
    used = set(taken)
    return [slot for slot in everything if slot not in used]


def _new_adapter(vm_id: str, wanted: NewAdapter) -> NetworkAdapter:
    return NetworkAdapter(
        vm_id,
        str(uuid.uuid4()),
        wanted.name,
        wanted.mac_address or MAC_PREFIX + secrets.token_hex(3).upper(),
        wanted.switch_name,
        wanted.dynamic_mac_address_enabled,
        wanted.is_legacy,
        wanted.vlan,
        wanted.iov_weight,
    )


# --- changing


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


def rename(core: Core, vm_id: str, new_name: str) -> VirtualMachine:
    """Rename-VM."""
    if not new_name.strip():
        what = "The name of a virtual machine cannot be empty."
        raise HyperVError(ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what)
    return change_settings(core, vm_id, name=new_name)


def set_disk_path(core: Core, vm_id: str, slot: str, *, path: str) -> VirtualMachine:
    """Set-VMHardDiskDrive -Path."""
    states = STANDING if core.find(vm_id).planned else (VMState.OFF,)
    with core.occupied(vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=states, planned=True) as machine:
        found = machine.configuration
        if found.checkpoint_files and not machine.planned:
            what = "The disks of a virtual machine with checkpoints cannot be changed."
            raise core.error(None, ErrorCategory.INVALID_STATE, machine, what, return_code=RETURN_INVALID_STATE)
        chain = chains.read_chain(core, path)
        drive = _named(core, machine, found.hard_drives, slot)
        moved = replace(drive, path=chain[0].path, disk_number=None)
        chains.grant_access(core, machine, chain)
        drives = tuple(moved if each is drive else each for each in found.hard_drives)
        core.change(machine, replace(found, hard_drives=drives))
    return core.show(machine)


def set_dvd_path(core: Core, vm_id: str, slot: str, *, path: str | None) -> VirtualMachine:
    """Set-VMDvdDrive -Path."""
    if path is not None and not core.platform.files.is_file(path):
        what = f"There is no file '{path}' on {core.host.name}."
        raise HyperVError(ERROR_FILE_NOT_FOUND, ErrorCategory.INVALID_PARAMETER, what)
    with core.changed:
        machine = core.find(vm_id)
        found = machine.configuration
        drive = _named(core, machine, found.dvd_drives, slot)
        drives = tuple(replace(each, path=path) if each is drive else each for each in found.dvd_drives)
        core.change(machine, replace(found, dvd_drives=drives))
    return core.show(machine)


def _named(core: Core, machine: Machine, drives: tuple[Drive, ...], slot: str) -> Drive:
    for drive in drives:
        if drive.slot.upper() == slot.upper():
            return drive
    raise core.error(None, ErrorCategory.OBJECT_NOT_FOUND, machine, f"It has no such drive at {slot}.")


def change_adapter(
    core: Core, vm_id: str, adapter_id: str, *, switch_name: str | None = None, vlan: VlanSetting | None = None,
    disconnect: bool = False,
) -> VirtualMachine:  # fmt: skip
    """Connect-, Disconnect-VMNetworkAdapter and Set-VMNetworkAdapterVlan: in any state."""
    if switch_name is not None and find_switch(core, switch_name) is None:
        what = f"Hyper-V was unable to find a virtual switch with name '{switch_name}' on {core.host.name}."
        raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)
    with core.changed:
        machine = core.find(vm_id)
        found = machine.configuration
        if not any(each.adapter_id == adapter_id for each in found.network_adapters):
            what = f"It has no network adapter {adapter_id}."
            raise core.error(None, ErrorCategory.OBJECT_NOT_FOUND, machine, what)

        def changed(adapter: NetworkAdapter) -> NetworkAdapter:
            switch = None if disconnect else switch_name or adapter.switch_name
            return replace(adapter, switch_name=switch, vlan=vlan or adapter.vlan)

        adapters = tuple(changed(a) if a.adapter_id == adapter_id else a for a in found.network_adapters)
        core.change(machine, replace(found, network_adapters=adapters))
    return core.show(machine)


# --- switches


def find_switch(core: Core, name: str) -> VMSwitch | None:
    """Return the switch of that name (case ignored), if there is one."""
    return next((each for each in core.record.switches if same_name(each.name, name)), None)


def new_switch(core: Core, name: str, *, switch_type: str) -> VMSwitch:
    """New-VMSwitch."""
    with core.changed:
        if not name or find_switch(core, name) is not None:
            what = f"A virtual switch '{name}' cannot be made on {core.host.name}: the name is empty or taken."
            raise HyperVError(ERROR_ALREADY_EXISTS, ErrorCategory.INVALID_PARAMETER, what)
        switch = VMSwitch(name, str(uuid.uuid4()), switch_type)
        core.set_record(replace(core.record, switches=(*core.record.switches, switch)))
    return switch


def remove_switch(core: Core, name: str) -> None:
    """Remove-VMSwitch."""
    with core.changed:
        switch = find_switch(core, name)
        if switch is None:
            what = f"There is no virtual switch '{name}' on {core.host.name}."
            raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)
        core.set_record(replace(core.record, switches=tuple(s for s in core.record.switches if s is not switch)))
        for machine in core.machines.values():
            for adapter in machine.configuration.network_adapters:
                if adapter.switch_name == switch.name and not machine.planned:
                    change_adapter(core, machine.vm_id, adapter.adapter_id, disconnect=True)
