"""Starting, stopping, saving and pausing VMs, and what Hyper-V refuses."""

from __future__ import annotations

from hyperv_helpers import Host

from lab.hyperv.model import VMState


def test_a_vm_starts_saves_restores_and_shuts_down(host: Host) -> None:
    vm = host.running_vm()
    assert vm.state is VMState.RUNNING
    saved = host.hyperv.save_vm(vm.vm_id)
    assert saved.state is VMState.SAVED
    assert host.exists(saved.saved_state_files[0])
    assert host.verify(vm.vm_id).clean
    host.hyperv.start_vm(vm.vm_id)
    host.wait_for_writes(vm.vm_id)
    assert not host.exists(saved.saved_state_files[0])
    assert host.hyperv.stop_vm(vm.vm_id).state is VMState.OFF
    assert host.verify(vm.vm_id).clean
    assert host.witness.client.findings() == []


def test_checkpoint_and_live_merge(host: Host) -> None:
    vm = host.running_vm()
    snapshot = host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="QSM 1")
    host.wait_for_writes(vm.vm_id)
    assert len(host.differencing_files()) == 2
    host.hyperv.remove_vm_snapshot(vm.vm_id, snapshot.snapshot_id)
    host.wait_for_merges(vm.vm_id)
    assert host.paths(vm.vm_id) == [drive.path for drive in vm.hard_drives]
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.verify(vm.vm_id).clean
