"""MAC addresses: what a host gives an adapter, when it gives another one, and what never changes."""

from __future__ import annotations

import pytest
from hyperv_helpers import FOLDER, HyperVHost, refused

from lab.hyperv.addresses import NEVER_GIVEN
from lab.hyperv.errors import ERROR_INVALID_ADDRESS, RETURN_INVALID_STATE, ErrorCategory
from lab.hyperv.model import VirtualMachine
from lab.hyperv.new_vm import NewAdapter, NewDisk

OUTSIDE = "00155D0A0B01"
INSIDE = "00155D000103"


def address(vm: VirtualMachine) -> str:
    (adapter,) = vm.network_adapters
    return adapter.mac_address


def start(host: HyperVHost, vm: VirtualMachine) -> str:
    """The address that the VM runs with."""
    return address(host.hyperv.start_vm(vm.vm_id))


def make_vm(host: HyperVHost, number: int = 0, **adapter: object) -> VirtualMachine:
    host.platform.files.make_folder(FOLDER)
    adapters = (NewAdapter(switch_name="LAN", **adapter),)  # type: ignore[arg-type]
    return host.make_vm(adapters=adapters, disks=(NewDisk("SCSI 0:0", host.make_disk(f"{number}.vhdx")),))


def move_range(host: HyperVHost) -> None:
    """The VM comes to a host whose range does not hold what this one gave."""
    host.host_changes |= {"mac_address_minimum": "00155D0C0C00", "mac_address_maximum": "00155D0C0CFF"}
    host.reboot()


def test_an_address_is_given_at_the_first_start_and_kept(host: HyperVHost) -> None:
    found = host.hyperv.get_vm_host()
    assert (found.mac_address_minimum, found.mac_address_maximum) == ("00155D000100", "00155D0001FF")  # of 127.0.0.1
    vm = make_vm(host)
    assert address(vm) == NEVER_GIVEN
    first = start(host, vm)
    assert first == "00155D000100"
    host.hyperv.stop_vm(vm.vm_id, turn_off=True)
    assert start(host, vm) == first
    assert start(host, make_vm(host, 1)) == "00155D000101"


def test_a_dynamic_address_from_outside_is_made_anew_when_the_vm_is_started_from_off(host: HyperVHost) -> None:
    vm = make_vm(host)
    given = start(host, vm)
    host.hyperv.save_vm(vm.vm_id)
    move_range(host)
    assert start(host, vm) == given, "it comes back with the memory"
    host.hyperv.stop_vm(vm.vm_id, turn_off=True)
    assert start(host, vm) == "00155D0C0C00"


def test_a_static_address_stays(host: HyperVHost) -> None:
    vm = make_vm(host, mac_address=OUTSIDE, dynamic_mac_address_enabled=False)
    assert start(host, vm) == OUTSIDE


def test_an_address_is_made_static_while_the_vm_is_off(host: HyperVHost) -> None:
    vm = make_vm(host)
    given, adapter = start(host, vm), vm.network_adapters[0].adapter_id
    for stand in (lambda: None, lambda: host.hyperv.save_vm(vm.vm_id)):
        stand()
        with refused(match="current state") as caught:
            host.hyperv.set_vm_network_adapter(vm.vm_id, adapter, static_mac_address=given)
        assert caught.value.return_code == RETURN_INVALID_STATE
    host.hyperv.remove_vm_saved_state(vm.vm_id)
    for wrong in ("", "00155D", "00155D0A0B0G"):
        with refused(match="no MAC address") as caught:
            host.hyperv.set_vm_network_adapter(vm.vm_id, adapter, static_mac_address=wrong)
        assert caught.value.category is ErrorCategory.INVALID_PARAMETER
    with refused(match="no network adapter"):
        host.hyperv.set_vm_network_adapter(vm.vm_id, "another", static_mac_address=given)
    changed = host.hyperv.set_vm_network_adapter(vm.vm_id, adapter, static_mac_address="00-15-5d-0a-0b-01")
    assert (address(changed), changed.network_adapters[0].dynamic_mac_address_enabled) == (OUTSIDE, False)
    move_range(host)
    assert start(host, vm) == OUTSIDE


@pytest.mark.parametrize("dynamic", [True, False])
def test_no_two_running_vms_have_one_address(host: HyperVHost, *, dynamic: bool) -> None:
    start(host, make_vm(host, mac_address=INSIDE))
    other = make_vm(host, 1, mac_address=INSIDE, dynamic_mac_address_enabled=dynamic)
    if dynamic:
        assert start(host, other) == "00155D000100"
        return
    with refused(hresult=ERROR_INVALID_ADDRESS, match="invalid address"):
        host.hyperv.start_vm(other.vm_id)
    assert address(host.hyperv.get_vm(other.vm_id)) == INSIDE


def test_a_range_can_be_used_up(host: HyperVHost) -> None:
    host.host_changes |= {"mac_address_maximum": "00155D000100"}
    host.reboot()
    start(host, make_vm(host))
    other = make_vm(host, 1)
    with refused(hresult=ERROR_INVALID_ADDRESS, match="invalid address"):
        host.hyperv.start_vm(other.vm_id)
    assert address(host.hyperv.get_vm(other.vm_id)) == NEVER_GIVEN
