"""Freezing a running VM's disks, and undoing it.

After a checkpoint every write goes to one differencing disk per disk, and the former disk no longer changes. Before it,
the VM must be exactly as it was judged; after it, that the writes really moved is proved on each disk.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import SHARING_VIOLATION, OperationError, failed, hresult_of, refused
from lab.engines.python.operations.host import HEALTH_STATUSES, ModuleHost
from lab.engines.python.operations.records import normal_id, owner_error
from lab.host.sentences import because, say
from lab.hyperv import HyperVError
from lab.hyperv.model import VirtualMachine, VMSnapshot
from lab.platform.this_machine import ticks_of
from qsm.facts.files import DiskPair, SlotPath
from qsm.facts.names import same_name, same_path
from qsm.facts.states import CheckpointType
from qsm.hosts import messages as m

OWN_MINUTES = 15
DIGITS_OF_A_TIME = 8


def busy_with(vm: VirtualMachine) -> tuple[str, ...]:
    """Return what something is doing with the VM now; words on its health may last and are not waited for."""
    return tuple(str(status) for status in vm.operational_status if str(status) not in HEALTH_STATUSES)


def world_changed(
    host: ModuleHost, vm: VirtualMachine, *, found: Mapping[str, object], expected: Mapping[str, object], act: str
) -> OperationError:
    """Make the error for a VM that is no longer as it was judged: what is not as expected, under the same keys."""
    reasons = [
        say("difference", host.name, what=what, found=_listed(found[what]), expected=_listed(expected[what]))
        for what in found
    ]
    return refused(
        "WorldChanged",
        say("not_as_expected", host.name, vm=vm.name, reasons="; ".join(reasons), act=act),
        subject=vm.vm_id,
        found=dict(found),
        expected=dict(expected),
    )


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def require_as_expected(
    host: ModuleHost, vm: VirtualMachine, *, state: str, checkpoint: str | None, disks: Sequence[SlotPath], act: str
) -> None:
    """Check state, checkpoints, disks and that nothing works on the VM. Raises WorldChanged."""
    snapshots = host.hyperv.get_vm_snapshot(vm.vm_id)
    found: dict[str, object] = {
        "state": str(vm.state),
        "checkpoints": sorted(normal_id(snapshot.snapshot_id) for snapshot in snapshots),
        "disks": sorted(f"{drive.slot} {drive.path}" for drive in vm.hard_drives),
        "status": [str(status) for status in vm.operational_status],
    }
    expected: dict[str, object] = {
        "state": state,
        "checkpoints": [normal_id(checkpoint)] if checkpoint else [],
        "disks": sorted(f"{disk.slot} {disk.path}" for disk in disks),
        "status": ["Ok"],
    }
    wrong = [what for what in found if not same_name(str(found[what]), str(expected[what]))]
    if wrong:
        raise world_changed(
            host,
            vm,
            found={what: found[what] for what in wrong},
            expected={what: expected[what] for what in wrong},
            act=act,
        )


def _require_our_name(call: OperationCall, name: str) -> None:
    """Raises InvalidArgument for a checkpoint that this migration would not find again."""
    if name != f"QSM {call.migration_id}":
        raise refused(
            "InvalidArgument",
            say("not_our_checkpoint", call.host.name, checkpoint=name, migration=call.migration_id),
            subject=name,
            argument="name",
        )


def take_checkpoint(call: OperationCall, arguments: m.TakeCheckpointArguments) -> m.TakeCheckpointResult:
    """Guard, checkpoint, prove."""
    host = call.host
    _require_our_name(call, arguments.name)
    vm = facts.known_vm(host, arguments.vm_id)
    require_as_expected(
        host,
        vm,
        state=arguments.expected_state,
        checkpoint=None,
        disks=arguments.expected_disks,
        act=say("act_checkpoint", host.name),
    )
    try:
        with _type_set(host, vm, arguments.checkpoint_type):
            snapshot = _take(call, vm, arguments.name)
            pairs = _prove(host, vm.vm_id, bases=arguments.expected_disks)
    except facts.HOST_ERRORS as error:
        raise failed(
            "CheckpointFailed",
            say("checkpoint_failed", host.name, checkpoint=arguments.name, vm=vm.name, cause=because(error)),
            subject=vm.vm_id,
            hresult=hresult_of(error),
        ) from error
    return m.TakeCheckpointResult(checkpoint_id=snapshot.snapshot_id, disks=pairs)


def _take(call: OperationCall, vm: VirtualMachine, name: str) -> VMSnapshot:
    """Take the checkpoint, and note what was there before and which one it is: its name comes by a second job."""
    host, path = call.host, _note_name(call)
    before = [snapshot.snapshot_id for snapshot in host.hyperv.get_vm_snapshot(vm.vm_id)]
    note = {"name": name, "before": before, "made": None, "ticks": ticks_of(time.time_ns())}
    host.folder.replace_json(path, note)
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name=name)
    host.folder.replace_json(path, {**note, "made": snapshot.snapshot_id})
    return snapshot


def _note_name(call: OperationCall) -> str:
    return f"{call.migration_folder}\\checkpoint.json"


def _own_checkpoints(call: OperationCall, vm: VirtualMachine, name: str) -> list[VMSnapshot]:
    """Return the checkpoints that are provably of this migration, by whatever name.

    One of our name or of the id that was noted. Where an attempt never noted its own, killed between the two jobs of
    Checkpoint-VM, it is the one new checkpoint with the default name that came within minutes; of several, none is ours.
    """
    everything = call.host.hyperv.get_vm_snapshot(vm.vm_id)
    note = call.host.folder.read_json(_note_name(call))
    made = None if note is None else note["made"]
    ours = [each for each in everything if each.name == name or each.snapshot_id == made]
    if ours or note is None or made is not None:
        return ours
    latest = note["ticks"] + OWN_MINUTES * 60 * 10_000_000
    new = [
        each
        for each in everything
        if each.snapshot_id not in note["before"]
        and (each.snapshot_type, each.is_automatic) == ("Standard", False)
        and each.creation_time_ticks <= latest
        and each.name.startswith(vm.name)
        and sum(map(str.isdigit, each.name[len(vm.name) :])) >= DIGITS_OF_A_TIME
    ]
    return new if len(new) == 1 else []


@contextmanager
def _type_set(host: ModuleHost, vm: VirtualMachine, checkpoint_type: str | None) -> Iterator[None]:
    """Set the checkpoint type for a while, where the host knows types.

    That it cannot be put back is no failure of the checkpoint: restoring the VM's settings puts it back too.
    """
    if checkpoint_type is None or vm.checkpoint_type is None or str(vm.checkpoint_type) == checkpoint_type:
        yield
        return
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType.named(checkpoint_type))
    try:
        yield
    finally:
        with suppress(HyperVError):
            host.hyperv.set_vm(vm.vm_id, checkpoint_type=vm.checkpoint_type)


def _prove(host: ModuleHost, vm_id: str, *, bases: Sequence[SlotPath]) -> tuple[DiskPair, ...]:
    """Prove that each disk's writes go to a differencing disk on the former file, which can be copied.

    Raises CheckpointFailed, HostFailed where the VM is gone, HyperVError, PlatformError.
    """
    leaves = {drive.slot: drive.path for drive in facts.vm_after(host, vm_id).hard_drives}
    pairs = []
    for former in bases:
        path = leaves.get(former.slot, "")
        leaf = facts.disk_file(host, path)
        if leaf.parent_path is None or not same_path(leaf.parent_path, former.path):
            moved = say("checkpoint_moved_nothing", host.name, slot=former.slot, path=path, base=former.path)
            raise failed("CheckpointFailed", moved, subject=former.path, slot=former.slot)
        base = facts.disk_file(host, former.path)
        if not base.content_identity:
            locked = say("base_still_locked", host.name, path=former.path)
            raise failed("CheckpointFailed", locked, subject=former.path, hresult=SHARING_VIOLATION, slot=former.slot)
        pairs.append(DiskPair(slot=former.slot, base=base, leaf=leaf))
    return tuple(pairs)


def remove_checkpoint(call: OperationCall, arguments: m.RemoveCheckpointArguments) -> m.Nothing:
    """Remove the checkpoint that is ours, while the VM is the source's; the merge goes on after this."""
    _require_our_name(call, arguments.name)
    record = call.known_record()
    if record.owner != "source":
        raise owner_error(call, record, "NotOwner", "checkpoint_left_alone")
    vm = facts.known_vm(call.host, arguments.vm_id)
    for snapshot in _own_checkpoints(call, vm, arguments.name):
        call.host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot.snapshot_id)
    return m.Nothing()


