"""What the module does when an act ends oddly: it looks at what is there afterwards, and says what it found.

What a script defines stands before Windows' own cmdlet for that script alone, as in test_rare_branches.py.
"""

from __future__ import annotations

import json

import pytest
from engine import ScriptError
from hyperv_world import ACCOUNT, World, exported, start_copy

VLAN = (
    "$vlan = @(Get-QsmPlannedVlan -VM $vm)\n"
    "$vm.NetworkAdapters[0].VlanSetting.OperationMode = 'Access'; $vm.NetworkAdapters[0].VlanSetting.AccessVlanId = 7\n"
)


def test_a_file_that_cannot_be_written_leaves_nothing_beside(world: World) -> None:
    world.make_vm(state="Off")
    folder = world.path(f"{world.folder}\\a.json")
    folder.mkdir()
    with pytest.raises(ScriptError):
        world.run('function Start-Sleep {}; Write-QsmJson -Path "$folder\\a.json" -Value @{ a = 1 }')
    assert list(folder.parent.glob("a.json.*")) == []
    folder.rmdir()
    folder.write_text("{}", "ascii")
    with pytest.raises(ScriptError, match="FileInTheWay"):
        world.run('Write-QsmJson -New -Path "$folder\\a.json" -Value @{ a = 1 }')
    assert (folder.read_text("ascii"), list(folder.parent.glob("a.json.*"))) == ("{}", [])


def test_a_vm_that_comes_to_run_and_one_that_goes_are_waited_for(world: World) -> None:
    world.make_vm(state="Off")
    world.run("$vm.State = 'Starting'")
    wait = "(Wait-QsmVMRunning -VMId $id -LimitSeconds 60).State"
    assert world.run(f"function Start-Sleep {{ $vm.State = 'Running' }}; {wait}") == ["Running"]
    gone = "Assert-QsmVMGone -VMId $id; $World.vms.Count"
    assert world.run(f"function Start-Sleep {{ $World.vms.Remove($id) }}; {gone}") == [0]


def test_vlan_is_taken_off_again(world: World) -> None:
    world.make_vm(state="Off")
    told = world.run(VLAN + "Repair-QsmVlan -VMId $id -Vlan $vlan; $vm.NetworkAdapters[0].VlanSetting.OperationMode")
    assert told == ["adapter Network Adapter: VLAN Untagged", "Untagged"]


# One row: what is left to a later attempt, and the words of the warning.
WARNED = {
    "Set-VM { throw 'kaputt' }; Set-QsmCheckpointType -VMId $id -CheckpointType Standard": "was not set back to Standard: kaputt",
    "Get-BitsTransfer { throw 'kaputt' }; Remove-QsmCopyJob -Name 'qsm-x'": "jobs of qsm-x could not be looked for: kaputt",
    "Remove-BitsTransfer { throw 'kaputt' }; Remove-QsmCopyJob -Name 'qsm-x'": "job qsm-x-0 could not be ended: kaputt",
}


@pytest.mark.parametrize(("script", "words"), WARNED.items(), ids=lambda text: text.split(" ")[0])
def test_what_is_left_is_warned_of(world: World, script: str, words: str) -> None:
    world.make_vm(state="Off")
    world.run("$World.jobs = @([PSCustomObject]@{ DisplayName = 'qsm-x-0'; Looks = 0; JobState = '' })")
    world.run("$World.options.transfers = 9")
    (told,) = world.run(f"function {script} -Confirm:$false 3>&1 | ForEach-Object {{ $_.Message }}")
    assert words in told


def test_vm_tells_odd_drives_and_questions_without_an_answer(world: World) -> None:
    world.make_vm(state="Off")
    world.run("$vm.HardDrives[0].ControllerType = 'PMEM'; $vm.HardDrives[0].Path = ''")
    (vm,) = world.run("function Get-VMSecurity { throw 'kaputt' }; Get-QsmVMFact -VM $vm")
    assert vm["disks"][0]["error"] == "The drive has no disk."
    assert [obstacle["code"] for obstacle in vm["obstacles"]] == ["PersistentMemory"]
    assert vm["unanswered"] == ["Get-VMSecurity: kaputt"]


def test_planned_vm_tells_its_disks_and_the_inventory_tells_it_and_tasks(world: World) -> None:
    world.make_vm(state="Off")
    world.run(f"$World.planned['{world.vm_id}'] = $vm; $World.vms.Clear(); $World.options.task = 'hang'")
    world.make_record("target")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    (vm,) = world.result("get_vm", {"name_or_id": world.vm_id}).matches
    assert [(disk.slot, disk.path, disk.chain) for disk in vm.disks] == [("planned 0", world.disk, ())]
    told = world.result("get_inventory", {"folders": []})
    assert told.planned_vms == (f"{world.vm_id} Bücher [1] Off",)
    assert told.tasks == (f"qsm-{world.migration_id}-copy-1",)


def test_a_disk_that_is_not_read_after_a_merge_remains(world: World) -> None:
    world.make_vm(state="Off")
    base = "[PSCustomObject]@{ slot = 'SCSI 0:0'; path = $disk }"
    remaining = f"Get-QsmRemainingCheckpoint -VM $vm -Name 'x' -MigrationId $migration -Base @({base}) -Leaf @()"
    assert world.run(remaining) == []
    (told,) = world.run(f"$World.fail['Get-VHD'] = 0x80070020; {remaining}")
    assert told.startswith("disk SCSI 0:0: ")


