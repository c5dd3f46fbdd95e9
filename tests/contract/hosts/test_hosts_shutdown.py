"""A shutdown is clean or it is none: no VM is ever turned off, whatever its guest can and does (fact book, 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hosts_driver import EVERY_WINDOWS, HostAnswer
from hosts_script import MigrationScript
from powershell_program import NEEDS_ENGINE
from waiting import wait_until

from lab.laboratory import Laboratory


@pytest.fixture
def checkpointed(make_script: Callable[..., MigrationScript]) -> MigrationScript:
    script = make_script("shuts")
    script.begin()
    script.take_checkpoint()
    return script


def shut_down(script: MigrationScript, **changes: object) -> HostAnswer:
    return script.source.call("save_vm", **{**script.save_arguments(), "mode": "shutdown", **changes})


def state(script: MigrationScript) -> object:
    return script.source.caller.host.vm(script.vm_id)["state"]


@EVERY_WINDOWS
@pytest.mark.parametrize("status", ["Missing", "Disabled", "NoContact"])
def test_guest_that_cannot_be_asked_runs_on(checkpointed: MigrationScript, status: str) -> None:
    """Stop-VM -Force and Stop-VM -AsJob turn such a VM off at once."""
    host = checkpointed.source.caller
    host.host.hyperv("arrange_vm", vm_id=checkpointed.vm_id, shutdown_component=status)
    (vm,) = host.call("get_vm", {"name_or_id": checkpointed.vm_id}).result.matches
    assert (vm.guest_shutdown, vm.unanswered) == (status, ())
    answer = shut_down(checkpointed)
    assert answer.error is not None
    assert (answer.error.id, answer.error.category) == ("WorldChanged", "refused")
    assert answer.error.facts == {"found": {"guest_shutdown": status}, "expected": {"guest_shutdown": "Ok"}}
    assert state(checkpointed) == "Running"


def test_paused_vm_is_never_turned_off(checkpointed: MigrationScript) -> None:
    checkpointed.source.caller.host.hyperv("suspend_vm", vm_id=checkpointed.vm_id)
    answer = shut_down(checkpointed, expected_state="Paused")
    assert answer.error_id == "WorldChanged"
    assert state(checkpointed) == "Paused"


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [("guest_refuses_shutdown", "refused to shut down"), ("guest_ignores_shutdown", "did not shut down within 1 s")],
)
def test_guest_that_does_not_go_down_runs_on(checkpointed: MigrationScript, behaviour: str, text: str) -> None:
    checkpointed.source.caller.host.hyperv("arrange_vm", vm_id=checkpointed.vm_id, **{behaviour: True})
    answer = shut_down(checkpointed, wait_limit_seconds=1)
    assert answer.error is not None
    assert (answer.error.id, answer.error.facts["state"]) == ("SaveFailed", "Running")
    assert text in answer.error.message
    assert state(checkpointed) == "Running"


JOB = "$job = Stop-VM -VM (Get-VM -Name $name) -AsJob; while ($job.State -ne 'Completed') { };"


@NEEDS_ENGINE
def test_fact_1_3_a_job_answers_yes_to_turning_off(
    cmdlet_laboratory: Laboratory, cmdlet_vm: dict[str, Any], in_one_process: Callable[[str], list[str]]
) -> None:
    host = cmdlet_laboratory.host("hv01")
    host.hyperv("arrange_vm", vm_id=cmdlet_vm["vm_id"], shutdown_component="NoContact")
    assert in_one_process(f"{JOB} @($job.Error).Count") == ["0"]
    assert host.vm(cmdlet_vm["vm_id"])["state"] == "Off"


@NEEDS_ENGINE
def test_fact_1_4_a_job_that_failed_is_completed_and_has_the_error(
    cmdlet_laboratory: Laboratory, cmdlet_vm: dict[str, Any], in_one_process: Callable[[str], list[str]]
) -> None:
    host, vm_id = cmdlet_laboratory.host("hv01"), cmdlet_vm["vm_id"]
    wait_until(lambda: host.hyperv("get_shutdown_component", vm_id=vm_id)["status"] == "Ok", what="a guest that is up")
    host.hyperv("arrange_vm", vm_id=vm_id, guest_ignores_shutdown=True)
    told = in_one_process(f"{JOB} @($job.Error).Count; $null -eq $job.JobStateInfo.Reason")
    assert told == ["1", "True"]
    assert host.vm(vm_id)["state"] == "Running"


@EVERY_WINDOWS
def test_start_takes_no_automatic_checkpoint(make_script: Callable[..., MigrationScript]) -> None:
    """Start-VM would, of a VM that is off, has no checkpoint and takes automatic ones (fact book, 4)."""
    script = make_script("automatic")
    knows = script.vm.automatic_checkpoints is not None or None
    if knows:
        script.source.caller.host.hyperv("set_vm", vm_id=script.vm_id, automatic_checkpoints_enabled=True)
        script.vm = script.look_again()
        assert script.vm.automatic_checkpoints
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    script.shut_down()
    script.export()
    script.copy_changes()
    script.merge()
    script.imported = script.target.do("import_vm", **{**script.import_arguments(), "expected_state": "Off"})
    script.hand_over()
    script.allow_start()
    assert script.start().state == "Running"
    started = script.target.caller.host.vm(script.vm_id)
    assert (started["snapshots"], started["automatic_checkpoints_enabled"]) == ([], knows)
    script.confirm()
    if knows:  # as a process leaves it that was killed before it had put the setting back
        script.target.caller.host.hyperv("set_vm", vm_id=script.vm_id, automatic_checkpoints_enabled=False)
    script.restore_settings(script.target)
    assert script.target.caller.host.vm(script.vm_id)["automatic_checkpoints_enabled"] == knows
