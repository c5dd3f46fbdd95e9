"""A chain is accepted only with the very parents it was made on; every other one has its own error."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_helpers import FORMATS, MEBIBYTE, DiskModel, make_disk

from lab.disks import (
    DiskError,
    DiskFormat,
    DiskInfo,
    DiskKind,
    Hresult,
    create_child,
    create_disk,
    merge_into_parent,
    open_chain,
    parent_in_same_folder,
    read_info,
    set_parent,
    test_chain,
)
from lab.judges.verify_disks import FlatReader


@pytest.fixture(params=FORMATS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> DiskModel:
    """A base and a child, both with data; the base's time is in the past, as when it has been frozen for a while."""
    (tmp_path / "disks").mkdir()
    made = make_disk(tmp_path / "disks", request.param)
    made.write_at_random(random.Random(1), count=20, granularity_bytes=4096)
    os.utime(made.leaf, (1_700_000_000, 1_700_000_000))
    made.add_child("child")
    made.write_at_random(random.Random(2), count=20, granularity_bytes=4096)
    return made


def refused(action: Callable[[], object]) -> DiskError:
    with pytest.raises(DiskError) as caught:
        action()
    return caught.value


def test_refused(model: DiskModel) -> DiskError:
    return refused(lambda: test_chain(model.leaf, resolve=parent_in_same_folder))


test_refused.__test__ = False  # type: ignore[attr-defined]


def replace_base(model: DiskModel, *, size_bytes: int) -> None:
    """Another disk under the parent's name, with the same time."""
    base = model.files[0]
    base.unlink()
    create_disk(base, format=model.format, kind=DiskKind.DYNAMIC, size_bytes=size_bytes)
    os.utime(base, (1_700_000_000, 1_700_000_000))


def test_another_disk_as_parent(model: DiskModel) -> None:
    replace_base(model, size_bytes=len(model.contents))
    error = test_refused(model)
    assert error.hresult == Hresult.CHILD_PARENT_ID_MISMATCH == 0xC03A000E
    assert str(model.files[0]) in error.message
    with pytest.raises(ValueError, match="not the parent it was made on"):
        FlatReader(model.leaf)


def test_a_parent_that_was_written_later(model: DiskModel) -> None:
    with open_chain(model.files[0], resolve=parent_in_same_folder, writable=True) as base:
        base.write(0, b"\xff" * 4096)
    wanted = {
        DiskFormat.VHDX: Hresult.CHILD_PARENT_ID_MISMATCH,  # DataWriteGuid
        DiskFormat.VHD: Hresult.CHILD_PARENT_TIMESTAMP_MISMATCH,
    }
    assert test_refused(model).hresult == wanted[model.format]
    error = refused(lambda: merge_into_parent(model.files[1], parent=model.files[0]))
    assert error.hresult == wanted[model.format]


def test_a_parent_of_another_size(model: DiskModel) -> None:
    """Only a file that was resized has the right identity and the wrong size; here the child's is changed instead."""
    if model.format is DiskFormat.VHD:
        patch_vhd_size(model.leaf, len(model.contents) - 512)
    else:
        patch_vhdx_size(model.leaf, len(model.contents) - 512)
    error = test_refused(model)
    assert error.hresult == Hresult.CHILD_PARENT_SIZE_MISMATCH == 0xC03A0017
    error = refused(
        lambda: set_parent(model.leaf, parent=model.files[0], parent_windows_path="C:\\x", relative_path=None)
    )
    assert error.hresult == Hresult.CHILD_PARENT_SIZE_MISMATCH


def patch_vhd_size(path: Path, size_bytes: int) -> None:
    data = bytearray(path.read_bytes())
    for at in (0, len(data) - 512):
        footer = data[at : at + 512]
        footer[48:56] = size_bytes.to_bytes(8, "big")
        footer[64:68] = bytes(4)
        footer[64:68] = (~sum(footer) & 0xFFFFFFFF).to_bytes(4, "big")
        data[at : at + 512] = footer
    path.write_bytes(data)


