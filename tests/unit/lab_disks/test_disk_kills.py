"""A process that dies while it writes a disk loses nothing that it had acknowledged.

Two ways: systematically, before each single change it would make to a file, and at random moments of a busy writer.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from disk_helpers import FORMATS, MEBIBYTE, DiskModel, copy_folder, die_before_change, make_disk

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
    set_parent,
)
from lab.judges.verify_disks import FlatReader

MOST_CHANGES = 200  # more than any of the actions makes

# Each new parent path takes a sector of a VHD; so many bring its footer to where the next block's bitmap will lie.
SECTORS_TO_WORST_PLACE = 6

# (offset, length): a new block of the leaf, sectors beside it, a block's border, the same sectors again, the end
WRITES = [
    (3 * MEBIBYTE + 512, 512),
    (3 * MEBIBYTE + 8192, 4096),
    (5 * MEBIBYTE - 1536, 3072),
    (3 * MEBIBYTE + 512, 1024),
    (7 * MEBIBYTE, MEBIBYTE),
    (9 * MEBIBYTE, 1024),
]


def filled_chain(folder: Path, format: DiskFormat, *, base_kind: DiskKind = DiskKind.DYNAMIC) -> DiskModel:
    """A base full of data, so that a bit too many in the child's bitmap shows, and an empty child."""
    folder.mkdir()
    model = make_disk(folder, format, kind=base_kind)
    model.contents[:] = random.Random(f"{format} {base_kind}").randbytes(len(model.contents))
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        disk.write(0, model.contents)
    base, child = model.leaf, model.add_child("child")
    for _ in range(SECTORS_TO_WORST_PLACE):
        set_parent(child, parent=base, parent_windows_path=f"C:\\Disks\\{base.name}", relative_path=None)
    return model


@pytest.mark.parametrize("format", FORMATS)
def test_a_writer_killed_before_any_change_has_kept_its_acknowledged_writes(tmp_path: Path, format: DiskFormat) -> None:
    start = filled_chain(tmp_path / "start", format)
    for number in range(1, MOST_CHANGES):
        model = copy_folder(start, tmp_path / str(number))
        receive, send = os.pipe()

        def write_all(model: DiskModel = model, send: int = send) -> None:
            with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
                for index, (offset, length) in enumerate(WRITES):
                    disk.write(offset, bytes([index + 1]) * length)
                    os.write(send, b"!")

        was_killed = die_before_change(number, write_all)
        os.close(send)
        acknowledged = len(os.read(receive, 100))
        os.close(receive)
        check_after_death(model, acknowledged)
        if not was_killed:
            assert acknowledged == len(WRITES)
            return
        write_the_rest(model, acknowledged)
        shutil.rmtree(model.folder)
    pytest.fail("the writer makes more changes than expected")


def check_after_death(model: DiskModel, acknowledged: int) -> None:
    """Each sector is as it was or, for the one write in flight, as it was going to be."""
    for index, (offset, length) in enumerate(WRITES[:acknowledged]):
        model.contents[offset : offset + length] = bytes([index + 1]) * length
    found = bytearray(model.read_all())
    if acknowledged < len(WRITES):
        offset, length = WRITES[acknowledged]
        for sector in range(offset, offset + length, 512):
            now = found[sector : sector + 512]
            assert now in (model.contents[sector : sector + 512], bytes([acknowledged + 1]) * 512)
            model.contents[sector : sector + 512] = now
    assert found == model.contents


