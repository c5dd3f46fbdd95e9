"""Which file the VHD cmdlets act on for a -Path: "Paths of virtual disks" in docs/fidelity.md."""

from __future__ import annotations

import pytest
from hyperv_helpers import FOLDER, MEBIBYTE, HyperVHost, refused

from lab.disks import Hresult
from lab.hyperv.errors import ErrorCategory
from lab.platform.attributes import Attribute


def make(host: HyperVHost, path: str) -> None:
    """A disk whose size tells it from others."""
    host.platform.files.make_folder(path.rpartition("\\")[0])
    host.hyperv.new_vhd(rf"{FOLDER}\plain.vhdx", size_bytes=16 * MEBIBYTE)
    if path != rf"{FOLDER}\plain.vhdx":
        host.platform.files.rename(rf"{FOLDER}\plain.vhdx", path)


@pytest.fixture(autouse=True)
def folder(host: HyperVHost) -> None:
    host.platform.files.make_folder(FOLDER)


@pytest.mark.parametrize(
    "path",
    [
        rf"{FOLDER}\plain.vhdx",
        rf"{FOLDER}\one, two.vhdx",
        rf"{FOLDER}\100%_of it.vhdx",
        rf"{FOLDER}\prüfung.vhdx",
        r"D:\it's a folder\plain.vhdx",
    ],
)
def test_names_that_are_found(host: HyperVHost, path: str) -> None:
    make(host, path)
    assert host.hyperv.get_vhd(path).path == path
    assert host.hyperv.get_vhd(f" {path} ").path == path
    host.hyperv.test_vhd(path)


@pytest.mark.parametrize("path", [rf"{FOLDER}\disk[1].vhdx", r"D:\VMs [old]\plain.vhdx"])
def test_brackets_are_a_pattern(host: HyperVHost, path: str) -> None:
    make(host, path)
    for act in (host.hyperv.get_vhd, host.hyperv.test_vhd):
        with refused(match="is not an existing virtual hard disk file") as caught:
            act(path)
        assert caught.value.category is ErrorCategory.INVALID_PARAMETER


def test_pattern_that_finds_another_file_is_answered_about_that(host: HyperVHost) -> None:
    make(host, rf"{FOLDER}\disk[12].vhdx")
    make(host, rf"{FOLDER}\disk2.vhdx")
    assert host.hyperv.get_vhd(rf"{FOLDER}\disk[12].vhdx").path == rf"{FOLDER}\disk2.vhdx"


def test_pattern_that_finds_several_is_refused(host: HyperVHost) -> None:
    make(host, rf"{FOLDER}\disk1.vhdx")
    make(host, rf"{FOLDER}\disk2.vhdx")
    with refused(match="stands for 2 files"):
        host.hyperv.test_vhd(rf"{FOLDER}\disk[12].vhdx")


def test_apostrophe_in_the_name_breaks_the_question(host: HyperVHost) -> None:
    path = rf"{FOLDER}\it's.vhdx"
    make(host, path)
    with refused(match="apostrophe") as caught:
        host.hyperv.get_vhd(path)
    assert caught.value.category is ErrorCategory.UNSPECIFIED


@pytest.mark.parametrize("name", ["none.vhdx", "disk.img", "disk.vhdx.bak", "disk"])
def test_no_such_file_and_no_disk_have_no_number(host: HyperVHost, name: str) -> None:
    with refused() as caught:
        host.hyperv.get_vhd(rf"{FOLDER}\{name}")
    assert caught.value.category is ErrorCategory.INVALID_PARAMETER


def test_sparse_disk_is_not_opened(host: HyperVHost) -> None:
    """ERROR_VIRTUAL_DISK_LIMITATION; a folder's sparseness means nothing to a file."""
    path = rf"{FOLDER}\plain.vhdx"
    make(host, path)
    host.platform.files.attributes.set(FOLDER, Attribute.SPARSE)
    host.hyperv.test_vhd(path)
    for attribute in Attribute:
        host.platform.files.attributes.set(path, attribute)
        with refused(hresult=Hresult.LIMITATION, match="must not be sparse"):
            host.hyperv.test_vhd(path)


def test_parent_and_destination_are_paths_as_they_stand(host: HyperVHost) -> None:
    base, moved = rf"{FOLDER}\plain.vhdx", rf"{FOLDER}\base[1].vhdx"
    make(host, base)
    child = host.hyperv.new_vhd(rf"{FOLDER}\child.vhdx", parent_path=base).path
    host.platform.files.rename(base, moved)
    host.hyperv.set_vhd(child, parent_path=moved)
    host.hyperv.merge_vhd(child, destination_path=moved)
