"""Making VMs: New-VM, with its disks and adapters.

A disk path in a VM is also a permission: Hyper-V gives the VM's own account access to a file when the disk is attached,
and a start fails without it. So whatever attaches a file here writes that entry; copying a file does not.
"""

from __future__ import annotations

import ntpath
import uuid
from collections.abc import Iterable

from lab.hyperv import addresses, chains
from lab.hyperv import configuration as files
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import Core, normal_id
from lab.hyperv.errors import (
    ERROR_ALREADY_EXISTS,
    ERROR_INVALID_PARAMETER,
    RETURN_INVALID_PARAMETER,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.model import DvdDrive, HardDiskDrive, NetworkAdapter, VirtualMachine
from lab.hyperv.networking import find_switch
from lab.hyperv.new_vm import NewAdapter, NewVM
from lab.hyperv.slots import SLOT

SLOTS_OF = {"IDE": (2, 2), "SCSI": (4, 64)}  # controllers, and places on each
GUEST_STATE_BYTES = 4096


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
        automatic_checkpoints_enabled=wanted.automatic_checkpoints_enabled,
        notes=wanted.notes,
        snapshot_file_location=location,
        smart_paging_file_path=location,
        workload=wanted.workload,
        guest_product_type=wanted.guest_product_type,
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
        addresses.plain(wanted.mac_address or addresses.NEVER_GIVEN),
        wanted.switch_name,
        wanted.dynamic_mac_address_enabled,
        wanted.is_legacy,
        wanted.vlan,
        wanted.iov_weight,
    )
