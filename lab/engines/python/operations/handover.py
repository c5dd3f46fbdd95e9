"""Handing over: the only way a VM changes hands, and the only function that starts one.

Two hosts that each believe they may run a VM are worse than none. So a VM is started only by its own host's record, and
the record changes in steps that a kill may cut anywhere: the source gives the VM away before the target may start it,
and the target's epoch grows before the source takes it back, so that a late call finds itself too old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import failed, hresult_of, refused
from lab.engines.python.operations.records import owner_error
from lab.host.sentences import because, say
from lab.hyperv import HyperVError
from lab.hyperv.model import VirtualMachine
from qsm.facts.states import CheckpointType, StartAction
from qsm.hosts import messages as m
from qsm.plan.record import Owner, Record

STANDING = ("Saved", "Off")


def hand_over(call: OperationCall, arguments: m.VMArguments) -> None:
    """Give the VM away: from here the source's start function refuses."""
    record = call.known_record()
    if record.owner not in ("source", "handed over"):
        raise owner_error(call, record, "NotOwner", "hand_over_not_owner")
    state, reasons = _why_not_standing(call, arguments.vm_id)
    if reasons:
        raise refused(
            "NotStandingStill",
            say("not_standing_still", call.host.name, vm=record.vm_name, reasons="; ".join(reasons)),
            subject=record.vm_id,
            state=state,
            reasons=reasons,
        )
    call.change_record(owner=Owner.HANDED_OVER)


def _why_not_standing(call: OperationCall, vm_id: str) -> tuple[str, list[str]]:
    """Return the VM's state, and why it does not stand as this migration's save left it: none, or the way is free.

    A VM that somebody started and saved again stands still too, but what was copied lacks its last writes.
    """
    host, saved = call.host.name, call.journal.last_result("save_vm")
    try:
        vm = facts.real_vm(call.host, vm_id)
        if vm is None:
            return "Absent", [say("why_absent", host)]
        disks = [facts.vm_disk(call.host, drive) for drive in vm.hard_drives]
    except facts.HOST_ERRORS as error:
        return "Unknown", [say("why_not_looked_at", host, cause=because(error))]
    state = str(vm.state)
    if saved is None:
        return state, [say("why_not_saved", host, state=state)]
    before = m.SaveVMResult.model_validate(saved)
    same = state == before.state and state in STANDING
    reasons = [] if same else [say("why_saved_otherwise", host, state=state, before=before.state)]
    return state, reasons + facts.changes_since(call.host, (before.disks, ()), (disks, ()))


def allow_start(call: OperationCall, arguments: m.EpochArguments) -> None:
    """Let the target start the VM, under an epoch."""
    record = call.known_record()
    again = record.owner == "may start" and record.epoch == arguments.epoch
    if not again and (arguments.epoch != record.epoch + 1 or record.owner != "none"):
        raise owner_error(call, record, "EpochStale", "start_epoch_not_allowed", epoch=arguments.epoch)
    if not call.journal.is_done("import_vm"):
        raise owner_error(call, record, "EpochStale", "start_without_import")
    call.change_record(owner=Owner.MAY_START, epoch=arguments.epoch)


def start_vm(call: OperationCall, arguments: m.StartVMArguments) -> m.VMStateResult:
    """Start, restore or resume the VM where this host's record grants it."""
    record = call.known_record()
    _require_grant(call, record, epoch=arguments.epoch)
    vm = facts.known_vm(call.host, arguments.vm_id)
    stays_paused = str(vm.state) == "Paused" and (arguments.suspend or record.role == "target")
    if str(vm.state) != "Running" and not stays_paused:
        _start(call, vm)
        vm = facts.vm_after(call.host, vm.vm_id)
    if arguments.suspend and str(vm.state) == "Running":
        call.host.hyperv.suspend_vm(vm.vm_id)
    now = facts.vm_after(call.host, vm.vm_id)
    return m.VMStateResult(state=now.state, uptime_seconds=now.uptime_seconds)


def _require_grant(call: OperationCall, record: Record, *, epoch: int | None) -> None:
    """Raises NotOwner, EpochStale unless the record of this host grants a start."""
    host = call.host.name
    about = {"vm": record.vm_name, "role": record.role, "migration": record.migration_id}
    facts_told: dict[str, Any] = {"subject": record.vm_id, "owner": record.owner, "epoch": record.epoch}
    if record.role == "source":
        if record.owner != "source":
            raise refused("NotOwner", say("start_may_run_at_target", host, owner=record.owner, **about), **facts_told)
        return
    if record.owner not in ("may start", "target"):
        raise refused("NotOwner", say("start_not_handed_over", host, owner=record.owner, **about), **facts_told)
    if record.owner == "may start" and epoch != record.epoch:
        late = say("start_epoch_stale", host, given=epoch, epoch=record.epoch, **about)
        raise refused("EpochStale", late, **facts_told)


