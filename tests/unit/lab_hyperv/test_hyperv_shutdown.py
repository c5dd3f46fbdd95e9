"""Stop-VM and the shutdown component (fact book, 4): what turns a VM off, and what does not."""

from __future__ import annotations

import pytest
from hyperv_helpers import HyperVHost, refused, wait_until

from lab.hyperv.errors import RETURN_FAILED, RETURN_INVALID_STATE
from lab.hyperv.model import ShutdownComponent
from qsm.facts.states import VMState


@pytest.mark.parametrize("arranged", ["Missing", "Disabled", "NoContact", "Degraded"])
def test_fact_4_force_turns_off_at_once_what_cannot_be_shut_down(host: HyperVHost, arranged: str) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, shutdown_component=arranged)
    with refused(match="nobody can be asked"):
        host.hyperv.stop_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.RUNNING
    assert host.hyperv.stop_vm(vm.vm_id, force=True).state is VMState.OFF


def test_fact_4_force_turns_a_paused_vm_off(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.suspend_vm(vm.vm_id)
    assert host.hyperv.stop_vm(vm.vm_id, force=True).state is VMState.OFF


@pytest.mark.parametrize("how", [{"force": True}, {"turn_off": True}])
def test_fact_4_a_saved_vm_loses_its_memory(host: HyperVHost, how: dict[str, bool]) -> None:
    vm = host.running_vm()
    memory_file = host.hyperv.save_vm(vm.vm_id).saved_state_files[0]
    assert host.hyperv.stop_vm(vm.vm_id, **how).state is VMState.OFF
    assert not host.exists(memory_file)


def test_fact_4_a_refused_shutdown_leaves_the_vm_running(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, guest_refuses_shutdown=True)
    with refused(match="refused to shut down"):
        host.hyperv.stop_vm(vm.vm_id)
    assert host.state(vm.vm_id) is VMState.RUNNING
    assert host.hyperv.stop_vm(vm.vm_id, force=True).state is VMState.OFF


@pytest.mark.parametrize("force", [False, True])
def test_fact_4_a_shutdown_that_fails_as_a_job_turns_nothing_off(host: HyperVHost, force: bool) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, guest_ignores_shutdown=True)
    with refused(match="did not shut down"):
        host.hyperv.stop_vm(vm.vm_id, force=force)
    assert host.state(vm.vm_id) is VMState.RUNNING
    host.wait_for_writes(vm.vm_id)


def test_component_answers_while_the_guest_is_up(host: HyperVHost) -> None:
    vm = host.running_vm()
    component = host.hyperv.get_shutdown_component
    assert component(vm.vm_id) == ShutdownComponent(enabled=True, status="Ok")
    host.hyperv.suspend_vm(vm.vm_id)
    assert component(vm.vm_id) == ShutdownComponent(enabled=True, status="NoContact")
    host.hyperv.arrange_vm(vm.vm_id, shutdown_component="Missing")
    assert component(vm.vm_id) is None


def test_component_shuts_the_guest_down_after_it_has_answered(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.initiate_shutdown(vm.vm_id, force=False)
    wait_until(lambda: host.state(vm.vm_id) is VMState.OFF, what="a VM that is off")
    assert host.verify(vm.vm_id).clean


def test_component_never_turns_off(host: HyperVHost) -> None:
    vm = host.running_vm()
    host.hyperv.arrange_vm(vm.vm_id, guest_refuses_shutdown=True)
    with refused(match="refused to shut down") as caught:
        host.hyperv.initiate_shutdown(vm.vm_id, force=False)
    assert caught.value.return_code == RETURN_FAILED
    host.hyperv.arrange_vm(vm.vm_id, shutdown_component="NoContact")
    with refused(match="cannot be asked") as caught:
        host.hyperv.initiate_shutdown(vm.vm_id, force=True)
    assert caught.value.return_code == RETURN_INVALID_STATE
    assert host.state(vm.vm_id) is VMState.RUNNING


def test_fact_4_start_takes_an_automatic_checkpoint_and_stop_removes_it(host: HyperVHost) -> None:
    vm = host.make_vm(automatic_checkpoints_enabled=True)
    host.hyperv.start_vm(vm.vm_id)
    (taken,) = host.hyperv.get_vm_snapshot(vm.vm_id)
    assert taken.is_automatic
    assert all(path.endswith(".avhdx") for path in host.paths(vm.vm_id))
    host.wait_for_writes(vm.vm_id)
    host.hyperv.stop_vm(vm.vm_id)
    assert host.hyperv.get_vm_snapshot(vm.vm_id) == ()
    host.wait_for_merges(vm.vm_id)
    host.hyperv.set_vm(vm.vm_id, automatic_checkpoints_enabled=False)
    host.hyperv.start_vm(vm.vm_id)
    assert host.hyperv.get_vm_snapshot(vm.vm_id) == ()


def test_fact_4_no_automatic_checkpoint_beside_another_or_from_a_saved_state(host: HyperVHost) -> None:
    vm = host.make_vm(automatic_checkpoints_enabled=True)
    host.hyperv.checkpoint_vm(vm.vm_id, snapshot_name="mine")
    host.hyperv.start_vm(vm.vm_id)
    assert [each.name for each in host.hyperv.get_vm_snapshot(vm.vm_id)] == ["mine"]
    host.wait_for_writes(vm.vm_id)
    host.hyperv.save_vm(vm.vm_id)
    (mine,) = host.hyperv.get_vm_snapshot(vm.vm_id)
    host.hyperv.remove_vm_snapshot(vm.vm_id, mine.snapshot_id)
    host.wait_for_merges(vm.vm_id)
    host.hyperv.start_vm(vm.vm_id)
    assert host.hyperv.get_vm_snapshot(vm.vm_id) == ()