@pytest.mark.parametrize(
    ("state", "task", "alive"),
    [("Copying", "Running", True), ("Copying", "Ready", False), ("Done", "Ready", True), ("Failed", "Running", False)],
)
def test_work_is_not_started_again_while_it_lives(world: World, state: str, task: str, alive: bool) -> None:
    world.make_vm(state="Off")
    world.run("$World.options.task = 'hang'")
    world.make_record("target")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    work = "-MigrationId $migration -Kind copy -Number 1"
    told = world.run(
        f"$paths = Get-QsmWorkPath {work}; Write-QsmJson -Path $paths.state -Value @{{ state = '{state}' }}\n"
        f"(Get-QsmTask -Name (Get-QsmWorkName {work})).State = '{task}'\n"
        f"Test-QsmWorkAlive {work} -Request (Read-QsmJson -Path $paths.request)\n"
        f"Test-QsmWorkAlive {work} -Request @{{ other = 1 }}",
    )
    assert told == [alive, False]


def test_a_task_is_waited_for(world: World) -> None:
    world.make_vm(state="Off")
    world.run("$World.options.task = 'dead'")
    start = "Start-QsmTask -MigrationId $migration -Kind copy -Number 1; @($World.tasks.Values)[0].State"
    run_later = "function Start-Sleep { @($World.tasks.Values)[0].State = 'Running' }"
    assert world.run(f"{run_later}; {start}") == ["Running"]


def test_a_foreign_share_of_the_same_name_is_left_alone(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    name = f"qsm-{world.migration_id}-1$"
    world.run(
        f"$World.shares['{name}'] = [PSCustomObject]@{{ Name = '{name}'; Path = 'D:\\x'; SecurityDescriptor = '' }}"
    )
    arguments = {"number": 1, "folder": world.folder, "files": [world.disk], "account": ACCOUNT}
    answer = world.refuses("ShareFailed", "open_share", arguments, subject="1")
    assert answer.error is not None
    assert answer.error.facts == {"share": name, "path": "D:\\x"}
    assert world.run("$World.calls -like '*icacls*'") == []


def test_a_migration_that_never_locked_the_vm_changes_nothing(world: World) -> None:
    world.make_vm(state="Off")
    plan = {"role": "source", "vm_id": world.vm_id, "vm_name": "web", "peer": "HV02", "by": "ann", "plan": {}}
    world.result("create_record", plan)
    answer = world.refuses("NotOwner", "save_vm", world.save_arguments(expected_state="Off", mode="none"), revision=1)
    assert answer.error is not None
    assert "it has not locked the VM" in answer.error.message


def test_settings_that_stay_are_no_success(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    set_back = (
        "Restore-QsmVMSetting -VMId $id -AutomaticStartAction Start -CheckpointType Standard -MigrationId $migration"
    )
    with pytest.raises(ScriptError, match=r"HostFailed: .*'StartIfRunning ProductionOnly' instead of 'Start Standard'"):
        world.run(f"function Set-VM {{}}; {set_back}")


def test_what_the_source_does_not_own_is_not_handed_over(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    world.change_record(owner="target")
    with pytest.raises(ScriptError, match="NotOwner: The VM was not handed over: the source does not own it"):
        world.run("Set-QsmHandedOver -MigrationId $migration -VMId $id")


def test_a_planned_vm_elsewhere_is_left_alone(world: World) -> None:
    arguments = exported(world)
    planned = "$World.planned['{0}'] = New-WorldVM -Id '{0}' -Name p -Folder '{1}'"
    world.run(planned.format(world.vm_id, "D:\\elsewhere"))
    answer = world.refuses("NotOwner", "remove_imported_vm", {"vm_id": world.vm_id}, revision=world.revision())
    assert answer.error is not None
    assert "does not lie in" in answer.error.message
    assert world.run("$World.planned.Keys") == [world.vm_id]
    world.run(planned.format(world.vm_id, arguments["folder"]))
    world.result("remove_imported_vm", {"vm_id": world.vm_id}, subject="2", revision=world.revision())
    assert world.run("$World.planned.Keys") == []


def test_a_damaged_migration_is_kept_and_named(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    world.record_file().write_text("junk", "ascii")
    kept = [line for line in world.session.call("clean_host").result.kept if world.migration_id in line]
    assert len(kept) == 1
    assert "is damaged" in kept[0]


def test_an_act_that_cannot_be_written_down_is_no_refusal(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    arguments = {"vm_id": world.vm_id, "automatic_start_action": "Nothing", "checkpoint_type": None}
    fields = {"migration_id": world.migration_id, "subject": "", "revision": world.revision(), "wait_seconds": 0}
    line = json.dumps({"call": "1", "module": "", "operation": "restore_settings", "arguments": arguments, **fields})
    journal = f"(Join-Path (Get-QsmMigrationFolder -MigrationId '{world.migration_id}') 'operations')"
    lost = f"function Set-VM {{ Remove-Item -Recurse -LiteralPath {journal}; WindowsHost\\Set-VM @args }}"
    (answer,) = world.run(f"{lost}; Invoke-QsmOperation -Line '{line}'")
    error = json.loads(answer.split(" ", 2)[2])["error"]
    assert (error["id"], error["category"]) == ("HostFailed", "failed")
    assert "What became of restore_settings could not be written down on host HV01." in error["message"]
