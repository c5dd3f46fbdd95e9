"""The cmdlets for virtual disk files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hyperv_helpers import FOLDER, MEBIBYTE, HyperVHost, refused

from lab.disks import Hresult, open_chain
from lab.hyperv.errors import (
    ERROR_DISK_FULL,
    ERROR_FILE_EXISTS,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_PARAMETER,
    ERROR_SHARING_VIOLATION,
    ErrorCategory,
)
from lab.judges.verify_disks import FlatReader

BOTH = pytest.mark.parametrize("extension", ["vhd", "vhdx"])


def write(host: HyperVHost, path: str, *, offset: int, text: bytes) -> None:
    """Write a sector through the whole chain."""
    files = host.platform.files
    chain = {}
    child, parent = path, host.hyperv.get_vhd(path).parent_path
    while parent is not None:
        chain[files.host_path(child)] = files.host_path(parent)
        child, parent = parent, host.hyperv.get_vhd(parent).parent_path
    with open_chain(files.host_path(path), resolve=lambda info: chain[info.path], writable=True) as disk:
        disk.write(offset, text.ljust(512, b"."))


def read(host: HyperVHost, path: str, *, offset: int, length: int) -> bytes:
    with FlatReader(host.platform.files.host_path(path)) as reader:
        return reader.read(offset, length)


def chain_of(host: HyperVHost, extension: str, *, children: int = 2) -> list[str]:
    """A base and its children, the base first, each with a sector of its own."""
    host.platform.files.make_folder(FOLDER)
    paths = [host.make_disk(f"base.{extension}")]
    write(host, paths[0], offset=0, text=b"base")
    for number in range(children):
        path = rf"{FOLDER}\child{number}.{extension}"
        paths.append(host.hyperv.new_vhd(path, parent_path=paths[-1]).path)
        write(host, paths[-1], offset=(number + 1) * 3 * MEBIBYTE, text=b"child %d" % number)
    return paths


def shown(host: HyperVHost, path: str) -> list[bytes]:
    return [read(host, path, offset=n * 3 * MEBIBYTE, length=7).rstrip(b".") for n in range(3)]


@BOTH
def test_a_chain_is_asked_tested_and_merged(host: HyperVHost, extension: str) -> None:
    base, middle, leaf = chain_of(host, extension)
    asked = host.hyperv.get_vhd(leaf)
    assert (asked.vhd_format, asked.vhd_type, asked.parent_path) == (extension.upper(), "Differencing", middle)
    assert (asked.size_bytes, asked.attached) == (16 * MEBIBYTE, False)
    footer = host.platform.files.host_path(leaf).read_bytes()[-512:]
    assert extension == "vhdx" or asked.content_identity == footer.hex()
    host.hyperv.test_vhd(leaf)
    seen: list[tuple[int, int]] = []
    host.hyperv.merge_vhd(leaf, destination_path=base, progress=lambda done, total: seen.append((done, total)))
    assert shown(host, base) == [b"base", b"child 0", b"child 1"]
    assert seen[-1][0] == seen[-1][1] > 0
    assert host.exists(leaf)
    assert host.exists(middle)  # left, and of no use any more
    with refused(hresult=Hresult.CHILD_PARENT_ID_MISMATCH):
        host.hyperv.test_vhd(middle)


@BOTH
def test_a_merge_that_was_stopped_goes_on(host: HyperVHost, extension: str) -> None:
    base, _, leaf = chain_of(host, extension)
    with refused(hresult=Hresult.CANCELLED):
        host.hyperv.merge_vhd(leaf, destination_path=base, should_stop=lambda: True)
    assert shown(host, leaf) == [b"base", b"child 0", b"child 1"]
    host.platform.files.volumes.set_free("D:\\", 0)
    with refused(hresult=ERROR_DISK_FULL):
        host.hyperv.merge_vhd(leaf, destination_path=base)
    assert shown(host, leaf) == [b"base", b"child 0", b"child 1"]
    host.platform.files.volumes.set_free("D:\\", 100 * MEBIBYTE)
    host.hyperv.merge_vhd(leaf, destination_path=base)
    host.hyperv.merge_vhd(leaf, destination_path=base)  # again: nothing is left to do
    assert shown(host, base) == [b"base", b"child 0", b"child 1"]


@BOTH
def test_a_moved_parent_is_set_only_if_it_is_the_same_one(host: HyperVHost, extension: str) -> None:
    base, child = chain_of(host, extension, children=1)
    moved = rf"D:\Moved\base.{extension}"
    host.platform.files.make_folder(r"D:\Moved")
    host.platform.files.rename(base, moved)
    with refused(hresult=Hresult.PARENT_NOT_FOUND):
        host.hyperv.test_vhd(child)
    assert host.hyperv.get_vhd(child).parent_path == base
    other = host.make_disk(f"other.{extension}")
    with refused() as caught:
        host.hyperv.set_vhd(child, parent_path=other)
    assert (caught.value.category, caught.value.return_code) == (ErrorCategory.UNSPECIFIED, 32791)
    with refused(hresult=ERROR_FILE_NOT_FOUND):
        host.hyperv.set_vhd(child, parent_path=r"D:\none.vhdx")
    host.hyperv.set_vhd(child, parent_path=moved)
    assert host.hyperv.get_vhd(child).parent_path == moved
    host.hyperv.test_vhd(child)
    with refused(hresult=Hresult.PARENT_NOT_FOUND, match="not among the parents"):
        host.hyperv.merge_vhd(child, destination_path=other)


def test_a_parent_that_was_written_to_is_refused(host: HyperVHost) -> None:
    base, child = chain_of(host, "vhdx", children=1)
    write(host, base, offset=MEBIBYTE, text=b"altered")
    with refused(hresult=Hresult.CHILD_PARENT_ID_MISMATCH):
        host.hyperv.test_vhd(child)
    with refused():
        host.hyperv.set_vhd(child, parent_path=base)
    with refused(hresult=Hresult.CHILD_PARENT_ID_MISMATCH):
        host.hyperv.merge_vhd(child, destination_path=base)
    assert read(host, base, offset=MEBIBYTE, length=7) == b"altered"


def test_disks_of_a_running_vm_are_asked_for_and_not_changed(host: HyperVHost) -> None:
    vm = host.running_vm()
    base = vm.hard_drives[0].path
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="one")
    leaf = host.paths(vm.vm_id)[0]
    assert host.hyperv.get_vhd(leaf).attached
    acts: tuple[Callable[[], None], ...] = (
        lambda: host.hyperv.set_vhd(leaf, parent_path=base),
        lambda: host.hyperv.merge_vhd(leaf, destination_path=base),
        lambda: host.hyperv.test_vhd(leaf),
    )
    for act in acts:
        with refused(hresult=ERROR_SHARING_VIOLATION):
            act()
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean


def test_what_is_no_disk_is_said_to_be_none(host: HyperVHost) -> None:
    host.platform.files.make_folder(FOLDER)
    host.platform.files.write_bytes(rf"{FOLDER}\text.vhdx", b"no disk" * 1000)
    with refused(match="Getting the mounted storage instance"):
        host.hyperv.get_vhd(rf"{FOLDER}\text.vhdx")
    with refused(match="VHD Set"):
        host.hyperv.get_vhd(rf"{FOLDER}\set.vhds")
    with refused(hresult=ERROR_INVALID_PARAMETER):
        host.hyperv.new_vhd(rf"{FOLDER}\disk.img", size_bytes=MEBIBYTE)
    with refused(hresult=ERROR_FILE_EXISTS):
        host.hyperv.new_vhd(rf"{FOLDER}\text.vhdx", size_bytes=16 * MEBIBYTE)
    host.platform.files.volumes.set_free("D:\\", 10 * MEBIBYTE)
    with refused(hresult=ERROR_DISK_FULL):
        host.make_disk("fixed.vhdx", dynamic=False)
