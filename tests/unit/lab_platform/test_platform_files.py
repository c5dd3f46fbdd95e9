"""Files of a lab host: names, times, atomic changes, volumes that run full."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from platform_helpers import GIBIBYTE, MEGABYTE, create_host, refused

from lab.platform import errors
from lab.platform.acl import Right
from lab.platform.errors import PlatformError
from lab.platform.files import FileSystem
from lab.platform.open_files import Access
from lab.platform.platform import Platform
from lab.platform.this_machine import nanoseconds_of, ticks_of


def test_names_are_found_in_any_case_and_keep_their_spelling(host: Platform) -> None:
    host.files.make_folder(r"d:\vms/Web Öl")
    host.files.write_bytes(r"D:\VMS\web ÖL\Disk.vhdx", b"1")
    host.files.write_bytes(r"D:\vms\Web öl\DISK.VHDX", b"22")
    assert [info.path for info in host.files.list("D:\\", recursive=True)] == [
        r"D:\vms",
        r"D:\vms\Web Öl",
        r"D:\vms\Web Öl\Disk.vhdx",
    ]
    assert host.files.full_path(r"d:/VMs/WEB Öl/dIsK.vhdx") == r"D:\vms\Web Öl\Disk.vhdx"
    assert host.files.facts(r"D:\VMs\Web Öl\disk.vhdx").length_bytes == 2
    assert host.files.windows_path(host.files.host_path(r"D:\VMs\Web Öl\disk.vhdx")) == r"D:\vms\Web Öl\Disk.vhdx"


@pytest.mark.parametrize(
    "path",
    ["", "Web.vhdx", r"\Web", r"D:Web", r"\\HV1\share\x", r"D:\..\x", r"D:\a\.\b", "D:\\a?b", "D:\\a:b", "D:\\end. "],
)
def test_what_is_no_full_path_is_refused(host: Platform, path: str) -> None:
    assert not host.files.exists(path)
    with refused(errors.INVALID_NAME):
        host.files.host_path(path)


def test_no_path_leads_out_of_the_volume(host: Platform) -> None:
    with refused(errors.INVALID_NAME):
        host.files.read_bytes(r"D:\..\..\platform\host.json")
    with pytest.raises(ValueError, match=r"host\.json"):
        host.files.windows_path(host.host_folder / "platform" / "host.json")


def test_program_data_and_drives_that_are_missing(host: Platform) -> None:
    host.files.write_bytes(r"%ProgramData%\x", b"")
    assert host.files.facts(r"C:\programdata\X").path == r"C:\ProgramData\x"
    assert not host.files.exists(r"E:\x")
    for question in (host.files.facts, host.files.list, host.files.volume_of, host.files.make_folder):
        with refused(errors.PATH_NOT_FOUND):
            question(r"E:\x")


def test_missing_files_and_missing_folders_are_told_apart(host: Platform) -> None:
    for change in (host.files.facts, host.files.read_bytes):
        with refused(errors.FILE_NOT_FOUND):
            change(r"D:\x")
        with refused(errors.PATH_NOT_FOUND):
            change(r"D:\x\y")
    for path in (r"D:\x\y", r"D:\x\y\z"):
        with refused(errors.PATH_NOT_FOUND):
            host.files.write_bytes(path, b"")
    with refused(errors.FILE_NOT_FOUND):
        host.files.remove_file(r"D:\x")


@pytest.mark.parametrize("ticks", [638_000_000_001_234_567, 621_355_968_000_000_000, 639_999_999_999_999_999])
def test_times_are_exact_both_ways(host: Platform, ticks: int) -> None:
    host.files.write_bytes(r"D:\x", b"")
    host.files.set_last_write_ticks(r"D:\x", ticks)
    assert host.files.facts(r"D:\x").last_write_ticks == ticks
    assert ticks_of(nanoseconds_of(ticks)) == ticks


def test_a_rename_refuses_an_existing_name_and_keeps_time_and_entries(host: Platform) -> None:
    host.files.write_bytes(r"D:\a", b"a")
    host.files.write_bytes(r"D:\b", b"b")
    host.files.set_last_write_ticks(r"D:\a", 638_000_000_000_000_001)
    host.acl.grant(r"D:\a", "Everyone", Right.READ)
    with refused(errors.ALREADY_EXISTS):
        host.files.rename(r"D:\a", r"D:\B")
    assert host.files.read_bytes(r"D:\b") == b"b"
    host.files.rename(r"D:\a", r"D:\c")
    assert not host.files.exists(r"D:\a")
    assert host.files.facts(r"D:\c").last_write_ticks == 638_000_000_000_000_001
    assert [str(entry) for entry in host.acl.entries(r"D:\c")] == ["Everyone:Read"]
    host.files.rename(r"D:\c", r"D:\C")
    assert host.files.full_path(r"D:\c") == r"D:\C"
    with refused(errors.NOT_SAME_DEVICE):
        host.files.rename(r"D:\C", r"C:\C")


def test_of_many_that_create_one_file_exactly_one_succeeds(host: Platform) -> None:
    outcomes: list[str] = []
    together = threading.Barrier(8)

    def create(number: int) -> None:
        together.wait()
        try:
            host.files.create_new(r"D:\lock.json", str(number).encode())
            outcomes.append(f"made {number}")
        except PlatformError as error:
            outcomes.append(hex(error.hresult))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [outcome for outcome in outcomes if outcome.startswith("made")]
    assert len(made) == 1 and outcomes.count(hex(errors.FILE_EXISTS)) == 7
    assert made == [f"made {host.files.read_bytes('D:/lock.json').decode()}"]
    assert [info.path for info in host.files.list("D:\\")] == [r"D:\lock.json"]


def test_a_replace_is_never_half_seen_even_when_its_process_is_killed(host: Platform) -> None:
    program = (
        "import sys; from pathlib import Path; from lab.platform.files import FileSystem\n"
        "files = FileSystem(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "for number in range(10**9): files.replace('D:/record.json', (str(number % 10) * 200_000).encode())\n"
    )
    host.files.replace(r"D:\record.json", b"x" * 200_000)
    host.acl.grant(r"D:\record.json", "Everyone", Right.READ)
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", program, host.host_folder], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            for _ in range(60):
                data = host.files.read_bytes(r"D:\record.json")
                assert len(data) == 200_000 and len(set(data)) == 1
            writer.kill()
        data = host.files.read_bytes(r"D:\record.json")
        assert len(data) == 200_000 and len(set(data)) == 1
    assert [str(entry) for entry in host.acl.entries(r"D:\record.json")] == ["Everyone:Read"]


def test_folders(host: Platform) -> None:
    assert host.files.make_folder(r"d:\A\b") == r"D:\A\b"
    host.files.make_folder(r"D:\a\B")
    with refused(errors.FOLDER_NOT_EMPTY):
        host.files.remove_empty_folder(r"D:\A")
    host.files.remove_empty_folder(r"D:\A\b")
    host.files.remove_empty_folder(r"D:\A")
    with refused(errors.ACCESS_DENIED):
        host.files.remove_empty_folder("D:\\")
    assert host.files.exists("D:\\")
    host.files.write_bytes(r"D:\file", b"")
    with refused(errors.ALREADY_EXISTS):
        host.files.make_folder(r"D:\file")
    host.files.make_folder(r"D:\folder")
    with refused(errors.ACCESS_DENIED):
        host.files.remove_file(r"D:\folder")


def test_a_held_file_can_be_neither_read_nor_changed(host: Platform) -> None:
    host.files.write_bytes(r"D:\leaf", b"")
    held = host.open_files.open(
        r"d:\LEAF", access=Access.READ | Access.WRITE, share=Access.NONE, holder="VM Web (1234)"
    )
    changes = [
        lambda: host.files.read_bytes(r"D:\leaf"),
        lambda: host.files.write_bytes(r"D:\leaf", b"x"),
        lambda: host.files.replace(r"D:\leaf", b"x"),
        lambda: host.files.remove_file(r"D:\leaf"),
        lambda: host.files.rename(r"D:\leaf", r"D:\other"),
    ]
    for change in changes:
        with refused(errors.SHARING_VIOLATION, match=r"VM Web \(1234\)"):
            change()
    host.open_files.close(held)
    base = host.open_files.open(r"D:\leaf", access=Access.READ, share=Access.READ, holder="VM Web (1234)")
    assert host.files.read_bytes(r"D:\leaf") == b""
    for change in changes[1:]:
        with refused(errors.SHARING_VIOLATION):
            change()
    host.open_files.close(base)
    host.files.remove_file(r"D:\leaf")


def test_a_volume_runs_full_at_its_own_size_and_counts_lengths(host: Platform) -> None:
    volumes = host.files.volumes
    before = volumes.of("D:\\", fresh=True)
    assert (before.root, before.capacity_bytes, before.file_system) == ("D:\\", GIBIBYTE, "NTFS")
    with host.files.host_path(r"D:\sparse").open("wb") as file:
        file.truncate(100 * MEGABYTE)
    assert volumes.of(r"D:\any\thing", fresh=True).free_bytes == before.free_bytes - 100 * MEGABYTE
    volumes.set_free("D:\\", 8192)
    host.files.write_bytes(r"D:\small", bytes(8192))
    for change in (host.files.write_bytes, host.files.create_new, host.files.replace):
        with refused(errors.DISK_FULL):
            change(r"D:\one more", b"x")
    assert [info.path for info in host.files.list("D:\\")] == [r"D:\small", r"D:\sparse"]
    host.files.write_bytes(r"D:\small", bytes(100))  # a file that shrinks needs no room
    assert host.files.grow_allowed(r"D:\x", 4096) and not host.files.grow_allowed(r"D:\x", 8193)
    volumes.set_capacity("D:\\", 1)
    assert volumes.of("D:\\", fresh=True).free_bytes == 0


def test_a_volume_that_was_taken_away_is_none(host: Platform) -> None:
    volumes = host.files.volumes
    volumes.add("D:\\mnt\\", capacity_bytes=GIBIBYTE)
    assert volumes.root_of(r"D:\mnt\x") == "D:\\mnt\\"
    volumes.remove("d:\\MNT\\")
    assert volumes.root_of(r"D:\mnt\x") == "D:\\"
    with refused(errors.PATH_NOT_FOUND):
        volumes.remove("D:\\mnt\\")


def test_another_process_may_resize_a_volume(host: Platform) -> None:
    FileSystem(host.host_folder).volumes.set_free("D:\\", 12288)
    assert host.files.volumes.of("D:\\", fresh=True).free_bytes == 12288


def test_asking_for_room_is_cheap(host: Platform) -> None:
    for number in range(1000):
        host.files.host_path(rf"D:\{number}").write_bytes(b"x")

    def processor_seconds(act: Callable[[], object]) -> float:
        started = time.thread_time()
        for _ in range(200):
            act()
        return time.thread_time() - started

    counting = processor_seconds(lambda: host.files.volumes.of("D:\\", fresh=True))
    asking = processor_seconds(lambda: host.files.grow_allowed(r"D:\x", 4096))
    assert asking < counting / 2


def test_a_mount_point_is_a_volume_of_its_own(tmp_path: Path) -> None:
    host = create_host(tmp_path, "HV1")
    host.files.volumes.add(r"C:\ClusterStorage\Volume1", capacity_bytes=GIBIBYTE, file_system="CSVFS_NTFS")
    system = host.files.volumes.of("C:\\", fresh=True).free_bytes
    host.files.make_folder(r"C:\ClusterStorage\Volume1\VMs")
    host.files.write_bytes(r"c:\clusterstorage\VOLUME1\VMs\x", bytes(MEGABYTE))
    volume = host.files.volumes.of(r"C:\ClusterStorage\volume1\VMs\not yet", fresh=True)
    assert (volume.root, volume.file_system) == ("C:\\ClusterStorage\\Volume1\\", "CSVFS_NTFS")
    assert volume.free_bytes == GIBIBYTE - MEGABYTE
    assert host.files.volumes.of("C:\\", fresh=True).free_bytes == system
    assert host.files.volume_of(r"C:\ClusterStorage\Volume10").root == "C:\\"
    assert [each.root for each in host.files.volumes.all()] == ["C:\\", "C:\\ClusterStorage\\Volume1\\", "D:\\"]
    with refused(errors.NOT_SAME_DEVICE):
        host.files.rename(r"C:\ClusterStorage\Volume1\VMs\x", r"C:\x")


def test_a_real_full_disk_is_told_like_one_of_the_lab(host: Platform) -> None:
    full = host.files.host_path(r"D:\full")
    full.symlink_to("/dev/full")
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("needs /dev/full")
    with refused(errors.DISK_FULL):
        host.files.write_bytes(r"D:\full", b"x")


def test_names_that_only_look_alike_are_two(host: Platform) -> None:
    host.files.write_bytes(r"D:\Straße", b"1")
    host.files.write_bytes(r"D:\STRASSE", b"2")
    host.files.write_bytes(r"D:\STRAßE", b"3")
    assert {info.path for info in host.files.list("D:\\")} == {r"D:\Straße", r"D:\STRASSE"}
    assert host.files.read_bytes(r"d:\straße") == b"3"
