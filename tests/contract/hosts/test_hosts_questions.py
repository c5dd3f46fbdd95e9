"""Questions: what a host tells is complete and true, and what it cannot tell it does not make up."""

from __future__ import annotations

import fcntl
import ntpath
from collections.abc import Callable
from typing import Any

import pytest
from hosts_driver import EVERY_WINDOWS, HostCaller, new_migration_id
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabAdapter, LabDisk
from lab.platform.windows import VERSIONS
from qsm.hosts.operations import OPERATIONS

EMPTY_ID = "00000000-0000-0000-0000-000000000001"
NAMES_THAT_WINDOWS_REFUSES = (
    r"D:\VMs\CON", r"D:\VMs\nul.txt\a", "D:\\VMs\\LPT\u00b3", r"D:\VMs\web.", r"D:\VMs\web \a", r"D:\VMs\\web", r"D:\\VMs\web",
    "D:\\VMs/web", "D:\\VMs\\a\tb", r"D:\VMs\a|b", r"\\nas\aux\x", "D:\\VMs\\" + 256 * "a",
)  # fmt: skip


@pytest.fixture
def make_vm(source: HostCaller, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Makes a VM that is off, and removes it after the test."""

    def make(name: str, **settings: Any) -> dict[str, Any]:
        told = {"state": "Off", "disks": [LabDisk(size_bytes=8 * MIB, path=rf"D:\Q\{name}-{id(request)}.vhdx")]}
        vm = source.host.create_vm(name, **{**told, **settings})
        request.addfinalizer(lambda: source.host.hyperv("remove_vm", vm_id=vm["vm_id"]))
        return vm

    return make


def knows_new_devices(caller: HostCaller) -> bool:
    """Whether the host's Windows has the devices, and the cmdlets for them, that came with 2016."""
    return bool(caller.call("get_host").result.os_build >= VERSIONS["2016"].build)


def ask_vm(caller: HostCaller, name_or_id: str) -> Any:
    (vm,) = caller.call("get_vm", {"name_or_id": name_or_id}).result.matches
    return vm


def test_every_operation_of_the_table_has_its_function() -> None:
    from lab.engines.python.operations.table import FUNCTIONS

    assert FUNCTIONS.keys() == OPERATIONS.keys()


@EVERY_WINDOWS
def test_host_tells_what_it_is(source: HostCaller, target: HostCaller) -> None:
    one, other = (caller.call("get_host", {"paths": [r"D:\VMs"]}).result for caller in (source, target))
    assert (one.computer_name, other.computer_name) == ("HV01", "HV02")
    assert one.computer_account == r"LAB\HV01$" and one.fqdn.casefold() == "hv01.lab.example"
    assert one.administrator and one.hyperv
    assert [volume.root for volume in one.volumes] == ["C:\\", "D:\\"]
    assert [switch.name for switch in one.switches] == ["LAN"]
    assert one.boot_time_ticks > 0 and one.supported_vm_versions
    assert one.logical_processors == 64 and one.memory_free_bytes > 0


def test_filtered_administrator_is_told_and_can_do_nothing(source: HostCaller) -> None:
    source.host.change_facts(administrator_filtered=True)
    try:
        found = source.probe()["result"]
        assert (found["administrator"], found["installed"]) == (False, False)
        assert source.call("get_host").error_id == "HostFailed"
    finally:
        source.close()
        source.host.change_facts(administrator_filtered=False)
    assert source.call("get_host").result.administrator is True


def test_vm_is_found_by_id_in_any_spelling_and_by_name_in_any_case(
    source: HostCaller, make_vm: Callable[..., dict[str, Any]]
) -> None:
    vm = make_vm("Spelled")
    for wanted in (vm["vm_id"], vm["vm_id"].upper(), "{" + vm["vm_id"].upper() + "}", "spelled", "SPELLED"):
        assert ask_vm(source, wanted).vm_id == vm["vm_id"]
    assert source.call("get_vm", {"name_or_id": EMPTY_ID}).result.matches == ()


def test_two_vms_of_one_name_are_both_told(source: HostCaller, make_vm: Callable[..., dict[str, Any]]) -> None:
    ids = {make_vm("twin")["vm_id"], make_vm("TWIN", disks=[])["vm_id"]}
    found = source.call("get_vm", {"name_or_id": "Twin"}).result.matches
    assert {vm.vm_id for vm in found} == ids


@EVERY_WINDOWS
def test_vm_is_told_whole(source: HostCaller, make_vm: Callable[..., dict[str, Any]]) -> None:
    vm = make_vm(
        "whole facts",
        disks=[
            LabDisk(size_bytes=8 * MIB, slot="IDE 0:0", format="VHD"),
            LabDisk(size_bytes=12 * MIB, slot="SCSI 0:3", dynamic=False),
        ],
        adapters=[LabAdapter(vlan_id=42), LabAdapter(switch_name=None, name="spare")],
        notes="of the sales department",
        automatic_start_action="Start",
        generation=1,
    )
    told = ask_vm(source, vm["vm_id"])
    assert told.unanswered == () and told.obstacles == () and told.checkpoints == ()
    assert [(disk.slot, disk.chain[0].format, disk.chain[0].type) for disk in told.disks] == [
        ("IDE 0:0", "VHD", "Dynamic"),
        ("SCSI 0:3", "VHDX", "Fixed"),
    ]
    vhd, vhdx = (disk.chain[0] for disk in told.disks)
    assert len(vhd.content_identity) == 1024 and vhd.size_bytes == 8 * MIB
    assert vhdx.content_identity == vhdx.content_identity.lower() and len(vhdx.content_identity) == 36
    assert (told.adapters[0].switch_name, told.adapters[0].vlan.mode, told.adapters[0].vlan.access_id) == (
        "LAN",
        "Access",
        42,
    )
    assert told.adapters[1].switch_name is None
    assert (told.notes, told.automatic_start_action, told.generation) == ("of the sales department", "Start", 1)
    assert [volume.root for volume in told.volumes] == ["D:\\"]
    assert told.lock is None and told.state == "Off"


@EVERY_WINDOWS
def test_what_cannot_be_moved_is_an_obstacle(source: HostCaller, make_vm: Callable[..., dict[str, Any]]) -> None:
    vm = make_vm("tied")
    source.host.hyperv(
        "arrange_vm",
        vm_id=vm["vm_id"],
        devices={"Get-VMFibreChannelHba": ["HBA 1"], "Get-VMAssignableDevice": ["GPU 0"]},
        security={"tpm_enabled": True, "shielded": True},
        is_clustered=True,
        replication_mode="Primary",
    )
    told = ask_vm(source, vm["vm_id"])
    since_2016 = {"AssignableDevice", "VirtualTpm", "Shielded"}  # before, there is no cmdlet, and no such device
    expected = {"FibreChannel"} | (since_2016 if knows_new_devices(source) else set())
    assert {obstacle.code for obstacle in told.obstacles} == expected
    assert told.clustered and told.replication_mode == "Primary"


@EVERY_WINDOWS
def test_question_that_fails_is_named_and_not_answered(
    source: HostCaller, make_vm: Callable[..., dict[str, Any]]
) -> None:
    vm = make_vm("silent")
    source.host.hyperv(
        "arrange_vm", vm_id=vm["vm_id"], unanswered=["Get-VMSecurity", "Get-VMGpuPartitionAdapter", "Get-VMSnapshot"]
    )
    told = ask_vm(source, vm["vm_id"])
    since_2016 = ["Get-VMGpuPartitionAdapter", "Get-VMSecurity"] if knows_new_devices(source) else []
    assert sorted(text.partition(":")[0] for text in told.unanswered) == [*since_2016, "checkpoints"]


def test_disk_that_cannot_be_read_says_so(source: HostCaller, make_vm: Callable[..., dict[str, Any]]) -> None:
    vm = make_vm("broken")
    path = source.host.disk_paths(vm["vm_id"])["SCSI 0:0"]
    path.rename(path.with_suffix(".away"))
    (disk,) = ask_vm(source, vm["vm_id"]).disks
    assert disk.chain == () and disk.error
    path.with_suffix(".away").rename(path)


def test_leaf_of_a_running_vm_has_no_identity_and_its_base_has(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("leaf")
    (disk,) = script.vm.disks
    assert [file.content_identity for file in disk.chain] == [""]
    script.begin()
    script.take_checkpoint()
    (disk,) = ask_vm(script.source.caller, script.vm_id).disks
    assert [bool(file.content_identity) for file in disk.chain] == [False, True]
    assert [file.type for file in disk.chain] == ["Differencing", "Dynamic"]
    assert ask_vm(script.source.caller, script.vm_id).lock.migration_id == script.migration_id
    script.source.caller.host.hyperv("stop_vm", vm_id=script.vm_id, turn_off=True)


def test_target_is_described_not_judged(
    source: HostCaller, target: HostCaller, make_vm: Callable[..., dict[str, Any]]
) -> None:
    vm = make_vm("judged")
    target.host.files.make_folder(r"D:\There")
    (target.host.files.host_path(r"D:\There") / "in the way.vhdx").write_bytes(b"")
    question = {
        "vm_id": vm["vm_id"],
        "folder": r"D:\There",
        "source_address": source.host.facts.fqdn,
        "files": [r"D:\There\in the way.vhdx", r"D:\There\free.vhdx"],
        "switch_names": ["LAN", "DMZ"],
        "mac_addresses": [],
        "compatibility": source.call("get_compatibility", {"vm_id": vm["vm_id"]}).result.compatibility,
        "images": [r"D:\There\in the way.vhdx", r"D:\There\seed.iso", r"X:\seed.iso", r"D:\There"],
    }
    told = target.call("test_target", question).result
    assert told.folder_kind == "local" and told.folder_exists
    assert told.files_in_the_way == (r"D:\There\in the way.vhdx",)
    assert told.missing_switches == ("DMZ",)
    assert told.missing_images == (r"D:\There\seed.iso", r"X:\seed.iso", r"D:\There")
    assert told.compatible is True and told.smb_reachable
    assert told.vm_state is None and told.lock is None
    kinds = {"D:\\": "root", r"X:\VMs": "missing", r"\\nas\vms\x": "smb", "VMs": "invalid", r"D:\New\Folder": "local"}
    kinds |= dict.fromkeys(NAMES_THAT_WINDOWS_REFUSES, "invalid") | {r"D:\VMs\console\COM0": "local"}
    for folder, kind in kinds.items():
        assert target.call("test_target", {**question, "folder": folder}).result.folder_kind == kind, folder
    blind = target.call("test_target", {**question, "compatibility": None, "source_address": "nowhere"}).result
    assert blind.compatible is None and not blind.smb_reachable
    here = source.call("test_target", question).result
    assert here.vm_state == "Off" and not here.planned_vm


def test_accounts_are_resolved_or_not(source: HostCaller) -> None:
    assert source.call("resolve_account", {"account": r"LAB\HV02$"}).result.sid
    assert source.call("resolve_account", {"account": r"LAB\NOBODY$"}).result.sid is None


def test_compatibility_of_a_vm_that_is_not_here_is_refused(source: HostCaller) -> None:
    assert source.call("get_compatibility", {"vm_id": EMPTY_ID}).error_id == "VMNotFound"


def test_migrations_are_found_by_vm_and_id_and_locks_without_one_too(
    make_script: Callable[..., MigrationScript],
) -> None:
    script = make_script("found", state="Off")
    script.begin()
    caller = script.source.caller
    for question in ({"vm": script.vm.name.upper()}, {"vm": script.vm_id}, {"migration_id": script.migration_id}):
        (found,) = caller.call("find_migrations", question).result.migrations
        assert found.record.migration_id == script.migration_id and found.locked
        assert [outcome.operation for outcome in found.outcomes] == ["create_record", "take_lock"]
    assert caller.call("find_migrations", {"vm": "another"}).result.migrations == ()
    record = caller.host.files.host_path(
        rf"C:\ProgramData\QuickStorageMigration\migrations\{script.migration_id}\record.json"
    )
    record.unlink()
    alone = caller.call("find_migrations", {"vm": script.vm_id}).result
    assert alone.migrations == () and [lock.migration_id for lock in alone.locks] == [script.migration_id]
    caller.host.files.host_path(rf"C:\ProgramData\QuickStorageMigration\locks\{script.vm_id}.json").unlink()


def test_change_tracking_beside_a_disk_is_told(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("tracked", state="Off")
    (disk,) = script.vm.disks
    assert disk.change_tracking == ()
    for extension in (".rct", ".mrt"):
        script.source.caller.host.files.write_bytes(disk.path + extension, b"")
    (vm,) = script.source.caller.call("get_vm", {"name_or_id": script.vm_id}).result.matches
    assert vm.disks[0].change_tracking == (f"{disk.path}.rct", f"{disk.path}.mrt")


def test_host_is_cleaned_of_what_has_ended_only(source: HostCaller) -> None:
    about = {"role": "source", "vm_id": EMPTY_ID, "vm_name": "x", "peer": "HV02", "by": "test", "plan": {}}
    ended, held, alive = (new_migration_id() for _ in range(3))
    for migration_id in (ended, held, alive):
        source.call("create_record", about, migration_id=migration_id)
    source.call("close_migration", {"end": "home", "text": ""}, migration_id=ended)
    source.call("close_migration", {"end": "held", "text": "nobody knows"}, migration_id=held)
    module = source.host.files.host_path(r"C:\ProgramData\QuickStorageMigration\modules") / ("0" * 64)
    (module / "QuickStorageMigration").mkdir(parents=True)
    cleaned = source.call("clean_host").result
    assert any(ended in path for path in cleaned.removed)
    assert any(path.endswith("0" * 64) for path in cleaned.removed) and not module.exists()
    assert not any(held in path or alive in path for path in cleaned.removed)
    assert any(held in text for text in cleaned.kept) and any(alive in text for text in cleaned.kept)
    assert source.call("get_host").ok, "the module that runs is kept"
    for migration_id in (held, alive):
        source.call("close_migration", {"end": "home", "text": ""}, migration_id=migration_id, subject="again")


def test_probe_file_can_be_fetched_by_the_other_host(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("probed", state="Off")
    script.begin()
    file = script.source.do("create_probe_file", size_bytes=4096)
    assert file.length_bytes == 4096
    with script.source.caller.host.files.host_path(file.path).open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # who wants it for itself meets who holds it
    (entry,) = script.source.caller.call("get_inventory", {"folders": [ntpath.dirname(file.path)]}).result.files
    assert any(each.startswith("NT VIRTUAL MACHINE\\") and each.endswith(":FullControl") for each in entry.access)
    destination = rf"{script.folder}\probe.bin"
    state = script.copy(1, file.path.rpartition("\\")[0], [(file, destination)], share=0)
    assert state.state == "Done"
    for side in (script.source, script.target):
        side.do("close_migration", end="home", text="checked")
    assert not script.source.caller.host.files.exists(file.path)


def test_volumes_and_checkpoints_of_others_are_told(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("watched", state="Off")
    script.begin()
    script.source.caller.host.hyperv("add_foreign_snapshot", vm_id=script.vm_id, name="of the backup")
    watched = script.source.do("watch_source", vm_id=script.vm_id, shares=["nothing$"], files=[])
    assert [(checkpoint.name, checkpoint.type) for checkpoint in watched.checkpoints] == [("of the backup", "Recovery")]
    assert watched.missing_shares == ("nothing$",)
    script.source.do("close_migration", end="home", text="")
    assert wait_until(lambda: ask_vm(script.source.caller, script.vm_id).checkpoints, what="the checkpoint")


def test_question_that_fails_for_a_passing_reason_says_so(source: HostCaller) -> None:
    """WMI while its provider is restarted. The same number of an act says nothing: it may have been done halfway."""
    for number in (0x80041002, 0x80041033, 0x800706BA):
        source.host.set_fault(
            Fault("Get-VM", FaultAction.FAIL, FaultPlace.CMDLET, hresult=number, message="Not found.")
        )
        answer = source.call("get_vm", {"name_or_id": "nobody"})
        assert answer.error is not None
        assert (answer.error_id, answer.error.category, answer.error.retryable) == ("HostFailed", "refused", True)
        assert answer.error.hresult == number
    source.host.set_fault(Fault("Get-VM", FaultAction.FAIL, FaultPlace.CMDLET, message="Not found."))
    answer = source.call("get_vm", {"name_or_id": "nobody"})
    assert answer.error is not None and not answer.error.retryable
