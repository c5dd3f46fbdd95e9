"""Compressed, encrypted and sparse files: "Forms of files" in docs/fidelity.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hosts_driver import HostCaller

from lab.host.handle import MIB, LabDisk
from lab.platform.attributes import Attribute

FOLDER = r"D:\VMs\form"
FORMS = [(Attribute.COMPRESSED, "compressed", "compact /u"), (Attribute.ENCRYPTED, "encrypted", "cipher /d")]


@pytest.fixture
def vm(source: HostCaller) -> Iterator[Any]:
    made = source.host.create_vm("form", disks=[LabDisk(size_bytes=16 * MIB)], memory_bytes=2 * MIB, state="Off")
    yield made
    source.host.files.attributes.set(FOLDER)
    source.host.files.attributes.set(made["hard_drives"][0]["path"])
    source.host.hyperv("remove_vm", vm_id=made["vm_id"])
    source.host.files.remove_file(made["hard_drives"][0]["path"])


def disk_of(caller: HostCaller) -> Any:
    (told,) = caller.call("get_vm", {"name_or_id": "form"}).result.matches
    return told.disks[0]


@pytest.mark.parametrize(("attribute", "word", "repair"), FORMS)
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_disk_in_a_form_that_hyper_v_does_not_take_is_refused(
    source: HostCaller, vm: Any, attribute: Attribute, word: str, repair: str, folder: bool
) -> None:
    """A folder's form counts for what is made in it: the differencing disk of a checkpoint."""
    place = FOLDER if folder else vm["hard_drives"][0]["path"]
    source.host.files.attributes.set(place, attribute)
    disk = disk_of(source)
    assert disk.chain == () and disk.error is not None
    assert f"'{place}' is {word}." in disk.error and f"{repair} ({word})" in disk.error


@pytest.mark.parametrize(("attribute", "word", "repair"), FORMS)
def test_target_folder_in_such_a_form_is_told(target: HostCaller, attribute: Attribute, word: str, repair: str) -> None:
    target.host.files.make_folder(r"D:\Packed")
    target.host.files.attributes.set(r"D:\Packed", attribute)
    question = {
        **{"vm_id": "0f1e2d3c-0000-0000-0000-000000000001", "files": [], "switch_names": [], "mac_addresses": []},
        **{"compatibility": None, "source_address": "hv01.lab.example"},
    }
    for folder, kind in ((r"D:\Packed\below\it", word), (r"D:\Plain", "local")):
        assert target.call("test_target", {**question, "folder": folder}).result.folder_kind == kind
    target.host.files.attributes.set(r"D:\Packed")