def patch_vhdx_size(path: Path, size_bytes: int) -> None:
    data = bytearray(path.read_bytes())
    old = read_info(path).size_bytes.to_bytes(8, "little")
    at = data.index(old, 2 * MEBIBYTE, 3 * MEBIBYTE)  # the metadata region
    data[at : at + 8] = size_bytes.to_bytes(8, "little")
    path.write_bytes(data)


def test_a_missing_parent(model: DiskModel) -> None:
    model.files[0].rename(model.folder.parent / "away")
    error = test_refused(model)
    assert error.hresult == Hresult.PARENT_NOT_FOUND == 0xC03A000D
    assert "base" in error.message

    def resolve(child: DiskInfo) -> Path:
        assert child.path == model.leaf
        assert child.parent_windows_path == f"C:\\Disks\\{model.files[0].name}"
        return model.folder.parent / "away"

    test_chain(model.leaf, resolve=resolve)


def test_a_damaged_parent(model: DiskModel) -> None:
    base = model.files[0]
    base.write_bytes(b"not a disk" * 1000)
    error = test_refused(model)
    assert error.hresult == Hresult.CHAIN_ERROR_IN_PARENT == 0xC03A0019
    assert str(base) in error.message


def test_a_chain_that_comes_back_to_itself(model: DiskModel) -> None:
    error = refused(lambda: test_chain(model.leaf, resolve=lambda child: child.path))
    assert error.hresult == Hresult.CHAIN_CYCLE_DETECTED == 0xC03A0018


def test_the_time_of_a_vhd_parent_belongs_to_the_link(tmp_path: Path) -> None:
    model = make_disk(tmp_path, DiskFormat.VHD)
    os.utime(model.leaf, (1_700_000_000, 1_700_000_000))
    model.add_child("child")
    copied = tmp_path / "copied"
    copied.mkdir()
    for file in model.files:
        shutil.copyfile(file, copied / file.name)  # without its time
    error = refused(lambda: test_chain(copied / model.leaf.name, resolve=parent_in_same_folder))
    assert error.hresult == Hresult.CHILD_PARENT_TIMESTAMP_MISMATCH == 0xC03A000F
    shutil.copystat(model.files[0], copied / model.files[0].name)
    test_chain(copied / model.leaf.name, resolve=parent_in_same_folder)


def test_setting_a_moved_parent(model: DiskModel) -> None:
    base, child = model.files
    moved = model.folder.parent / "moved" / f"other-name.{model.format.lower()}"
    moved.parent.mkdir()
    shutil.copy2(base, moved)
    before = read_info(child)
    set_parent(
        child, parent=moved, parent_windows_path=f"E:\\Moved\\{moved.name}", relative_path=f"..\\moved\\{moved.name}"
    )
    after = read_info(child)
    assert after.parent_windows_path == f"E:\\Moved\\{moved.name}"
    assert after.parent_relative_path == f"..\\moved\\{moved.name}"
    assert (after.content_identity, after.parent_identity) == (before.content_identity, before.parent_identity)
    base.unlink()
    with open_chain(child, resolve=lambda _: moved, writable=False) as disk:
        assert disk.read(0, disk.size_bytes) == model.contents


def test_setting_a_parent_many_times_and_with_a_long_path(model: DiskModel) -> None:
    base, child = model.files
    for number in range(40):
        path = "C:\\" + "folder\\" * number + "ordner-äöü-磁盘\\" + base.name
        set_parent(child, parent=base, parent_windows_path=path, relative_path=f".\\{base.name}")
        assert read_info(child).parent_windows_path == path
    model.check()
    model.write_at_random(random.Random(3), count=20, granularity_bytes=4096)
    model.check()


