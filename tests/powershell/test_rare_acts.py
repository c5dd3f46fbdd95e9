"""What the module does when an act ends oddly: it looks at what is there afterwards, and says what it found.

What a script defines stands before Windows' own cmdlet for that script alone, as in test_rare_branches.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from engine import ScriptError
from two_hosts import ACCOUNT, SHARE
from world import World, exported, start_copy

from lab.platform.identity import SYSTEM

VLAN = (
    "$vlan = @(Get-QsmPlannedVlan -VM $vm)\n"
    "Set-VMNetworkAdapterVlan -VMNetworkAdapter $vm.NetworkAdapters[0] -Access -VlanId 7\n"
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
    world.show(state="Starting")
    with world.meanwhile("Get-VM", lambda: world.show(state="Running"), skip=1):
        assert world.run("(Wait-QsmVMRunning -VMId $id -LimitSeconds 60).State") == ["Running"]
    world.show()
    world.run("function Start-Sleep { Remove-VM -VM $vm -Force -Confirm:$false }; Assert-QsmVMGone -VMId $id")
    assert world.hyperv.get_vms() == ()


def test_vlan_is_taken_off_again(world: World) -> None:
    world.make_vm(state="Off")
    told = world.run(VLAN + "Repair-QsmVlan -VMId $id -Vlan $vlan")
    assert told == ["adapter Network Adapter: VLAN Untagged"]
    assert world.vm.network_adapters[0].vlan.operation_mode == "Untagged"


# One row: the cmdlet that fails, what the module does with it, and the words of its warning: it is left to a later attempt.
WARNED = {
    "Set-VM": ("Set-QsmCheckpointType -VMId $id -CheckpointType Standard", "was not set back to Standard: kaputt"),
    "Get-BitsTransfer": ("Remove-QsmCopyJob -Name 'qsm-x'", "jobs of qsm-x could not be looked for: kaputt"),
    "Remove-BitsTransfer": ("Remove-QsmCopyJob -Name 'qsm-x'", "job qsm-x-0 could not be ended: kaputt"),
}


@pytest.mark.parametrize("cmdlet", WARNED)
def test_what_is_left_is_warned_of(world: World, cmdlet: str) -> None:
    world.make_vm(state="Off")
    world.platform.links.stall("HV01", "HV02")
    world.platform.bits.start_bits_transfer(
        f"\\\\HV02\\{SHARE}\\a", f"{world.folder}\\a", caller=SYSTEM, asynchronous=True, display_name="qsm-x-0"
    )
    script, words = WARNED[cmdlet]
    world.fail(cmdlet, 0x80004005)
    (told,) = world.run_as_system(f"{script} -Confirm:$false 3>&1 | ForEach-Object {{ $_.Message }}")
    assert words in told
    world.mend()


PERSISTENT_MEMORY = """
function Get-VMHardDiskDrive {
    WindowsStandIns\\Get-VMHardDiskDrive @args | ForEach-Object { $_.ControllerType = 'PMEM'; $_ }
}
"""
"""A lab host has no such controllers."""


def test_vm_tells_odd_drives_and_questions_without_an_answer(world: World) -> None:
    world.make_vm(state="Off")
    world.show(hard_drives=(world.drive(""),))
    world.fail("Get-VMSecurity", 0x80004005)
    (vm,) = world.run(f"{PERSISTENT_MEMORY}; Get-QsmVMFact -VM $vm")
    assert vm["disks"][0]["error"] == "The drive has no disk."
    assert [obstacle["code"] for obstacle in vm["obstacles"]] == ["PersistentMemory"]
    (unanswered,) = vm["unanswered"]
    assert unanswered.startswith("Get-VMSecurity: kaputt")


def test_planned_vm_tells_its_disks_and_the_inventory_tells_it_and_tasks(world: World) -> None:
    world.make_vm(state="Off")
    world.plan_vm("D:\\p")
    world.tasks_hang()
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
    world.fail("Get-VHD", 0x80070020)
    (told,) = world.run(remaining)
    assert told.startswith("disk SCSI 0:0: ")


@pytest.mark.parametrize(
    ("state", "task", "alive"),
    [("Copying", "Running", True), ("Copying", "Ready", False), ("Done", "Ready", True), ("Failed", "Running", False)],
)
def test_work_is_not_started_again_while_it_lives(world: World, state: str, task: str, alive: bool) -> None:
    world.make_vm(state="Off")
    world.tasks_hang()
    world.make_record("target")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    if task == "Ready":
        world.end_tasks()
    work = "-MigrationId $migration -Kind copy -Number 1"
    told = world.run(
        f"$paths = Get-QsmWorkPath {work}; Write-QsmJson -Path $paths.state -Value @{{ state = '{state}' }}\n"
        f"Test-QsmWorkAlive {work} -Request (Read-QsmJson -Path $paths.request)\n"
        f"Test-QsmWorkAlive {work} -Request @{{ other = 1 }}",
    )
    assert told == [alive, False]


def test_a_task_is_waited_for(world: World) -> None:
    world.make_vm(state="Off")
    world.tasks_do_not_start()

    def start_after_all() -> None:
        (task,) = world.platform.tasks.get_scheduled_task()
        world.tasks_hang()
        world.platform.tasks.start_scheduled_task(task.name, path=task.path)

    with world.meanwhile("Get-ScheduledTask", start_after_all, skip=1):
        world.run("Start-QsmTask -MigrationId $migration -Kind copy -Number 1")
    assert [task.state for task in world.platform.tasks.get_scheduled_task()] == ["Running"]


def test_a_foreign_share_of_the_same_name_is_left_alone(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    name = f"qsm-{world.migration_id}-1$"
    world.platform.shares.new_smb_share(name, world.platform.files.make_folder("D:\\x"))
    before = world.platform.acl.entries(world.disk)
    arguments = {"number": 1, "folder": world.folder, "files": [world.disk], "account": ACCOUNT}
    answer = world.refuses("ShareFailed", "open_share", arguments, subject="1")
    assert answer.error is not None
    assert answer.error.facts == {"share": name, "path": "D:\\x"}
    assert world.platform.acl.entries(world.disk) == before


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
    world.plan_vm("D:\\elsewhere", arguments["configuration"])
    answer = world.refuses("NotOwner", "remove_imported_vm", {"vm_id": world.vm_id}, revision=world.revision())
    assert answer.error is not None
    assert "does not lie in" in answer.error.message
    assert [vm.vm_id for vm in world.hyperv.get_planned_vms()] == [world.vm_id]
    world.hyperv.remove_vm(world.vm_id)
    world.hyperv.compare_vm(arguments["configuration"])
    world.result("remove_imported_vm", {"vm_id": world.vm_id}, subject="2", revision=world.revision())
    assert world.hyperv.get_planned_vms() == ()


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
    arguments: dict[str, Any] = {"vm_id": world.vm_id, "automatic_start_action": "Nothing", "checkpoint_type": None}
    journal = "(Join-Path (Get-QsmMigrationFolder -MigrationId $migration) 'operations')"
    lost = f"function Set-VM {{ Remove-Item -Recurse -LiteralPath {journal}; WindowsStandIns\\Set-VM @args }}"
    error = world.call_under(lost, "restore_settings", arguments, revision=world.revision()).error
    assert error is not None
    assert (error.id, error.category) == ("HostFailed", "failed")
    assert "What became of restore_settings could not be written down on host HV01." in error.message
