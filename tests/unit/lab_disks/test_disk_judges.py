"""Other programs read what the lab writes, and the lab reads what they write."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from disk_helpers import (
    FORMATS,
    MEBIBYTE,
    QEMU_IMG,
    DiskModel,
    make_disk,
    needs_qemu_img,
    needs_seven_zip,
    read_with_seven_zip,
)
from waiting import DEADLINE_SECONDS

from lab.disks import (
    DiskFormat,
    DiskKind,
    merge_into_parent,
    open_chain,
    parent_in_same_folder,
    read_info,
    set_parent,
)
from lab.judges.verify_disks import FlatReader

QEMU_NAMES = {DiskFormat.VHD: "vpc", DiskFormat.VHDX: "vhdx"}


def check_by_seven_zip(model: DiskModel, path: Path | None = None) -> None:
    assert read_with_seven_zip(path or model.leaf, model.format) == model.contents


@needs_seven_zip
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [DiskKind.DYNAMIC, DiskKind.FIXED])
def test_seven_zip_reads_bases_chains_and_merged_disks(tmp_path: Path, format: DiskFormat, kind: DiskKind) -> None:
    dice = random.Random(f"judge {format} {kind}")
    model = make_disk(tmp_path, format, kind=kind)
    for name in ("one", "two"):
        model.write_at_random(dice, count=40, granularity_bytes=512)
        check_by_seven_zip(model)
        model.add_child(name)
    model.write_at_random(dice, count=40, granularity_bytes=512)
    check_by_seven_zip(model)
    merge_into_parent(model.files.pop(), parent=model.leaf)
    check_by_seven_zip(model)
    merge_into_parent(model.files.pop(), parent=model.leaf)
    check_by_seven_zip(model)


@needs_seven_zip
@pytest.mark.parametrize("format", FORMATS)
def test_seven_zip_follows_a_chain_whose_middle_was_merged(tmp_path: Path, format: DiskFormat) -> None:
    dice = random.Random(f"middle {format}")
    model = make_disk(tmp_path, format)
    for name in ("middle", "leaf"):
        model.write_at_random(dice, count=40, granularity_bytes=512)
        model.add_child(name)
    model.write_at_random(dice, count=40, granularity_bytes=512)
    base, middle, leaf = model.files
    merge_into_parent(middle, parent=base)
    set_parent(leaf, parent=base, parent_windows_path=f"D:\\{base.name}", relative_path=f".\\{base.name}")
    middle.unlink()
    check_by_seven_zip(model)
    model.check()


@needs_qemu_img
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [DiskKind.DYNAMIC, DiskKind.FIXED])
def test_qemu_reads_bases(tmp_path: Path, format: DiskFormat, kind: DiskKind) -> None:
    model = make_disk(tmp_path, format, kind=kind)
    model.write_at_random(random.Random(f"qemu {format} {kind}"), count=40, granularity_bytes=512)
    raw = tmp_path / "disk.raw"
    qemu_img("convert", "-f", QEMU_NAMES[format], "-O", "raw", str(model.leaf), str(raw))
    assert raw.read_bytes() == model.contents
    if format is DiskFormat.VHDX:
        assert "No errors" in qemu_img("check", "-f", "vhdx", str(model.leaf))


@needs_qemu_img
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("subformat", ["dynamic", "fixed"])
def test_disks_made_by_qemu_are_read_written_and_extended(tmp_path: Path, format: DiskFormat, subformat: str) -> None:
    contents = random.Random(subformat).randbytes(3 * MEBIBYTE) + bytes(8 * MEBIBYTE)
    raw, path = tmp_path / "disk.raw", tmp_path / f"base.{format.lower()}"
    raw.write_bytes(contents)
    options = f"subformat={subformat}" + (",force_size=on" if format is DiskFormat.VHD else "")
    qemu_img("convert", "-O", QEMU_NAMES[format], "-o", options, str(raw), str(path))
    model = DiskModel(tmp_path, format, bytearray(contents), [path])
    assert read_info(path).kind == subformat.capitalize()
    model.check()
    model.write_at_random(random.Random(1), count=40, granularity_bytes=512)
    model.add_child("child")
    model.write_at_random(random.Random(2), count=40, granularity_bytes=512)
    model.check()
    merge_into_parent(model.files.pop(), parent=path)
    qemu_img("convert", "-f", QEMU_NAMES[format], "-O", "raw", str(path), str(raw))
    assert raw.read_bytes() == model.contents
    with FlatReader(path) as flat:
        assert flat.read(0, flat.size_bytes) == model.contents


@needs_qemu_img
def test_the_size_of_a_vhd_is_its_current_size_not_its_geometry(tmp_path: Path) -> None:
    raw, path = tmp_path / "disk.raw", tmp_path / "disk.vhd"
    raw.write_bytes(bytes(5 * MEBIBYTE))
    qemu_img("convert", "-O", "vpc", str(raw), str(path))
    info = read_info(path)
    assert info.size_bytes >= 5 * MEBIBYTE
    with open_chain(path, resolve=parent_in_same_folder, writable=False) as disk:
        assert disk.read(0, info.size_bytes) == bytes(info.size_bytes)


def qemu_img(*arguments: str) -> str:
    assert QEMU_IMG is not None
    return subprocess.run(
        [QEMU_IMG, *arguments], check=True, capture_output=True, text=True, timeout=DEADLINE_SECONDS
    ).stdout
