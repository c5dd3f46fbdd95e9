"""What preflight says of a VM that can be moved."""

from __future__ import annotations

from typing import Any

import pytest
from sample_facts import vm

from qsm.facts.machines import VMFacts
from qsm.judgement.notes import about_move
from qsm.plan.plan import TransferMode

VLAN = {"mode": "Untagged", "access_id": 0, "native_id": 0, "allowed_ids": "", "primary_id": 0, "secondary_id": 0}


def with_adapter(**changes: Any) -> VMFacts:
    usual = {
        "adapter_id": "a", "name": "LAN 1", "mac_address": "00155D010203", "dynamic_mac": True, "legacy": False,
        "switch_name": None, "vlan": VLAN, "iov_weight": 0,
    }  # fmt: skip
    return vm(adapters=[{**usual, **changes}])


def test_change_tracking_of_backups() -> None:
    tracked = vm().disks[0].model_copy(update={"change_tracking": (r"D:\sql\sql.vhdx.rct", r"D:\sql\sql.vhdx.mrt")})
    (note,) = about_move(vm(disks=[tracked]), target="hv02", transfer=TransferMode.SAVE)
    assert r"VM sql-01 use (D:\sql\sql.vhdx.rct) is not copied" in note and note.endswith("there must be a full one.")


@pytest.mark.parametrize(
    ("transfer", "moment"),
    [
        (TransferMode.SAVE, "the next time that the VM is started there from off"),
        (TransferMode.NONE, "the next time that the VM is started there from off"),
        (TransferMode.SHUTDOWN, "when this migration starts the VM there"),
    ],
)
def test_a_dynamic_address(transfer: TransferMode, moment: str) -> None:
    (note,) = about_move(with_adapter(), target="hv02", transfer=transfer)
    assert (
        "Adapter 'LAN 1' of VM sql-01 has a dynamic MAC address, 00155D010203. Host hv02 makes a new one " + moment
        in note
    )
    assert "Set-VMNetworkAdapter -StaticMacAddress 00155D010203" in note


@pytest.mark.parametrize("changes", [{"dynamic_mac": False}, {"mac_address": "000000000000"}])
def test_an_address_that_stays_or_was_never_given(changes: dict[str, Any]) -> None:
    assert list(about_move(with_adapter(**changes), target="hv02", transfer=TransferMode.SAVE)) == []


def test_an_image_in_a_dvd_drive() -> None:
    found = list(about_move(vm(dvd_paths=[r"D:\ISO\seed.iso"]), target="hv02", transfer=TransferMode.SAVE))
    assert len(found) == 1 and r"The image D:\ISO\seed.iso in a DVD drive of VM sql-01 is not copied" in found[0]
