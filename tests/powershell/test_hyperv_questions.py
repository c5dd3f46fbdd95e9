"""What the module asks of Windows: a question that fails is never taken for a good answer."""

from __future__ import annotations

import base64
import ntpath
import uuid
from typing import Any

import pytest
from two_hosts import ACCOUNT
from world import World

from lab.disks import read_info
from lab.hyperv.hosts import SUPPORTED_VERSIONS
from lab.hyperv.model import DeviceKind, VMSecurity

HOST_FACTS = {"logical_processors": 12}


def test_host_tells_what_it_is(world: World) -> None:
    world.add_volume("D:\\mnt\\", 7 << 20)
    world.platform.accounts.change(memory_bytes=1 << 20)
    host = world.result("get_host", {"paths": ["D:\\mnt\\x", "Q:\\nowhere"]})
    assert host.fqdn == "HV01.lab.example"
    assert host.computer_account == "LAB\\HV01$"
    assert (host.administrator, host.hyperv, host.cluster) == (True, True, None)
    assert host.supported_vm_versions == SUPPORTED_VERSIONS["2022"]
    assert [s.name for s in host.switches] == ["LAN", "DMZ"]
    assert {v.root: v.free_bytes for v in host.volumes} == {
        volume.root: volume.free_bytes for volume in world.platform.files.volumes.all()
    }
    assert {v.root: v.free_bytes for v in host.volumes}["D:\\mnt\\"] == 7 << 20
    assert (host.memory_free_bytes, host.logical_processors) == (1 << 20, 12)
    assert host.boot_time_ticks == world.platform.accounts.boot_time_ticks // 10 * 10
    assert (host.bits_start_mode, host.max_shells_per_user) == ("Manual", 30)


def test_host_without_hyperv_still_answers(world: World) -> None:
    world.fail("Get-VMHost", 0x80070005)
    world.fail("Get-WSManInstance", 0x80070005)
    host = world.result("get_host")
    assert host.max_shells_per_user == 0
    assert (host.hyperv, host.supported_vm_versions, host.switches, host.logical_processors) == (False, (), (), 0)


def test_member_of_a_cluster_says_so_or_nothing(world: World) -> None:
    world.platform.accounts.change(cluster="CL1")
    assert world.result("get_host").cluster == "CL1"
    world.fail("MSCluster_Cluster", 0x80041010)
    world.refuses("HostFailed", "get_host")


def test_vm_is_found_by_name_and_by_any_spelling_of_its_id(world: World) -> None:
    world.make_vm(state="Off", vlan=7, dvd="C:\\a.iso")
    world.show(state="Running")
    for asked in ("bücher [1]", f"{{{world.vm_id.upper()}}}", world.vm_id):
        (vm,) = world.result("get_vm", {"name_or_id": asked}).matches
        assert (vm.vm_id, vm.name, vm.state, vm.planned) == (world.vm_id, "Bücher [1]", "Running", False)
    assert vm.unanswered == ()
    assert vm.obstacles == ()
    assert vm.checkpoint_type == "ProductionOnly"
    assert (vm.adapters[0].switch_name, vm.adapters[0].vlan.access_id) == ("LAN", 7)
    assert vm.dvd_paths == ("C:\\a.iso",)
    assert [v.root for v in vm.volumes] == ["D:\\"]
    (base,) = vm.disks[0].chain
    assert (vm.disks[0].slot, base.format, base.parent_path) == ("SCSI 0:0", "VHDX", None)
    assert base.length_bytes == world.path(world.disk).stat().st_size
    assert world.result("get_vm", {"name_or_id": "B*"}).matches == ()


@pytest.mark.parametrize("name", ["disk.vhdx", "disk.vhd"])
def test_identity_is_what_the_file_itself_says(world: World, name: str) -> None:
    path = world.make_disk(f"{world.folder}\\{name}")
    disk = world.value(f"Get-QsmDiskFile -Path '{world.folder}\\{name}'")
    expected = read_info(path).content_identity if name.endswith("x") else path.read_bytes()[-512:].hex()
    assert disk["content_identity"].strip("{}") == expected.strip("{}").lower()
    assert disk["content_identity"] == disk["content_identity"].lower().strip("{}")


