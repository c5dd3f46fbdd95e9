"""Checkpoint-VM is two jobs, and the name comes by the second (fact book, 5): what is left by a kill between them is found
again, and nobody else's checkpoint is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hosts_script import MigrationScript

from lab.host.faults import Fault, FaultAction, FaultPlace
from qsm.hosts.winrm_session import ProcessEndedError


@pytest.fixture
def killed_between(make_script: Callable[..., MigrationScript]) -> MigrationScript:
    """A migration whose process was killed when its checkpoint was made and had no name yet."""
    script = make_script("half")
    script.begin()
    script.source.caller.host.set_fault(Fault("ModifySystemSettings", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    with pytest.raises(ProcessEndedError):
        script.source.call("take_checkpoint", **script.checkpoint_arguments())
    assert script.source.call("take_checkpoint", **script.checkpoint_arguments()).error_id == "OutcomeUnknown"
    return script


def names(script: MigrationScript) -> list[str]:
    return [each["name"] for each in script.source.caller.host.vm(script.vm_id)["snapshots"]]


def remove(script: MigrationScript) -> list[str]:
    """Remove what is ours; gives the names that are left."""
    name = f"QSM {script.migration_id}"
    script.source.do("remove_checkpoint", subject="home", vm_id=script.vm_id, name=name)
    return names(script)


def test_checkpoint_without_its_name_is_taken_away(killed_between: MigrationScript) -> None:
    script = killed_between
    (default,) = names(script)
    assert default.startswith(f"{script.vm.name} - (")
    bases = [{"slot": slot, "path": base.path} for slot, base in script.bases.items()]
    question = {"vm_id": script.vm_id, "name": f"QSM {script.migration_id}", "bases": bases, "leaves": []}
    look = script.source.do("get_checkpoint_removal", **question)
    assert not look.done
    assert f"checkpoint {default}" in look.remaining
    assert remove(script) == []
    assert script.source.do("get_checkpoint_removal", wait_seconds=20.0, **question).done


def test_checkpoint_of_a_backup_beside_it_stays(killed_between: MigrationScript) -> None:
    killed_between.source.caller.host.hyperv("add_foreign_snapshot", vm_id=killed_between.vm_id, name="backup")
    assert remove(killed_between) == ["backup"]


def test_checkpoint_with_a_name_of_its_own_beside_it_stays(killed_between: MigrationScript) -> None:
    host = killed_between.source.caller.host
    host.hyperv("checkpoint_vm", vm_id=killed_between.vm_id, snapshot_name="before the update")
    assert remove(killed_between) == ["before the update"]


def test_of_two_that_could_be_ours_none_is_touched(killed_between: MigrationScript) -> None:
    script = killed_between
    other = f"{script.vm.name} - (29.11.2026 - 08:00:00)"
    script.source.caller.host.hyperv("checkpoint_vm", vm_id=script.vm_id, snapshot_name=other)
    before = names(script)
    assert remove(script) == before


def test_checkpoint_that_could_not_be_named_is_taken_away(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script("unnamed")
    script.begin()
    script.source.caller.host.set_fault(Fault("ModifySystemSettings", FaultAction.FAIL, FaultPlace.CMDLET))
    assert script.source.call("take_checkpoint", **script.checkpoint_arguments()).error_id == "CheckpointFailed"
    assert len(names(script)) == 1
    assert remove(script) == []
