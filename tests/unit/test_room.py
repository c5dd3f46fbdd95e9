"""Room on volumes, counted: to the byte, on mount points, and where a host says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from qsm.errors import Failed
from qsm.facts.files import DiskFile, VMDisk
from qsm.facts.hosts import HostFacts, VolumeFacts
from qsm.facts.machines import VMFacts
from qsm.judgement import room
from qsm.judgement.placement import export_volume, place_disks
from qsm.judgement.room import Demand
from qsm.plan.chain import Chain, ChainLink
from qsm.plan.plan import Plan, TransferMode

GIB = 1 << 30
RESERVE = 10


def volume(root: str, free: int) -> VolumeFacts:
    return VolumeFacts(root=root, capacity_bytes=1 << 50, free_bytes=free, file_system="NTFS")


def disk_file(path: str, length: int, *, type_: str = "Dynamic", size: int = 100 * GIB) -> DiskFile:
    return DiskFile(
        path=path, length_bytes=length, last_write_ticks=1, format="VHDX", type=type_, size_bytes=size,
        parent_path=None, disk_identifier="d", content_identity="c",
    )  # fmt: skip


def vm_with(*files: DiskFile, state: str = "Running", **facts: Any) -> VMFacts:
    disks = tuple(
        VMDisk(slot=f"SCSI 0:{at}", path=file.path, pass_through=False, shared=False, chain=(file,), error=None)
        for at, file in enumerate(files)
    )
    places = {"snapshot_file_location": r"D:\VMs\sql", "configuration_location": r"D:\VMs\sql"}
    return VMFacts.model_construct(name="sql", disks=disks, state=state, **{**places, **facts})


def chain(path: str, *added: int, length: int = GIB, slot: str = "SCSI 0:0", type_: str = "Dynamic") -> Chain:
    """A disk with layers of ours of these lengths."""
    links = [ChainLink(file=disk_file(path, length, type_=type_), target_path=r"E:\New" + path[2:])]
    links += [
        ChainLink(file=disk_file(f"{path}_{at}.avhdx", each, type_="Differencing"), target_path=rf"E:\New\{at}.avhdx")
        for at, each in enumerate(added)
    ]
    return Chain(slot=slot, own=tuple(links[:1]), added=tuple(links[1:]))


def plan(*, transfer: TransferMode = TransferMode.SAVE, memory: int = 0) -> Plan:
    return Plan.model_construct(
        vm_name="sql", target="hv02", target_folder=r"E:\New", transfer=transfer, memory_bytes=memory,
        reserve_bytes=RESERVE,
    )  # fmt: skip


def needs(demands: list[Demand], *volumes: VolumeFacts) -> dict[str, int]:
    told = dict.fromkeys(("hv01", "hv02"), volumes)
    asked = room.add_up(demands, told, reserve_bytes=RESERVE)
    return {f"{need.host} {need.volume.root if need.volume else '?'}": need.needed_bytes for need in asked}


# --- which volume


@pytest.mark.parametrize(
    ("path", "root"),
    [
        (r"D:\VMs\a.vhdx", "D:\\"),
        ("d:", "D:\\"),
        (r"D:\VMs\Fast\a.vhdx", "D:\\VMs\\Fast\\"),
        (r"d:\vms\FAST", "D:\\VMs\\Fast\\"),
        (r"D:\VMs\Fast2\a.vhdx", "D:\\"),
        ("D:\\VMs\\Straße\\a.vhdx", "D:\\VMs\\Straße\\"),
        (r"D:\VMs\Strasse\a.vhdx", "D:\\"),
        (r"C:\ClusterStorage\Volume1\a.vhdx", "C:\\ClusterStorage\\Volume1\\"),
        (r"C:\ClusterStorage\Volume10\a.vhdx", "C:\\"),
        (r"X:\a.vhdx", None),
    ],
)
def test_the_longest_mount_path_is_the_volume(path: str, root: str | None) -> None:
    roots = ("C:\\", "D:\\", "D:\\VMs\\Fast\\", "D:\\VMs\\Straße\\", "C:\\ClusterStorage\\Volume1\\")
    found = room.volume_of(path, [volume(each, 1) for each in roots])
    assert (found.root if found else None) == root


# --- how much


@pytest.mark.parametrize(("free", "fits"), [(310, True), (309, False)], ids=["exactly enough", "one byte short"])
def test_to_the_byte(free: int, fits: bool) -> None:
    demands = [
        Demand("copy_base_disks", "hv02", r"E:\New\a.vhdx", "the copies of the VM's disks", 100),
        Demand("copy_base_disks", "hv02", r"E:\New\b.vhdx", "the copies of the VM's disks", 50),
        Demand("copy_changes", "hv02", r"E:\New", "the VM's saved memory", 150),
    ]
    told = {"hv02": [volume("E:\\", free)]}
    short = room.shortages(demands, told, reserve_bytes=RESERVE)
    expected = (
        "volume E:\\ of host hv02 has 309 bytes free; 310 are needed: 150 for the copies of the VM's disks (copy_base_disks),"
        " 150 for the VM's saved memory (copy_changes), 10 must stay free"
    )
    assert short == ([] if fits else [expected])
    if not fits:
        with pytest.raises(Failed, match=r"VM sql: volume E:\\ of host hv02 has 309 bytes free"):
            room.require(demands, told, plan())


def test_the_reserve_counts_once_a_volume() -> None:
    demands = [Demand("s", "hv01", path, "w", 1) for path in (r"D:\a", r"D:\b", r"D:\Fast\c")]
    assert needs(demands, volume("D:\\", 0), volume("D:\\Fast\\", 0)) == {"hv01 D:\\": 12, "hv01 D:\\Fast\\": 11}


def test_hosts_are_told_apart() -> None:
    demands = [Demand("s", host, r"D:\a", "w", 5) for host in ("hv01", "hv02")]
    assert needs(demands, volume("D:\\", 0)) == {"hv01 D:\\": 15, "hv02 D:\\": 15}


def test_a_volume_that_is_not_reported_has_no_room() -> None:
    demands = [Demand("s", "hv01", r"X:\VMs\a.vhdx", "w"), Demand("s", "hv02", r"D:\a", "w")]
    assert room.shortages(demands, {"hv01": [volume("D:\\", 1 << 50)]}, reserve_bytes=0) == [
        r"host hv01 does not report how much space is free on the volume of X:\VMs\a.vhdx",
        r"host hv02 does not report how much space is free on the volume of D:\a",
    ]


def test_of_a_volume_reported_twice_the_later_word_counts() -> None:
    told = {"hv01": [volume("D:\\", 0), volume("D:\\", 1)]}
    assert room.shortages([Demand("s", "hv01", r"D:\a", "w", 1)], told, reserve_bytes=0) == []


# --- the moments


def of_migration(
    vm: VMFacts, transfer: TransferMode, *, memory: int = 1000, folder: str | None = r"E:\New"
) -> dict[str, int]:
    disks, _ = place_disks(vm, r"E:\New", host="hv01")
    demands = room.of_migration(
        vm, disks, source="hv01", target="hv02", target_folder=folder, memory_bytes=memory, transfer=transfer
    )
    return needs(list(demands), *(volume(root, 0) for root in ("C:\\", "D:\\", "E:\\", "F:\\")))


FILES = (disk_file(r"D:\VMs\sql\a.vhdx", 300), disk_file(r"F:\b.vhdx", 70))


def test_a_running_vm_that_is_saved() -> None:
    """The memory lies in the checkpoint and in the saved state on D:, and once on the target."""
    assert of_migration(vm_with(*FILES), TransferMode.SAVE) == {
        "hv02 E:\\": 370 + 1000 + RESERVE, "hv01 D:\\": 2000 + RESERVE, "hv01 F:\\": RESERVE,
    }  # fmt: skip


def test_a_vm_that_is_shut_down_writes_memory_in_a_checkpoint_only() -> None:
    assert of_migration(vm_with(*FILES), TransferMode.SHUTDOWN) == {
        "hv02 E:\\": 370 + RESERVE, "hv01 D:\\": 1000 + RESERVE, "hv01 F:\\": RESERVE,
    }  # fmt: skip


def test_a_vm_that_stands_still() -> None:
    assert of_migration(vm_with(*FILES, state="Off"), TransferMode.NONE, memory=0) == {"hv02 E:\\": 370 + RESERVE}
    assert of_migration(vm_with(*FILES, state="Saved"), TransferMode.NONE) == {"hv02 E:\\": 1370 + RESERVE}


@pytest.mark.parametrize(
    ("transfer", "memory", "bytes_"),
    [
        (TransferMode.SAVE, 1000, 1000),
        (TransferMode.NONE, 1000, 1000),
        (TransferMode.SHUTDOWN, 1000, None),
        (TransferMode.NONE, 0, None),
    ],
)
def test_what_is_exported_is_the_memory_once_more(transfer: TransferMode, memory: int, bytes_: int | None) -> None:
    demands = list(room.of_export(r"F:\qsm-1", host="hv01", memory_bytes=memory, transfer=transfer))
    assert [demand.length_bytes for demand in demands] == ([] if bytes_ is None else [bytes_])


# --- the volume of the export


def chosen(vm: VMFacts, *volumes: VolumeFacts, memory: int = 1000) -> str:
    disks, _ = place_disks(vm, r"E:\New", host="hv01")
    demands = room.of_migration(
        vm, disks, source="hv01", target="hv02", target_folder=None, memory_bytes=memory, transfer=TransferMode.SAVE
    )
    host = HostFacts.model_construct(volumes=volumes, system_volume="C:\\")
    return export_volume(vm.model_copy(update={"volumes": ()}), host, list(demands), host="hv01")


def test_the_export_goes_where_the_most_room_is_left() -> None:
    """The checkpoint and the saved state take 2000 of D:, which is why F: has more with less."""
    vm = vm_with(*FILES)
    rest = (volume("C:\\", 1 << 40), volume("G:\\", 1 << 40))
    assert chosen(vm, volume("D:\\", 9000), volume("F:\\", 8000), *rest) == "F:\\"
    assert chosen(vm, volume("D:\\", 9000), volume("F:\\", 6000), *rest) == "D:\\"


def test_the_system_volume_takes_the_export_only_where_it_holds_all_of_the_vm() -> None:
    beside = {"snapshot_file_location": r"C:\VMs", "configuration_location": r"C:\VMs"}
    room_on_c = (volume("C:\\", 1 << 40), volume("F:\\", 1))
    assert chosen(vm_with(disk_file(r"F:\b.vhdx", 70), **beside), *room_on_c) == "F:\\"
    assert chosen(vm_with(disk_file(r"C:\VMs\b.vhdx", 70), **beside), *room_on_c) == "C:\\"
    mounted = (volume("C:\\", 1 << 40), volume("C:\\VMs\\", 1))
    assert chosen(vm_with(disk_file(r"C:\VMs\b.vhdx", 70), **beside), *mounted) == "C:\\VMs\\"


def test_a_target_that_takes_nothing_is_not_measured() -> None:
    assert of_migration(vm_with(*FILES, state="Off"), TransferMode.NONE, memory=0, folder=None) == {}


def test_files_on_a_share_are_refused_for_that_and_not_measured() -> None:
    vm = vm_with(disk_file(r"\\nas\vms\a.vhdx", 5))
    assert "hv01 ?" not in of_migration(vm, TransferMode.SHUTDOWN)


def test_the_merge_back_grows_each_base_on_its_own_volume() -> None:
    chains = [
        chain(r"D:\a.vhdx", 7, 8),
        chain(r"F:\b.vhdx", 9, slot="SCSI 0:1"),
        chain(r"F:\c.vhdx", 11, slot="SCSI 0:2", type_="Fixed"),
        chain(r"C:\d.vhdx", slot="SCSI 0:3"),
    ]
    demands = list(room.of_merge_back(chains, {"SCSI 0:0": 15, "SCSI 0:1": 9, "SCSI 0:2": 11}, host="hv01"))
    assert needs(demands, volume("D:\\", 0), volume("F:\\", 0)) == {"hv01 D:\\": 25, "hv01 F:\\": 19}


def test_the_window_takes_layers_their_merge_and_the_memory() -> None:
    chains = [chain(r"D:\a.vhdx", 7), chain(r"D:\b.vhdx", 9, slot="SCSI 0:1", type_="Fixed")]
    added = {"SCSI 0:0": 7, "SCSI 0:1": 9}
    for transfer, memory in ((TransferMode.SAVE, 100), (TransferMode.SHUTDOWN, 0)):
        demands = list(room.of_window(plan(transfer=transfer, memory=100), chains, added))
        assert needs(demands, volume("E:\\", 0)) == {"hv02 E:\\": 7 + 7 + 9 + memory + RESERVE}


def test_a_mount_point_inside_the_target_folder_is_a_volume_of_its_own() -> None:
    chains = [chain(r"D:\Disks\a.vhdx", 7)]
    demands = list(room.of_window(plan(memory=100), chains, {"SCSI 0:0": 7}))
    assert needs(demands, volume("E:\\", 0), volume("E:\\New\\Disks\\", 0)) == {
        "hv02 E:\\New\\Disks\\": 14 + RESERVE, "hv02 E:\\": 100 + RESERVE,
    }  # fmt: skip


def test_a_copy_that_runs_keeps_the_reserve_free() -> None:
    def ask(free: int) -> list[str]:
        told = volume("E:\\", free)
        demands = room.of_copy(told, host="hv02", what="the copy of base disk a.vhdx")
        return room.shortages(demands, {"hv02": [told]}, reserve_bytes=RESERVE)

    assert ask(RESERVE) == []
    assert ask(RESERVE - 1) == [
        "volume E:\\ of host hv02 has 9 bytes free; 10 are needed: 10 must stay free beside the copy of base disk a.vhdx"
    ]