def _start(call: OperationCall, vm: VirtualMachine) -> None:
    """Raises StartRefused where Hyper-V refused and the VM is provably as it was; fails otherwise."""
    before = facts.standing_mark(call.host, vm)
    try:
        with _no_automatic_checkpoint(call, vm):
            _power_on(call, vm)
    except HyperVError as error:
        found = facts.vm_after(call.host, vm.vm_id)
        now = str(found.state)
        if before is None or facts.standing_mark(call.host, found) != before:
            raise failed(
                "HostFailed",
                say("start_failed", call.host.name, vm_id=vm.vm_id, state=now, cause=because(error)),
                subject=vm.vm_id,
                hresult=hresult_of(error),
                state=now,
            ) from error
        raise refused(
            "StartRefused",
            say("start_refused", call.host.name, vm_id=vm.vm_id, state=now, cause=because(error)),
            subject=vm.vm_id,
            hresult=hresult_of(error),
            state=now,
        ) from error


def _power_on(call: OperationCall, vm: VirtualMachine) -> None:
    if str(vm.state) == "Paused":
        call.host.hyperv.resume_vm(vm.vm_id)
    else:
        call.host.hyperv.start_vm(vm.vm_id)


@contextmanager
def _no_automatic_checkpoint(call: OperationCall, vm: VirtualMachine) -> Iterator[None]:
    """Start-VM takes a checkpoint first of a VM that is off and takes automatic ones: not of this one, not now."""
    if str(vm.state) != "Off" or not vm.automatic_checkpoints_enabled:
        yield
        return
    call.host.hyperv.set_vm(vm.vm_id, automatic_checkpoints_enabled=False)
    try:
        yield
    finally:
        with suppress(HyperVError):
            call.host.hyperv.set_vm(vm.vm_id, automatic_checkpoints_enabled=True)


def confirm_target(call: OperationCall, arguments: m.ConfirmTargetArguments) -> None:
    """Write down that the VM is the target's."""
    record = call.known_record()
    if record.owner == "target":
        return
    if record.owner != "may start":
        raise owner_error(call, record, "NotOwner", "confirm_not_allowed")
    if record.epoch != arguments.epoch:
        raise owner_error(call, record, "EpochStale", "confirm_epoch", epoch=arguments.epoch)
    vm = facts.known_vm(call.host, arguments.vm_id)
    if arguments.started and not _was_started(call, vm):
        raise owner_error(call, record, "NotOwner", "confirm_not_started", state=vm.state)
    call.change_record(owner=Owner.TARGET)


def _was_started(call: OperationCall, vm: VirtualMachine) -> bool:
    """Whether a start here is done, or is marked (without end, or failed) and the VM's state bears it out."""
    states = {outcome.state for outcome in call.journal.of("start_vm")} - {"refused"}
    return "done" in states or (bool(states) and str(vm.state) in ("Running", "Paused"))


def restore_settings(call: OperationCall, arguments: m.RestoreSettingsArguments) -> m.Nothing:
    """Give the VM its own start action and checkpoint type again."""
    record = call.known_record()
    if record.owner.value != record.role.value:
        raise refused(
            "NotOwner",
            say("settings_not_owner", call.host.name, vm_id=record.vm_id, owner=record.owner, role=record.role),
            subject=record.vm_id,
            owner=record.owner,
            epoch=record.epoch,
        )
    action, kind = _settings(call.host.name, arguments)
    vm = facts.known_vm(call.host, arguments.vm_id)
    call.host.hyperv.set_vm(
        vm.vm_id,
        automatic_start_action=action,
        checkpoint_type=kind if vm.checkpoint_type is not None else None,
        automatic_checkpoints_enabled=arguments.automatic_checkpoints
        if vm.automatic_checkpoints_enabled is not None
        else None,
    )
    return m.Nothing()


def _settings(host: str, arguments: m.RestoreSettingsArguments) -> tuple[StartAction, CheckpointType | None]:
    """Raises InvalidArgument for a word that Hyper-V does not know."""
    kind = arguments.checkpoint_type
    try:
        return StartAction.named(arguments.automatic_start_action), CheckpointType.named(kind) if kind else None
    except ValueError as error:
        wrong = say("argument_does_not_fit", host, operation="restore_settings", cause=because(error))
        raise refused("InvalidArgument", wrong) from error