def write_the_rest(model: DiskModel, acknowledged: int) -> None:
    """Whatever the dead writer left in unused places must not show up later."""
    with open_chain(model.leaf, resolve=parent_in_same_folder, writable=True) as disk:
        for offset, length in reversed(WRITES[acknowledged:]):
            offset += min(length, 4096)  # beside the place of the write in flight, in the same block where it fits
            data = b"\xee" * min(length, disk.size_bytes - offset)
            disk.write(offset, data)
            model.contents[offset : offset + len(data)] = data
    model.check()
    with FlatReader(model.leaf) as flat:
        assert flat.read(0, flat.size_bytes) == model.contents


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("base_kind", [DiskKind.DYNAMIC, DiskKind.FIXED])
def test_a_merge_killed_before_any_change_can_be_run_again(
    tmp_path: Path, format: DiskFormat, base_kind: DiskKind
) -> None:
    start = filled_chain(tmp_path / "start", format, base_kind=base_kind)
    start.write_at_random(random.Random("child"), count=5, granularity_bytes=512)
    for number in range(1, MOST_CHANGES):
        model = copy_folder(start, tmp_path / str(number))
        base, child = model.files
        was_killed = die_before_change(number, lambda base=base, child=child: merge_into_parent(child, parent=base))
        try:
            model.check(child)
        except DiskError as error:  # the last change: the parent has taken over
            assert error.hresult == Hresult.CHILD_PARENT_ID_MISMATCH
            model.check(base)
        merge_into_parent(child, parent=base)
        model.check(base)
        with pytest.raises(DiskError) as refused:
            model.check(child)
        assert refused.value.hresult == Hresult.CHILD_PARENT_ID_MISMATCH
        if not was_killed:
            return
        shutil.rmtree(model.folder)
    pytest.fail("the merge makes more changes than expected")


@pytest.mark.parametrize("format", FORMATS)
def test_a_grandchild_survives_the_merge_of_its_parent(tmp_path: Path, format: DiskFormat) -> None:
    """All but one moment in a VHD's merge, which vhd.py admits: there the grandchild is refused, and nothing is lost."""
    start = chain_of_three(tmp_path / "start", format)
    lost_times = 0
    for number in range(1, MOST_CHANGES):
        model = copy_folder(start, tmp_path / str(number))
        base, middle, leaf = model.files
        was_killed = die_before_change(number, lambda base=base, middle=middle: merge_into_parent(middle, parent=base))
        merge_into_parent(middle, parent=base)
        try:
            set_parent(leaf, parent=base, parent_windows_path=f"C:\\{base.name}", relative_path=None)
            model.check(leaf)
        except DiskError as error:
            assert error.hresult == Hresult.CHILD_PARENT_TIMESTAMP_MISMATCH
            lost_times += 1
        if not was_killed:
            assert lost_times == (1 if format is DiskFormat.VHD else 0)
            return
        shutil.rmtree(model.folder)
    pytest.fail("the merge makes more changes than expected")


@pytest.mark.parametrize("format", FORMATS)
def test_a_grandchild_sees_nothing_of_the_merge_of_its_parent(tmp_path: Path, format: DiskFormat) -> None:
    """While the sectors are copied; at the end the parent takes over the identity, and the grandchild must be re-parented."""
    model = chain_of_three(tmp_path / "start", format)
    base, middle, leaf = model.files

    def look(done_bytes: int, total_bytes: int) -> None:
        copy = copy_folder(model, tmp_path / f"at{done_bytes}")
        copy.check(copy.files[-1])

    merge_into_parent(middle, parent=base, progress=look)
    with pytest.raises(DiskError) as refused:
        model.check(leaf)
    assert refused.value.hresult == Hresult.CHILD_PARENT_ID_MISMATCH


def chain_of_three(folder: Path, format: DiskFormat) -> DiskModel:
    """Frozen parents with times in the past, so that each change of a time shows."""
    model = filled_chain(folder, format)
    model.write_at_random(random.Random("middle"), count=3, granularity_bytes=4096)
    os.utime(model.leaf, (1_700_000_000, 1_700_000_000))
    model.add_child("leaf")
    model.write_at_random(random.Random("leaf"), count=3, granularity_bytes=4096)
    return model


