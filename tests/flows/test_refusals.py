"""Preflight refuses what cannot be moved like this: before anything is changed, and with every reason at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flow_lab import BUSY, MIB, FlowLab, TestVM

from lab.host.handle import LabAdapter, LabDisk
from qsm.errors import PreflightRefused, Refused
from qsm.migration.progress import Progress
from qsm.plan.request import MigrationRequest, SwitchPair
from qsm.plan.state_transfer import StateTransfer
from qsm.settings import load_settings
from qsm.steps.preflight import begin

SMALL = (LabDisk(size_bytes=4 * MIB),)


def check(flow_lab: FlowLab, vm: TestVM | str, **changes: Any) -> tuple[str, ...]:
    """The reasons for which a VM is refused; empty when it could be moved. Nothing may have changed."""
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    try:
        return reasons_of(vm, **changes)
    finally:
        assert [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")] == before


def reasons_of(vm: TestVM | str, **changes: Any) -> tuple[str, ...]:
    """The reasons alone, for hosts that cannot report an inventory."""
    name, folder = (vm, r"D:\Moved\x") if isinstance(vm, str) else (vm.vm_id, vm.folder)
    parameters: dict[str, Any] = {
        "vm": name, "source": "hv01", "target": "hv02", "target_folder": folder,
        "switch_map": (SwitchPair(source="LAN", target="Production"),),
    }  # fmt: skip
    try:
        begin(
            MigrationRequest(**{**parameters, **changes}), load_settings(), requested_by="a test", progress=Progress()
        ).close()
    except PreflightRefused as refused:
        return refused.reasons
    return ()


@pytest.fixture
def off_vm(flow_lab: FlowLab) -> TestVM:
    """A small VM that is off, so that nothing changes by itself."""
    return flow_lab.make_vm(disks=SMALL, state="Off")


def arranged(**what: Any) -> Callable[[FlowLab, TestVM], None]:
    return lambda flow_lab, vm: flow_lab.source.hyperv("arrange_vm", vm_id=vm.vm_id, **what)


def device(cmdlet: str) -> Callable[[FlowLab, TestVM], None]:
    return arranged(devices={cmdlet: ["one"]})


OBSTACLES: dict[str, tuple[Callable[[FlowLab, TestVM], Any], str]] = {
    "clustered": (arranged(is_clustered=True), "clustered VM"),
    "replica": (arranged(replication_mode="Primary"), "Hyper-V Replica"),
    "fibre channel": (device("Get-VMFibreChannelHba"), "FibreChannel"),
    "assigned device": (device("Get-VMAssignableDevice"), "AssignableDevice"),
    "GPU partition": (device("Get-VMGpuPartitionAdapter"), "GpuPartition"),
    "persistent memory": (device("Get-VMPmemController"), "PersistentMemory"),
    "key storage drive": (device("Get-VMKeyStorageDrive"), "KeyStorageDrive"),
    "RemoteFX": (device("Get-VMRemoteFx3dVideoAdapter"), "RemoteFX"),
    "virtual TPM": (arranged(security={"tpm_enabled": True}), "VirtualTpm"),
    "shielded": (arranged(security={"shielded": True}), "Shielded"),
    "encrypted state": (arranged(security={"encrypt_state_and_vm_migration_traffic": True}), "EncryptedState"),
    "busy": (arranged(busy_with="BackingUpVirtualMachine"), "BackingUpVirtualMachine"),
    "unanswered": (arranged(unanswered=["Get-VMSecurity"]), "could not answer"),
    "backup checkpoint": (
        lambda lab, vm: lab.source.hyperv("add_foreign_snapshot", vm_id=vm.vm_id, name="backup"),
        "has a checkpoint 'backup' (Recovery)",
    ),
    "own checkpoint": (
        lambda lab, vm: lab.source.hyperv("checkpoint_vm", vm_id=vm.vm_id, snapshot_name="before the update"),
        "has a checkpoint 'before the update'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OBSTACLES)
def test_an_obstacle_of_the_vm(flow_lab: FlowLab, off_vm: TestVM, name: str) -> None:
    assert check(flow_lab, off_vm) == ()
    arrange, reason = OBSTACLES[name]
    arrange(flow_lab, off_vm)
    assert reason in "\n".join(check(flow_lab, off_vm))


def test_a_guest_that_cannot_be_asked_to_shut_down(flow_lab: FlowLab, off_vm: TestVM) -> None:
    vm = flow_lab.make_vm(disks=SMALL)
    flow_lab.wait_for_writes(vm)
    assert check(flow_lab, vm, state_transfer=StateTransfer.SHUTDOWN) == ()
    arranged(shutdown_component="NoContact")(flow_lab, vm)
    (reason,) = check(flow_lab, vm, state_transfer=StateTransfer.SHUTDOWN)
    assert "the guest cannot be asked to shut down" in reason and "is NoContact" in reason
    assert check(flow_lab, vm, state_transfer=StateTransfer.SAVE) == ()


def test_all_reasons_come_at_once(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL, state="Off", adapters=[LabAdapter(switch_name="LAN")])
    arranged(is_clustered=True, replication_mode="Replica")(flow_lab, vm)
    reasons = check(flow_lab, vm, switch_map=(), target_folder=r"Q:\VMs\x")
    assert len(reasons) >= 4
    for text in ("clustered", "Replica", "switch map", "drive that does not exist"):
        assert text in "\n".join(reasons)


def test_disks_that_cannot_be_carried(flow_lab: FlowLab) -> None:
    disks = [
        LabDisk(size_bytes=4 * MIB),
        LabDisk(disk_number=3),
        LabDisk(size_bytes=4 * MIB, shared=True),
        LabDisk(size_bytes=4 * MIB, path=r"D:\in-the-root.vhdx"),
    ]
    text = "\n".join(check(flow_lab, flow_lab.make_vm(disks=disks, state="Off")))
    assert "pass-through" in text
    assert "a shared disk" in text
    assert "root of a volume" in text


def test_a_vm_without_disks(flow_lab: FlowLab) -> None:
    assert "no virtual disk" in "\n".join(check(flow_lab, flow_lab.make_vm(disks=(), state="Off")))


def test_checkpoints_disabled_matter_only_to_a_running_vm(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL, state="Off", checkpoint_type="Disabled")
    assert check(flow_lab, vm) == ()
    flow_lab.source.hyperv("start_vm", vm_id=vm.vm_id)
    assert "checkpoints are Disabled" in "\n".join(check(flow_lab, vm))


def test_unknown_vm_and_two_of_one_name(flow_lab: FlowLab) -> None:
    assert "no VM with this name" in check(flow_lab, "nobody")[0]
    twins = [
        flow_lab.make_vm(name="twin", disks=[LabDisk(size_bytes=4 * MIB, path=rf"D:\VMs\t{n}\d.vhdx")], state="Off")
        for n in (1, 2)
    ]
    reason = check(flow_lab, "twin")[0]
    assert all(vm.vm_id in reason for vm in twins)
    assert check(flow_lab, twins[0]) == ()


def test_switches(flow_lab: FlowLab, off_vm: TestVM) -> None:
    assert "does not name the switch" in "\n".join(check(flow_lab, off_vm, switch_map=()))
    missing = (SwitchPair(source="LAN", target="No such"),)
    assert "no switch 'No such'" in "\n".join(check(flow_lab, off_vm, switch_map=missing))
    nothing = (SwitchPair(source="LAN", target=""),)
    assert check(flow_lab, off_vm, switch_map=nothing) == ()


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        (r"Q:\VMs\a", "does not exist"),
        (r"C:\ClusterStorage\Volume1\a", "Cluster Shared Volume"),
        ("D:\\" + "d" * 220, "its configuration would have a path of"),
    ],
)
def test_target_folders(flow_lab: FlowLab, off_vm: TestVM, folder: str, reason: str) -> None:
    assert reason in "\n".join(check(flow_lab, off_vm, target_folder=folder))


@pytest.mark.parametrize(
    "name",
    [r"Virtual Hard Disks\{vm.name}-0.vhdx", r"Virtual Machines\{vm.vm_id}.vmcx", r"Virtual Machines\{vm.vm_id}.xml"],
)
def test_a_file_in_the_way(flow_lab: FlowLab, off_vm: TestVM, name: str) -> None:
    path = flow_lab.target.files.host_path(rf"{off_vm.folder}\{name.format(vm=off_vm)}")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's")
    (reason,) = check(flow_lab, off_vm)
    assert name.format(vm=off_vm).lower() in reason.lower() and "exists on host hv02 already" in reason
    assert path.read_bytes() == b"somebody's"
    path.unlink()


def test_the_file_system_of_the_target(flow_lab: FlowLab, off_vm: TestVM) -> None:
    flow_lab.target.files.volumes.add("S:\\", capacity_bytes=1 << 40, file_system="exFAT")
    (reason,) = check(flow_lab, off_vm, target_folder=r"S:\VMs\a")
    assert "volume S:\\ of host hv02 has the file system exFAT" in reason


@contextmanager
def facts(flow_lab: FlowLab, host: str, **changes: Any) -> Iterator[None]:
    """Lets a host say other things of itself for the length of a block."""
    chosen = flow_lab.laboratory.host(host)
    old = {name: getattr(chosen.facts, name) for name in changes}
    chosen.change_facts(**changes)
    try:
        yield
    finally:
        chosen.change_facts(**old)


@pytest.mark.parametrize(
    ("host", "changes", "reason"),
    [
        ("hv01", {"administrator_filtered": True}, "administrator"),
        ("hv02", {"language_mode": "ConstrainedLanguage"}, "ConstrainedLanguage"),
        ("hv02", {"enforced_execution_policy": "AllSigned"}, "RemoteSigned"),
        ("hv02", {"bits_start_mode": "Disabled"}, "BITS service is disabled"),
        ("hv02", {"domain": None}, "workgroup"),
        ("hv02", {"domain": "OTHER"}, "does not know the computer account"),
    ],
)
def test_hosts(flow_lab: FlowLab, off_vm: TestVM, host: str, changes: dict[str, Any], reason: str) -> None:
    before = flow_lab.before(off_vm)
    with facts(flow_lab, host, **changes):
        try:
            found = "\n".join(reasons_of(off_vm))
        except Refused as refused:  # the host does not even run the module
            found = str(refused)
    assert reason in found
    assert flow_lab.before(off_vm) == before


def test_memory_and_processors_of_the_target(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL)
    with facts(flow_lab, "hv02", memory_bytes=0):
        reasons = "\n".join(check(flow_lab, vm))
    assert "host hv02 has 0 bytes of memory free" in reasons
    assert check(flow_lab, vm) == ()


def test_room(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL)
    for host in (flow_lab.source, flow_lab.target):
        host.set_free_bytes("D:\\", 10 * MIB)
        try:
            reasons = "\n".join(check(flow_lab, vm))
        finally:
            host.set_volume_size("D:\\", 256 << 30)
        assert f"volume D:\\ of host {host.name} has" in reasons
        assert "are needed" in reasons


def test_memory_is_exported_to_a_volume_of_the_vm(flow_lab: FlowLab) -> None:
    """The system volume holds nothing of the VM, so it gets no copy of the memory, however little is free there."""
    vm = flow_lab.make_vm(disks=SMALL)
    flow_lab.source.set_free_bytes("C:\\", 10 * MIB)
    try:
        assert check(flow_lab, vm) == ()
    finally:
        flow_lab.source.set_volume_size("C:\\", 64 << 30)


def test_another_vm_of_that_id_on_the_target(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL, state="Off")
    flow_lab.migrate(vm, keep_source=True)
    reasons = "\n".join(check(flow_lab, vm, target_folder=r"D:\Moved\other"))
    assert f"VM with id {vm.vm_id} already" in reasons
    flow_lab.source.hyperv("remove_vm", vm_id=vm.vm_id)


def test_a_paused_vm_cannot_shut_down(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL, state="Paused", workload=BUSY)
    assert "its guest cannot shut down" in "\n".join(check(flow_lab, vm, state_transfer=StateTransfer.SHUTDOWN))


def test_a_host_that_is_not_in_the_inventory_is_bad_input(flow_lab: FlowLab, off_vm: TestVM) -> None:
    with pytest.raises(Refused, match=r"hosts\.hv09"):
        check(flow_lab, off_vm, target="hv09")
