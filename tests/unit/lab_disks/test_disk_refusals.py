"""What cannot work is refused before anything is changed: full volumes, files in use, damaged and foreign files."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest
from disk_helpers import FORMATS, MEBIBYTE, DiskModel, make_disk

from lab.disks import (
    DiskError,
    DiskFormat,
    DiskKind,
    Hresult,
    create_child,
    create_disk,
    merge_into_parent,
    open_chain,
    parent_in_same_folder,
    read_info,
)
from lab.judges.verify_disks import FlatReader


@pytest.fixture(params=FORMATS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> DiskModel:
    made = make_disk(tmp_path, request.param)
    made.write_at_random(random.Random(1), count=20, granularity_bytes=4096)
    return made


def state_of(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mtime_ns


class FillingVolume:
    """Has so much space left, and remembers what it was asked."""

    def __init__(self, free_bytes: int) -> None:
        self.free_bytes = free_bytes
        self.asked: list[int] = []

    def allow_growth(self, extra_bytes: int) -> bool:
        self.asked.append(extra_bytes)
        if extra_bytes > self.free_bytes:
            return False
        self.free_bytes -= extra_bytes
        return True


def test_a_full_volume_refuses_a_write_before_anything_changes(model: DiskModel) -> None:
    child = model.add_child("child")
    before, volume = state_of(child), FillingVolume(0)
    with open_chain(child, resolve=parent_in_same_folder, writable=True, allow_growth=volume.allow_growth) as disk:
        with pytest.raises(OSError, match="no space") as full:
            disk.write(2 * MEBIBYTE - 512, bytes(1024))  # two new blocks
        assert full.value.errno == errno.ENOSPC
        assert full.value.filename == str(child)
        assert state_of(child) == before
        volume.free_bytes = volume.asked[0]
        disk.write(2 * MEBIBYTE - 512, b"\x11" * 1024)
        grown = child.stat().st_size - len(before[0])
        assert (volume.asked, grown, volume.free_bytes) == ([grown, grown], grown, 0)
        disk.write(2 * MEBIBYTE, b"\x22" * 4096)  # no new block: nobody is asked
        assert len(volume.asked) == 2
    model.contents[2 * MEBIBYTE - 512 : 2 * MEBIBYTE + 512] = b"\x11" * 1024
    model.contents[2 * MEBIBYTE : 2 * MEBIBYTE + 4096] = b"\x22" * 4096
    model.check()


def test_growth_is_announced_to_the_byte(model: DiskModel) -> None:
    child = model.add_child("child")
    volume = FillingVolume(1 << 40)
    with open_chain(child, resolve=parent_in_same_folder, writable=True, allow_growth=volume.allow_growth) as disk:
        before = child.stat().st_size
        for offset in range(0, 8 * MEBIBYTE, 1_536_000):
            disk.write(offset, bytes(700 * 512))
            assert child.stat().st_size - before == sum(volume.asked)


def test_a_merge_on_a_full_volume_can_be_run_again(tmp_path: Path) -> None:
    for format in FORMATS:
        folder = tmp_path / format
        folder.mkdir()
        model = make_disk(folder, format)
        model.add_child("child")
        model.write_at_random(random.Random(2), count=20, granularity_bytes=4096)
        base, child = model.files
        volume = FillingVolume(3 * MEBIBYTE)
        with pytest.raises(OSError, match="no space"):
            merge_into_parent(child, parent=base, allow_growth=volume.allow_growth)
        assert base.stat().st_size <= len(base.read_bytes())
        model.check(child)
        volume.free_bytes = 1 << 40
        merge_into_parent(child, parent=base, allow_growth=volume.allow_growth)
        model.check(base)


def test_opening_for_writing_changes_nothing_and_the_first_write_does(model: DiskModel) -> None:
    before, info = state_of(model.leaf), read_info(model.leaf)
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        disk.read(0, disk.size_bytes)
        disk.write(512, b"")
        disk.flush()
    assert state_of(model.leaf) == before
    child = model.add_child("child")
    parent_before = state_of(model.files[0])
    with open_chain(child, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, bytes(512))
        first = read_info(child).content_identity
        disk.write(4096, bytes(512))
        assert read_info(child).content_identity == first
    assert state_of(model.files[0]) == parent_before
    with open_chain(child, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, bytes(512))
    if model.format is DiskFormat.VHDX:
        assert read_info(child).content_identity != first
    assert read_info(model.files[0]) == info


def test_a_disk_open_for_writing_belongs_to_one(model: DiskModel) -> None:
    child = model.add_child("child")
    base = model.files[0]
    with open_chain(child, resolve=parent_in_same_folder, writable=True):
        for path, writable in ((child, True), (child, False), (base, True)):
            with pytest.raises(DiskError, match="in use") as refused:
                open_chain(path, resolve=parent_in_same_folder, writable=writable)
            assert refused.value.hresult == Hresult.SHARING_VIOLATION == 0x80070020
        with pytest.raises(DiskError, match="in use"):
            merge_into_parent(child, parent=base)
        open_chain(base, resolve=parent_in_same_folder, writable=False).close()
        assert read_info(child).kind is DiskKind.DIFFERENCING
    open_chain(child, resolve=parent_in_same_folder, writable=True).close()


def test_ranges_and_rights(model: DiskModel) -> None:
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=False) as disk:
        with pytest.raises(PermissionError, match="reading only"):
            disk.write(0, bytes(512))
        for offset, length in ((-1, 1), (0, -1), (disk.size_bytes, 1), (disk.size_bytes - 1, 2)):
            with pytest.raises(ValueError, match="outside the disk"):
                disk.read(offset, length)
    with pytest.raises(ValueError, match="closed"):
        disk.read(0, 1)
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        for offset, length in ((1, 512), (0, 511)):
            with pytest.raises(ValueError, match="whole sectors"):
                disk.write(offset, bytes(length))
        with pytest.raises(ValueError, match="outside the disk"):
            disk.write(disk.size_bytes, bytes(512))


@pytest.mark.parametrize("format", FORMATS)
def test_disks_that_cannot_be_made(tmp_path: Path, format: DiskFormat) -> None:
    path = tmp_path / "disk"
    wrong = [
        ({"size_bytes": 0}, Hresult.INVALID_SIZE),
        ({"size_bytes": 1000}, Hresult.INVALID_SIZE),
        ({"size_bytes": 65 << 40}, Hresult.INVALID_SIZE),
        ({"block_bytes": 3 * MEBIBYTE}, Hresult.INVALID_BLOCK_SIZE),
        ({"logical_sector_bytes": 1024}, Hresult.UNSUPPORTED_SECTOR_SIZE),
        ({"kind": DiskKind.DIFFERENCING}, Hresult.INVALID_TYPE),
    ]
    for arguments, hresult in wrong:
        with pytest.raises(DiskError) as refused:
            create_disk(path, **{"format": format, "kind": DiskKind.DYNAMIC, "size_bytes": MEBIBYTE, **arguments})
        assert refused.value.hresult == hresult
        assert not path.exists()
    path.write_bytes(b"something else")
    with pytest.raises(DiskError, match="exists already"):
        create_disk(path, format=format, kind=DiskKind.DYNAMIC, size_bytes=MEBIBYTE)
    with pytest.raises(DiskError, match="neither a VHDX nor a VHD"):
        create_child(tmp_path / "child", parent=path, parent_windows_path="C:\\disk", relative_path=None)
    assert path.read_bytes() == b"something else"
    assert not (tmp_path / "child").exists()


@pytest.mark.parametrize(
    "contents", [b"", b"short", b"conectix", bytes(100_000), b"vhdxfile", b"vhdxfile" + bytes(400_000)]
)
def test_files_that_are_no_disks(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "disk"
    path.write_bytes(contents)
    with pytest.raises(DiskError, match=str(path)):
        read_info(path)
    with pytest.raises(ValueError, match=str(path)):
        FlatReader(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="there is no disk file") as refused:
        read_info(tmp_path / "disk.vhdx")
    assert refused.value.hresult == Hresult.FILE_NOT_FOUND


def test_a_truncated_copy(model: DiskModel) -> None:
    contents = model.leaf.read_bytes()
    for kept in (len(contents) - MEBIBYTE, len(contents) // 2, 600_000):
        model.leaf.write_bytes(contents[:kept])
        with pytest.raises(DiskError, match="truncated"):
            open_chain(model.leaf, resolve=parent_in_same_folder, writable=True)


def test_a_vhdx_whose_log_was_not_replayed(tmp_path: Path) -> None:
    """Both headers get a LogGuid and a right checksum, as after the crash of another writer."""
    model = make_disk(tmp_path, DiskFormat.VHDX)
    data = bytearray(model.leaf.read_bytes())
    for at in (64 << 10, 128 << 10):
        header = data[at : at + 4096]
        header[48:64] = b"\x5a" * 16
        header[4:8] = bytes(4)
        header[4:8] = castagnoli(bytes(header)).to_bytes(4, "little")
        data[at : at + 4096] = header
    model.leaf.write_bytes(data)
    with pytest.raises(DiskError, match="log must be replayed") as refused:
        open_chain(model.leaf, resolve=parent_in_same_folder, writable=False)
    assert refused.value.hresult == Hresult.INVALID_STATE
    with pytest.raises(ValueError, match="log to be replayed"):
        FlatReader(model.leaf)


def castagnoli(data: bytes) -> int:
    """CRC-32C bit by bit, the slow way of RFC 3720 appendix B.4, for a second opinion."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_a_damaged_vhdx_header_leaves_the_other(tmp_path: Path) -> None:
    model = make_disk(tmp_path, DiskFormat.VHDX)
    model.write_at_random(random.Random(1), count=5, granularity_bytes=4096)
    sound = model.leaf.read_bytes()
    for damaged in ([64 << 10], [128 << 10], [64 << 10, 128 << 10]):
        data = bytearray(sound)
        for at in damaged:
            data[at + 20] ^= 1
        model.leaf.write_bytes(data)
        if len(damaged) == 1:
            model.check()
    with pytest.raises(DiskError, match="both VHDX headers"):
        read_info(model.leaf)


def test_two_blocks_in_one_place(model: DiskModel) -> None:
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, model.contents)
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, bytes(512))
    data = bytearray(model.leaf.read_bytes())
    table, width = (4096, 4) if model.format is DiskFormat.VHD else (3 * MEBIBYTE, 8)
    if model.format is DiskFormat.VHD:
        table = int.from_bytes(data[512 + 16 : 512 + 24], "big")
    data[table + width : table + 2 * width] = data[table : table + width]
    model.leaf.write_bytes(data)
    with pytest.raises(DiskError, match="overlap") as refused:
        read_info(model.leaf)
    assert refused.value.hresult == Hresult.BLOCK_ALLOCATION_TABLE_CORRUPT
