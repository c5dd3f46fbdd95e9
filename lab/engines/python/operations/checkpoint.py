"""Freezing a running VM's disks, and undoing it.

After a checkpoint every write goes to one differencing disk per disk, and the former disk no longer changes. Before it,
the VM must be exactly as it was judged; after it, that the writes really moved is proved on each disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import Call
from lab.engines.python.operations.errors import SHARING_VIOLATION, OperationError, failed, hresult_of, refused
from lab.engines.python.operations.host import HEALTH_STATUSES, ModuleHost
from lab.engines.python.operations.records import normal_id
from lab.hyperv import HyperVError
from lab.hyperv.model import VirtualMachine, VMSnapshot
from qsm.facts.files import DiskPair, SlotPath
from qsm.facts.names import same_name, same_path
from qsm.facts.states import CheckpointType
from qsm.hosts import messages as m


def busy_with(vm: VirtualMachine) -> tuple[str, ...]:
    """Return what something is doing with the VM now; words on its health may last and are not waited for."""
    return tuple(str(status) for status in vm.operational_status if str(status) not in HEALTH_STATUSES)


def world_changed(
    host: ModuleHost, vm: VirtualMachine, *, found: Mapping[str, object], expected: Mapping[str, object]
) -> OperationError:
    """Make the error for a VM that is no longer as it was judged: what is not as expected, under the same keys."""
    texts = "; ".join(f"{what} is {found[what]}, expected {expected[what]}" for what in found)
    return refused(
        "WorldChanged",
        f"VM {vm.name} on {host.name} is not as expected: {texts}. Nothing was changed.",
        subject=vm.vm_id,
        found=dict(found),
        expected=dict(expected),
    )


def require_as_expected(
    host: ModuleHost, vm: VirtualMachine, *, state: str, checkpoint: str | None, disks: Sequence[SlotPath]
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
            host, vm, found={what: found[what] for what in wrong}, expected={what: expected[what] for what in wrong}
        )


def _require_our_name(call: Call, name: str) -> None:
    """Raises InvalidArgument for a checkpoint that this migration would not find again."""
    if name != f"QSM {call.migration_id}":
        raise refused(
            "InvalidArgument",
            f"{name!r} is not the checkpoint of migration {call.migration_id}. Nothing was changed.",
            subject="name",
        )


def take_checkpoint(call: Call, arguments: m.TakeCheckpointArguments) -> m.TakeCheckpointResult:
    """Guard, checkpoint, prove."""
    host = call.host
    _require_our_name(call, arguments.name)
    vm = facts.known_vm(host, arguments.vm_id)
    require_as_expected(host, vm, state=arguments.expected_state, checkpoint=None, disks=arguments.expected_disks)
    snapshot = _checkpoint(host, vm, name=arguments.name, checkpoint_type=arguments.checkpoint_type)
    return m.TakeCheckpointResult(
        checkpoint_id=snapshot.snapshot_id, disks=_prove(host, vm.vm_id, bases=arguments.expected_disks)
    )


def _checkpoint(host: ModuleHost, vm: VirtualMachine, *, name: str, checkpoint_type: str | None) -> VMSnapshot:
    try:
        with _type_set(host, vm, checkpoint_type):
            return host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name=name)
    except HyperVError as error:
        raise failed(
            "CheckpointFailed",
            f"VM {vm.name} on {host.name} could not be checkpointed: {error.message}",
            subject=vm.vm_id,
            hresult=hresult_of(error),
        ) from error


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

    Raises CheckpointFailed, and HostFailed where the VM is gone.
    """
    leaves = {drive.slot: drive.path for drive in facts.vm_after(host, vm_id).hard_drives}
    pairs = []
    for former in bases:
        try:
            leaf = facts.disk_file(host, leaves.get(former.slot, ""))
            base = facts.disk_file(host, former.path)
        except facts.HOST_ERRORS as error:
            raise _not_frozen(host, former, f"cannot be looked at: {error}", hresult=hresult_of(error)) from error
        if leaf.parent_path is None or not same_path(leaf.parent_path, former.path):
            raise _not_frozen(host, former, f"writes to {leaf.path}, whose parent is {leaf.parent_path}", hresult=None)
        if not base.content_identity:
            raise _not_frozen(host, former, "is still locked, so that it cannot be copied", hresult=SHARING_VIOLATION)
        pairs.append(DiskPair(slot=former.slot, base=base, leaf=leaf))
    return tuple(pairs)


def _not_frozen(host: ModuleHost, base: SlotPath, what: str, *, hresult: int | None) -> OperationError:
    return failed(
        "CheckpointFailed",
        f"After the checkpoint disk {base.slot} ({base.path}) on {host.name} {what}. The VM goes on; look at its disks.",
        subject=base.slot,
        hresult=hresult,
    )


def remove_checkpoint(call: Call, arguments: m.RemoveCheckpointArguments) -> m.Nothing:
    """Remove the checkpoint of exactly our name, while the VM is the source's; the merge goes on after this."""
    _require_our_name(call, arguments.name)
    record = call.known_record()
    if record.owner != "source":
        raise refused(
            "NotOwner",
            f"The checkpoint of VM {record.vm_name} on {call.host.name} was left alone: the owner is {record.owner!r}, "
            "so that the source must stay as it is.",
            subject=record.vm_id,
            owner=record.owner,
            epoch=record.epoch,
        )
    vm = facts.known_vm(call.host, arguments.vm_id)
    for snapshot in call.host.hyperv.get_vm_snapshot(vm.vm_id):
        if snapshot.name == arguments.name:
            call.host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot.snapshot_id)
    return m.Nothing()


def get_checkpoint_removal(call: Call, arguments: m.CheckpointRemovalArguments) -> m.CheckpointRemovalResult:
    """Tell whether everything is as before the checkpoint."""
    return call.wait_until(
        lambda: _removal(call, arguments),
        ended=lambda result: result.done,
        key=lambda result: (result.state, result.operational_status, result.remaining),
    )


def _removal(call: Call, arguments: m.CheckpointRemovalArguments) -> m.CheckpointRemovalResult:
    host = call.host
    vm = facts.known_vm(host, arguments.vm_id)
    remaining = [
        f"checkpoint {snapshot.name}"
        for snapshot in host.hyperv.get_vm_snapshot(vm.vm_id)
        if snapshot.name == arguments.name
    ]
    remaining += [f"VM is busy: {status}" for status in busy_with(vm)]
    remaining += _disks_left(host, vm, bases=arguments.bases)
    remaining += [f"file {path}" for path in arguments.leaves if host.platform.files.exists(path)]
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
            yield f"disk {base.slot} is {path!r}, not {base.path}"
            continue
        try:
            if host.hyperv.get_vhd(path).vhd_type == "Differencing":
                yield f"disk {base.slot} is still a differencing disk: {path}"
        except facts.HOST_ERRORS as error:
            yield f"disk {base.slot} cannot be looked at: {error}"
