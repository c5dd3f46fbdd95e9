"""What preflight says of a VM that can be moved."""

from __future__ import annotations

import pytest
from sample_facts import vm

from qsm.facts.machines import VMFacts
from qsm.hosts import messages as m
from qsm.judgement.notes import about_move


def notes(vm: VMFacts, *, missing_images: tuple[str, ...] = ()) -> list[str]:
    place = m.TestTargetResult.model_construct(missing_images=missing_images)
    return list(about_move(vm, place, target="hv02"))


def test_change_tracking_of_backups() -> None:
    tracked = vm().disks[0].model_copy(update={"change_tracking": (r"D:\sql\sql.vhdx.rct", r"D:\sql\sql.vhdx.mrt")})
    (note,) = notes(vm(disks=[tracked]))
    assert r"VM sql-01 use (D:\sql\sql.vhdx.rct) is not copied" in note and note.endswith("there must be a full one.")


def test_an_adapter_on_a_switch_that_is_gone() -> None:
    vlan = {"mode": "Untagged", "access_id": 0, "native_id": 0, "allowed_ids": "", "primary_id": 0, "secondary_id": 0}
    adapter = {
        "adapter_id": "a", "name": "LAN 1", "mac_address": "00155D010203", "dynamic_mac": False, "legacy": False,
        "switch_name": None, "switch_gone": True, "vlan": vlan, "iov_weight": 0,
    }  # fmt: skip
    (note,) = notes(vm(adapters=[adapter]))
    assert "Adapter 'LAN 1' of VM sql-01 is connected to a virtual switch that its host no longer has" in note


@pytest.mark.parametrize(
    ("missing", "becomes"),
    [((), "has a file of that path: the drive keeps it"), ((r"d:\iso\SEED.iso",), "the drive will be empty there")],
)
def test_an_image_in_a_dvd_drive(missing: tuple[str, ...], becomes: str) -> None:
    (found,) = notes(vm(dvd_paths=[r"D:\ISO\seed.iso"]), missing_images=missing)
    assert r"The image D:\ISO\seed.iso in a DVD drive of VM sql-01 is not copied" in found
    assert becomes in found


def test_nothing_to_say() -> None:
    assert notes(vm()) == []


def test_a_domain_controller() -> None:
    (note,) = notes(vm(guest_product="DomainController"))
    assert note.startswith("VM sql-01 is a domain controller. The import gives it a new VM-GenerationID")
    assert "Let another one run until VM sql-01 has done so" in note


@pytest.mark.parametrize("product", ["Server", "Workstation", "SomethingNew", None])
def test_another_guest(product: str | None) -> None:
    assert notes(vm(guest_product=product)) == []