def test_of_two_headers_the_newer_valid_one_counts(world: World) -> None:
    path = world.make_disk(world.disk)
    first = world.value(f"Get-QsmVhdxIdentity -Path '{world.disk}'")
    data = bytearray(path.read_bytes())
    sequences = {o: int.from_bytes(data[o + 8 : o + 16], "little") for o in (65536, 131072)}
    newer, older = sorted(sequences, key=lambda offset: -sequences[offset])
    data[older + 40] ^= 0xFF
    path.write_bytes(data)
    assert world.value(f"Get-QsmVhdxIdentity -Path '{world.disk}'") == first
    data[newer + 40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(Exception, match="no valid VHDX header"):
        world.run(f"Get-QsmVhdxIdentity -Path '{world.disk}'")


def test_a_question_that_fails_is_told_as_unanswered(world: World) -> None:
    world.make_vm(state="Off")
    world.fail("Get-VMFibreChannelHba", 0x80070005)
    world.fail("Get-VMProcessor", 0x80004005)
    devices = {DeviceKind.ASSIGNABLE_DEVICE: ("GPU 1",)}
    world.hyperv.arrange_vm(world.vm_id, devices=devices, security=VMSecurity(tpm_enabled=True))
    world.fail("Get-VHD", 0x80070020)
    world.fail("Msvm_KvpExchangeComponent", 0x80041001)
    world.show(state="Running")
    (vm,) = world.result("get_vm", {"name_or_id": world.vm_id}).matches
    assert [text.split(":")[0] for text in vm.unanswered] == ["Get-VMProcessor", "Get-VMFibreChannelHba"]
    assert vm.guest_product is None
    assert {o.code for o in vm.obstacles} == {"AssignableDevice", "VirtualTpm"}
    assert vm.disks[0].chain == ()
    assert vm.disks[0].error


NOT_TOLD = """
function Get-WmiObject {
    if ($args -notcontains 'Win32_Volume') { return WindowsStandIns\\Get-WmiObject @args }
    WindowsStandIns\\Get-WmiObject @args | Where-Object { $_.Name -ne 'D:\\' }
}
"""
"""A lab host tells every volume that it has."""


def test_vm_on_a_volume_that_windows_does_not_tell(world: World) -> None:
    world.make_vm(state="Off")
    (vm,) = world.call_under(NOT_TOLD, "get_vm", {"name_or_id": world.vm_id}).result.matches
    assert [question.partition(":")[0] for question in vm.unanswered] == ["Get-Volume"]
    assert vm.volumes == ()


def test_pass_through_and_shared_disks_have_no_chain(world: World) -> None:
    world.make_vm(state="Off")
    shared = world.drive(f"{world.folder}\\set.vhds", "SCSI 0:1")
    world.show(hard_drives=(world.drive("", disk_number=3), shared))
    (vm,) = world.result("get_vm", {"name_or_id": world.vm_id}).matches
    assert [(d.pass_through, d.shared, d.chain, d.error) for d in vm.disks] == [
        (True, False, (), None),
        (False, True, (), None),
    ]


def test_planned_vm_counts(world: World) -> None:
    world.make_vm(state="Off")
    world.plan_vm("D:\\p")
    (vm,) = world.result("get_vm", {"name_or_id": world.vm_id}).matches
    assert (vm.planned, vm.generation, vm.path) == (True, 2, "D:\\p")
    assert vm.unanswered


def test_a_failing_host_is_not_taken_for_one_without_the_vm(world: World) -> None:
    world.fail("Get-VM", 0x80070005, times=1)  # and the list of WMI is told
    world.refuses("AccessDenied", "get_vm", {"name_or_id": world.vm_id})
    world.mend()
    world.fail("Msvm_ComputerSystem", 0x80070005)
    answer = world.refuses("HostFailed", "get_compatibility", {"vm_id": world.vm_id})  # WMI's errors have no number
    assert answer.error is not None
    assert answer.error.facts["error_id"].startswith("GetWMIManagementException,")


def test_compatibility_travels_from_source_to_target(world: World) -> None:
    world.make_vm(state="Off")
    told = world.result("get_compatibility", {"vm_id": world.vm_id}).compatibility
    assert base64.b64decode(told) == world.hyperv.get_system_compatibility_info(world.vm_id)
    world.fail("GetSystemCompatibilityInfo", 0x80041001)
    assert world.result("get_compatibility", {"vm_id": world.vm_id}).compatibility is None
    world.mend()
    world.fail("Msvm_VirtualSystemMigrationService", 0x80041001)
    assert world.result("get_compatibility", {"vm_id": world.vm_id}).compatibility is None
    world.refuses("VMNotFound", "get_compatibility", {"vm_id": str(uuid.uuid4())})


def target_arguments(world: World, **fields: Any) -> dict[str, Any]:
    return {
        "vm_id": world.vm_id,
        "folder": "D:\\VMs\\new",
        "source_address": "hv01",
        "files": [],
        "switch_names": [],
        "mac_addresses": [],
        "compatibility": None,
        **fields,
    }


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("D:\\VMs\\new", "local"),
        ("D:\\VMs\\new\\", "local"),
        ("D:\\", "root"),
        ("D:\\mnt", "root"),
        ("D:\\mnt\\VMs", "local"),
        ("C:\\ClusterStorage\\Volume1\\VMs", "csv"),
        ("C:\\ClusterStorage\\Volume1", "root"),
        ("Q:\\VMs", "missing"),
        ("\\\\files\\vms\\a", "smb"),
        ("\\\\files", "invalid"),
        ("VMs\\new", "invalid"),
        ("D:\\VMs\\..\\new", "invalid"),
        ("D:\\VMs\\a:b", "invalid"),
        ("D:\\VMs\\dot.", "invalid"),
        ("D:\\VMs\\\\new", "invalid"),
        ("D:\\\\VMs\\new", "invalid"),
        ("D:\\VMs\\Con", "invalid"),
        ("D:\\nul.tar.gz\\new", "invalid"),
        ("D:\\VMs\\com\u00b9 .txt", "invalid"),
        ("D:\\VMs\\LPT0\\con-1", "local"),
        ("", "invalid"),
    ],
)
def test_target_knows_kinds_of_folders(world: World, folder: str, kind: str) -> None:
    world.add_volume("D:\\mnt\\", 7)
    world.add_volume("C:\\ClusterStorage\\Volume1\\", 70)
    told = world.result("test_target", target_arguments(world, folder=folder))
    assert told.folder_kind == kind
    assert (told.volume is not None) == (kind in ("local", "csv", "root"))