def get_checkpoint_removal(call: OperationCall, arguments: m.CheckpointRemovalArguments) -> m.CheckpointRemovalResult:
    """Tell whether everything is as before the checkpoint."""
    return call.wait_until(
        lambda: _removal(call, arguments),
        ended=lambda result: result.done,
        key=lambda result: (result.state, result.operational_status, result.remaining),
    )


def _removal(call: OperationCall, arguments: m.CheckpointRemovalArguments) -> m.CheckpointRemovalResult:
    host = call.host
    vm = facts.known_vm(host, arguments.vm_id)
    remaining: list[str] = [
        say("left_checkpoint", host.name, name=snapshot.name) for snapshot in _own_checkpoints(call, vm, arguments.name)
    ]
    remaining += [say("left_busy", host.name, status=status) for status in busy_with(vm)]
    remaining += _disks_left(host, vm, bases=arguments.bases)
    remaining += [
        say("left_file", host.name, path=path) for path in arguments.leaves if host.platform.files.exists(path)
    ]
    return m.CheckpointRemovalResult(
        done=not remaining,
        state=vm.state,
        operational_status=vm.operational_status,
        remaining=tuple(remaining),
        volumes=facts.volumes_of(host, [drive.path for drive in vm.hard_drives]),
    )


def _disks_left(host: ModuleHost, vm: VirtualMachine, *, bases: Sequence[SlotPath]) -> Iterator[str]:
    found = {drive.slot: drive.path for drive in vm.hard_drives}
    for base in bases:
        path = found.get(base.slot, "")
        if not same_path(path, base.path):
            yield say("left_disk", host.name, slot=base.slot, what=path)
            continue
        try:
            if host.hyperv.get_vhd(path).vhd_type == "Differencing":
                yield say("left_disk", host.name, slot=base.slot, what=say("left_differencing", host.name))
        except facts.HOST_ERRORS as error:
            yield say("left_disk", host.name, slot=base.slot, what=because(error))
