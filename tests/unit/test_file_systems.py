"""File systems: NTFS and ReFS take a VM's files, everything else is refused, no answer too."""

from __future__ import annotations

import pytest
from sample_facts import vm

from qsm.facts.hosts import VolumeFacts
from qsm.judgement.file_systems import about_source_volumes, about_target_volume


def volume(file_system: str, root: str = "D:\\") -> VolumeFacts:
    return VolumeFacts(root=root, capacity_bytes=1 << 50, free_bytes=1 << 49, file_system=file_system)


@pytest.mark.parametrize("name", ["NTFS", "ReFS", "refs", "CSVFS", "CSVFS_NTFS", "CSVFS_ReFS"])
def test_file_systems_that_are_taken(name: str) -> None:
    assert list(about_target_volume(volume(name), host="hv02")) == []
    assert list(about_source_volumes(vm(volumes=[volume(name)]), host="hv01")) == []


@pytest.mark.parametrize("name", ["FAT", "FAT32", "exFAT", "UDF", "NTFS2", ""])
def test_file_systems_that_are_refused(name: str) -> None:
    (reason,) = about_target_volume(volume(name), host="hv02")
    found = f"has the file system {name}" if name else "does not report its file system"
    assert reason.startswith(
        f"volume D:\\ of host hv02 {found}; a VM's files need NTFS or ReFS. Choose a target folder"
    )
    (reason,) = about_source_volumes(vm(volumes=[volume(name)]), host="hv01")
    assert reason.startswith(f"volume D:\\ of host hv01 {found}; a VM's files need NTFS or ReFS. Move its disks")


def test_only_volumes_that_take_differencing_disks_matter_on_the_source() -> None:
    others = [volume("FAT32", "D:\\"), volume("NTFS", "D:\\sql\\"), volume("exFAT", "E:\\")]
    assert list(about_source_volumes(vm(volumes=others), host="hv01")) == []
    assert list(about_source_volumes(vm(state="Off", volumes=others[:1]), host="hv01")) == []


def test_a_place_without_volume_has_reasons_of_its_own() -> None:
    assert list(about_target_volume(None, host="hv02")) == []
