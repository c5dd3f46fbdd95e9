"""What happens while the VM runs: checkpoint and shares on the source."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from typing import Any

import pytest
from two_hosts import ACCOUNT
from world import World

from lab.host.faults import FaultMoment
from lab.platform.acl import Right
from qsm.facts.states import VMOperationalStatus


def make_running_vm(world: World) -> None:
    """It is told as Running, and no guest need run for it."""
    world.make_vm(state="Off")
    world.show(state="Running")
    world.make_record()


def test_checkpoint_freezes_the_disks(world: World) -> None:
    world.make_vm()
    world.make_record()
    types = []
    with world.meanwhile("Checkpoint-VM", lambda: types.append(world.vm.checkpoint_type), FaultMoment.BEFORE):
        told = world.fenced("take_checkpoint", world.checkpoint_arguments())
    (pair,) = told.disks
    assert (pair.base.path, pair.leaf.parent_path, pair.leaf.type) == (world.disk, world.disk, "Differencing")
    assert pair.leaf.path == world.vm.hard_drives[0].path
    assert types == ["Production"]
    assert world.vm.checkpoint_type == "ProductionOnly"
    assert world.vm.snapshots[0].snapshot_id == told.checkpoint_id


def take_foreign_checkpoint(world: World) -> None:
    drives = world.vm.hard_drives
    world.hyperv.add_foreign_snapshot(world.vm_id, "x")
    world.show(hard_drives=drives)


BACKUP = (VMOperationalStatus.OK, VMOperationalStatus.BACKING_UP_VIRTUAL_MACHINE)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda world: world.show(state="Paused"), "state"),
        (take_foreign_checkpoint, "check"),
        (lambda world: world.show(hard_drives=(world.drive("D:\\other.vhdx"),)), "disks"),
        (lambda world: world.show(operational_status=BACKUP), "status"),
    ],
    ids=["paused", "a foreign checkpoint", "another disk", "a backup"],
)
def test_checkpoint_is_refused_when_the_world_has_changed(
    world: World, change: Callable[[World], None], found: str
) -> None:
    make_running_vm(world)
    change(world)
    answer = world.refuses("WorldChanged", "take_checkpoint", world.checkpoint_arguments(), revision=world.revision())
    assert answer.error is not None
    assert found in answer.error.message
    assert set(answer.error.facts) == {"found", "expected"}
    assert world.calls() == {}


@pytest.mark.parametrize("name", ["QSM", "QSM 20300131T235959-00000000", "backup"])
def test_checkpoint_of_another_name_is_not_taken(world: World, name: str) -> None:
    make_running_vm(world)
    world.refuses("InvalidArgument", "take_checkpoint", world.checkpoint_arguments(name=name), revision=1)
    assert "Checkpoint-VM" not in world.calls()


def test_checkpoint_that_fails_restores_the_type(world: World) -> None:
    make_running_vm(world)
    world.fail("Checkpoint-VM", 0x80070005)
    answer = world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)
    assert answer.error is not None
    assert answer.error.hresult == 0x80070005
    assert world.vm.checkpoint_type == "ProductionOnly"


def test_checkpoint_that_moved_no_writes_is_no_success(world: World) -> None:
    make_running_vm(world)
    drives = world.vm.hard_drives
    with world.meanwhile("Checkpoint-VM", lambda: world.show(hard_drives=drives)):
        world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)


def test_base_that_nobody_may_read_after_the_checkpoint_is_no_success(world: World) -> None:
    make_running_vm(world)
    held = world.path(world.disk).open("rb")
    with held, world.meanwhile("Checkpoint-VM", lambda: fcntl.flock(held, fcntl.LOCK_EX)):  # .NET's FileShare.None
        answer = world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)
    assert answer.error is not None
    assert "still locked" in answer.error.message
    assert answer.error.retryable


def test_checkpoint_without_types_asks_for_none(world: World) -> None:
    make_running_vm(world)
    world.show(checkpoint_type=None)
    told = world.fenced("take_checkpoint", world.checkpoint_arguments(checkpoint_type=None))
    assert len(told.disks) == 1


def share_arguments(world: World, **fields: Any) -> dict[str, Any]:
    return {"number": 1, "folder": world.folder, "files": [world.disk], "account": ACCOUNT, **fields}


def test_share_is_opened_and_closed_without_a_trace(world: World) -> None:
    make_running_vm(world)
    before = world.result("get_inventory", {"folders": [world.folder]})
    name = f"qsm-{world.migration_id}-1$"
    told = world.result("open_share", share_arguments(world), subject="1")
    assert (told.share.name, told.share.files) == (name, (world.disk,))
    assert world.value(f"Test-QsmFileAccess -Path '{world.disk}' -Sid '{world.account_sid}' -Right Read") is True
    watch = {"vm_id": world.vm_id, "shares": [name, "qsm-x"], "files": [world.disk]}
    seen = world.result("watch_source", watch)
    assert (seen.missing_shares, seen.state, seen.files[0].path) == (("qsm-x",), "Running", world.disk)
    closed = world.result("close_shares", subject="1")
    assert (closed.shares, closed.files) == ((name,), (world.disk,))
    after = world.result("get_inventory", {"folders": [world.folder]})
    assert after.model_copy(update={"migrations": ()}) == before.model_copy(update={"migrations": ()})
    assert world.result("watch_source", watch).missing_shares == (name, "qsm-x")
    assert world.result("close_shares", subject="2").shares == ()


def test_a_grant_that_was_there_before_stays(world: World) -> None:
    make_running_vm(world)
    world.platform.acl.grant(world.disk, ACCOUNT, Right.READ)
    world.result("open_share", share_arguments(world), subject="1")
    assert world.result("close_shares").files == ()
    assert world.value(f"Test-QsmFileAccess -Path '{world.disk}' -Sid '{world.account_sid}' -Right Read") is True


def test_a_share_that_lost_its_grant_is_missing(world: World) -> None:
    make_running_vm(world)
    name = world.result("open_share", share_arguments(world), subject="1").share.name
    world.platform.acl.revoke(world.disk, ACCOUNT)
    watch = {"vm_id": world.vm_id, "shares": [name], "files": []}
    assert world.result("watch_source", watch).missing_shares == (name,)


def test_share_refuses_before_it_touches_anything(world: World) -> None:
    make_running_vm(world)
    world.refuses("AccountUnknown", "open_share", share_arguments(world, account="LAB\\X$"))
    world.refuses("ShareFailed", "open_share", share_arguments(world, files=["D:\\elsewhere.vhdx"]))
    world.refuses("ShareFailed", "open_share", share_arguments(world, files=[f"{world.folder}\\gone.vhdx"]))
    world.platform.acl.deny(world.disk, ACCOUNT)
    before = world.platform.acl.entries(world.disk)
    world.refuses("ShareFailed", "open_share", share_arguments(world))
    assert world.platform.acl.entries(world.disk) == before
    assert world.platform.shares.get_smb_share(special=False) == ()


def test_share_that_cannot_be_made_is_told_and_taken_back(world: World) -> None:
    make_running_vm(world)
    world.fail("New-SmbShare", 0x80070005)
    world.fails("ShareFailed", "open_share", share_arguments(world))
    assert world.result("close_shares").files == (world.disk,)
    world.mend()
    world.fail("Set-Acl", 0x80070005)  # which icacls does
    answer = world.fails("ShareFailed", "open_share", share_arguments(world))
    assert answer.error is not None
    assert answer.error.hresult == 0x80070005 or "exit code 5" in answer.error.message
