"""Exporting a VM: its configuration and saved memory in a folder, as an import finds them; never its disks."""

from __future__ import annotations

import fcntl
import ntpath
import os
import shutil
import threading
import uuid
from dataclasses import replace

from lab.hyperv import chains
from lab.hyperv import configuration as files
from lab.hyperv.checkpoints import DIFFERENCING
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import STANDING, Core
from lab.hyperv.errors import (
    ERROR_DISK_FULL,
    ERROR_FILE_EXISTS,
    RETURN_NOT_SUPPORTED,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.virtual_disks import make_child
from lab.platform.open_files import ANYTHING, Access
from qsm.facts.states import VMOperationalStatus

DIFFERENTIAL_BUILD = 16299  # DisableDifferentialOfIgnoredStorage: "added in Windows 10, version 1709"
ALL_SNAPSHOTS, NO_SNAPSHOTS = 0, 1  # CopySnapshotConfiguration


def export(
    core: Core,
    vm_id: str,
    directory: str,
    *,
    copy_snapshot_configuration: int,
    copy_vm_runtime_information: bool,
    copy_vm_storage: bool,
    create_vm_export_subdirectory: bool,
    disable_differential_of_ignored_storage: bool,
) -> tuple[str, ...]:
    """ExportSystemDefinition."""
    if copy_vm_storage or copy_snapshot_configuration not in (ALL_SNAPSHOTS, NO_SNAPSHOTS):
        what = f"{core.host.name} exports configurations only, with all checkpoints or none; not disks."
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what, return_code=RETURN_NOT_SUPPORTED)
    with core.occupied(vm_id, VMOperationalStatus.EXPORTING_VIRTUAL_MACHINE, states=STANDING) as machine:
        folder = core.platform.files.full_path(directory)
        if create_vm_export_subdirectory:
            folder = ntpath.join(folder, machine.configuration.name)
        if core.platform.files.exists(ntpath.join(folder, files.MACHINES_FOLDER)):
            what = f"The folder '{folder}' holds an export already."
            raise core.error(ERROR_FILE_EXISTS, ErrorCategory.OPERATION_FAILED, machine, what)
        exported, sources = _plan_export(
            machine, folder, snapshots=copy_snapshot_configuration == ALL_SNAPSHOTS, memory=copy_vm_runtime_information
        )
        if core.host.os_build >= DIFFERENTIAL_BUILD and not disable_differential_of_ignored_storage:
            exported = _with_differential_disks(core, machine, exported, folder)
        return _write_export(core, machine, folder, exported, sources)


def _plan_export(
    machine: Machine, folder: str, *, snapshots: bool, memory: bool
) -> tuple[Configuration, dict[str, str]]:
    """Return the configuration to write, and the files to copy (destination: source)."""
    found = machine.configuration
    configuration_file = files.configuration_path(folder, machine.vm_id, found.version)
    sources: dict[str, str] = {}
    if found.saved is not None and memory:
        copies = files.saved_state_paths(configuration_file)
        sources |= dict(zip(copies, machine.files_of_saved_state(), strict=True))
    if files.has_guest_state(found.version):
        sources[files.guest_state_path(configuration_file)] = files.guest_state_path(machine.configuration_file)
    kept = found.snapshots if snapshots else ()
    snapshot_folder = ntpath.join(folder, files.SNAPSHOTS_FOLDER)
    sources |= {ntpath.join(snapshot_folder, ntpath.basename(path)): path for each in kept for path in each.state_files}
    exported = replace(
        found,
        saved=found.saved if memory else None,
        snapshots=kept,
        checkpoint_files=found.checkpoint_files if snapshots else {},
        leftover_files=(),
    )
    return exported, sources


def _with_differential_disks(core: Core, machine: Machine, exported: Configuration, folder: str) -> Configuration:
    """Make what Hyper-V makes of storage that is not copied, unless it is told not to: differencing disks."""
    disks_folder = core.platform.files.make_folder(ntpath.join(folder, files.DISKS_FOLDER))
    children = {}
    for drive in chains.file_drives(machine):
        stem, extension = ntpath.splitext(ntpath.basename(drive.path))
        name = f"{stem}_{str(uuid.uuid4()).upper()}{DIFFERENCING[extension.lower()]}"
        children[drive.slot] = ntpath.join(disks_folder, name)
        make_child(core, children[drive.slot], parent=drive.path)
    drives = tuple(replace(d, path=children[d.slot]) if d.slot in children else d for d in exported.hard_drives)
    return replace(exported, hard_drives=drives)


def _write_export(
    core: Core, machine: Machine, folder: str, exported: Configuration, sources: dict[str, str]
) -> tuple[str, ...]:
    total_bytes = sum(core.host_path(source).stat().st_size for source in sources.values())
    configuration_file = files.configuration_path(folder, machine.vm_id, exported.version)
    if not core.platform.files.grow_allowed(configuration_file, total_bytes):
        what = f"There is no room for {total_bytes} bytes in '{folder}'."
        raise core.error(ERROR_DISK_FULL, ErrorCategory.OPERATION_FAILED, machine, what)
    for name in (files.MACHINES_FOLDER, files.SNAPSHOTS_FOLDER, files.DISKS_FOLDER):
        core.platform.files.make_folder(ntpath.join(folder, name))
    core.take_time(core.timing.export_seconds + total_bytes / core.timing.copy_bytes_per_second)
    omitted = machine.configuration.export_omits
    sources = {copy: source for copy, source in sources.items() if not omitted or not copy.endswith(omitted)}
    for destination, source in sources.items():
        core.host_path(destination).parent.mkdir(exist_ok=True)
        shutil.copyfile(core.host_path(source), core.host_path(destination))
    core.host_path(configuration_file).write_bytes(files.encode(exported))
    if sources and machine.configuration.export_written_seconds:
        _write_on(core, list(sources)[-1], seconds=machine.configuration.export_written_seconds)
    return (configuration_file, *sources)


def _write_on(core: Core, path: str, *, seconds: float) -> None:
    """Hold a file as VMMS may after the job has ended: others may read it, and it changes once more at the end."""
    held = core.platform.open_files.open(path, access=Access.WRITE, share=ANYTHING, holder="VMMS")
    host_path = core.host_path(path)
    descriptor = os.open(host_path, os.O_WRONLY | os.O_APPEND)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    def end() -> None:
        os.write(descriptor, b"\0")
        os.close(descriptor)
        core.platform.open_files.close(held)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
