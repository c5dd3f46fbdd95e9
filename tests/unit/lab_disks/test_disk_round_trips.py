"""What is written comes back, whatever lies between: blocks, chunks, chains, both formats, all kinds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from disk_helpers import FORMATS, MEBIBYTE, make_disk

from lab.disks import (
    DiskFormat,
    DiskKind,
    create_child,
    create_disk,
    merge_into_parent,
    open_chain,
    parent_in_same_folder,
    read_info,
    test_chain,
)
from lab.judges.verify_disks import FlatReader

BASES = [
    (format, kind, granularity)
    for format in FORMATS
    for kind in (DiskKind.DYNAMIC, DiskKind.FIXED)
    for granularity in (512, 4096)
]


@pytest.mark.parametrize(("format", "kind", "granularity_bytes"), BASES)
def test_a_chain_shows_what_was_written(
    tmp_path: Path, format: DiskFormat, kind: DiskKind, granularity_bytes: int
) -> None:
    dice = random.Random(f"{format}{kind}{granularity_bytes}")
    model = make_disk(tmp_path, format, kind=kind)
    for level in range(3):
        model.write_at_random(dice, count=60, granularity_bytes=granularity_bytes)
        model.check()
        model.add_child(f"child{level}")
    model.check()
    test_chain(model.leaf, resolve=parent_in_same_folder)
    with FlatReader(model.leaf) as flat:
        assert flat.size_bytes == len(model.contents)
        assert flat.read(0, flat.size_bytes) == model.contents


@pytest.mark.parametrize("format", FORMATS)
def test_any_range_can_be_read(tmp_path: Path, format: DiskFormat) -> None:
    dice = random.Random(f"ranges {format}")
    model = make_disk(tmp_path, format)
    model.write_at_random(dice, count=40, granularity_bytes=512)
    model.add_child("child")
    model.write_at_random(dice, count=40, granularity_bytes=512)
    with (
        open_chain(model.leaf, resolve=parent_in_same_folder, writable=False) as disk,
        FlatReader(model.leaf) as flat,
    ):
        assert disk.files == (model.files[1], model.files[0])
        for _ in range(300):
            offset = dice.randrange(disk.size_bytes)
            length = min(dice.choice((0, 1, 511, 513, 5000, 3 * MEBIBYTE)), disk.size_bytes - offset)
            wanted = model.contents[offset : offset + length]
            assert disk.read(offset, length) == wanted
            assert flat.read(offset, length) == wanted


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("block_bytes", [MEBIBYTE, 4 * MEBIBYTE])
def test_a_merged_chain_is_one_disk(tmp_path: Path, format: DiskFormat, block_bytes: int) -> None:
    dice = random.Random(f"merge {format} {block_bytes}")
    model = make_disk(tmp_path, format, block_bytes=block_bytes, size_bytes=21 * MEBIBYTE + 512)
    for name in ("one", "two", "three"):
        model.write_at_random(dice, count=30, granularity_bytes=512)
        model.add_child(name)
    model.write_at_random(dice, count=30, granularity_bytes=512)
    while len(model.files) > 1:
        child, parent = model.files.pop(), model.files[-1]
        progress: list[tuple[int, int]] = []
        merge_into_parent(child, parent=parent, progress=lambda *step, seen=progress: seen.append(step))
        assert [done for done, _ in progress] == sorted(done for done, _ in progress)
        assert progress[-1][0] == progress[-1][1] == progress[0][1]
        model.check()
    assert read_info(model.leaf).kind is DiskKind.DYNAMIC


def test_sectors_of_4096_bytes(tmp_path: Path) -> None:
    dice = random.Random("large sectors")
    model = make_disk(tmp_path, DiskFormat.VHDX, size_bytes=9 * MEBIBYTE + 4096, logical_sector_bytes=4096)
    model.write_at_random(dice, count=60, granularity_bytes=4096)
    model.add_child("child")
    model.write_at_random(dice, count=60, granularity_bytes=4096)
    model.check()
    assert read_info(model.leaf).logical_sector_bytes == 4096
    with FlatReader(model.leaf) as flat:
        assert flat.read(0, flat.size_bytes) == model.contents
    with (
        open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk,
        pytest.raises(ValueError, match="whole sectors of 4096"),
    ):
        disk.write(512, bytes(512))
    merge_into_parent(model.files.pop(), parent=model.leaf)
    model.check()


@pytest.mark.parametrize("format", FORMATS)
def test_a_large_disk_across_the_borders_of_chunks(tmp_path: Path, format: DiskFormat) -> None:
    """A sector bitmap of a VHDX covers 4 GiB; beyond 2 and 4 GiB a 32-bit slip would show."""
    dice = random.Random(f"large {format}")
    size_bytes = 10 << 30
    base, child = tmp_path / "base", tmp_path / "child"
    create_disk(base, format=format, kind=DiskKind.DYNAMIC, size_bytes=size_bytes)
    written: dict[int, bytes] = {}
    borders = [0, 2 << 30, 4 << 30, 8 << 30, size_bytes]
    for leaf in (base, child):
        if leaf == child:
            create_child(child, parent=base, parent_windows_path="C:\\base", relative_path=".\\base")
        with open_chain(leaf, resolve=parent_in_same_folder, writable=True) as disk:
            for border in borders:
                for _ in range(20):
                    sector = border // 512 + dice.randrange(-5000, 5000)
                    if 0 <= sector < size_bytes // 512:
                        written[sector] = dice.randbytes(512)
                        disk.write(sector * 512, written[sector])
    for leaf in (child, base):
        with open_chain(leaf, resolve=parent_in_same_folder, writable=False) as disk, FlatReader(leaf) as flat:
            for sector, data in written.items():
                assert disk.read(sector * 512, 512) == data
                assert flat.read(sector * 512, 512) == data
            assert disk.read(3 << 30, 4096) == bytes(4096)
        if leaf == child:
            merge_into_parent(child, parent=base)


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_file_says_about_itself(tmp_path: Path, format: DiskFormat) -> None:
    model = make_disk(tmp_path, format)
    model.add_child("child")
    base, child = read_info(model.files[0]), read_info(model.files[1])
    assert (base.path, base.format, base.kind) == (model.files[0], format, DiskKind.DYNAMIC)
    assert (base.size_bytes, base.block_bytes) == (9 * MEBIBYTE + 1024, MEBIBYTE)
    assert base.file_bytes == model.files[0].stat().st_size
    assert (base.parent_windows_path, base.parent_relative_path, base.parent_identity) == (None, None, None)
    assert (child.kind, child.size_bytes) == (DiskKind.DIFFERENCING, base.size_bytes)
    assert child.parent_windows_path == f"C:\\Disks\\{base.path.name}"
    assert child.parent_relative_path == f".\\{base.path.name}"
    if format is DiskFormat.VHDX:
        assert child.parent_identity == base.content_identity
        assert child.disk_identifier == base.disk_identifier  # one disk to the guest
    else:
        assert child.parent_identity == base.disk_identifier
        assert child.disk_identifier != base.disk_identifier
