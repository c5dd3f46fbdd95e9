"""Import and start on the target: what is proved, what is refused, what is left."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from waiting import DEADLINE_SECONDS
from world import World, exported

from lab.host.faults import FaultMoment
from lab.hyperv.model import VlanSetting

HOST_FACTS = {"powershell_version": "4.0"}  # of 2012 R2: the oldest that must run this


def test_import_points_the_vm_at_its_new_place(world: World) -> None:
    arguments = exported(world)
    (disk,), (switch,) = arguments["disks"], arguments["switches"]

    def lose() -> None:
        world.hyperv.set_vm_network_adapter_vlan(world.vm_id, switch["adapter_id"], vlan=VlanSetting())
        world.platform.acl.revoke(disk["path"], f"NT VIRTUAL MACHINE\\{world.vm_id}")

    with world.meanwhile("Import-VM", lose):
        told = world.fenced("import_vm", arguments)
    assert (told.vm.state, told.vm.disks[0].path) == ("Saved", arguments["disks"][0]["path"])
    assert (told.vm.adapters[0].switch_name, told.vm.adapters[0].vlan.access_id) == ("LAN", 7)
    assert told.vm.dvd_paths == ()
    assert len(told.vm.saved_state_files) == 1
    assert [text.split(":")[0] for text in told.repaired] == [
        "disk SCSI 0",
        "adapter Network Adapter",
        "DVD drive SCSI 0",
        "adapter Network Adapter",
        "disk SCSI 0",
    ]
    assert world.hyperv.get_planned_vms() == ()
    sid = world.value(f"Get-QsmVMSid -VMId '{world.vm_id}'")
    assert world.value(f"Test-QsmFileAccess -Path '{told.vm.disks[0].path}' -Sid '{sid}' -Right Full") is True


def test_disk_that_exists_at_the_old_path_here_is_not_taken(world: World) -> None:
    arguments = exported(world, switches=[{"adapter_id": "other", "switch_name": None}])
    world.hyperv.new_vm_switch("OldLAN")
    assert world.path(world.disk).exists()
    answer = world.fails("ImportFailed", "import_vm", arguments, revision=world.revision())
    assert answer.error is not None
    assert "no adapter 'other'" in answer.error.message
    assert world.vm.hard_drives[0].path == arguments["disks"][0]["path"]


def test_vm_that_lost_its_memory_in_the_import_is_no_success(world: World) -> None:
    arguments = exported(world)
    with world.meanwhile("Import-VM", lambda: world.hyperv.remove_vm_saved_state(world.vm_id)):
        answer = world.fails("ImportFailed", "import_vm", arguments, revision=world.revision())
    assert answer.error is not None
    assert "the VM's state is Off instead of Saved" in answer.error.message


def test_disconnected_adapter_stays_so(world: World) -> None:
    arguments = exported(world)
    arguments["switches"][0]["switch_name"] = None
    assert world.fenced("import_vm", arguments).vm.adapters[0].switch_name is None


@pytest.mark.parametrize(
    ("processor", "fields", "source"),
    [
        (b"AuthenticAMD", {}, "VirtualMachine"),
        (b"GenuineIntel", {"switches": []}, "VMNetworkAdapter"),
        (b"GenuineIntel", {"disks": []}, "VirtualMachine"),
    ],
)
def test_import_with_findings_left_leaves_nothing(
    world: World, processor: bytes, fields: dict[str, Any], source: str
) -> None:
    arguments = exported(world, **fields)
    configuration = world.path(arguments["configuration"])
    configuration.write_bytes(configuration.read_bytes().replace(b"GenuineIntel", processor))
    answer = world.refuses("ImportIncompatible", "import_vm", arguments, revision=world.revision())
    assert answer.error is not None
    assert {f["source"] for f in answer.error.facts["findings"]} == {source}
    assert (world.hyperv.get_planned_vms(), world.hyperv.get_vms()) == ((), ())


def test_import_that_fails_removes_the_planned_vm(world: World) -> None:
    arguments = exported(world)
    world.fail("Import-VM", 0x80070005)
    world.fails("ImportFailed", "import_vm", arguments, revision=world.revision())
    assert (world.hyperv.get_planned_vms(), world.hyperv.get_vms()) == ((), ())
    world.mend()
    world.fail("Compare-VM", 0x80070020)
    answer = world.fails("ImportFailed", "import_vm", arguments, revision=world.revision())
    assert answer.error is not None
    assert answer.error.retryable
    world.mend()
    assert world.fenced("import_vm", arguments).vm.state == "Saved"


def test_import_removes_only_a_planned_vm_of_ours(world: World) -> None:
    arguments = exported(world)
    world.plan_vm("D:\\foreign", arguments["configuration"])
    world.refuses("VMExists", "import_vm", arguments, revision=world.revision())
    world.hyperv.remove_vm(world.vm_id)
    world.hyperv.compare_vm(arguments["configuration"])
    assert world.fenced("import_vm", arguments).vm.state == "Saved"
    again = {**arguments, "expected_state": "Off"}
    world.refuses("VMExists", "import_vm", again, subject="again", revision=world.revision())


def start_arguments(world: World, **fields: Any) -> dict[str, Any]:
    return {"vm_id": world.vm_id, "epoch": None, "suspend": False, **fields}


def test_source_starts_its_own_vm(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    told = world.fenced("start_vm", start_arguments(world))
    assert told.state == "Running"
    assert 0 < told.uptime_seconds < DEADLINE_SECONDS
    assert world.result("start_vm", start_arguments(world), subject="2", revision=world.revision()).state == "Running"
    assert world.calls()["Start-VM"] == 1


def test_paused_vm_is_resumed_on_the_source_or_left_so(world: World) -> None:
    world.make_vm(state="Paused")
    world.make_record()
    assert world.fenced("start_vm", start_arguments(world, suspend=True)).state == "Paused"
    assert world.result("start_vm", start_arguments(world), subject="2", revision=world.revision()).state == "Running"
    world.hyperv.save_vm(world.vm_id)
    suspended = start_arguments(world, suspend=True)
    assert world.result("start_vm", suspended, subject="3", revision=world.revision()).state == "Paused"


@pytest.mark.parametrize("owner", ["handed over", "none", "target"])
def test_source_that_has_handed_over_starts_nothing(world: World, owner: str) -> None:
    world.make_saved_vm()
    world.make_record()
    world.change_record(owner=owner)
    answer = world.refuses("NotOwner", "start_vm", start_arguments(world), revision=1)
    assert answer.error is not None
    assert answer.error.facts == {"owner": owner, "epoch": 0}
    assert world.vm.state == "Saved"


@pytest.mark.parametrize(
    ("owner", "epoch", "given", "error_id"),
    [
        ("none", 1, 1, "NotOwner"),
        ("may start", 2, 1, "EpochStale"),
        ("may start", 2, None, "EpochStale"),
        ("may start", 2, 2, None),
        ("target", 2, 1, None),
    ],
)
def test_target_starts_with_its_epoch_alone(
    world: World, owner: str, epoch: int, given: int | None, error_id: str | None
) -> None:
    world.make_vm(state="Saved")
    world.make_record("target")
    world.change_record(owner=owner, epoch=epoch)
    answer = world.call("start_vm", start_arguments(world, epoch=given), revision=1)
    assert (answer.error.id if answer.error else None) == error_id
    assert (world.vm.state == "Running") == (error_id is None)


def test_record_of_another_vm_grants_nothing(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    world.change_record(vm_id=str(uuid.uuid4()))
    world.refuses("InvalidArgument", "start_vm", start_arguments(world), revision=1)


def test_refused_start_is_proved_or_counts_as_run(world: World) -> None:
    world.make_saved_vm()
    world.make_record()
    world.fenced("save_vm", world.save_arguments(mode="none", expected_state="Saved"))
    world.fail("Start-VM", 0x80070005)
    answer = world.refuses("StartRefused", "start_vm", start_arguments(world), revision=world.revision())
    assert answer.error is not None
    assert (answer.error.facts["state"], answer.error.hresult) == ("Saved", 0x80070005)
    world.mend()
    memory = world.path(world.vm.saved_state_files[0])
    with world.meanwhile("Start-VM", lambda: memory.write_bytes(b"after a short run"), FaultMoment.BEFORE):
        world.fails("HostFailed", "start_vm", start_arguments(world), subject="2", revision=world.revision())


def test_settings_are_restored_by_the_owner_alone(world: World) -> None:
    world.make_vm(state="Off")
    world.make_record()
    arguments = {"vm_id": world.vm_id, "automatic_start_action": "Start", "checkpoint_type": "Standard"}
    world.fenced("restore_settings", arguments)
    assert (world.vm.automatic_start_action, world.vm.checkpoint_type) == ("Start", "Standard")
    world.change_record(owner="handed over")
    world.refuses("NotOwner", "restore_settings", arguments, subject="2", revision=world.revision())
