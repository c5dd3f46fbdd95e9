"""Going home and cleaning up: only what is ours, and the source last."""

from __future__ import annotations

from typing import Any

import pytest
from world import World, checkpointed, exported, start_copy

from qsm.facts.states import VMOperationalStatus


def test_checkpoint_is_removed_and_the_merge_watched(world: World) -> None:
    pair = checkpointed(world)
    world.hyperv.arrange_vm(world.vm_id, merge_disabled=True)
    merging = (VMOperationalStatus.IN_SERVICE, VMOperationalStatus.MERGING_DISKS)
    question = {
        "vm_id": world.vm_id,
        "name": world.checkpoint,
        "bases": [{"slot": "SCSI 0:0", "path": world.disk}],
        "leaves": [pair.leaf.path],
    }
    assert world.result("get_checkpoint_removal", question).remaining[0] == f"checkpoint {world.checkpoint}"
    world.result("remove_checkpoint", {"vm_id": world.vm_id, "name": world.checkpoint})
    world.show(operational_status=merging)
    told = world.result("get_checkpoint_removal", question, wait_seconds=1)
    assert not told.done
    busy = tuple(f"busy: {status}" for status in merging)
    assert told.remaining == (*busy, f"disk SCSI 0:0: {pair.leaf.path}", f"file {pair.leaf.path}")
    world.show()
    world.hyperv.arrange_vm(world.vm_id, merge_disabled=False)
    told = world.result("get_checkpoint_removal", question, wait_seconds=60)
    assert (told.done, told.remaining, told.volumes[0].root) == (True, (), "D:\\")
    world.result("remove_checkpoint", {"vm_id": world.vm_id, "name": world.checkpoint}, subject="again")