@pytest.mark.parametrize("format", FORMATS)
def test_a_new_parent_path_is_there_or_not(tmp_path: Path, format: DiskFormat) -> None:
    start = filled_chain(tmp_path / "start", format)
    start.write_at_random(random.Random("child"), count=3, granularity_bytes=4096)
    for number in range(1, MOST_CHANGES):
        model = copy_folder(start, tmp_path / str(number))
        base, child = model.files
        old = read_info(child).parent_windows_path
        new = f"E:\\Elsewhere\\{base.name}"

        def move(base: Path = base, child: Path = child, new: str = new) -> None:
            set_parent(child, parent=base, parent_windows_path=new, relative_path=None)

        was_killed = die_before_change(number, move)
        assert read_info(child).parent_windows_path in (old, new)
        model.check()
        move()
        assert read_info(child).parent_windows_path == new
        model.check()
        model.write_at_random(random.Random("after"), count=3, granularity_bytes=4096)
        model.check()
        if not was_killed:
            return
        shutil.rmtree(model.folder)
    pytest.fail("setting the parent makes more changes than expected")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", list(DiskKind))
def test_half_a_new_file_is_refused(tmp_path: Path, format: DiskFormat, kind: DiskKind) -> None:
    base = make_disk(tmp_path, format).leaf
    for number in range(1, MOST_CHANGES):
        path = tmp_path / f"new{number}"

        def make(path: Path = path) -> None:
            if kind is DiskKind.DIFFERENCING:
                create_child(path, parent=base, parent_windows_path=f"C:\\{base.name}", relative_path=None)
            else:
                create_disk(path, format=format, kind=kind, size_bytes=4 * MEBIBYTE)

        if not die_before_change(number, make):
            assert read_info(path).kind is kind
            assert number > 2
            return
        with pytest.raises(DiskError):
            read_info(path)
    pytest.fail("making a file needs more changes than expected")


BUSY_WRITER = """
import random, struct, sys
from pathlib import Path
from lab.disks import open_chain, parent_in_same_folder

dice = random.Random(int(sys.argv[2]))
number = int(sys.argv[3])
with open_chain(Path(sys.argv[1]), resolve=parent_in_same_folder, writable=True) as disk:
    while True:
        number += 1
        block = dice.randrange(disk.size_bytes // 4096)
        disk.write(block * 4096, struct.pack("<QQ", number, block) * 256)
        sys.stdout.buffer.write(struct.pack("<QQ", number, block))
        sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize("format", FORMATS)
def test_a_busy_writer_killed_at_random_moments(tmp_path: Path, format: DiskFormat) -> None:
    """The same chain again and again; a new child in between, so that each round appends blocks."""
    model = make_disk(tmp_path, format, size_bytes=24 * MEBIBYTE)
    dice = random.Random(f"kills {format}")
    newest: dict[int, int] = {}
    for round_number in range(4):
        if round_number % 2:
            model.add_child(f"child{round_number}")
        last = max(newest.values(), default=0)
        acknowledged = acknowledged_until_killed(model.leaf, seed=round_number, last=last, count=dice.randrange(3000))
        newest |= {block: number for number, block in acknowledged}
        in_flight = max(newest.values(), default=0) + 1
        check_numbers(model, newest, in_flight)


def acknowledged_until_killed(leaf: Path, *, seed: int, last: int, count: int) -> list[tuple[int, int]]:
    """(number, block) of each acknowledged write of a process that is killed after about `count` of them."""
    command = [sys.executable, "-c", BUSY_WRITER, str(leaf), str(seed), str(last)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        heard = writer.stdout.read(16 * (count + 1))
        writer.send_signal(signal.SIGKILL)
        heard += writer.stdout.read()
    assert writer.returncode == -signal.SIGKILL
    return list(struct.iter_unpack("<QQ", heard[: len(heard) // 16 * 16]))


def check_numbers(model: DiskModel, newest: dict[int, int], in_flight: int) -> None:
    """Each 4 KiB block holds its newest acknowledged number; one may already hold the write in flight."""
    contents = model.read_all()
    ahead = []
    for block in range(len(contents) // 4096):
        found = contents[block * 4096 : (block + 1) * 4096]
        number = newest.get(block, 0)
        if found != struct.pack("<QQ", number, block if number else 0) * 256:
            assert found == struct.pack("<QQ", in_flight, block) * 256, f"block {block}"
            ahead.append(block)
    assert len(ahead) <= 1
    if ahead:
        newest[ahead[0]] = in_flight
