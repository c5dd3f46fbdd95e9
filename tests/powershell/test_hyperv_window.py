"""The offline window: saved, exported and merged, or refused because the world has changed."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hyperv_world import RESERVE, World, checkpointed

POSH_VERSION = "4.0"  # of 2012 R2: the oldest that must run this


def test_save_brings_the_vm_to_a_stand(world: World) -> None:
    pair = checkpointed(world)
    told = world.fenced("save_vm", world.save_arguments(pair))
    assert told.state == "Saved"
    assert [f.path for f in told.disks[0].chain] == [pair.leaf.path, pair.base.path]
    assert told.saved_state_files[0].path.endswith(f"{world.vm_id.upper()}.vmrs")
    assert world.value("$vm.AutomaticStartAction") == "Nothing"


@pytest.mark.parametrize(
    "change",
    [
        "$vm.State = 'Paused'",
        "$vm.Snapshots = @()",
        "$vm.Snapshots = @($vm.Snapshots[0], [PSCustomObject]@{ Id = [guid]::NewGuid(); Name = 'b'; SnapshotType = 'Recovery' })",
        "$vm.HardDrives[0].Path = 'D:\\x.vhdx'",
        "$vm.OperationalStatus = @('Ok', 'MergingDisks')",
        "Add-Content -LiteralPath '{disk}' -Value 'more'",
        "(Get-Item -LiteralPath '{disk}').LastWriteTimeUtc = [DateTime]'2030-01-01'",
        "Remove-Item -LiteralPath '{disk}'",
    ],
)
def test_save_is_refused_when_anything_has_changed(world: World, change: str) -> None:
    arguments = world.save_arguments(checkpointed(world))
    world.run(change.replace("{disk}", world.disk))
    world.refuses("WorldChanged", "save_vm", arguments, revision=world.revision())
    assert "Save-VM" not in world.run("$World.calls")
    assert world.value("$vm.AutomaticStartAction") == "StartIfRunning"


def test_save_is_refused_when_a_base_has_other_contents(world: World) -> None:
    pair = checkpointed(world)
    arguments = world.save_arguments(pair)
    arguments["expected_bases"][0]["content_identity"] = str(uuid.uuid4())
    world.refuses("WorldChanged", "save_vm", arguments, revision=world.revision())


def test_save_needs_room_for_the_memory(world: World) -> None:
    """Twice on this volume: beside the configuration, and once more where it is exported to."""
    pair = checkpointed(world)
    world.run("$World.volumes[1].FreeSpace = 1500MB")
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    world.run("$World.volumes[1].FreeSpace = 3100MB; $vm.DynamicMemoryEnabled = $true; $vm.MemoryAssigned = 1200MB")
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    # Less than it starts with is assigned: that counts. What it might grow to does not.
    world.run("$World.volumes[1].FreeSpace = 2800MB; $vm.MemoryAssigned = 512MB")
    world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    world.change_record(plan={"export_folder": f"C:\\qsm-{world.migration_id}"})
    world.run("$World.volumes[0].FreeSpace = 2000MB")
    answer = world.refuses("NoSpace", "save_vm", world.save_arguments(pair), revision=world.revision())
    assert answer.error is not None and answer.error.facts["volume"] == "C:\\"
    world.change_record(plan={"export_folder": f"D:\\qsm-{world.migration_id}"})
    world.run("$World.volumes[1].FreeSpace = 3100MB")
    assert world.fenced("save_vm", world.save_arguments(pair)).state == "Saved"


def test_save_that_fails_says_that_something_may_have_changed(world: World) -> None:
    pair = checkpointed(world)
    world.run("$World.fail['Save-VM'] = 0x80070070")
    answer = world.fails("SaveFailed", "save_vm", world.save_arguments(pair), revision=world.revision())
    assert answer.error is not None
    assert answer.error.hresult == 0x80070070


def test_shutdown_from_within_is_watched(world: World) -> None:
    pair = checkpointed(world)
    told = world.fenced("save_vm", world.save_arguments(pair, mode="shutdown"))
    assert (told.state, told.saved_state_files) == ("Off", ())


@pytest.mark.parametrize("option", ["shutdown = $false", "noIntegration = $true; $World.options.shutdown = $false"])
def test_guest_that_does_not_shut_down_is_never_turned_off(world: World, option: str) -> None:
    pair = checkpointed(world)
    world.run(f"$World.options.{option}")
    arguments = world.save_arguments(pair, mode="shutdown", wait_limit_seconds=1)
    world.fails("SaveFailed", "save_vm", arguments, revision=world.revision())
    assert world.value("$vm.State") == "Running"


def test_vm_that_stands_still_is_left_standing(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    arguments = world.save_arguments(mode="none", expected_state="Off")
    assert world.fenced("save_vm", arguments).state == "Off"
    assert world.value("$vm.AutomaticStartAction") == "Nothing"


def test_export_takes_configuration_and_memory_alone(world: World) -> None:
    pair = checkpointed(world)
    world.fenced("save_vm", world.save_arguments(pair))
    world.run("$World.options.exportsDisks = $true")
    told = world.fenced("export_configuration", {"vm_id": world.vm_id})
    names = [f.path.rsplit("\\", 1)[1].lower() for f in told.files]
    assert names == [f"{world.vm_id}.vmcx", f"{world.vm_id}.vmrs"]
    assert told.configuration == told.files[0].path
    assert told.folder == f"D:\\qsm-{world.migration_id}"


def test_exported_memory_is_closed_to_others_and_goes_with_the_migration(world: World) -> None:
    """It lies in a folder of its own, which nobody may have prepared, and whose name is of this migration."""
    pair = checkpointed(world)
    world.fenced("save_vm", world.save_arguments(pair))
    folder = f"D:\\qsm-{world.migration_id}"
    world.run("$World.fail['Set-Acl'] = 0x80070005")
    world.fails("ExportFailed", "export_configuration", {"vm_id": world.vm_id}, revision=world.revision())
    world.run("$World.fail.Remove('Set-Acl')")
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
    pair = checkpointed(world)
    world.fenced("save_vm", world.save_arguments(pair))
    world.run("$World.options.exportFails = $true")
    world.fails("ExportFailed", "export_configuration", {"vm_id": world.vm_id}, revision=world.revision())
    world.run("$World.options.exportFails = $false")
    assert len(world.fenced("export_configuration", {"vm_id": world.vm_id}).files) == 2
    world.run(f"$World.vms.Remove('{world.vm_id}')")
    world.refuses("VMNotFound", "export_configuration", {"vm_id": world.vm_id}, subject="x", revision=world.revision())


def merge_arguments(world: World, **fields: Any) -> dict[str, Any]:
    base = world.make_disk(world.disk)
    child = f"{world.folder}\\disk_1.avhdx"
    world.path(child).write_bytes(base.read_bytes())
    world.run(f"$World.vhd['{child}'] = @{{ parent = 'D:\\source\\disk.vhdx' }}")
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
    told = world.result("get_merge", {"number": 0})
    assert (told.state, told.percent, told.error) == ("Done", 100, None)
    assert (told.disk.path, told.disk.parent_path) == (world.disk, None)
    assert not world.path(arguments["children"][0]).exists()
    assert world.run("$World.tasks.Keys") == []


def test_disk_without_children_is_only_checked(world: World) -> None:
    world.make_record("target")
    world.result("start_merge", merge_arguments(world, children=[]), subject="0")
    assert world.result("get_merge", {"number": 0}).state == "Done"
    assert "Merge-VHD" not in world.run("$World.calls")


@pytest.mark.parametrize(
    ("trouble", "fields", "error_id"),
    [
        ("", {"base_length_bytes": 1}, "DiskChainBroken"),
        ("", {"base_content_identity": "other"}, "DiskChainBroken"),
        ("$World.fail['Set-VHD'] = 0xC03A000E", {}, "DiskChainBroken"),
        ("$World.fail['Test-VHD'] = 0xC03A0019", {}, "DiskChainBroken"),
        ("$World.fail['Merge-VHD'] = 0x80070070", {}, "MergeFailed"),
    ],
)
def test_merge_that_does_not_fit_fails(world: World, trouble: str, fields: dict[str, Any], error_id: str) -> None:
    world.make_record("target")
    arguments = merge_arguments(world, **fields)
    world.run(trouble)
    world.result("start_merge", arguments, subject="0")
    told = world.result("get_merge", {"number": 0})
    assert (told.state, told.error.id, told.error.category) == ("Failed", error_id, "failed")
    assert world.path(arguments["children"][0]).exists()


def test_merge_is_refused_before_it_begins(world: World) -> None:
    world.make_record("target")
    arguments = merge_arguments(world)
    world.refuses("FileMissing", "start_merge", {**arguments, "children": ["D:\\gone.avhdx"]})
    world.run("$World.volumes[1].FreeSpace = 1GB")
    world.refuses("NoSpace", "start_merge", arguments)
    # A fixed base does not grow.
    world.run(f"$World.vhd['{world.disk}'] = @{{ type = 'Fixed' }}")
    world.result("start_merge", arguments)
    assert world.result("get_merge", {"number": 0}).state == "Done"


def test_progress_of_a_merge_comes_from_hyperv(world: World) -> None:
    world.make_record("target")
    arguments = merge_arguments(world)
    world.run("$World.options.task = 'hang'")
    world.result("start_merge", arguments)
    state = {"state": "Running", "stage": "merge", "percent": 0, "disk": None, "seconds": 1.5, "error": None}
    (world.record_file().parent / "merges" / "0.json").write_text(json.dumps(state), "ascii")
    world.run(
        f"$World.storageJobs = @([PSCustomObject]@{{ JobState = 4; Child = '{arguments['children'][0]}'; PercentComplete = 42 }})"
    )
    told = world.result("get_merge", {"number": 0})
    assert (told.state, told.stage, told.percent) == ("Running", "merge", 42)
