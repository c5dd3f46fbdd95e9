"""The main job through the real flow: the VM moves, every byte is there, and it never runs twice."""

from __future__ import annotations

import pytest
from flow_lab import BUSY, MIB, FlowLab, TestVM

from lab.guest.workload import Workload
from lab.host.handle import LabAdapter, LabDisk
from qsm.plan.ending import End
from qsm.plan.pin_mac import PinMac
from qsm.plan.state_transfer import StateTransfer
from qsm.report.report import Report

HEAVY = Workload(
    writes_per_second=2000, working_set_blocks=2048, hot_set_share=0.2, hot_set_blocks=64, memory_bytes=8 * MIB
)


def migrate_and_compare(flow_lab: FlowLab, vm: TestVM, **parameters: object) -> Report:
    """Moves a VM whose guest is held at the gate on the target, and compares every block before it writes again."""
    before = flow_lab.before(vm)
    ran = vm.state in ("Running", "Paused")
    if ran:
        flow_lab.witness.close_gate(vm.vm_id)
    report = flow_lab.migrate(vm, **parameters)
    assert (report.end, report.left_over, report.error) == (End.FORWARD, (), "")
    assert flow_lab.state(flow_lab.target, vm) == vm.state
    if ran:
        flow_lab.assert_blocks_are_as_acknowledged(flow_lab.target, vm)
        flow_lab.witness.open_gate(vm.vm_id)
        flow_lab.assert_never_ran_twice(vm)
    if vm.state == "Running":
        flow_lab.wait_for_writes(vm)
    assert flow_lab.target.vm(vm.vm_id)["snapshots"] == []
    if not parameters.get("keep_source"):
        assert flow_lab.state(flow_lab.source, vm) is None
        assert not flow_lab.files_of(flow_lab.source, vm)
    assert [flow_lab.clean_inventory(host, without=vm) for host in ("hv01", "hv02")] == before
    return report


def test_a_running_vm_with_two_disks(flow_lab: FlowLab) -> None:
    report = migrate_and_compare(flow_lab, flow_lab.make_vm())
    assert report.leaf_bytes > 0
    assert report.offline_window is not None
    assert report.offline_window.calls > 0
    assert [step.step for step in report.steps][:2] == ["preflight", "take_checkpoint"]
    assert not [step for step in report.steps if step.error]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("format", ["VHD", "VHDX"])
@pytest.mark.parametrize("dynamic", [True, False], ids=["dynamic", "fixed"])
def test_formats_and_numbers_of_disks(flow_lab: FlowLab, format: str, dynamic: bool, count: int) -> None:
    disk = LabDisk(size_bytes=8 * MIB, format=format, dynamic=dynamic)  # type: ignore[arg-type]
    migrate_and_compare(flow_lab, flow_lab.make_vm(disks=[disk] * count))


def test_a_guest_that_writes_a_lot(flow_lab: FlowLab) -> None:
    report = migrate_and_compare(flow_lab, flow_lab.make_vm(workload=HEAVY))
    assert report.leaf_bytes > 2 * MIB


@pytest.mark.parametrize("state", ["Off", "Saved", "Paused"])
def test_a_vm_in_another_state_ends_in_that_state(flow_lab: FlowLab, state: str) -> None:
    vm = flow_lab.make_vm(state=state)
    content = flow_lab.contents(flow_lab.source, vm) if state != "Paused" else None
    report = migrate_and_compare(flow_lab, vm)
    if content is not None:
        assert flow_lab.contents(flow_lab.target, vm) == content
        assert report.offline_window is None


