"""A shutdown is clean or it is none: no VM is ever turned off, whatever its guest can and does (fact book, 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hosts_driver import EVERY_WINDOWS, HostAnswer
from hosts_script import MigrationScript


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
