"""The source's part of the offline window: saving the VM, and exporting its configuration.

Between the checkpoint and this moment nobody was kept from backing up, merging or restarting. So the world is looked at
once more, under the migration's lock, immediately before the VM is stopped: a save on a changed world would be found out
on the target, when the guest stands still.
"""

from __future__ import annotations

import ntpath
import time

from lab.engines.python.operations import export_folder, facts
from lab.engines.python.operations.calls import CHECK_SECONDS, OperationCall
from lab.engines.python.operations.checkpoint import require_as_expected
from lab.engines.python.operations.copies import require_room
from lab.engines.python.operations.errors import failed, hresult_of, refused
from lab.engines.python.operations.host import ModuleHost, check_process
from lab.engines.python.operations.stopwatch import Stopwatch
from lab.host.sentences import because, say
from lab.hyperv import HyperVError
from lab.hyperv.model import VirtualMachine
from qsm.facts.files import DiskFile
from qsm.facts.names import name_key
from qsm.facts.states import StartAction
from qsm.hosts import messages as m

NO_SNAPSHOTS = 1  # Msvm_VirtualSystemExportSettingData.CopySnapshotConfiguration


def save_vm(call: OperationCall, arguments: m.SaveVMArguments) -> m.SaveVMResult:
    """Guard, stop, prove."""
    host = call.host
    watch = Stopwatch()
    vm = facts.known_vm(host, arguments.vm_id)
    _guard(call, vm, arguments)
    _stop(host, vm, arguments)
    stopped = facts.vm_after(host, vm.vm_id)
    expected = {"save": "Saved", "shutdown": "Off", "none": arguments.expected_state}[arguments.mode]
    about = {"vm": vm.name, "state": stopped.state}
    if str(stopped.state) != expected:
        other = say("save_other_state", host.name, expected=expected, seconds=int(watch.seconds()), **about)
        raise failed("SaveFailed", other, subject=vm.vm_id, state=str(stopped.state))
    disks = tuple(facts.vm_disk(host, drive) for drive in stopped.hard_drives)
    unread = next((disk for disk in disks if disk.error), None)
    if unread is not None:
        told = say("save_disk_unreadable", host.name, path=unread.path, error=unread.error, **about)
        raise failed("SaveFailed", told, subject=unread.path, state=str(stopped.state))
    return m.SaveVMResult.model_validate(
        {
            "state": str(stopped.state),
            "disks": disks,
            "saved_state_files": facts.settled_files(host, stopped.saved_state_files),
            "seconds": watch.seconds(),
        }
    )


def _guard(call: OperationCall, vm: VirtualMachine, arguments: m.SaveVMArguments) -> None:
    """Raises WorldChanged, NoSpace."""
    host = call.host
    require_as_expected(
        host,
        vm,
        state=arguments.expected_state,
        checkpoint=arguments.expected_checkpoint,
        disks=arguments.expected_disks,
        act=say("act_stop", host.name),
    )
    for base in arguments.expected_bases:
        _require_unchanged(host, base)
    if arguments.mode == "none" and arguments.expected_state not in ("Saved", "Off"):
        raise refused(
            "WorldChanged",
            say("does_not_stand_still", host.name, vm=vm.name, state=arguments.expected_state),
            subject=vm.vm_id,
            found={"state": arguments.expected_state},
            expected={"state": "Saved or Off"},
        )
    if arguments.mode == "shutdown" and (status := facts.shutdown_status(host, vm.vm_id)) != "Ok":
        raise refused(
            "WorldChanged",
            say("guest_not_askable", host.name, vm=vm.name, status=status),
            subject=vm.vm_id,
            found={"guest_shutdown": status},
            expected={"guest_shutdown": "Ok"},
        )
    if arguments.mode == "save":
        _require_room_for_memory(host, vm, export_folder.required_folder(call), reserve_bytes=arguments.reserve_bytes)


def _require_room_for_memory(host: ModuleHost, vm: VirtualMachine, folder: str, *, reserve_bytes: int) -> None:
    """Raises NoSpace: the memory is saved beside the configuration, and copied to the folder of the export."""
    memory = max(vm.memory_assigned_bytes, vm.memory_startup_bytes)
    needed: dict[str, int] = {}
    for path in (vm.configuration_location, folder):
        root = host.platform.files.volume_of(path).root
        needed[root] = needed.get(root, reserve_bytes) + memory
    for root in sorted(needed):
        require_room(host, root, needed_bytes=needed[root], sentence="memory_no_space", vm=vm.name)


