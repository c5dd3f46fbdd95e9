"""The journal: a lost reply and a killed process are harmless, and what nobody knows is said to be unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from hanging import Hang
from hosts_driver import MODULES_TESTS_TOO, HostAnswer, HostCaller, new_migration_id
from hosts_script import MigrationScript

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.laboratory import Laboratory
from qsm.hosts.operations import OPERATIONS
from qsm.hosts.winrm_session import ProcessEndedError

pytestmark = pytest.mark.usefixtures("laboratory")


@pytest.fixture
def script(make_script: Callable[..., MigrationScript]) -> Iterator[MigrationScript]:
    """A migration with records and locks on both hosts, of a VM that is off: made in a moment."""
    made = make_script("journal", state="Off")
    made.begin()
    yield made
    for side in (made.source, made.target):
        side.caller.recover()
        side.caller.host.clear_faults()
        side.call("close_migration", subject="end of test", end="home", text="end of test")
    made.source.caller.host.hyperv("remove_vm", vm_id=made.vm_id)


def lock(side: MigrationScript, **changes: str) -> dict[str, str]:
    return {"vm_id": side.vm_id, "vm_name": side.vm.name, "by": "test", **changes}


def test_repeated_call_gets_the_stored_result(script: MigrationScript) -> None:
    first = script.source.call("take_lock", **lock(script))
    again = script.source.call("take_lock", **lock(script))
    assert first.ok and again.ok
    assert again.repeated and again.result == first.result
    assert again.attempt == first.attempt == 1


def test_same_operation_with_other_arguments_is_refused(script: MigrationScript) -> None:
    answer = script.source.call("take_lock", **lock(script, by="somebody else"))
    assert answer.error_id == "OperationMismatch" and answer.error is not None
    assert (answer.attempt, answer.error.facts["attempt"], answer.repeated) == (1, 1, False)
    assert script.source.call("take_lock", **lock(script)).repeated


def test_revision_and_wait_do_not_belong_to_the_arguments(script: MigrationScript) -> None:
    assert script.source.do("restore_settings", **settings(script)) is not None
    stale = script.source.revision
    assert stale == 2
    script.source.revision = 1
    again = script.source.call("restore_settings", wait_seconds=1.0, **settings(script))
    assert again.repeated and again.revision == 2


def settings(script: MigrationScript) -> dict[str, str]:
    return {"vm_id": script.vm_id, "automatic_start_action": "Nothing", "checkpoint_type": "Production"}


def test_stale_revision_is_refused_and_leaves_no_attempt(script: MigrationScript) -> None:
    script.source.revision = 7
    answer = script.source.call("restore_settings", **settings(script))
    assert answer.error_id == "RevisionStale"
    assert answer.error is not None
    assert (answer.error.facts["given"], answer.error.facts["current"]) == (7, 1)
    assert answer.revision == 1
    assert "restore_settings" not in script.source.outcomes


def test_fenced_operation_raises_the_revision_and_notes_its_step(script: MigrationScript) -> None:
    script.source.do("restore_settings", **settings(script))
    record = script.source.record
    assert (record.revision, record.step, record.owner, record.epoch) == (2, "restore_settings", "source", 0)


def test_after_a_refusal_a_new_attempt_is_made(script: MigrationScript) -> None:
    arguments = {"mode": "none", "expected_state": "Running"}
    refused = script.source.call("save_vm", **save(script, **arguments))
    assert refused.error_id == "WorldChanged" and refused.attempt == 1
    refused = script.source.call("save_vm", **save(script, **arguments))
    assert refused.error_id == "WorldChanged" and refused.attempt == 2
    assert not refused.repeated
    done = script.source.call("save_vm", **save(script))
    assert done.ok and done.attempt == 3
    assert script.source.outcomes["save_vm"] == ["refused", "refused", "done"]
    assert script.source.record.revision == 2, "a refusal changes nothing, the record neither"


def save(script: MigrationScript, **changes: object) -> dict[str, object]:
    return {
        "vm_id": script.vm_id,
        "mode": "none",
        "expected_state": "Off",
        "expected_checkpoint": None,
        "expected_disks": [{"slot": slot, "path": base.path} for slot, base in script.bases.items()],
        "expected_bases": [base.model_dump(mode="json") for base in script.bases.values()],
        "reserve_bytes": 0,
        "wait_limit_seconds": 60,
        **changes,
    }


def test_failed_operation_that_converges_is_tried_again(script: MigrationScript) -> None:
    script.source.do("save_vm", **save(script))
    script.source.caller.host.set_fault(
        Fault("ExportSystemDefinition", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070070, message="disk full")
    )
    failed = script.source.call("export_configuration", vm_id=script.vm_id)
    assert failed.error_id == "ExportFailed" and failed.error is not None
    assert failed.error.hresult == 0x80070070 and failed.error.category == "failed"
    done = script.source.call("export_configuration", vm_id=script.vm_id)
    assert done.ok and done.attempt == 2
    assert script.source.outcomes["export_configuration"] == ["failed", "done"]


def test_failed_operation_that_must_be_surveyed_is_told_again(script: MigrationScript) -> None:
    script.source.caller.host.set_fault(Fault("Set-VM", FaultAction.FAIL, FaultPlace.CMDLET))
    failed = script.source.call("save_vm", **save(script))
    again = script.source.call("save_vm", **save(script))
    assert failed.error_id == "SaveFailed" and failed.error is not None and failed.error.category == "failed"
    assert again.error == failed.error
    assert again.repeated and not failed.repeated
    assert script.source.outcomes["save_vm"] == ["failed"]


def killed_in(side: MigrationScript, operation: str, cmdlet: str, **arguments: object) -> None:
    """Carry out an operation whose process is ended within."""
    fault = Fault(cmdlet, FaultAction.KILL_PROCESS, FaultPlace.CMDLET, FaultMoment.AFTER)
    side.source.caller.host.set_fault(fault)
    with pytest.raises(ProcessEndedError):
        side.source.call(operation, **arguments)
    side.source.caller.forget()


@MODULES_TESTS_TOO
def test_attempt_without_end_is_closed_and_tried_again_where_it_converges(script: MigrationScript) -> None:
    script.source.do("save_vm", **save(script))
    killed_in(script, "export_configuration", "ExportSystemDefinition", vm_id=script.vm_id)
    assert script.source.outcomes["export_configuration"] == ["started"]
    assert script.source.record.revision == 2, "nobody wrote the record"
    done = script.source.call("export_configuration", vm_id=script.vm_id)
    assert done.ok and done.attempt == 2
    assert script.source.outcomes["export_configuration"] == ["failed", "done"]


@MODULES_TESTS_TOO
def test_attempt_without_end_stays_unknown_where_it_must_be_surveyed(script: MigrationScript) -> None:
    killed_in(script, "save_vm", "Set-VM", **save(script))
    for _ in range(2):
        answer = script.source.call("save_vm", **save(script))
        assert answer.error_id == "OutcomeUnknown"
        assert answer.error is not None and answer.error.category == "unknown" and answer.attempt == 1
    assert script.source.outcomes["save_vm"] == ["started"]


def test_forward_operations_are_refused_after_turning_back(script: MigrationScript) -> None:
    record = script.source.do("turn_back").record
    assert (record.direction, record.revision) == ("back", 2)
    for operation, arguments in {
        "save_vm": save(script),
        "take_lock": lock(script),
        "hand_over": {"vm_id": script.vm_id},
    }.items():
        answer = script.source.call(operation, subject="after turning back", **arguments)  # type: ignore[arg-type]
        assert answer.error_id == "TurnedBack", operation
    assert script.source.call("take_lock", **lock(script)).repeated, "what is done is told all the same"
    assert script.source.do("close_shares").shares == ()


def test_each_side_refuses_what_belongs_to_the_other(script: MigrationScript) -> None:
    wrong = script.target.call("hand_over", vm_id=script.vm_id)
    assert wrong.error_id == "WrongRole" and wrong.error is not None
    assert wrong.error.facts["role"] == "target"
    assert script.source.call("allow_start", epoch=1).error_id == "WrongRole"
    assert script.source.call("get_copy", number=1).error_id == "WrongRole"


@pytest.mark.parametrize("operation", ["turn_back", "close_shares", "get_copy"])
def test_without_a_record_nothing_is_done(source: HostCaller, operation: str) -> None:
    arguments = {"number": 1} if operation == "get_copy" else {}
    answer = source.call(operation, arguments, migration_id=new_migration_id())
    assert answer.error_id == "RecordMissing"


def test_record_is_made_once(script: MigrationScript) -> None:
    plan = script.plan()
    same = {"role": "source", "vm_id": script.vm_id, "vm_name": script.vm.name, "peer": "HV02", "by": "test"}
    assert script.source.call("create_record", **same, plan=plan).repeated
    again = script.source.call("create_record", subject="another", **same, plan=plan)
    assert again.ok and not again.repeated, "the same record under another subject is the same record"
    other = script.source.call("create_record", subject="third", **{**same, "role": "target"}, plan=plan)
    assert other.error_id == "RecordExists"
    assert script.source.record.role == "source"


def test_second_migration_of_a_vm_finds_it_locked(script: MigrationScript) -> None:
    second = MigrationScript(script.source.caller, script.target.caller, script.vm_id)
    second.source.do(
        "create_record", role="source", vm_id=second.vm_id, vm_name=second.vm.name, peer="HV02", by="second", plan={}
    )
    answer = second.source.call("take_lock", **{**lock(second), "by": "second"})
    assert answer.error_id == "AlreadyMigrating" and answer.error is not None
    assert answer.error.facts["migration_id"] == script.migration_id
    assert answer.error.facts["by"] == "test"
    second.source.do("close_migration", end="home", text="never begun")
    (held,) = script.source.caller.call("get_vm", {"name_or_id": script.vm_id}).result.matches
    assert held.lock.migration_id == script.migration_id, "another migration's end does not release the lock"


@MODULES_TESTS_TOO
def test_two_calls_of_one_migration_do_not_overlap(script: MigrationScript, laboratory: Laboratory) -> None:
    host = script.source.caller.host
    hang = Hang.of_cmdlet(host, "Set-VM")
    beside = HostCaller(laboratory, "hv01")
    answers: list[HostAnswer] = []

    def close_shares() -> None:
        answers.append(beside.call("close_shares", migration_id=script.migration_id))

    first = threading.Thread(target=lambda: answers.append(script.source.call("save_vm", **save(script))))
    first.start()
    hang.wait()
    second = threading.Thread(target=close_shares)
    second.start()
    asker = HostCaller(laboratory, "hv01")
    found = asker.call("find_migrations", {"migration_id": script.migration_id}).result.migrations[0]
    assert "close_shares" not in {outcome.operation for outcome in found.outcomes}, "questions pass, changes wait"
    host.clear_faults()
    first.join()
    second.join()
    for caller in (beside, asker):
        caller.close()
    assert [answer.ok for answer in answers] == [True, True]
    assert script.source.outcomes["close_shares"] == ["done"]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_wrong_arguments_are_refused_before_anything_else(source: HostCaller, name: str) -> None:
    answer = source.call(name, {"nobody knows this": 1}, migration_id=new_migration_id())
    assert answer.error_id == "InvalidArgument"
    assert answer.attempt is None and answer.revision is None


def test_migration_id_must_have_its_form(source: HostCaller) -> None:
    for wrong in ("", "x", "20260101T000000-0000000G", "..\\..\\Windows"):
        assert source.call("turn_back", {}, migration_id=wrong).error_id == "InvalidArgument"
