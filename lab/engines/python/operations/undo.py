"""Going home: taking the right to start away from the target, and giving the VM back to the source.

A VM that ran on the target for a second has acknowledged writes that the source does not have. Its state proves nothing:
it may have run and been saved again. So the target withdraws only where every disk and saved-state file is byte for byte
what the import left, by length, time and contents' identity, and where no start was ever marked; whatever cannot be
answered counts as "it ran".
"""

from __future__ import annotations

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import Call
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.records import require_owner_none
from lab.engines.python.operations.removal import keep_files_of, remove_files_of
from lab.engines.python.operations.work import made_files
from lab.hyperv.model import VirtualMachine
from lab.platform.errors import PlatformError
from qsm.facts.files import FileFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import inside_folder, path_key
from qsm.hosts import messages as m
from qsm.plan.record import Direction, Owner, Record


def withdraw(call: Call, arguments: m.VMArguments) -> None:
    """Take the right to start away, under a higher epoch."""
    record = call.known_record()
    reasons = _reasons_to_think_it_ran(call, record, arguments.vm_id)
    if reasons:
        raise refused(
            "MayHaveRun",
            f"VM {record.vm_name} may have run on {call.host.name}: {'; '.join(reasons)}. It was not taken back: the "
            "source may miss writes that the guest has acknowledged here.",
            subject=record.vm_id,
            reasons=reasons,
        )
    call.change_record(epoch=record.epoch + 1, owner=Owner.NONE, direction=Direction.BACK)


def _reasons_to_think_it_ran(call: Call, record: Record, vm_id: str) -> list[str]:
    reasons = []
    if record.owner == "target":
        reasons.append("the record says that the target owns it")
    reasons += [
        f"start_vm was {outcome.state} at {outcome.at_utc}"
        for outcome in call.journal.of("start_vm")
        if outcome.state != "refused"
    ]
    imported = call.journal.last_result("import_vm")
    try:
        vm = facts.real_vm(call.host, vm_id)
        if vm is not None and imported is not None:
            return reasons + _changes_since(call.host, vm, m.ImportVMResult.model_validate(imported).vm)
    except facts.HOST_ERRORS as error:
        return [*reasons, f"the VM cannot be looked at: {error}"]
    if vm is not None:
        return [*reasons, "there is no finished import to compare its files with"]
    return reasons if _was_never_here(call, record, imported=imported is not None) else [*reasons, "the VM is not here"]


def _was_never_here(call: Call, record: Record, *, imported: bool) -> bool:
    """Whether a VM that is not here was not imported, or was removed by this migration after withdrawing."""
    removals = [outcome for outcome in call.journal.of("remove_imported_vm") if outcome.state != "refused"]
    return record.owner == "none" and (not imported or (record.direction == "back" and bool(removals)))


def _changes_since(host: ModuleHost, vm: VirtualMachine, before: VMFacts) -> list[str]:
    reasons = [] if str(vm.state) == before.state else [f"it was {before.state} after the import and is {vm.state}"]
    reasons += facts.disk_changes(before.disks, [facts.vm_disk(host, drive) for drive in vm.hard_drives])
    for file in before.saved_state_files:
        reasons += _file_changes(host, file)
    now = tuple(sorted(path_key(path) for path in vm.saved_state_files))
    if now != tuple(sorted(path_key(file.path) for file in before.saved_state_files)):
        reasons.append("its saved state lies in other files")
    return reasons


def _file_changes(host: ModuleHost, before: FileFacts) -> list[str]:
    try:
        now = facts.file_facts(host, before.path)
    except PlatformError as error:
        return [f"{before.path} cannot be looked at: {error.message}"]
    same = (now.length_bytes, now.last_write_ticks) == (before.length_bytes, before.last_write_ticks)
    return [] if same else [f"{before.path} changed since the import"]


def take_back(call: Call, arguments: m.TakeBackArguments) -> None:
    """Give the VM back to the source: the target has withdrawn, or is destroyed and somebody answers for it."""
    record = call.known_record()
    override = arguments.override.strip()
    if (arguments.epoch is None and not override) or (arguments.epoch is not None and arguments.epoch < 1):
        raise refused(
            "InvalidArgument",
            f"Taking VM {record.vm_name} back needs the target's epoch after withdrawing, or an override; the epoch given "
            f"is {arguments.epoch}. Nothing was changed.",
            subject="epoch",
        )
    if record.owner not in ("handed over", "source"):
        raise refused(
            "NotOwner",
            f"VM {record.vm_name} cannot be taken back on {call.host.name}: its owner is {record.owner!r}.",
            subject=record.vm_id,
            owner=record.owner,
            epoch=record.epoch,
        )
    if override:
        call.change_record(end_text=arguments.override)
    if arguments.epoch is not None:
        call.change_record(epoch=arguments.epoch)
    call.change_record(owner=Owner.SOURCE, direction=Direction.BACK)


def remove_imported_vm(call: Call, arguments: m.VMArguments) -> m.Nothing:
    """Remove the VM, planned or real, that lies under the plan's folder and does not run."""
    record = require_owner_none(call, act=f"VM {arguments.vm_id} was not removed")
    vm = facts.vm_or_planned(call.host, arguments.vm_id)
    if vm is None:
        return m.Nothing()
    plan = record.model_dump(mode="json", include={"plan"})["plan"]
    folder = str(plan.get("target_folder", ""))
    files = [vm.configuration_file, *((drive.path for drive in vm.hard_drives) if vm.planned else ())]
    if not any(inside_folder(path, folder) for path in files):
        raise _not_ours(call, record, f"its configuration {vm.configuration_file} does not lie under {folder!r}")
    if not vm.planned and str(vm.state) not in ("Saved", "Off"):
        raise _not_ours(call, record, f"it is {vm.state}")
    call.host.hyperv.remove_vm(vm.vm_id)
    return m.Nothing()


def _not_ours(call: Call, record: Record, why: str) -> Exception:
    return refused(
        "NotOwner",
        f"Nothing of VM {record.vm_name} was removed on {call.host.name}: {why}.",
        subject=record.vm_id,
        owner=record.owner,
        epoch=record.epoch,
    )


def remove_files(call: Call, arguments: m.RemoveFilesArguments) -> m.RemoveFilesResult:
    """Remove what this migration copied here, file by file, and folders that are empty then."""
    record = require_owner_none(call, act="The copied files were not removed")
    imported = any(outcome.state != "refused" for outcome in call.journal.of("import_vm"))
    if imported and facts.vm_or_planned(call.host, record.vm_id) is not None:
        return keep_files_of(call.host, arguments.files, vm_name=record.vm_name)
    ours = {path_key(path) for path in made_files(call.host, call.migration_id)}
    return remove_files_of(call.host, arguments.files, arguments.folders, allowed=lambda path: path_key(path) in ours)