ALSO_MOUNTED = """
function Get-WmiObject {
    WindowsStandIns\\Get-WmiObject @args
    if ($args -contains 'Win32_MountPoint') {
        $known = WindowsStandIns\\Get-WmiObject -Class Win32_Volume | Where-Object { $_.Name -eq 'E:\\data\\' }
        $device = $known.DeviceID.Replace('\\', '\\\\')
        [PSCustomObject]@{ Directory = 'Win32_Directory.Name="D:\\\\also"'; Volume = "Win32_Volume.DeviceID=`"$device`"" }
    }
}
"""
"""A volume of a lab host is mounted in one place."""


def test_a_second_mount_path_of_a_volume_counts(world: World) -> None:
    world.add_volume("E:\\data\\", 5)
    told = world.call_under(ALSO_MOUNTED, "test_target", target_arguments(world, folder="D:\\also\\VMs")).result
    assert (told.volume.root, told.volume.free_bytes) == ("D:\\also\\", 5)


def test_target_tells_what_stands_against_it(world: World) -> None:
    world.make_saved_vm()
    world.show(state="Running")
    world.platform.links.cut("HV01", "HV02")
    here = world.hyperv.get_system_compatibility_info(world.vm_id)
    elsewhere, garbage = here.replace(b"GenuineIntel", b"AuthenticAMD"), b"garbage"
    arguments = target_arguments(
        world,
        source_address="HV02",
        files=[world.disk, "D:\\VMs\\free.vhdx"],
        switch_names=["LAN", "gone"],
        folder=world.folder,
    )

    def asked(compatibility: bytes) -> Any:
        text = base64.b64encode(compatibility).decode("ascii")
        return world.result("test_target", {**arguments, "compatibility": text})

    told = asked(elsewhere)
    assert told.files_in_the_way == (world.disk,)
    assert told.missing_switches == ("gone",)
    (reason,) = told.incompatibilities
    assert not told.compatible
    assert "AuthenticAMD" in reason
    assert (told.vm_state, told.planned_vm, told.smb_reachable, told.folder_exists) == ("Running", False, False, True)
    assert asked(garbage).compatible is None
    assert asked(here).compatible is True


def test_account_resolves_or_not(world: World) -> None:
    assert world.result("resolve_account", {"account": ACCOUNT}).sid == world.account_sid
    assert world.result("resolve_account", {"account": "LAB\\NOBODY$"}).sid is None


def test_inventory_lists_what_is_there(world: World) -> None:
    world.make_vm(state="Off")
    world.show(state="Running")
    world.platform.shares.new_smb_share("data$", "D:\\")
    world.platform.acl.grant(world.disk, ACCOUNT, "Read")
    told = world.result("get_inventory", {"folders": [ntpath.dirname(world.disk), "D:\\absent"]})
    assert told.vms == (f"{world.vm_id} Bücher [1] Running",)
    assert told.shares == ("data$",)
    assert {file.path: file.access for file in told.files}[world.disk] == (
        f"{ACCOUNT}:Read, Synchronize",
        f"NT VIRTUAL MACHINE\\{world.vm_id.upper()}:FullControl",
    )
    world.fail("Msvm_PlannedComputerSystem", 0x80041001)
    world.refuses("HostFailed", "get_inventory", {"folders": []})
