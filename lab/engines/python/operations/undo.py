"""Going home: taking the right to start away from the target, and giving the VM back to the source.

A VM that ran on the target for a second has acknowledged writes that the source does not have. Its state proves nothing:
it may have run and been saved again. So the target withdraws only where every disk and saved-state file is byte for byte
what the import left, by length, time and contents' identity, and where no start was ever marked; whatever cannot be
answered counts as "it ran".
"""

from __future__ import annotations

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.records import normal_id, owner_error, require_owner_none
from lab.engines.python.operations.removal import keep_files_of, remove_files_of
from lab.engines.python.operations.work import made_files
from lab.host.sentences import because, say
from lab.hyperv.model import VirtualMachine
from qsm.facts.machines import VMFacts
from qsm.facts.names import inside_folder, path_key
from qsm.hosts import messages as m
from qsm.plan.record import Direction, Owner, Record


def withdraw(call: OperationCall, arguments: m.VMArguments) -> None:
    """Take the right to start away, under a higher epoch."""
    record = call.known_record()
    reasons = _reasons_to_think_it_ran(call, record, arguments.vm_id)
    if reasons:
        raise refused(
            "MayHaveRun",
            say("may_have_run", call.host.name, vm=record.vm_name, reasons="; ".join(reasons)),
            subject=record.vm_id,
            reasons=reasons,
        )
    call.change_record(epoch=record.epoch + 1, owner=Owner.NONE, direction=Direction.BACK)


def _reasons_to_think_it_ran(call: OperationCall, record: Record, vm_id: str) -> list[str]:
    host = call.host.name
    reasons: list[str] = [say("why_target_owns", host)] if record.owner == "target" else []
    reasons += [
        say("why_start_on_record", host, state=outcome.state, at_utc=outcome.at_utc)
        for outcome in call.journal.of("start_vm")
        if outcome.state != "refused"
    ]
    imported = call.journal.last_result("import_vm")
    try:
        vm = facts.real_vm(call.host, vm_id)
        if vm is not None and imported is not None:
            return reasons + _changes_since(call.host, vm, m.ImportVMResult.model_validate(imported).vm)
    except facts.HOST_ERRORS as error:
        return [*reasons, say("why_not_compared", host, cause=because(error))]
    if vm is not None:
        return [*reasons, say("why_no_import", host)]
    never_here = _was_never_here(call, record, imported=imported is not None)
    return reasons if never_here else [*reasons, say("why_vm_gone", host)]


def _was_never_here(call: OperationCall, record: Record, *, imported: bool) -> bool:
    """Whether a VM that is not here was not imported, or was removed by this migration after withdrawing."""
    removals = [outcome for outcome in call.journal.of("remove_imported_vm") if outcome.state != "refused"]
    return record.owner == "none" and (not imported or (record.direction == "back" and bool(removals)))


def _changes_since(host: ModuleHost, vm: VirtualMachine, before: VMFacts) -> list[str]:
    same = str(vm.state) == before.state
    reasons = [] if same else [say("why_imported_otherwise", host.name, state=vm.state, before=before.state)]
    disks = [facts.vm_disk(host, drive) for drive in vm.hard_drives]
    saved = facts.existing_files(host, vm.saved_state_files)
    return reasons + facts.changes_since(host, (before.disks, before.saved_state_files), (disks, saved))


def take_back(call: OperationCall, arguments: m.TakeBackArguments) -> None:
    """Give the VM back to the source: the target has withdrawn, or is destroyed and somebody answers for it."""
    record = call.known_record()
    override = arguments.override.strip()
    if arguments.epoch is None and not override:
        without = say("take_back_without_proof", call.host.name, vm=record.vm_name)
        raise refused("InvalidArgument", without, subject=record.vm_id)
    if arguments.epoch is not None and arguments.epoch < 1:
        never = say("take_back_epoch", call.host.name, vm=record.vm_name, epoch=arguments.epoch)
        raise refused("InvalidArgument", never, subject=record.vm_id)
    if record.owner not in ("handed over", "source"):
        raise owner_error(call, record, "NotOwner", "take_back_not_handed_over")
    if override:
        call.change_record(end_text=arguments.override)
    if arguments.epoch is not None:
        call.change_record(epoch=arguments.epoch)
    call.change_record(owner=Owner.SOURCE, direction=Direction.BACK)


def remove_imported_vm(call: OperationCall, arguments: m.VMArguments) -> m.Nothing:
    """Remove the VM, planned or real, that lies under the plan's folder and does not run."""
    record = require_owner_none(call, act=say("act_not_removed", call.host.name, vm_id=normal_id(arguments.vm_id)))
    vm = facts.vm_or_planned(call.host, arguments.vm_id)
    if vm is None:
        return m.Nothing()
    plan = record.model_dump(mode="json", include={"plan"})["plan"]
    folder = str(plan.get("target_folder", ""))
    files = [vm.configuration_file, *((drive.path for drive in vm.hard_drives) if vm.planned else ())]
    if not any(inside_folder(path, folder) for path in files):
        raise _not_ours(call, record, vm, folder=folder)
    if not vm.planned and str(vm.state) not in ("Saved", "Off"):
        raise _not_ours(call, record, vm, folder=folder)
    call.host.hyperv.remove_vm(vm.vm_id)
    return m.Nothing()


def _not_ours(call: OperationCall, record: Record, vm: VirtualMachine, *, folder: str) -> Exception:
    about = {"folder": folder, "migration": record.migration_id}
    planned = say("planned_not_ours", call.host.name, vm_id=vm.vm_id, **about)
    other = say(
        "imported_not_ours", call.host.name, vm=vm.name, state=vm.state, location=vm.configuration_location, **about
    )
    return refused(
        "NotOwner",
        planned if vm.planned else other,
        subject=record.vm_id,
        owner=record.owner,
        epoch=record.epoch,
    )


def remove_files(call: OperationCall, arguments: m.RemoveFilesArguments) -> m.RemoveFilesResult:
    """Remove what this migration copied here, file by file, and folders that are empty then."""
    record = require_owner_none(call, act=say("act_files_not_removed", call.host.name))
    imported = any(outcome.state != "refused" for outcome in call.journal.of("import_vm"))
    if imported and facts.vm_or_planned(call.host, record.vm_id) is not None:
        return keep_files_of(
            call.host, arguments.files, reason=say("kept_registered", call.host.name, vm=record.vm_name)
        )
    reason = say("kept_not_copied", call.host.name, migration=call.migration_id)
    ours = {path_key(path) for path in made_files(call.host, call.migration_id)}
    return remove_files_of(
        call.host,
        arguments.files,
        arguments.folders,
        allowed=lambda path: path_key(path) in ours,
        reason=reason,
    )
