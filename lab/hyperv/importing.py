"""Comparing and importing VMs, and removing them.

What an import meets decides whether a VM can live on the new host: a switch it does not have, a disk that is not where
the configuration says, memory that this processor cannot restore. So Compare-VM registers a *planned* VM, says what is
wrong with it here, and Import-VM refuses while anything is. A planned VM that nobody imports or removes stays, and holds
its configuration file until it is removed, or the next Compare-VM replaces it.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterator
from dataclasses import replace

from lab.disks import DiskError
from lab.hyperv import chains, repointing
from lab.hyperv import configuration as files
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import STANDING, Core, normal_id
from lab.hyperv.errors import (
    ERROR_ALREADY_EXISTS,
    RETURN_FAILED,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.held_files import SHARED_FILE
from lab.hyperv.machine import Machine
from lab.hyperv.merging import Merges
from lab.hyperv.model import (
    MISSING_DISK,
    MISSING_SWITCH,
    UNUSABLE_SAVED_STATE,
    CompatibilityReport,
    HardDiskDrive,
    Incompatibility,
    VirtualMachine,
)
from lab.hyperv.processors import why_not_restorable
from qsm.facts.states import VMOperationalStatus, VMState

GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def compare(core: Core, path: str) -> CompatibilityReport:
    """Compare-VM -Path -Register, in the order of the module (fact book, section 6)."""
    configuration_file = core.platform.files.full_path(path)
    _remove_planned(core, configuration_file)
    core.platform.open_files.require(configuration_file, access=SHARED_FILE[0])
    try:
        found = files.decode(core.platform.files.read_bytes(configuration_file))
    except ValueError as error:
        what = f"'{configuration_file}' cannot be imported on {core.host.name}: {error}."
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what, return_code=RETURN_FAILED) from error
    _check_importable(core, found, configuration_file)
    location = files.location_of(configuration_file)
    machine = Machine(
        _moved_to(location, found),
        configuration_file,
        planned=True,
        state=VMState.SAVED if found.saved else VMState.OFF,
    )
    core.take_time(core.timing.compare_seconds)
    core.register(machine)
    return _report(core, machine, repointing.destination(core, machine))


def _remove_planned(core: Core, configuration_file: str) -> None:
    """Steps 1 and 2: the file is named after an id, and a planned VM with it is destroyed."""
    name = ntpath.splitext(ntpath.basename(configuration_file))[0]
    if GUID.fullmatch(name) is None:
        what = f"'{configuration_file}' on {core.host.name} is not named after the id of a virtual machine."
        raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
    there = core.machines.get(normal_id(name))
    if there is not None and there.planned:
        _destroy_planned(core, there.vm_id)


def _moved_to(location: str, found: Configuration) -> Configuration:
    """Return a configuration that lies where its export lies: what belongs to it is looked for there."""
    folder = ntpath.join(location, files.SNAPSHOTS_FOLDER)
    snapshots = tuple(
        replace(each, state_files=tuple(ntpath.join(folder, ntpath.basename(path)) for path in each.state_files))
        for each in found.snapshots
    )
    return replace(found, snapshots=snapshots, snapshot_file_location=location, smart_paging_file_path=location)


def _check_importable(core: Core, found: Configuration, configuration_file: str) -> None:
    here = core.machines.get(found.vm_id)
    if here is not None:
        what = (
            f"'{configuration_file}' cannot be imported on {core.host.name}: a virtual machine with the same identifier is"
            f" there, '{here.configuration.name}' ({here.vm_id}), {here.shown_state}."
        )
        raise HyperVError(ERROR_ALREADY_EXISTS, ErrorCategory.OPERATION_FAILED, what, return_code=RETURN_FAILED)
    if found.version not in core.host.supported_vm_versions:
        what = (
            f"'{configuration_file}' cannot be imported on {core.host.name}: it has configuration version {found.version},"
            f" and the host supports {', '.join(core.host.supported_vm_versions)}."
        )
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what, return_code=RETURN_FAILED)


def compare_again(core: Core, report: CompatibilityReport) -> CompatibilityReport:
    """Compare-VM -CompatibilityReport."""
    core.take_time(core.timing.compare_seconds)
    return _report(core, _planned(core, report), report.vhd_destination_path)


def _planned(core: Core, report: CompatibilityReport) -> Machine:
    machine = core.find(report.vm.vm_id)
    if not machine.planned:
        what = "It is no planned virtual machine."
        raise core.error(ERROR_ALREADY_EXISTS, ErrorCategory.INVALID_STATE, machine, what)
    return machine


def _report(core: Core, machine: Machine, destination: str | None) -> CompatibilityReport:
    """Steps 6 and 7, which are repeated for -CompatibilityReport."""
    repointing.repoint(core, machine, destination)
    return CompatibilityReport(
        core.show(machine),
        tuple(_findings(core, machine)),
        machine.configuration_file,
        snapshot_path=ntpath.join(files.location_of(machine.configuration_file), files.SNAPSHOTS_FOLDER),
        vhd_destination_path=destination,
    )


def _findings(core: Core, machine: Machine) -> Iterator[Incompatibility]:
    found = core.show(machine)
    for adapter in found.network_adapters:
        if adapter.switch_gone:
            what = f"Could not find Ethernet switch '{adapter.switch_name}'."
            yield Incompatibility(MISSING_SWITCH, what, adapter)
    kept = tuple(drive for snapshot in found.snapshots for drive in snapshot.hard_drives)
    for drive in (*found.hard_drives, *kept):
        if drive.path and (reason := _why_not_usable(core, drive)) is not None:
            yield Incompatibility(MISSING_DISK, reason, drive)
    for dvd in found.dvd_drives:
        if dvd.path is not None and not core.platform.files.is_file(dvd.path):
            yield Incompatibility(MISSING_DISK, f"The file '{dvd.path}' was not found.", dvd)
    if machine.configuration.saved is not None and (reason := _why_not_saved(core, machine)) is not None:
        yield Incompatibility(UNUSABLE_SAVED_STATE, reason, found)


def _why_not_usable(core: Core, drive: HardDiskDrive) -> str | None:
    try:
        chains.test(chains.read_chain(core, drive.path))
    except DiskError as error:
        return f"The virtual hard disk '{drive.path}' ({drive.slot}) cannot be used: {error}"
    return None


def _why_not_saved(core: Core, machine: Machine) -> str | None:
    for path in machine.files_of_saved_state():
        if not core.platform.files.is_file(path):
            return f"The saved state '{path}' was not found."
    assert machine.configuration.saved is not None
    return why_not_restorable(core, machine.configuration.saved)


def import_vm(core: Core, report: CompatibilityReport) -> VirtualMachine:
    """Import-VM -CompatibilityReport."""
    planned = _planned(core, report)
    with core.occupied(
        planned.vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=STANDING, planned=True
    ) as machine:
        anew = _report(core, machine, report.vhd_destination_path)
        if report.incompatibilities or anew.incompatibilities:
            what = "Unable to import virtual machine due to configuration errors. Please use Compare-VM to repair."
            raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what, by_module=True)
        core.take_time(core.timing.import_seconds)
        for drive in chains.file_drives(machine):
            chains.grant_access(core, machine, chains.read_chain(core, drive.path))
        _realize(core, machine)
    return core.show(machine)


def _realize(core: Core, machine: Machine) -> None:
    """Make a planned VM real: its configuration goes to its file, the host registers it, the planned one's file goes."""
    with core.changed:
        machine.planned = False
        core.register(machine)
        core.remove_file(core.planned_file(machine.vm_id))


# --- removing


def _destroy_planned(core: Core, vm_id: str) -> None:
    with core.occupied(
        vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=STANDING, planned=True
    ) as machine:
        core.unregister(machine)
        core.remove_file(core.planned_file(machine.vm_id))


def remove(core: Core, merges: Merges, vm_id: str) -> None:
    """Remove-VM -Force."""
    if core.find(vm_id).planned:
        _destroy_planned(core, vm_id)
        return
    with core.occupied(vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=STANDING) as machine:
        core.take_time(core.timing.remove_seconds)
        found = machine.configuration
        own = (machine.configuration_file, *machine.files_of_saved_state(), *machine.files_of_guest_state())
        of_snapshots = tuple(path for each in found.snapshots for path in each.state_files)
        machine.configuration = replace(
            found, snapshots=(), leftover_files=(*found.leftover_files, *own, *of_snapshots)
        )
        core.unregister(machine)
        merges.clean_removed(machine)
