"""Levers on what is told of a VM: the answers change, the rules do not."""

from __future__ import annotations

from hyperv_helpers import HyperVHost, refused

from qsm.facts.states import VMState


def test_a_vm_is_told_as_it_is_not_until_the_truth_is_wanted(host: HyperVHost) -> None:
    vm = host.make_vm()
    drives = vm.hard_drives[:1]
    host.hyperv.show_vm_as(vm.vm_id, state=VMState.RUNNING, hard_drives=drives)
    for told in (host.hyperv.get_vm(vm.vm_id), *host.hyperv.get_vms()):
        assert (told.state, told.hard_drives, told.name) == (VMState.RUNNING, drives, vm.name)
    with refused(match="It is Off"):
        host.hyperv.save_vm(vm.vm_id)
    host.hyperv.show_vm_as(vm.vm_id)
    assert host.hyperv.get_vm(vm.vm_id) == vm


def test_a_saved_state_that_no_guest_wrote_is_carried_and_not_restored(host: HyperVHost) -> None:
    vm_id = host.make_vm().vm_id
    saved = host.hyperv.lay_saved_state(vm_id, b"memory")
    assert saved.state is VMState.SAVED
    assert host.platform.files.read_bytes(saved.saved_state_files[0]) == b"memory"
    host.reboot()
    assert host.state(vm_id) is VMState.SAVED
    exported = host.hyperv.export_system_definition(
        vm_id,
        r"D:\Export",
        copy_snapshot_configuration=1,
        copy_vm_runtime_information=True,
        disable_differential_of_ignored_storage=True,
    )
    assert any(path.endswith(".vmrs") for path in exported)
    with refused():
        host.hyperv.start_vm(vm_id)
    assert host.state(vm_id) is VMState.SAVED
