"""Freezing a running VM's disks, and undoing it.

After a checkpoint every write goes to one differencing disk per disk, and the former disk no longer changes. Before it,
the VM must be exactly as it was judged; after it, that the writes really moved is proved on each disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lab.hyperv import HyperVError
from lab.hyperv.model import CheckpointType, VirtualMachine, VMSnapshot
from lab.operations import facts
from lab.operations.calls import Call
from lab.operations.errors import OperationError, failed, hresult_of, refused
from lab.operations.host import BUSY_STATUSES, Host
from qsm.hosts import messages as m


def busy_with(vm: VirtualMachine) -> tuple[str, ...]:
    """Return what something else is doing with the VM."""
    return tuple(str(status) for status in vm.operational_status if str(status) in BUSY_STATUSES)


def world_changed(host: Host, vm: VirtualMachine, *, what: str, found: object, expected: object) -> OperationError:
    """Make the error for a VM that is no longer as it was judged."""
    return refused(
        "WorldChanged",
        f"VM {vm.name} on {host.name} is not as expected: {what} is {found}, expected {expected}. Nothing was changed.",
        subject=vm.vm_id,
        what=what,
        found=found,
        expected=expected,
    )


def require_standing(host: Host, vm: VirtualMachine, *, state: str, disks: Sequence[m.SlotPath]) -> None:
    """Check state, disks and that nothing else works on the VM. Raises WorldChanged."""
    if str(vm.state) != state:
        raise world_changed(host, vm, what="state", found=str(vm.state), expected=state)
    busy = busy_with(vm)
    if busy:
        raise world_changed(host, vm, what="operational status", found=list(busy), expected=[])
    found = {drive.slot: drive.path for drive in vm.hard_drives}
    expected = {disk.slot: disk.path for disk in disks}
    same = found.keys() == expected.keys() and all(facts.same_path(found[slot], expected[slot]) for slot in found)
    if not same:
        raise world_changed(host, vm, what="disks", found=found, expected=expected)


def take_checkpoint(call: Call, arguments: m.TakeCheckpointArguments) -> m.TakeCheckpointResult:
    """Guard, checkpoint, prove."""
    host = call.host
    vm = facts.known_vm(host, arguments.vm_id)
    snapshots = host.hyperv.get_vm_snapshot(vm.vm_id)
    if snapshots:
        raise world_changed(host, vm, what="checkpoints", found=[each.name for each in snapshots], expected=[])
    require_standing(host, vm, state=arguments.expected_state, disks=arguments.expected_disks)
    snapshot = _checkpoint(host, vm, name=arguments.name, checkpoint_type=arguments.checkpoint_type)
    return m.TakeCheckpointResult(
        checkpoint_id=snapshot.snapshot_id, disks=_prove(host, vm.vm_id, bases=arguments.expected_disks)
    )


def _checkpoint(host: Host, vm: VirtualMachine, *, name: str, checkpoint_type: str | None) -> VMSnapshot:
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
def _type_set(host: Host, vm: VirtualMachine, checkpoint_type: str | None) -> Iterator[None]:
    """Set the checkpoint type for a while, where the host knows types."""
    if checkpoint_type is None or vm.checkpoint_type is None or str(vm.checkpoint_type) == checkpoint_type:
        yield
        return
    host.hyperv.set_vm(vm.vm_id, checkpoint_type=CheckpointType(checkpoint_type))
    try:
        yield
    finally:
        host.hyperv.set_vm(vm.vm_id, checkpoint_type=vm.checkpoint_type)


def _prove(host: Host, vm_id: str, *, bases: Sequence[m.SlotPath]) -> tuple[m.DiskPair, ...]:
    """Prove that each disk's writes go to a differencing disk on the former file. Raises CheckpointFailed."""
    vm = facts.known_vm(host, vm_id)
    leaves = {drive.slot: drive.path for drive in vm.hard_drives}
    pairs = []
    for base in bases:
        leaf = facts.disk_file(host, leaves[base.slot])
        if leaf.parent_path is None or not facts.same_path(leaf.parent_path, base.path):
            raise failed(
                "CheckpointFailed",
                f"After the checkpoint disk {base.slot} of VM {vm.name} on {host.name} writes to {leaf.path}, whose "
                f"parent is {leaf.parent_path}, not {base.path}. The VM goes on; look at its disks.",
                subject=base.slot,
            )
        pairs.append(m.DiskPair(slot=base.slot, base=facts.disk_file(host, base.path), leaf=leaf))
    return tuple(pairs)


def remove_checkpoint(call: Call, arguments: m.RemoveCheckpointArguments) -> m.Nothing:
    """Remove the checkpoint of exactly our name; the merge that follows goes on after this."""
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
        state=str(vm.state),
        operational_status=tuple(str(status) for status in vm.operational_status),
        remaining=tuple(remaining),
        volumes=facts.volumes_of(host, [drive.path for drive in vm.hard_drives]),
    )


def _disks_left(host: Host, vm: VirtualMachine, *, bases: Sequence[m.SlotPath]) -> Iterator[str]:
    expected = {base.slot: base.path for base in bases}
    for drive in vm.hard_drives:
        if drive.slot in expected and not facts.same_path(drive.path, expected[drive.slot]):
            yield f"disk {drive.slot} is {drive.path}, not {expected[drive.slot]}"
        elif drive.slot in expected and host.hyperv.get_vhd(drive.path).vhd_type == "Differencing":
            yield f"disk {drive.slot} is still a differencing disk: {drive.path}"
