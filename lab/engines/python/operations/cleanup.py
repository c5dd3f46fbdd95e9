"""Cleaning up the source, last.

Here alone a wrong belief destroys the only good copy. So every function asks for two proofs: its own record says that
the VM was handed over, and the target's record, as the target told it, says that the target owns it.
"""

from __future__ import annotations

from lab.engines.python.operations import facts, held_probe
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.removal import keep_files_of, remove_files_of
from lab.host.sentences import say
from lab.platform.acl import Right
from qsm.facts.files import FileFacts
from qsm.facts.names import path_key
from qsm.facts.states import StartAction
from qsm.hosts import messages as m
from qsm.plan.record import Record

GONE = ("Saved", "Off")


def _require_handed_over(call: OperationCall, target_record: Record, *, act: str) -> Record:
    """Raises NotOwner without both proofs, for the act that the sentence of that name says."""
    record, host = call.known_record(), call.host.name
    wanted = {"migration_id": record.migration_id, "vm_id": record.vm_id, "role": "target", "owner": "target"}
    wrong: list[str] = []
    if record.owner != "handed over":
        wrong.append(say("why_source_owns", host, owner=record.owner))
    wrong += [
        say("why_target_record", host, field=name, found=getattr(target_record, name), expected=expected)
        for name, expected in wanted.items()
        if getattr(target_record, name) != expected
    ]
    if wrong:
        raise refused(
            "NotOwner",
            say("target_does_not_own", host, act=say(act, host), reasons="; ".join(wrong), vm=record.vm_name),
            subject=record.vm_id,
            owner=record.owner,
            epoch=record.epoch,
            target_owner=target_record.owner,
        )
    return record


def retire_source(call: OperationCall, arguments: m.RetireSourceArguments) -> m.Nothing:
    """Keep the source's VM, but so that it cannot come back by accident."""
    _require_handed_over(call, arguments.target_record, act="act_source_left")
    hyperv = call.host.hyperv
    vm = facts.known_vm(call.host, arguments.vm_id)
    for adapter in vm.network_adapters:
        if adapter.switch_name is not None:
            hyperv.disconnect_vm_network_adapter(vm.vm_id, adapter.adapter_id)
    notes = vm.notes if vm.notes.startswith(arguments.note) else f"{arguments.note}\r\n{vm.notes}".rstrip()
    hyperv.set_vm(vm.vm_id, automatic_start_action=StartAction.NOTHING, notes=notes)
    return m.Nothing()


def remove_source(call: OperationCall, arguments: m.RemoveSourceArguments) -> m.Nothing:
    """Remove the source's VM; its checkpoint is merged after this returned."""
    record = _require_handed_over(call, arguments.target_record, act="act_source_not_removed")
    vm = facts.real_vm(call.host, arguments.vm_id)
    if vm is None:
        return m.Nothing()
    if str(vm.state) not in GONE:
        raise refused(
            "NotOwner",
            say("source_runs", call.host.name, vm=vm.name, state=vm.state),
            subject=vm.vm_id,
            owner=record.owner,
            epoch=record.epoch,
            state=str(vm.state),
        )
    call.host.hyperv.remove_vm(vm.vm_id)
    return m.Nothing()


def _chain_files(call: OperationCall) -> tuple[str, ...]:
    """All disk files that save_vm reported."""
    saved = call.journal.last_result("save_vm")
    disks = m.SaveVMResult.model_validate(saved).disks if saved is not None else ()
    return tuple(file.path for disk in disks for file in disk.chain)


def _checkpoint_leaves(call: OperationCall) -> tuple[str, ...]:
    """The differencing disks that our checkpoint made: Remove-VM merges them, and they are gone after that."""
    taken = call.journal.last_result("take_checkpoint")
    disks = m.TakeCheckpointResult.model_validate(taken).disks if taken is not None else ()
    return tuple(pair.leaf.path for pair in disks)


def get_source_removal(call: OperationCall, arguments: m.VMArguments) -> m.SourceRemovalResult:
    """Tell whether the source's VM is gone and nothing is merged any more."""
    return call.wait_until(
        lambda: _removal(call, arguments.vm_id),
        ended=lambda result: result.done,
        key=lambda result: result.remaining,
    )


def _removal(call: OperationCall, vm_id: str) -> m.SourceRemovalResult:
    host = call.host
    remaining: list[str] = []
    vm = facts.real_vm(host, vm_id)
    if vm is not None:
        remaining.append(say("left_vm", host.name, vm=vm.name))
    remaining += [
        say("left_merge", host.name, path=path) for path in _checkpoint_leaves(call) if host.platform.files.exists(path)
    ]
    remaining += [
        say("left_file", host.name, path=path)
        for path in _chain_files(call)
        if host.platform.files.exists(path) and host.platform.open_files.holders(path)
    ]
    return m.SourceRemovalResult(done=not remaining, remaining=tuple(remaining))


def remove_source_files(call: OperationCall, arguments: m.RemoveSourceFilesArguments) -> m.RemoveFilesResult:
    """Remove the disk files that the migration has left behind at the source."""
    record = _require_handed_over(call, arguments.target_record, act="act_source_files_not_removed")
    if facts.real_vm(call.host, record.vm_id) is not None:
        return keep_files_of(
            call.host, arguments.files, reason=say("kept_still_registered", call.host.name, vm=record.vm_name)
        )
    ours = {path_key(path) for path in _chain_files(call)}
    return remove_files_of(
        call.host,
        arguments.files,
        arguments.folders,
        allowed=lambda path: path_key(path) in ours,
        reason=say("kept_not_saved", call.host.name, migration=call.migration_id),
    )


def create_probe_file(call: OperationCall, arguments: m.ProbeFileArguments) -> FileFacts:
    """Make a small file, for checking a copy between two hosts; held and protected like the disk of a running VM."""
    held_probe.let_go(call)
    name = f"{call.migration_folder}\\probe\\probe.bin"
    path = call.host.folder.path(name)
    call.host.folder.write_bytes(name, bytes(index % 251 for index in range(arguments.size_bytes)))
    account = rf"NT VIRTUAL MACHINE\{call.known_record().vm_id.upper()}"
    call.host.platform.acl.grant(path, account, Right.FULL_CONTROL)
    held_probe.hold(call, path)
    return facts.file_facts(call.host, path)
