"""The root of a volume holds no VM's files, be it a drive or a folder of one, on the source as on the target."""

from __future__ import annotations

import pytest
from sample_facts import disk_file, vm

from qsm.facts.hosts import VolumeFacts
from qsm.judgement.obstacles import about_vm


def volume(root: str) -> VolumeFacts:
    return VolumeFacts(root=root, capacity_bytes=1 << 50, free_bytes=1 << 49, file_system="NTFS")


VOLUMES = [volume("D:\\"), volume("D:\\Mounted\\")]


@pytest.mark.parametrize("path", [r"D:\sql.vhdx", r"D:\Mounted\sql.vhdx", r"d:\MOUNTED\sql.vhdx"])
def test_a_disk_in_a_root_is_refused(path: str) -> None:
    (reason,) = about_vm(vm(file=disk_file(path=path), volumes=VOLUMES), host="hv01")
    assert "Hyper-V does not support files in the root of a volume" in reason


@pytest.mark.parametrize("path", [r"D:\sql\sql.vhdx", r"D:\Mounted\sql\sql.vhdx", r"D:\Mounted2\sql.vhdx"])
def test_a_disk_in_a_folder_below_is_taken(path: str) -> None:
    assert list(about_vm(vm(file=disk_file(path=path), volumes=VOLUMES), host="hv01")) == []


@pytest.mark.parametrize("folder", ["D:\\", r"D:\Mounted", "D:\\Mounted\\"])
def test_a_configuration_in_a_root_is_refused(folder: str) -> None:
    (reason,) = about_vm(vm(path=folder, configuration_location=folder, volumes=VOLUMES), host="hv01")
    assert reason.startswith(f"the VM's configuration lies in {folder}: Hyper-V does not support files in the root")