def test_setting_a_wrong_parent_changes_nothing(model: DiskModel) -> None:
    other = model.path("other")
    create_disk(other, format=model.format, kind=DiskKind.DYNAMIC, size_bytes=len(model.contents))
    before = model.leaf.read_bytes()
    for parent, hresult in ((other, 0xC03A000E), (model.leaf, 0xC03A0018), (model.path("absent"), 0xC03A000D)):
        error = refused(
            lambda parent=parent: set_parent(model.leaf, parent=parent, parent_windows_path="C:\\x", relative_path=None)
        )
        assert error.hresult == hresult
    assert model.leaf.read_bytes() == before
    error = refused(lambda: set_parent(model.files[0], parent=other, parent_windows_path="C:\\x", relative_path=None))
    assert error.hresult == Hresult.INVALID_TYPE
    model.check()


def test_after_a_merge_no_child_of_the_old_contents_is_accepted(model: DiskModel) -> None:
    base, child = model.files
    sibling = model.path("sibling")
    create_child(sibling, parent=base, parent_windows_path=f"C:\\{base.name}", relative_path=None)
    test_chain(sibling, resolve=parent_in_same_folder)
    merge_into_parent(child, parent=base)
    for file in (child, sibling):
        error = refused(lambda file=file: test_chain(file, resolve=parent_in_same_folder))
        assert error.hresult == Hresult.CHILD_PARENT_ID_MISMATCH
    model.check(base)


def test_merging_once_more_does_nothing_and_never_undoes_later_writes(model: DiskModel) -> None:
    base, child = model.files
    merge_into_parent(child, parent=base)
    merged = base.read_bytes()
    merge_into_parent(child, parent=base)
    assert base.read_bytes() == merged
    with open_chain(base, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, b"later" + bytes(507))
    written = base.read_bytes()
    if model.format is DiskFormat.VHDX:  # the new DataWriteGuid tells
        assert refused(lambda: merge_into_parent(child, parent=base)).hresult == Hresult.CHILD_PARENT_ID_MISMATCH
    else:  # the unique id stays and says "merged"
        merge_into_parent(child, parent=base)
    assert base.read_bytes() == written


def test_a_copy_of_the_child_is_not_its_parent(model: DiskModel) -> None:
    copy = model.path("copy")
    shutil.copy2(model.leaf, copy)
    error = refused(lambda: merge_into_parent(model.leaf, parent=copy))
    assert error.hresult == Hresult.CHILD_PARENT_ID_MISMATCH
    assert refused(lambda: merge_into_parent(model.leaf, parent=model.leaf)).hresult == Hresult.CHAIN_CYCLE_DETECTED
    assert refused(lambda: merge_into_parent(model.files[0], parent=copy)).hresult == Hresult.INVALID_TYPE
    model.check()


def test_a_stopped_merge_leaves_the_chain_whole(model: DiskModel) -> None:
    base, child = model.files
    steps: list[int] = []
    error = refused(
        lambda: merge_into_parent(
            child, parent=base, progress=lambda done, _: steps.append(done), should_stop=lambda: len(steps) > 3
        )
    )
    assert error.hresult == Hresult.CANCELLED
    model.check(child)
    merge_into_parent(child, parent=base)
    model.check(base)


def test_a_live_merge_below_an_open_leaf(model: DiskModel) -> None:
    """A VM keeps its leaf open and writes on while the two files below are merged, then opens the shorter chain."""
    base, middle = model.files
    leaf = model.add_child("leaf")
    dice = random.Random(4)
    with open_chain(leaf, resolve=parent_in_same_folder, writable=True) as disk:

        def guest_goes_on(done_bytes: int, total_bytes: int) -> None:
            offset = dice.randrange(disk.size_bytes // 512) * 512
            data = dice.randbytes(512)
            disk.write(offset, data)
            model.contents[offset : offset + 512] = data
            assert disk.read(0, disk.size_bytes) == model.contents

        assert refused(lambda: merge_into_parent(middle, parent=base)).hresult == Hresult.SHARING_VIOLATION
        merge_into_parent(middle, parent=base, progress=guest_goes_on, locked=False)
        assert disk.read(0, disk.size_bytes) == model.contents
    set_parent(leaf, parent=base, parent_windows_path=f"C:\\{base.name}", relative_path=None)
    middle.unlink()
    model.check(leaf)