def _require_unchanged(host: ModuleHost, base: DiskFile) -> None:
    """Raises WorldChanged unless a frozen file has the length, time and identity that it had; an empty one is none."""
    expected = facts.disk_text(base)
    try:
        there = host.platform.files.exists(base.path)
        found = facts.disk_text(facts.disk_file(host, base.path)) if there else say("no_file", host.name)
    except facts.HOST_ERRORS as error:
        found = say("not_readable", host.name, cause=because(error))
    if found != expected or not base.content_identity:
        act = say("act_stop", host.name)
        raise refused(
            "WorldChanged",
            say("frozen_disk_changed", host.name, path=base.path, found=found, expected=expected, act=act),
            subject=base.path,
            found={base.path: found},
            expected={base.path: expected},
        )


def _stop(host: ModuleHost, vm: VirtualMachine, arguments: m.SaveVMArguments) -> None:
    """Raises SaveFailed."""
    try:
        host.hyperv.set_vm(vm.vm_id, automatic_start_action=StartAction.NOTHING)
        if arguments.mode == "save":
            host.hyperv.save_vm(vm.vm_id)
        elif arguments.mode == "shutdown":
            _shut_down(host, vm, limit_seconds=arguments.wait_limit_seconds)
    except HyperVError as error:
        raise failed(
            "SaveFailed",
            say("save_failed", host.name, vm=vm.name, cause=because(error)),
            subject=vm.vm_id,
            hresult=hresult_of(error),
            state=str(facts.vm_after(host, vm.vm_id).state),
        ) from error


def _shut_down(host: ModuleHost, vm: VirtualMachine, *, limit_seconds: float) -> None:
    """Ask the guest, and wait until it is down. Raises SaveFailed; nothing is ever turned off."""
    about = {"vm_id": vm.vm_id, "status": facts.shutdown_status(host, vm.vm_id)}
    try:
        host.hyperv.initiate_shutdown(vm.vm_id, force=False)
    except HyperVError as error:
        if error.return_code is None:
            raise
        state = str(facts.vm_after(host, vm.vm_id).state)
        refusal = say("shutdown_not_taken", host.name, state=state, code=error.return_code, **about)
        raise failed("SaveFailed", refusal, subject=vm.vm_id, state=state, return_value=error.return_code) from error
    until = time.monotonic() + limit_seconds
    while (state := str(facts.vm_after(host, vm.vm_id).state)) != "Off":
        check_process()
        if time.monotonic() >= until:
            late = say("shutdown_not_in_time", host.name, vm_id=vm.vm_id, seconds=limit_seconds, state=state)
            raise failed("SaveFailed", late, subject=vm.vm_id, state=state)
        time.sleep(CHECK_SECONDS)


def export_configuration(call: OperationCall, arguments: m.VMArguments) -> m.ExportResult:
    """Export configuration and saved state, without disks and checkpoints."""
    host = call.host
    vm = facts.known_vm(host, arguments.vm_id)
    folder = export_folder.required_folder(call)
    try:
        export_folder.make_anew(call, folder)
        written = host.hyperv.export_system_definition(
            vm.vm_id,
            folder,
            copy_snapshot_configuration=NO_SNAPSHOTS,
            copy_vm_runtime_information=True,
            disable_differential_of_ignored_storage=True,
            create_vm_export_subdirectory=False,
        )
    except facts.HOST_ERRORS as error:
        raise failed(
            "ExportFailed",
            say("export_failed", host.name, vm=vm.name, folder=folder, cause=because(error)),
            subject=vm.vm_id,
            hresult=hresult_of(error),
        ) from error
    found = host.platform.files.list(folder, recursive=True)
    paths = [info.path for info in found if not info.folder]
    configurations = [path for path in written if path.lower().endswith((".vmcx", ".xml"))]
    if len(configurations) != 1:
        without = say("export_without_configuration", host.name, vm=vm.name, folder=folder, count=len(configurations))
        raise failed("ExportFailed", without, subject=vm.vm_id, found=list(written))
    _require_whole(host, vm, paths, folder=folder)
    return m.ExportResult(folder=folder, configuration=configurations[0], files=facts.settled_files(host, paths))


def _require_whole(host: ModuleHost, vm: VirtualMachine, paths: list[str], *, folder: str) -> None:
    """Raises ExportFailed unless each file of the VM's saved state and guest state came along."""
    names = {name_key(ntpath.basename(path)) for path in paths}
    own = [ntpath.basename(file.path) for file in facts.existing_files(host, vm.saved_state_files)]
    missing = [name for name in own if name_key(name) not in names]
    if missing:
        told = say("export_not_whole", host.name, vm=vm.name, folder=folder, missing=", ".join(missing))
        raise failed("ExportFailed", told, subject=vm.vm_id, missing=missing)
