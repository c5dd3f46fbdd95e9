"""Paths of virtual disks: each is carried by every cmdlet, or refused before anything is done, with the part that is wrong.

The facts are those of "Paths of virtual disks" in docs/fidelity.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hosts_driver import HostCaller
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.handle import MIB, LabDisk


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (r"D:\VMs\odd\disk[1].vhdx", "the brackets in 'disk[1].vhdx' make it a pattern"),
        (r"D:\VMs\odd [2]\disk.vhdx", "the brackets in 'odd [2]' make it a pattern"),
        (r"D:\VMs\odd\it's.vhdx", "a file with an apostrophe in its name, as in 'it's.vhdx'"),
        (rf"D:\VMs\{'long' * 30}\{'long' * 30}\{'x' * 20}.vhdx", "it has 274 signs, and 259 are what"),
    ],
    ids=["bracket in the name", "bracket in the folder", "apostrophe", "length"],
)
def test_paths_that_mean_another_file_to_cmdlets_are_refused(source: HostCaller, path: str, why: str) -> None:
    name = f"odd-{abs(hash((path, source.name))) % 100000}"
    source.host.create_vm(name, disks=[LabDisk(size_bytes=16 * MIB, path=path)], memory_bytes=2 * MIB, state="Off")
    (vm,) = source.call("get_vm", {"name_or_id": name}).result.matches
    (disk,) = vm.disks
    source.host.hyperv("remove_vm", vm_id=vm.vm_id)
    assert disk.chain == () and disk.error is not None
    assert why in disk.error
    assert disk.error.endswith("or move it to another folder with Move-VMStorage.")


def test_disk_beside_which_a_pattern_finds_another_is_not_taken_for_that(source: HostCaller) -> None:
    """Get-VHD would answer about disk2.vhdx: a sound disk, but the wrong one."""
    disks = [
        LabDisk(size_bytes=size * MIB, path=rf"D:\VMs\twin\disk{end}.vhdx") for size, end in ((16, "[12]"), (24, "2"))
    ]
    source.host.create_vm("twin", disks=disks, memory_bytes=2 * MIB, state="Off")
    (vm,) = source.call("get_vm", {"name_or_id": "twin"}).result.matches
    source.host.hyperv("remove_vm", vm_id=vm.vm_id)
    pattern, plain = vm.disks
    assert pattern.chain == () and "'disk[12].vhdx'" in (pattern.error or "")
    assert plain.chain[0].size_bytes == 24 * MIB


def test_names_with_other_signs_are_carried_by_every_cmdlet(make_script: Callable[..., MigrationScript]) -> None:
    path = r"D:\VMs\it's, 100% _old_ (ü)\one, two_%.vhdx"
    script = make_script("signs", disks=[LabDisk(size_bytes=16 * MIB, path=path)])
    wait_until(lambda: script.acknowledged() > 20, what="first writes of the guest")
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    script.up_to_import_from_save()
    script.resume()
    wait_until(
        lambda: script.lab.witness.lifetimes(script.vm_id)[-1].host_name == "HV02", what="the guest on the target"
    )
    assert script.lab.witness.findings(script.vm_id) == []
