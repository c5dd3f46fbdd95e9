"""The offline window: saved, exported and merged, or refused because the world has changed."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from levers import MEBIBYTE
from waiting import wait_until
from world import RESERVE, World, checkpointed

from lab.disks import DiskKind, create_child
from qsm.facts.states import VMOperationalStatus

HOST_FACTS = {"powershell_version": "4.0"}  # of 2012 R2: the oldest that must run this
GIBIBYTE = 1 << 30


def test_save_brings_the_vm_to_a_stand(world: World) -> None:
    pair = checkpointed(world, runs=True)
    told = world.fenced("save_vm", world.save_arguments(pair))
    assert told.state == "Saved"
    assert [f.path for f in told.disks[0].chain] == [pair.leaf.path, pair.base.path]
    assert told.saved_state_files[0].path.endswith(f"{world.vm_id.upper()}.vmrs")
    assert world.vm.automatic_start_action == "Nothing"


def lose_checkpoint(world: World) -> None:
    world.hyperv.arrange_vm(world.vm_id, merge_disabled=True)  # its disks stay as they are
    world.hyperv.remove_vm_snapshot(world.vm_id, world.vm.snapshots[0].snapshot_id)


def take_another_checkpoint(world: World) -> None:
    drives = world.vm.hard_drives
    world.hyperv.add_foreign_snapshot(world.vm_id, "b")
    world.show(hard_drives=drives)


def alter_disk(world: World) -> None:
    with world.path(world.disk).open("ab") as file:
        file.write(b"more")


CHANGES: dict[str, Callable[[World], object]] = {
    "paused": lambda world: world.show(state="Paused"),
    "no checkpoint": lose_checkpoint,
    "two checkpoints": take_another_checkpoint,
    "another disk": lambda world: world.show(hard_drives=(world.drive("D:\\x.vhdx"),)),
    "merging": lambda world: world.show(operational_status=(VMOperationalStatus.OK, VMOperationalStatus.MERGING_DISKS)),
    "longer base": alter_disk,
    "later base": lambda world: os.utime(world.path(world.disk)),
    "base gone": lambda world: world.path(world.disk).unlink(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_save_is_refused_when_anything_has_changed(world: World, what: str) -> None:
    arguments = world.save_arguments(checkpointed(world))
    CHANGES[what](world)
    world.refuses("WorldChanged", "save_vm", arguments, revision=world.revision())
    assert "Save-VM" not in world.calls()
    assert world.vm.automatic_start_action == "StartIfRunning"


def test_save_is_refused_when_a_base_has_other_contents(world: World) -> None:
    pair = checkpointed(world)
    arguments = world.save_arguments(pair)
    arguments["expected_bases"][0]["content_identity"] = str(uuid.uuid4())
    world.refuses("WorldChanged", "save_vm", arguments, revision=world.revision())


def test_save_needs_room_for_the_memory(world: World) -> None:
    """Twice on this volume: beside the configuration, and once more where it is exported to."""
    pair = checkpointed(world, runs=True)
    world.show(memory_assigned_bytes=GIBIBYTE, memory_startup_bytes=GIBIBYTE, memory_maximum_bytes=2 * GIBIBYTE)
    world.set_free(1500 * MEBIBYTE)
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    world.set_free(3100 * MEBIBYTE)
    world.show(dynamic_memory_enabled=True, memory_assigned_bytes=1200 * MEBIBYTE)
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    # Less than it starts with is assigned: that counts. What it might grow to does not.
    world.set_free(2800 * MEBIBYTE)
    world.show(memory_assigned_bytes=512 * MEBIBYTE)
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    world.change_record(plan={"export_folder": f"C:\\qsm-{world.migration_id}"})
    world.set_free(2000 * MEBIBYTE, "C:\\")
    answer = world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    assert answer.error is not None and answer.error.facts["volume"] == "C:\\"
    world.change_record(plan={"export_folder": f"D:\\qsm-{world.migration_id}"})
    world.set_free(3100 * MEBIBYTE)
    assert world.fenced("save_vm", world.save_arguments(pair)).state == "Saved"


def test_save_that_fails_says_that_something_may_have_changed(world: World) -> None:
    pair = checkpointed(world)
    world.fail("Save-VM", 0x80070070)
    answer = world.fails("SaveFailed", "save_vm", world.save_arguments(pair), revision=world.revision())
    assert answer.error is not None
    assert answer.error.hresult == 0x80070070


def with_guest_up(world: World) -> Any:
    """A VM with our checkpoint whose guest answers when it is asked to shut down."""
    pair = checkpointed(world, runs=True)
    component = world.hyperv.get_shutdown_component
    wait_until(lambda: getattr(component(world.vm_id), "usable", False), what="the guest")
    return pair


def test_shutdown_from_within_is_watched(world: World) -> None:
    pair = with_guest_up(world)
    told = world.fenced("save_vm", world.save_arguments(pair, mode="shutdown"))
    assert (told.state, told.saved_state_files) == ("Off", ())


def test_guest_that_cannot_be_asked_is_not_shut_down(world: World) -> None:
    pair = checkpointed(world)
    world.hyperv.arrange_vm(world.vm_id, shutdown_component="Disabled")
    arguments = world.save_arguments(pair, mode="shutdown")
    answer = world.refuses("WorldChanged", "save_vm", arguments, revision=world.revision())
    assert answer.error is not None
    assert answer.error.facts["found"] == {"guest_shutdown": "Disabled"}
    assert "InitiateShutdown" not in world.calls()


@pytest.mark.parametrize("lever", ["guest_ignores_shutdown", "guest_refuses_shutdown"])
def test_guest_that_does_not_shut_down_is_never_turned_off(world: World, lever: str) -> None:
    pair = with_guest_up(world)
    world.hyperv.arrange_vm(world.vm_id, **{lever: True})
    arguments = world.save_arguments(pair, mode="shutdown", wait_limit_seconds=1)
    world.fails("SaveFailed", "save_vm", arguments, revision=world.revision())
    assert world.vm.state == "Running"


def test_vm_that_stands_still_is_left_standing(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    arguments = world.save_arguments(mode="none", expected_state="Off")
    assert world.fenced("save_vm", arguments).state == "Off"
    assert world.vm.automatic_start_action == "Nothing"


def saved(world: World) -> None:
    """A VM that was saved on the source, with our checkpoint."""
    pair = checkpointed(world)
    world.show()
    world.hyperv.lay_saved_state(world.vm_id, b"memory")
    world.fenced("save_vm", world.save_arguments(pair, mode="none", expected_state="Saved"))


def test_export_takes_configuration_and_memory_alone(world: World) -> None:
    saved(world)

    def leave_disk() -> None:
        (folder,) = world.path(f"D:\\qsm-{world.migration_id}").rglob("Virtual Machines")
        (folder / "extra.avhdx").write_bytes(b"child")

    with world.meanwhile("ExportSystemDefinition", leave_disk):
        told = world.fenced("export_configuration", {"vm_id": world.vm_id})
    names = [f.path.rsplit("\\", 1)[1].lower() for f in told.files]
    assert names == [f"{world.vm_id}.vmcx", f"{world.vm_id}.vmrs"]
    assert told.configuration == told.files[0].path
    assert told.folder == f"D:\\qsm-{world.migration_id}"


def test_exported_memory_is_closed_to_others_and_goes_with_the_migration(world: World) -> None:
    """It lies in a folder of its own, which nobody may have prepared, and whose name is of this migration."""
    saved(world)
    folder = f"D:\\qsm-{world.migration_id}"
    world.fail("Set-Acl", 0x80070005)
    world.fails("ExportFailed", "export_configuration", {"vm_id": world.vm_id}, revision=world.revision())
    world.mend()
    for name in ("D:\\qsm-20300131T235959-0123abcd", f"D:\\a\\..\\qsm-{world.migration_id}", "D:\\Backups"):
        world.change_record(plan={"export_folder": name})
        answer = world.call("export_configuration", {"vm_id": world.vm_id}, subject=name, revision=world.revision())
        assert answer.error is not None and (answer.error.id, answer.error.category) == ("InvalidArgument", "refused")
    world.change_record(plan={})
    world.refuses("InvalidArgument", "export_configuration", {"vm_id": world.vm_id}, revision=world.revision())
    world.change_record(plan={"export_folder": folder})
    told = world.fenced("export_configuration", {"vm_id": world.vm_id})
    assert world.value(f"(Get-Acl -LiteralPath '{told.folder}').Sddl").startswith("O:BAG:DUD:P")
    assert world.call("close_migration", {"end": "home", "text": ""}).ok
    assert not world.path(folder).exists()


def test_export_is_made_anew_after_a_failure(world: World) -> None:
    saved(world)
    world.fail("ExportSystemDefinition", 0x80078000)
    world.fails("ExportFailed", "export_configuration", {"vm_id": world.vm_id}, revision=world.revision())
    world.mend()
    assert len(world.fenced("export_configuration", {"vm_id": world.vm_id}).files) == 2
    world.hyperv.remove_vm(world.vm_id)
    world.refuses("VMNotFound", "export_configuration", {"vm_id": world.vm_id}, subject="x", revision=world.revision())


def merge_arguments(world: World, *, kind: DiskKind = DiskKind.DYNAMIC, **fields: Any) -> dict[str, Any]:
    """A copied base, and its child as it was copied: it names its parent where that lay on the source."""
    base, child = world.make_disk(world.disk, kind=kind), f"{world.folder}\\disk_1.avhdx"
    world.path(child).unlink(missing_ok=True)
    parent = "D:\\source\\disk.vhdx"
    create_child(world.path(child), parent=base, parent_windows_path=parent, relative_path="..\\source\\disk.vhdx")
    disk = world.value(f"Get-QsmDiskFile -Path '{world.disk}'")
    return {
        "number": 0,
        "base": world.disk,
        "children": [child],
        "base_length_bytes": disk["length_bytes"],
        "base_content_identity": disk["content_identity"],
        "reserve_bytes": RESERVE,
        **fields,
    }


def test_merge_folds_the_child_into_the_base(world: World) -> None:
    world.make_record("target")
    arguments = merge_arguments(world)
    assert world.result("start_merge", arguments, subject="0").task_name == f"qsm-{world.migration_id}-merge-0"
    told = world.ended("get_merge", 0)
    assert (told.state, told.percent, told.error) == ("Done", 100, None)
    assert (told.disk.path, told.disk.parent_path) == (world.disk, None)
    assert not world.path(arguments["children"][0]).exists()
    assert world.tasks() == []


def test_disk_without_children_is_only_checked(world: World) -> None:
    world.make_record("target")
    world.result("start_merge", merge_arguments(world, children=[]), subject="0")
    assert world.ended("get_merge", 0).state == "Done"
    assert "Merge-VHD" not in world.calls()


@pytest.mark.parametrize(
    ("trouble", "fields", "error_id"),
    [
        (None, {"base_length_bytes": 1}, "DiskChainBroken"),
        (None, {"base_content_identity": "other"}, "DiskChainBroken"),
        (("Set-VHD", 0xC03A000E), {}, "DiskChainBroken"),
        (("Test-VHD", 0xC03A0019), {}, "DiskChainBroken"),
        (("Merge-VHD", 0x80070070), {}, "MergeFailed"),
    ],
)
def test_merge_that_does_not_fit_fails(
    world: World, trouble: tuple[str, int] | None, fields: dict[str, Any], error_id: str
) -> None:
    world.make_record("target")
    arguments = merge_arguments(world, **fields)
    if trouble:
        world.fail(*trouble)
    world.result("start_merge", arguments, subject="0")
    told = world.ended("get_merge", 0)
    assert (told.state, told.error.id, told.error.category) == ("Failed", error_id, "failed")
    assert world.path(arguments["children"][0]).exists()


def test_merge_is_refused_before_it_begins(world: World) -> None:
    world.make_record("target")
    arguments = merge_arguments(world)
    world.refuses("FileMissing", "start_merge", {**arguments, "children": ["D:\\gone.avhdx"]})
    world.set_free(GIBIBYTE)
    world.refuses("NoSpace", "start_merge", arguments)
    # A fixed base does not grow.
    world.path(world.disk).unlink()
    arguments = merge_arguments(world, kind=DiskKind.FIXED)
    world.set_free(GIBIBYTE)
    world.result("start_merge", arguments)
    assert world.ended("get_merge", 0).state == "Done"


def test_progress_of_a_merge_comes_from_hyperv(world: World) -> None:
    world.make_record("target")
    arguments = merge_arguments(world)
    world.tasks_hang()
    world.result("start_merge", arguments)
    state = {"state": "Running", "stage": "merge", "percent": 0, "disk": None, "seconds": 1.5, "error": None}
    (world.record_file().parent / "merges" / "0.json").write_text(json.dumps(state), "ascii")
    world.host.bridge.memory.merges[arguments["children"][0]] = 42  # percent, as a Merge-VHD at work tells them
    told = world.result("get_merge", {"number": 0})
    assert (told.state, told.stage, told.percent) == ("Running", "merge", 42)
