"""What a guest says of itself is told where it runs and says it; silence is no error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hosts_driver import EVERY_WINDOWS, HostCaller

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabDisk

PRODUCTS = {1: "Workstation", 2: "DomainController", 3: "Server", 4: None, None: None}


@pytest.fixture
def guests(source: HostCaller, request: pytest.FixtureRequest) -> Iterator[dict[int | None, str]]:
    """Running VMs, by what their guests say; None: a guest that is no Windows."""
    made = {}
    for product in PRODUCTS:
        disks = [LabDisk(size_bytes=4 * MIB, path=rf"D:\G\{product}-{id(request)}.vhdx")]
        vm = source.host.create_vm(f"guest {product}", disks=disks, guest_product_type=product)
        made[product] = vm["vm_id"]
    yield made
    source.host.clear_faults()
    source.host.turn_off(made.values())
    for vm_id in made.values():
        source.host.hyperv("remove_vm", vm_id=vm_id)


def ask(source: HostCaller, vm_id: str) -> Any:
    (vm,) = source.call("get_vm", {"name_or_id": vm_id}).result.matches
    assert vm.unanswered == ()
    return vm.guest_product


@EVERY_WINDOWS
def test_a_running_guest_is_told_by_its_product(source: HostCaller, guests: dict[int | None, str]) -> None:
    assert {product: ask(source, vm_id) for product, vm_id in guests.items()} == PRODUCTS
    controller = guests[2]
    fault = Fault("Msvm_KvpExchangeComponent", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80041001)
    source.host.set_fault(fault)
    assert ask(source, controller) is None
    source.host.hyperv("suspend_vm", vm_id=controller)
    assert ask(source, controller) is None
    source.host.turn_off([controller])
    assert ask(source, controller) is None
