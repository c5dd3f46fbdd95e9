"""Paths of a migration against MAX_PATH, to the sign."""

from __future__ import annotations

from typing import Any

import pytest
from sample_facts import disk_file, vm

from qsm.facts.machines import VMFacts
from qsm.judgement.lengths import differencing_disk, too_long
from qsm.judgement.placement import place_disks

ID = "0123abcd-0000-0000-0000-000000000000"
BY_A_CHECKPOINT = 38
r"""`D:\a.vhdx` becomes `D:\a_<GUID>.avhdx`: 37 signs, and one of the extension."""


def reasons(machine: VMFacts, folder: str, export: str = r"D:\qsm-20300131T235959-0123abcd") -> list[str]:
    disks, _ = place_disks(machine, folder, host="hv01")
    return list(too_long(machine, disks, folder, export, source="hv01", target="hv02"))


def folder_of(length: int, *, sign: str = "a") -> str:
    """A target folder of that many signs, in parts that a file system takes."""
    folder = "E:\\" + "\\".join([sign * 99, sign * 99, sign * 99])
    return folder[:length].rstrip("\\").ljust(length, sign)


def test_names_of_differencing_disks() -> None:
    assert differencing_disk(r"D:\v1.0\sql.data.vhdx") == r"D:\v1.0\sql.data_<GUID>.avhdx"
    assert differencing_disk(r"D:\sql.VHD") == r"D:\sql_<GUID>.avhd"


@pytest.mark.parametrize("state", ["Running", "Paused", "Off", "Saved"])
def test_a_disk_and_its_differencing_disk_on_the_target(state: str) -> None:
    disk = r"\Virtual Hard Disks\%s.vhdx" % ("b" * 90)  # so long that nothing else of the VM's comes near
    longest = 259 - len(disk) - (BY_A_CHECKPOINT if state in ("Running", "Paused") else 0)
    machine = vm(state=state, file=disk_file(path=rf"D:\{'b' * 90}.vhdx"))
    assert reasons(machine, folder_of(longest)) == []
    (reason,) = reasons(machine, folder_of(longest + 1))
    assert "would have a path of 260 signs on host hv02, 1 more than the 259" in reason
    assert ("differencing disk" in reason) is (state in ("Running", "Paused"))
    assert reason.endswith("Choose a shorter target folder")


def test_signs_are_counted_as_windows_counts_them() -> None:
    machine = vm(state="Off")
    folder = "E:\\" + "\U0001f5a5" * 100
    assert len(folder) == 103
    assert any("203 signs" not in reason and "on host hv02" in reason for reason in reasons(machine, folder))


def test_the_differencing_disk_on_the_source() -> None:
    def on_source(length: int, **changes: Any) -> list[str]:
        path = "D:\\" + "\\".join(["c" * 99, "c" * 100, ""])
        machine = vm(file=disk_file(path=path + "c" * (length - len(path) - 5) + ".vhdx"), **changes)
        return [reason for reason in reasons(machine, r"E:\x") if "host hv01" in reason]

    assert on_source(259 - BY_A_CHECKPOINT) == []
    (reason,) = on_source(260 - BY_A_CHECKPOINT)
    assert "differencing disk of SCSI 0:0 would have a path of 260 signs on host hv01, 1 more" in reason
    assert "_<GUID>.avhdx. Move the disk to a shorter folder with Move-VMStorage" in reason
    assert on_source(259, state="Off") == []


@pytest.mark.parametrize(
    ("version", "below"),
    [
        ("10.0", rf"\Virtual Machines\{ID}.vmcx"),
        ("6.2", rf"\Virtual Machines\{ID}.vmcx"),
        ("5.0", rf"\Virtual Machines\{ID}\{ID}.bin"),
        ("strange", rf"\Virtual Machines\{ID}\{ID}.bin"),
    ],
)
def test_configuration_and_saved_memory(version: str, below: str) -> None:
    machine = vm(version=version, state="Off", file=disk_file(path=r"D:\a.vhdx"))
    longest = 259 - len(below)
    assert reasons(machine, folder_of(longest)) == []
    found = reasons(machine, folder_of(longest + 1))
    assert found and all("its configuration would have a path of 260 signs" in reason for reason in found)


def test_folders_may_be_less_long_than_files() -> None:
    machine = vm(state="Off", file=disk_file(path=r"D:\a.vhdx"))
    longest = 247 - len(r"\Virtual Hard Disks")
    assert not any("a folder of its files" in reason for reason in reasons(machine, folder_of(longest)))
    found = [reason for reason in reasons(machine, folder_of(longest + 1)) if "a folder of its files" in reason]
    assert len(found) == 1 and "248 signs on host hv02, 1 more than the 247 that Windows takes for a folder" in found[0]


def test_the_exported_configuration_lies_on_a_volume_of_the_source() -> None:
    machine = vm(state="Off", file=disk_file(path=r"D:\a.vhdx"))
    longest = 259 - len(rf"\Virtual Machines\{ID}.vmcx")
    assert reasons(machine, r"E:\x", folder_of(longest)) == []
    (reason, *_) = reasons(machine, r"E:\x", folder_of(longest + 1))
    assert "its exported configuration would have a path of 260 signs on host hv01" in reason
