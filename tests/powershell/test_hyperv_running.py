"""What happens while the VM runs: checkpoint and shares on the source."""

from __future__ import annotations

from typing import Any

import pytest
from hyperv_world import ACCOUNT, ACCOUNT_SID, World


def test_checkpoint_freezes_the_disks(world: World) -> None:
    world.make_vm()
    world.make_record()
    told = world.fenced("take_checkpoint", world.checkpoint_arguments())
    (pair,) = told.disks
    assert (pair.base.path, pair.leaf.parent_path, pair.leaf.type) == (world.disk, world.disk, "Differencing")
    assert pair.leaf.path == world.value("$vm.HardDrives[0].Path")
    assert "type Production" in world.run("$World.calls")
    assert world.value("$vm.CheckpointType") == "ProductionOnly"
    assert world.value("[string]$vm.Snapshots[0].Id") == told.checkpoint_id


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("$vm.State = 'Paused'", "state"),
        (
            "$vm.Snapshots = @([PSCustomObject]@{ Id = [guid]::NewGuid(); Name = 'x'; SnapshotType = 'Recovery' })",
            "check",
        ),
        ("$vm.HardDrives[0].Path = 'D:\\other.vhdx'", "disks"),
        ("$vm.OperationalStatus = @('Ok', 'BackingUpVirtualMachine')", "status"),
    ],
)
def test_checkpoint_is_refused_when_the_world_has_changed(world: World, change: str, found: str) -> None:
    world.make_vm()
    world.make_record()
    world.run(change)
    answer = world.refuses("WorldChanged", "take_checkpoint", world.checkpoint_arguments(), revision=world.revision())
    assert answer.error is not None
    assert found in answer.error.message
    assert set(answer.error.facts) == {"found", "expected"}
    assert world.run("$World.calls | Where-Object { $_ -notlike 'Get-*' }") == []


@pytest.mark.parametrize("name", ["QSM", "QSM 20300131T235959-00000000", "backup"])
def test_checkpoint_of_another_name_is_not_taken(world: World, name: str) -> None:
    world.make_vm()
    world.make_record()
    world.refuses("InvalidArgument", "take_checkpoint", world.checkpoint_arguments(name=name), revision=1)
    assert "Checkpoint-VM" not in world.run("$World.calls")


def test_checkpoint_that_fails_restores_the_type(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.run("$World.fail['Checkpoint-VM'] = 0x80070005")
    answer = world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)
    assert answer.error is not None
    assert answer.error.hresult == 0x80070005
    assert world.value("$vm.CheckpointType") == "ProductionOnly"


def test_checkpoint_that_moved_no_writes_is_no_success(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.run("$World.options.halfCheckpoint = $true")
    world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)


def test_base_that_nobody_may_read_after_the_checkpoint_is_no_success(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.run("$World.options.holdsBase = $true")
    answer = world.fails("CheckpointFailed", "take_checkpoint", world.checkpoint_arguments(), revision=1)
    world.run("$World.held.Dispose()")
    assert answer.error is not None
    assert "still locked" in answer.error.message
    assert answer.error.retryable


def test_checkpoint_without_types_asks_for_none(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.run("$vm.PSObject.Properties.Remove('CheckpointType')")
    told = world.fenced("take_checkpoint", world.checkpoint_arguments(checkpoint_type=None))
    assert len(told.disks) == 1


def share_arguments(world: World, **fields: Any) -> dict[str, Any]:
    return {"number": 1, "folder": world.folder, "files": [world.disk], "account": ACCOUNT, **fields}


def test_share_is_opened_and_closed_without_a_trace(world: World) -> None:
    world.make_vm()
    world.make_record()
    before = world.result("get_inventory", {"folders": [world.folder]})
    name = f"qsm-{world.migration_id}-1$"
    told = world.result("open_share", share_arguments(world), subject="1")
    assert (told.share.name, told.share.files) == (name, (world.disk,))
    assert world.value(f"Test-QsmFileAccess -Path '{world.disk}' -Sid '{ACCOUNT_SID}' -Right Read") is True
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
    world.make_vm()
    world.make_record()
    world.run(f"Add-Ace '{world.disk}' '(A;;FR;;;{ACCOUNT_SID})'")
    world.result("open_share", share_arguments(world), subject="1")
    assert world.result("close_shares").files == ()
    assert world.value(f"Test-QsmFileAccess -Path '{world.disk}' -Sid '{ACCOUNT_SID}' -Right Read") is True


def test_a_share_that_lost_its_grant_is_missing(world: World) -> None:
    world.make_vm()
    world.make_record()
    name = world.result("open_share", share_arguments(world), subject="1").share.name
    world.run("$World.acl.Clear()")
    watch = {"vm_id": world.vm_id, "shares": [name], "files": []}
    assert world.result("watch_source", watch).missing_shares == (name,)


def test_share_refuses_before_it_touches_anything(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.refuses("AccountUnknown", "open_share", share_arguments(world, account="LAB\\X$"))
    world.refuses("ShareFailed", "open_share", share_arguments(world, files=["D:\\elsewhere.vhdx"]))
    world.refuses("ShareFailed", "open_share", share_arguments(world, files=[f"{world.folder}\\gone.vhdx"]))
    world.run(f"Add-Ace '{world.disk}' '(D;;FR;;;{ACCOUNT_SID})'")
    world.refuses("ShareFailed", "open_share", share_arguments(world))
    assert world.run("$World.calls -like '*icacls*'") == []
    assert world.run("$World.shares.Keys") == []


def test_share_that_cannot_be_made_is_told_and_taken_back(world: World) -> None:
    world.make_vm()
    world.make_record()
    world.run("$World.fail['New-SmbShare'] = 0x80070005")
    world.fails("ShareFailed", "open_share", share_arguments(world))
    assert world.result("close_shares").files == (world.disk,)
    world.run("$World.fail.Clear(); $World.fail['icacls'] = 5")
    answer = world.fails("ShareFailed", "open_share", share_arguments(world))
    assert answer.error is not None
    assert answer.error.hresult == 0x80070005 or "exit code 5" in answer.error.message