def test_checkpoint_of_another_name_is_left_alone(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    world.hyperv.add_foreign_snapshot(world.vm_id, "theirs", snapshot_type="Standard")
    world.refuses("InvalidArgument", "remove_checkpoint", {"vm_id": world.vm_id, "name": "theirs"})
    world.result("remove_checkpoint", {"vm_id": world.vm_id, "name": world.checkpoint})
    assert "Remove-VMSnapshot" not in world.calls()


def test_checkpoint_stays_while_the_vm_is_handed_over(world: World) -> None:
    pair = checkpointed(world)
    world.change_record(owner="handed over")
    arguments = {"vm_id": world.vm_id, "name": world.checkpoint}
    world.refuses("NotOwner", "remove_checkpoint", arguments)
    assert world.path(pair.leaf.path).exists()


def test_files_stay_while_the_imported_vm_is_registered(world: World) -> None:
    arguments = exported(world)
    file = world.copy_file("copied.vhdx", folder=arguments["folder"])
    assert start_copy(world, [file]).ok
    world.ended("get_copy", 1)
    world.fenced("import_vm", arguments)
    files = {"files": [file["destination"]], "folders": []}
    (kept,) = world.result("remove_files", files).kept
    assert "is registered here" in kept
    world.fenced("remove_imported_vm", {"vm_id": world.vm_id})
    assert world.result("remove_files", files, subject="2").removed == (file["destination"],)


def test_imported_vm_is_removed_on_the_way_back(world: World) -> None:
    arguments = exported(world)
    world.fenced("import_vm", arguments)
    world.fenced("remove_imported_vm", {"vm_id": world.vm_id})
    assert world.hyperv.get_vms() == ()
    world.result("remove_imported_vm", {"vm_id": world.vm_id}, subject="2", revision=world.revision())


@pytest.mark.parametrize(
    ("owner", "shown"),
    [("may start", {}), ("none", {"state": "Running"}), ("none", {"configuration_location": "D:\\x"})],
)
def test_vm_that_is_not_ours_is_not_removed(world: World, owner: str, shown: dict[str, Any]) -> None:
    world.make_vm(state="Off")
    world.make_record("target", target_folder=world.vm.configuration_location)
    world.change_record(owner=owner)
    world.show(**shown)
    world.refuses("NotOwner", "remove_imported_vm", {"vm_id": world.vm_id}, revision=1)
    assert [vm.vm_id for vm in world.hyperv.get_vms()] == [world.vm_id]


def test_only_copied_files_are_removed(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    assert start_copy(world, [file]).ok
    world.ended("get_copy", 1)
    foreign = f"{world.folder}\\foreign.vhdx"
    world.path(foreign).write_bytes(b"theirs")
    arguments = {"files": [file["destination"], foreign], "folders": [world.folder]}
    told = world.result("remove_files", arguments)
    assert told.removed == (file["destination"],)
    assert [text.split(": ")[0] for text in told.kept] == [foreign, world.folder]
    world.path(foreign).unlink()
    told = world.result("remove_files", {**arguments, "files": [file["destination"]]}, subject="2")
    assert (told.removed, told.missing) == ((world.folder,), (file["destination"],))
    world.change_record(owner="may start")
    world.refuses("NotOwner", "remove_files", arguments, subject="3")


def moved_away(world: World) -> Any:
    pair = checkpointed(world)
    world.show()
    world.fenced("save_vm", world.save_arguments(pair, mode="none", expected_state="Off"))
    world.change_record(owner="handed over")
    return pair


def test_source_vm_that_stays_is_made_harmless(world: World) -> None:
    moved_away(world)
    arguments = {"vm_id": world.vm_id, "target_record": world.target_record(), "note": "Moved to HV02."}
    world.fenced("retire_source", arguments)
    assert world.vm.network_adapters[0].switch_name is None
    assert (world.vm.automatic_start_action, world.vm.notes) == ("Nothing", "Moved to HV02.\r\nold notes")
    world.result("retire_source", arguments, subject="2", revision=world.revision())
    assert world.vm.notes == "Moved to HV02.\r\nold notes"


@pytest.mark.parametrize(
    "fields", [{"owner": "may start"}, {"migration_id": "20300131T235959-00000000"}, {"role": "source"}]
)
def test_source_is_not_touched_without_the_targets_word(world: World, fields: dict[str, Any]) -> None:
    pair = moved_away(world)
    record = world.target_record(**fields)
    more = {"vm_id": world.vm_id, "target_record": record}
    world.refuses("NotOwner", "retire_source", {**more, "note": "x"}, revision=world.revision())
    world.refuses("NotOwner", "remove_source", more, revision=world.revision())
    files = {"target_record": record, "files": [pair.leaf.path], "folders": []}
    world.refuses("NotOwner", "remove_source_files", files)
    world.change_record(owner="source")
    world.refuses(
        "NotOwner", "remove_source", {**more, "target_record": world.target_record()}, revision=world.revision()
    )
    assert world.path(pair.leaf.path).exists()


def test_source_is_removed_last_and_file_by_file(world: World) -> None:
    pair = moved_away(world)
    world.hyperv.arrange_vm(world.vm_id, merge_disabled=True)
    record = world.target_record()
    other = f"{world.folder}\\other.vhdx"
    world.make_disk(other)
    files = {"target_record": record, "files": [pair.leaf.path, pair.base.path, other], "folders": []}
    kept = world.result("remove_source_files", files).kept
    assert len(kept) == 3
    assert "still registered" in kept[0]
    world.fenced("remove_source", {"vm_id": world.vm_id, "target_record": record})
    told = world.result("get_source_removal", {"vm_id": world.vm_id})
    assert (told.done, told.remaining) == (False, (f"file {pair.leaf.path}",))
    world.path(pair.leaf.path).unlink()
    assert world.result("get_source_removal", {"vm_id": world.vm_id}, wait_seconds=30).done
    told = world.result("remove_source_files", files, subject="2")
    assert (told.removed, told.missing) == ((pair.base.path,), (pair.leaf.path,))
    assert told.kept[0].startswith(f"{other}: ")


def test_source_vm_that_somebody_started_is_not_removed(world: World) -> None:
    moved_away(world)
    world.show(state="Running")
    arguments = {"vm_id": world.vm_id, "target_record": world.target_record()}
    answer = world.refuses("NotOwner", "remove_source", arguments, revision=world.revision())
    assert answer.error is not None
    assert "may be running on both hosts" in answer.error.message
