"""MAC addresses: which are made static, and what preflight says of each."""

from __future__ import annotations

from typing import Any

import pytest
from sample_facts import vm

from qsm.facts.hosts import HostFacts, MacRange
from qsm.facts.machines import AddressUse, VMFacts
from qsm.hosts import messages as m
from qsm.judgement.addresses import about, choose_pinned
from qsm.plan.pin_mac import PinMac
from qsm.plan.plan import TransferMode

VLAN = {"mode": "Untagged", "access_id": 0, "native_id": 0, "allowed_ids": "", "primary_id": 0, "secondary_id": 0}
ADDRESS = "00155D010203"
AROUND = MacRange(minimum="00155D010200", maximum="00155D0102FF")
ELSEWHERE = MacRange(minimum="00-15-5D-0A-0B-00", maximum="00-15-5D-0A-0B-FF")
OF_A_VM = AddressUse(mac_address="00155d010203", adapter_name="Backup", vm_name="web")
OF_THE_HOST = AddressUse(mac_address=ADDRESS, adapter_name="Management", vm_name=None)
AT_THE_START, LATER = "when this migration starts the VM there", "the next time that the VM is started there from off"


def with_adapter(*, state: str = "Running", **changes: Any) -> VMFacts:
    usual = {
        "adapter_id": "a", "name": "LAN 1", "mac_address": ADDRESS, "dynamic_mac": True, "legacy": False,
        "switch_name": None, "vlan": VLAN, "iov_weight": 0,
    }  # fmt: skip
    return vm(state=state, adapters=[{**usual, **changes}])


def judged(
    found: VMFacts,
    transfer: TransferMode,
    *,
    wanted: PinMac = PinMac.AUTO,
    mac_range: MacRange | None = ELSEWHERE,
    in_use: tuple[AddressUse, ...] | None = (),
) -> tuple[bool, str]:
    """Whether the address is made static, and what is said of it."""
    told: dict[str, Any] = {
        "transfer": transfer,
        "target_facts": HostFacts.model_construct(mac_range=mac_range),
        "place": m.TestTargetResult.model_construct(mac_addresses_in_use=in_use),
    }
    pinned = choose_pinned(found, wanted, **told)
    assert [(each.adapter_id, each.mac_address) for each in pinned] in ([], [("a", ADDRESS)])
    return bool(pinned), " ".join(about(found, pinned, target="hv02", **told))


def test_an_address_that_the_start_would_change_is_made_static() -> None:
    for mac_range in (ELSEWHERE, None):
        pinned, text = judged(with_adapter(), TransferMode.SHUTDOWN, mac_range=mac_range)
        assert pinned and text == (
            f"Adapter 'LAN 1' of VM sql-01 has a dynamic MAC address, {ADDRESS}."
            " Host hv02 makes it static at the import, so that it stays."
        )
    assert judged(with_adapter(), TransferMode.SHUTDOWN, mac_range=AROUND) == (False, "")


@pytest.mark.parametrize(
    ("state", "transfer", "moment", "advice"),
    [
        ("Running", TransferMode.SAVE, LATER, f"Set-VMNetworkAdapter -StaticMacAddress {ADDRESS}"),
        ("Saved", TransferMode.NONE, LATER, f"Set-VMNetworkAdapter -StaticMacAddress {ADDRESS}"),
        ("Off", TransferMode.NONE, LATER, "--pin-mac on"),
        ("Running", TransferMode.SHUTDOWN, AT_THE_START, "--pin-mac on"),
    ],
)
def test_an_address_that_will_change(state: str, transfer: TransferMode, moment: str, advice: str) -> None:
    found, wanted = with_adapter(state=state), PinMac.OFF
    pinned, text = judged(found, transfer, wanted=wanted)
    assert not pinned and text.startswith(f"Adapter 'LAN 1' of VM sql-01 has a dynamic MAC address, {ADDRESS}. ")
    assert f"Host hv02 makes a new one {moment}, since the address lies outside of its range, 00-15-5D-0A-0B-00" in text
    assert advice in text
    assert (
        f"{moment}, unless the address lies in the range" in judged(found, transfer, wanted=wanted, mac_range=None)[1]
    )
    assert judged(found, transfer, wanted=wanted, mac_range=AROUND) == (False, "")


def test_all_addresses_are_made_static_on_request_but_of_a_vm_with_memory() -> None:
    for mac_range in (ELSEWHERE, AROUND):
        for state, transfer in (("Off", TransferMode.NONE), ("Running", TransferMode.SHUTDOWN)):
            assert judged(with_adapter(state=state), transfer, wanted=PinMac.ON, mac_range=mac_range)[0]
        for state, transfer in (("Saved", TransferMode.NONE), ("Running", TransferMode.SAVE)):
            assert not judged(with_adapter(state=state), transfer, wanted=PinMac.ON, mac_range=mac_range)[0]


def test_an_address_that_was_never_given() -> None:
    found = with_adapter(mac_address="000000000000")
    assert judged(found, TransferMode.SHUTDOWN, wanted=PinMac.ON, in_use=None) == (False, "")


def test_a_static_address_stays() -> None:
    assert judged(with_adapter(dynamic_mac=False), TransferMode.SHUTDOWN, wanted=PinMac.ON) == (False, "")


@pytest.mark.parametrize("mac_range", [AROUND, ELSEWHERE])
def test_an_address_in_use_on_the_target_is_named_and_not_made_static(mac_range: MacRange) -> None:
    pinned, text = judged(
        with_adapter(), TransferMode.SHUTDOWN, wanted=PinMac.ON, mac_range=mac_range, in_use=(OF_A_VM,)
    )
    assert not pinned and text == (
        f"Adapter 'LAN 1' of VM sql-01 has the dynamic MAC address {ADDRESS}, and so has adapter 'Backup' of VM web on"
        " host hv02. While both run, host hv02 makes a new one; so it is not made static."
    )
    _, text = judged(with_adapter(dynamic_mac=False), TransferMode.SAVE, mac_range=mac_range, in_use=(OF_THE_HOST,))
    assert text == (
        f"Adapter 'LAN 1' of VM sql-01 has the static MAC address {ADDRESS}, and so has adapter 'Management' of host hv02"
        " itself. While both run, the network does not tell them apart, and host hv02 may refuse to start the VM."
    )


def test_a_target_that_does_not_say_what_is_in_use() -> None:
    pinned, text = judged(with_adapter(), TransferMode.SHUTDOWN, in_use=None)
    assert pinned
    assert text.startswith("Host hv02 did not say whether adapters there have a MAC address of VM sql-01 already.")