def test_a_saved_vm_goes_on_from_its_memory(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm()
    flow_lab.source.hyperv("save_vm", vm_id=vm.vm_id)
    flow_lab.migrate(vm)
    assert flow_lab.state(flow_lab.target, vm) == "Saved"
    flow_lab.witness.close_gate(vm.vm_id)
    flow_lab.target.hyperv("start_vm", vm_id=vm.vm_id)
    flow_lab.assert_blocks_are_as_acknowledged(flow_lab.target, vm)
    flow_lab.witness.open_gate(vm.vm_id)
    flow_lab.wait_for_writes(vm)
    flow_lab.assert_never_ran_twice(vm)


def test_shutdown_in_place_of_saved_memory(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm()
    addresses = flow_lab.addresses(flow_lab.source, vm)
    report = migrate_and_compare(flow_lab, vm, state_transfer=StateTransfer.SHUTDOWN)
    assert report.state == "Running"
    assert flow_lab.addresses(flow_lab.target, vm) == addresses
    (address,) = addresses
    assert any(f"MAC address {address} made static" in note for note in report.notes)


def test_addresses_that_nobody_keeps_are_named_before_they_change(flow_lab: FlowLab) -> None:
    adapters = [LabAdapter(), LabAdapter(switch_name=None, name="unused")]
    vm = flow_lab.make_vm(disks=[LabDisk(size_bytes=8 * MIB)], adapters=adapters)
    first, second = flow_lab.addresses(flow_lab.source, vm)
    flow_lab.make_neighbour(mac_address=first)
    report = migrate_and_compare(flow_lab, vm, state_transfer=StateTransfer.SHUTDOWN, pin_mac=PinMac.OFF)
    text = " ".join(report.notes)
    assert f"the dynamic MAC address {first}, and so has adapter 'Network Adapter' of VM neighbour on host hv02" in text
    assert f"{second}. Host hv02 makes a new one when this migration starts the VM there, since" in text
    assert not {first, second} & set(flow_lab.addresses(flow_lab.target, vm))


def test_the_source_is_kept_harmless(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(automatic_start_action="StartIfRunning")
    report = migrate_and_compare(flow_lab, vm, keep_source=True)
    kept = flow_lab.source.vm(vm.vm_id)
    assert kept["state"] == "Saved"
    assert kept["automatic_start_action"] == "Nothing"
    assert [adapter["switch_name"] for adapter in kept["network_adapters"]] == [None]
    assert report.migration_id in kept["notes"]
    assert [checkpoint["name"] for checkpoint in kept["snapshots"]] == [f"QSM {report.migration_id}"]
    flow_lab.source.reboot()
    assert flow_lab.state(flow_lab.source, vm) == "Saved"
    flow_lab.assert_never_ran_twice(vm)


def test_networks_settings_and_names_are_kept(flow_lab: FlowLab) -> None:
    name = "Bücher-Übung 'x' & $y"  # not that of its disks: Hyper-V's cmdlets find no file with an apostrophe
    vm = flow_lab.make_vm(
        name=name,
        disks=[LabDisk(size_bytes=16 * MIB, path=rf"D:\VMs\{name}\Übung & $y-{n}.vhdx") for n in range(2)],
        adapters=[LabAdapter(vlan_id=42), LabAdapter(switch_name=None, name="unused")],
        automatic_start_action="Start",
        checkpoint_type="Standard",
        guest_product_type=2,
    )
    old = flow_lab.source.vm(vm.vm_id)
    report = migrate_and_compare(flow_lab, vm)
    new = flow_lab.target.vm(vm.vm_id)
    assert new["name"] == vm.name
    assert (new["automatic_start_action"], new["checkpoint_type"]) == ("Start", "Standard")
    for before, after in zip(old["network_adapters"], new["network_adapters"], strict=True):
        assert (after["mac_address"], after["vlan"]) == (before["mac_address"], before["vlan"])
    assert [adapter["switch_name"] for adapter in new["network_adapters"]] == ["Production", None]
    (changed,) = [note for note in report.notes if note.startswith(f"Host hv02 changed VM {vm.name} at its import: ")]
    assert "Übung & $y-0.vhdx" in changed and "switch Production" in changed
    assert any(note.startswith(f"VM {vm.name} is a domain controller.") for note in report.notes)
    told = [note for note in report.notes if "has a dynamic MAC address" in note]
    for adapter, note in zip(old["network_adapters"], told, strict=True):
        assert f"'{adapter['name']}' of VM {vm.name} has a dynamic MAC address, {adapter['mac_address']}." in note


def test_two_disks_of_one_name_do_not_meet(flow_lab: FlowLab) -> None:
    disks = [LabDisk(size_bytes=8 * MIB, path=rf"D:\VMs\twins\{n}\disk.vhdx") for n in (1, 2)]
    migrate_and_compare(flow_lab, flow_lab.make_vm(name="twins", disks=disks))


def test_a_second_move_of_the_same_vm_goes_back(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(workload=BUSY)
    migrate_and_compare(flow_lab, vm)
    flow_lab.migrate(
        vm,
        source="hv02",
        target="hv01",
        target_folder=r"D:\Back\again",
        switch_map=[{"source": "Production", "target": "LAN"}],
    )
    assert flow_lab.state(flow_lab.source, vm) == "Running"
    flow_lab.wait_for_writes(vm)
    flow_lab.assert_never_ran_twice(vm)
