"""MAC addresses: what a host tells of them, and what an import makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hosts_driver import EVERY_WINDOWS, HostCaller
from hosts_script import MigrationScript

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabAdapter, LabDisk

GIVEN = "00155D0A0B01"


@pytest.fixture
def neighbour(target: HostCaller, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A VM of somebody else on the target."""
    disks = [LabDisk(size_bytes=8 * MIB, path=rf"D:\N\neighbour-{id(request)}.vhdx")]
    adapters = [LabAdapter(name="Backup", mac_address=GIVEN)]
    vm = target.host.create_vm("neighbour", disks=disks, adapters=adapters, state="Off")
    request.addfinalizer(lambda: target.host.hyperv("remove_vm", vm_id=vm["vm_id"]))
    return vm


def question(vm_id: str, *addresses: str) -> dict[str, Any]:
    return {
        "vm_id": vm_id, "folder": r"D:\New", "source_address": "hv01", "files": [], "switch_names": [],
        "mac_addresses": addresses, "compatibility": None,
    }  # fmt: skip


@EVERY_WINDOWS
def test_a_host_tells_from_where_it_takes_dynamic_addresses(source: HostCaller, target: HostCaller) -> None:
    ranges = [caller.call("get_host").result.mac_range for caller in (source, target)]
    assert [(found.minimum, found.maximum) for found in ranges] == [
        ("00155D010100", "00155D0101FF"),
        ("00155D010200", "00155D0102FF"),
    ]


def test_an_address_that_another_adapter_has_is_told(target: HostCaller, neighbour: dict[str, Any]) -> None:
    asked = question("00000000-0000-0000-0000-000000000001", GIVEN.lower(), "00155D0A0B02")
    (use,) = target.call("test_target", asked).result.mac_addresses_in_use
    assert (use.mac_address, use.adapter_name, use.vm_name) == (GIVEN, "Backup", "neighbour")
    assert target.call("test_target", question(neighbour["vm_id"], GIVEN)).result.mac_addresses_in_use == ()
    assert target.call("test_target", {**asked, "mac_addresses": []}).result.mac_addresses_in_use == ()
    target.host.set_fault(Fault("Get-VMNetworkAdapter", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070005))
    assert target.call("test_target", asked).result.mac_addresses_in_use is None


@pytest.fixture
def shut_down(make_script: Callable[..., MigrationScript]) -> MigrationScript:
    """A VM that its guest shut down, ready to be imported."""
    script = make_script("addressed")
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    script.shut_down()
    script.export()
    script.copy_changes()
    script.merge()
    return script


def pins(script: MigrationScript, *addresses: str) -> dict[str, Any]:
    """An import that makes the address of the one adapter static."""
    (adapter,) = script.vm.adapters
    pinned = [{"adapter_id": adapter.adapter_id, "mac_address": address} for address in addresses]
    return {**script.import_arguments(), "expected_state": "Off", "pinned": pinned}


def started(script: MigrationScript) -> dict[str, Any]:
    """The one adapter once the VM was started on the target."""
    script.resume()
    (adapter,) = script.target.caller.host.vm(script.vm_id)["network_adapters"]
    return dict(adapter)


@EVERY_WINDOWS
def test_an_address_that_is_made_static_stays(shut_down: MigrationScript) -> None:
    (before,) = shut_down.vm.adapters
    told = shut_down.target.do("import_vm", **pins(shut_down, before.mac_address))
    assert told.repaired[-1] == f"adapter Network Adapter: MAC address {before.mac_address} made static"
    (imported,) = told.vm.adapters
    assert (imported.mac_address, imported.dynamic_mac) == (before.mac_address, False)
    assert started(shut_down)["mac_address"] == before.mac_address


def test_a_dynamic_address_is_made_anew_at_the_start(shut_down: MigrationScript) -> None:
    (before,) = shut_down.vm.adapters
    (imported,) = shut_down.target.do("import_vm", **pins(shut_down)).vm.adapters
    assert (imported.mac_address, imported.dynamic_mac) == (before.mac_address, True)
    adapter = started(shut_down)
    assert adapter["mac_address"].startswith("00155D0102") and adapter["dynamic_mac_address_enabled"]


def test_an_address_that_cannot_be_made_static_leaves_no_vm(shut_down: MigrationScript) -> None:
    target = shut_down.target
    target.caller.host.set_fault(
        Fault("Set-VMNetworkAdapter", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070005, message="no access")
    )
    failed = target.call("import_vm", **pins(shut_down, GIVEN))
    assert failed.error_id == "ImportFailed" and failed.error is not None and failed.error.hresult == 0x80070005
    host = target.caller.host
    assert host.planned_vms() == [] and all(vm["vm_id"] != shut_down.vm_id for vm in host.vms())


def test_an_address_is_proved_on_the_imported_vm(shut_down: MigrationScript) -> None:
    arguments = pins(shut_down, GIVEN, "00155D0A0B02")
    arguments["pinned"].append({"adapter_id": "another", "mac_address": GIVEN})
    failed = shut_down.target.call("import_vm", **arguments)
    assert failed.error_id == "ImportFailed" and failed.error is not None
    for part in ("'Network Adapter' has MAC address 00155D0A0B0", "and not 00155D0A0B0", "no adapter 'another'"):
        assert part in failed.error.message
    shut_down.target.do("turn_back")
    shut_down.target.do("remove_imported_vm", vm_id=shut_down.vm_id)


def test_an_address_of_a_vm_with_its_memory_is_not_touched(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("remembering")
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    script.save()
    script.export()
    script.copy_changes()
    script.merge()
    refused = script.target.call("import_vm", **{**pins(script, GIVEN), "expected_state": "Saved"})
    assert refused.error_id == "ImportFailed"
    assert script.target.caller.host.planned_vms() == []
