"""The way of a call through the module: what is refused, what is remembered, what is done again."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine import EngineAnswer, EngineSession, ScriptError
from lab_host import EngineHost
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.platform.acl import Right

NAME = "Bücher-Übung 'x' & $y"


def record_arguments(vm_id: str, role: str = "source", **more: Any) -> dict[str, Any]:
    plan = {"disks": ["one"], "none": [], "nested": {"a": [{"b": [NAME]}]}, "when": None}
    return {"role": role, "vm_id": vm_id, "vm_name": NAME, "peer": "HV02", "by": "ann@tool", "plan": plan, **more}


def folder(session: EngineSession, migration_id: str) -> Path:
    return session.host.root / "migrations" / migration_id


def record(session: EngineSession, migration_id: str) -> dict[str, Any]:
    found = json.loads((folder(session, migration_id) / "record.json").read_text("ascii"))
    assert isinstance(found, dict)
    return found


def journal_path(session: EngineSession, migration_id: str, operation: str, subject: str = "") -> Path:
    key = hashlib.sha256(f"{operation}/{subject}".encode()).hexdigest()
    return folder(session, migration_id) / "operations" / f"{key}.json"


def journal(session: EngineSession, migration_id: str, operation: str, subject: str = "") -> dict[str, Any]:
    found = json.loads(journal_path(session, migration_id, operation, subject).read_text("ascii"))
    assert isinstance(found, dict)
    return found


def put_attempt(session: EngineSession, migration_id: str, operation: str, *, subject: str = "", **fields: Any) -> None:
    """Lays an attempt into the journal, as a process left it that was killed or came from elsewhere."""
    attempt = {
        "attempt": 1,
        "state": "done",
        "at_utc": "2030-01-31T23:59:59.000Z",
        "arguments": {},
        "arguments_hash": hashlib.sha256(b"{}").hexdigest(),
        "result": None,
        "error": None,
        **fields,
    }
    path = journal_path(session, migration_id, operation, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"operation": operation, "subject": subject, "attempts": [attempt]}), "ascii")


@pytest.fixture
def migration(shared_session: EngineSession, migration_id: str, vm_id: str) -> Callable[..., EngineAnswer]:
    """Calls operations of a migration that has a record; the first call makes it."""

    def call(operation: str, arguments: dict[str, Any] | None = None, **fields: Any) -> EngineAnswer:
        return shared_session.call(operation, arguments, migration_id=migration_id, **fields)

    assert call("create_record", record_arguments(vm_id)).ok
    return call


def refused(answer: EngineAnswer, error_id: str) -> EngineAnswer:
    assert not answer.ok
    assert answer.error is not None
    assert (answer.error.id, answer.error.category) == (error_id, "refused"), answer.error
    assert "HV01" in answer.error.message
    return answer


def test_a_record_is_made_once(shared_session: EngineSession, migration_id: str, vm_id: str) -> None:
    arguments = record_arguments("{" + vm_id.upper() + "}")
    first = shared_session.call("create_record", arguments, migration_id=migration_id)
    made = first.result.record
    assert (first.revision, first.attempt, first.repeated) == (1, 1, False)
    assert made.model_dump() == record(shared_session, migration_id)
    assert made.model_dump(exclude={"created_utc"}) == {
        "schema_version": 1,
        "migration_id": migration_id,
        "vm_id": vm_id,
        "vm_name": NAME,
        "role": "source",
        "peer": "HV02",
        "by": "ann@tool",
        "revision": 1,
        "epoch": 0,
        "owner": "source",
        "direction": "forward",
        "step": "create_record",
        "end": "",
        "end_text": "",
        "plan": arguments["plan"],
    }
    assert (folder(shared_session, migration_id) / "record.json").read_bytes().isascii()

    again = shared_session.call("create_record", arguments, migration_id=migration_id)
    assert (again.result, again.attempt, again.repeated) == (first.result, 1, True)
    other = shared_session.call("create_record", {**arguments, "by": "bob"}, migration_id=migration_id)
    refused(other, "OperationMismatch")
    # The same by another subject, as after a kill between record and journal.
    converged = shared_session.call("create_record", arguments, migration_id=migration_id, subject="2")
    assert (converged.result, converged.repeated) == (first.result, False)
    answer = shared_session.call("create_record", {**arguments, "by": "bob"}, migration_id=migration_id, subject="3")
    refused(answer, "RecordExists")
    assert journal(shared_session, migration_id, "create_record", "3")["attempts"][0]["state"] == "refused"


def test_the_order_of_an_arguments_names_does_not_matter(
    shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    arguments = record_arguments(vm_id, "target")
    assert shared_session.call_raw("create_record", arguments, migration_id=migration_id).result.record.owner == "none"
    turned = dict(reversed(arguments.items()))
    assert shared_session.call_raw("create_record", turned, migration_id=migration_id).repeated
    kept = journal(shared_session, migration_id, "create_record")["attempts"][0]
    canonical = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    assert kept["arguments_hash"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert kept["arguments"] == arguments


@pytest.mark.parametrize(
    "change",
    [
        {"role": "both"},
        {"vm_id": "no guid"},
        {"vm_name": ""},
        {"plan": None},
        {"more": 1},
        {"VMId": "twice"},
        {"what_if": True},
        {"migration_folder": "x"},
        {"verbose": True},
    ],
)
def test_arguments_that_do_not_fit_leave_no_trace(
    shared_session: EngineSession, migration_id: str, vm_id: str, change: dict[str, Any]
) -> None:
    arguments = {**record_arguments(vm_id), **change}
    answer = shared_session.call_raw("create_record", arguments, migration_id=migration_id)
    refused(answer, "InvalidArgument")
    assert (answer.revision, answer.attempt) == (None, None)
    assert not folder(shared_session, migration_id).exists()


def test_missing_arguments_and_strange_calls_are_refused(shared_session: EngineSession, vm_id: str) -> None:
    refused(
        shared_session.call_raw("take_lock", {"vm_id": vm_id}, migration_id="20300131T235959-01234567"),
        "InvalidArgument",
    )
    for migration_id in ("", "..\\..\\x", "20300131T235959-0123456g", "20300131T235959-01234567\n"):
        answer = shared_session.call("turn_back", migration_id=migration_id)
        refused(answer, "InvalidArgument")
    assert not (shared_session.host.root / "x").exists()
    answer = shared_session.call_raw("get_everything", {})
    refused(answer, "InvalidArgument")
    answer = shared_session.call_raw("find_migrations", {"migration_id": [], "vm": {}})
    refused(answer, "InvalidArgument")


def test_calls_without_a_record_are_refused(shared_session: EngineSession, migration_id: str, vm_id: str) -> None:
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    for operation, arguments in (("take_lock", lock), ("hand_over", {"vm_id": vm_id}), ("get_copy", {"number": 1})):
        answer = shared_session.call(operation, arguments, migration_id=migration_id, revision=1)
        refused(answer, "RecordMissing")
        assert (answer.attempt, answer.revision) == (None, None)
    assert not folder(shared_session, migration_id).exists()


def test_a_call_for_the_other_host_is_refused(migration: Callable[..., EngineAnswer]) -> None:
    assert refused(migration("allow_start", {"epoch": 1}, revision=1), "WrongRole").error.facts == {  # type: ignore[union-attr]
        "role": "source",
        "side": "target",
    }
    refused(migration("get_copy", {"number": 1}), "WrongRole")


def test_a_fenced_call_needs_the_last_revision(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str
) -> None:
    for given in (0, 2, None):
        answer = refused(migration("take_back", {"epoch": 1, "override": ""}, revision=given), "RevisionStale")
        assert answer.error is not None
        assert answer.error.facts == {"given": given, "current": 1}
        assert (answer.revision, answer.attempt) == (1, None)
    assert not journal_path(shared_session, migration_id, "take_back").exists()
    done = migration("take_back", {"epoch": 1, "override": ""}, revision=1)
    assert (done.revision, done.attempt, done.result.record.step) == (2, 1, "take_back")
    # Its sender did not get the reply and asks again with what it knows.
    assert migration("take_back", {"epoch": 1, "override": ""}, revision=1).repeated
    refused(migration("take_back", {"epoch": 2, "override": ""}, revision=1), "OperationMismatch")


def test_nothing_goes_forward_after_turning_back(
    migration: Callable[..., EngineAnswer], vm_id: str, shared_session: EngineSession, migration_id: str
) -> None:
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    taken = migration("take_lock", lock)
    assert taken.result.lock.model_dump(exclude={"since_utc"}) == {"migration_id": migration_id, **lock}
    turned = migration("turn_back")
    assert (turned.revision, turned.result.record.direction, turned.result.record.step) == (2, "back", "turn_back")
    refused(migration("hand_over", {"vm_id": vm_id}, revision=2), "TurnedBack")
    refused(migration("create_probe_file", {"size_bytes": 1}), "TurnedBack")
    assert migration("take_lock", lock).repeated  # what was done before is told again
    assert record(shared_session, migration_id)["revision"] == 2


def test_a_refused_call_may_be_tried_again(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    other = "20300131T235959-ffffffff"
    shared_session.call("create_record", record_arguments(vm_id), migration_id=other)
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    held = shared_session.call("take_lock", lock, migration_id=other)
    answer = refused(migration("take_lock", lock), "AlreadyMigrating")
    assert answer.error is not None
    assert answer.error.facts == held.result.lock.model_dump()
    assert (answer.attempt, answer.repeated) == (1, False)
    assert refused(migration("take_lock", lock), "AlreadyMigrating").attempt == 2
    shared_session.call("close_migration", {"end": "home", "text": ""}, migration_id=other)
    won = migration("take_lock", lock)
    assert (won.ok, won.attempt, won.repeated) == (True, 3, False)
    states = [attempt["state"] for attempt in journal(shared_session, migration_id, "take_lock")["attempts"]]
    assert states == ["refused", "refused", "done"]


def test_an_attempt_without_end_is_done_again_where_that_is_safe(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    put_attempt(shared_session, migration_id, "create_probe_file", state="started")
    answer = migration("create_probe_file", {"size_bytes": 5})
    assert (answer.ok, answer.attempt, answer.repeated) == (True, 2, False)
    probe = shared_session.host.path(answer.result.path)
    assert probe.stat().st_size == 5
    account = f"NT VIRTUAL MACHINE\\{vm_id}"
    assert shared_session.host.platform.acl.grants(answer.result.path, account, Right.FULL_CONTROL)
    with probe.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    first, second = journal(shared_session, migration_id, "create_probe_file")["attempts"]
    assert (first["state"], first["error"]["id"], second["state"]) == ("failed", "HostFailed", "done")
    assert migration("create_probe_file", {"size_bytes": 5}).result == answer.result
    assert migration("create_probe_file", {"size_bytes": 5}, subject="again").result == answer.result


def test_an_attempt_without_end_is_left_alone_where_it_is_not(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    put_attempt(shared_session, migration_id, "start_vm", state="started")
    before = journal_path(shared_session, migration_id, "start_vm").read_bytes()
    answer = migration("start_vm", {"vm_id": vm_id, "epoch": None, "suspend": False}, revision=1)
    assert answer.error is not None
    assert (answer.error.id, answer.error.category) == ("OutcomeUnknown", "unknown")
    assert (answer.attempt, answer.revision) == (1, 1)
    assert journal_path(shared_session, migration_id, "start_vm").read_bytes() == before


def test_a_failure_is_told_again_where_it_must_not_be_repeated(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    arguments: dict[str, Any] = {
        "vm_id": vm_id,
        "name": f"QSM {migration_id}",
        "checkpoint_type": None,
        "expected_state": "Running",
        "expected_disks": [],
    }
    # An error that nobody foresaw.
    fault = Fault("Get-VM", FaultAction.FAIL, FaultPlace.CMDLET)
    shared_session.host.faults.set(fault)
    assert migration("take_lock", {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}).ok
    first = migration("take_checkpoint", arguments, revision=1)
    assert first.error is not None
    assert (first.error.id, first.error.category, first.repeated) == ("HostFailed", "failed", False)
    assert first.revision == 2  # a fenced operation that failed may have changed something
    assert record(shared_session, migration_id)["step"] == "take_checkpoint"
    again = migration("take_checkpoint", arguments, revision=1)
    assert (again.error, again.repeated, again.attempt, again.revision) == (first.error, True, 1, 2)


def test_questions_write_nothing(migration: Callable[..., EngineAnswer], shared_session: EngineSession) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in shared_session.host.root.rglob("*"))
    for arguments in ({}, {"vm": NAME}, {"migration_id": "20300131T235959-00000000"}):
        assert shared_session.call("find_migrations", arguments).ok
    assert sorted((path, path.stat().st_mtime_ns) for path in shared_session.host.root.rglob("*")) == before


def test_migrations_are_found_by_id_and_by_vm(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    migration("take_lock", lock)

    def find(**arguments: str) -> Any:
        return shared_session.call("find_migrations", arguments).result

    for arguments in ({"migration_id": migration_id}, {"vm": vm_id.upper()}, {"vm": "{" + vm_id + "}"}):
        (found,) = find(**arguments).migrations
        assert found.record.migration_id == migration_id
        assert found.locked
        assert [(outcome.operation, outcome.state) for outcome in found.outcomes] == [
            ("create_record", "done"),
            ("take_lock", "done"),
        ]
    assert migration_id in {found.record.migration_id for found in find(vm=NAME.upper()).migrations}
    assert find(vm="other").migrations == ()
    assert find().locks == ()

    (folder(shared_session, migration_id) / "record.json").rename(shared_session.host.root / "lost.json")
    (orphan,) = find(vm=vm_id).locks
    assert orphan.migration_id == migration_id
    (shared_session.host.root / "lost.json").rename(folder(shared_session, migration_id) / "record.json")
    assert find(vm=vm_id).locks == ()


def test_an_end_releases_only_what_is_its_own(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    migration("take_lock", lock)
    migration("create_probe_file", {"size_bytes": 10})
    lock_file = shared_session.host.root / "locks" / f"{vm_id}.json"
    held = migration("close_migration", {"end": "held", "text": "who knows"}, subject="held")
    assert (held.result.record.end, held.result.record.end_text, held.revision) == ("held", "who knows", 1)
    assert lock_file.exists()
    assert (folder(shared_session, migration_id) / "probe" / "probe.bin").exists()

    home = migration("close_migration", {"end": "home", "text": "brought back"}, subject="home")
    assert (home.result.record.end, home.result.record.end_text) == ("home", "who knows\nbrought back")
    assert not lock_file.exists()
    assert sorted(path.name for path in folder(shared_session, migration_id).iterdir()) == ["operations", "record.json"]

    other = "20300131T235959-eeeeeeee"
    shared_session.call("create_record", record_arguments(vm_id), migration_id=other)
    shared_session.call("take_lock", lock, migration_id=other)
    migration("close_migration", {"end": "home", "text": ""}, subject="again")
    assert json.loads(lock_file.read_text())["migration_id"] == other


def test_cleaning_keeps_what_a_migration_needs(engine_host: EngineHost, vm_id: str) -> None:
    module = engine_host.put_module()
    for stale in ("0" * 64, f"{'1' * 64}.77"):
        (engine_host.root / "modules" / stale / "QuickStorageMigration").mkdir(parents=True)
        (engine_host.root / "modules" / stale / "QuickStorageMigration" / "a.ps1").touch()
    session = engine_host.session()
    ends = {"home": "0a", "forward": "0b", "held": "0c", "": "0d", "none": "0e"}
    for end, tail in ends.items():
        migration_id = f"20300131T235959-000000{tail}"
        if end == "none":
            (engine_host.root / "migrations" / migration_id / "operations").mkdir(parents=True)
            continue
        role = "target" if end == "forward" else "source"
        session.call("create_record", record_arguments(vm_id, role), migration_id=migration_id)
        if end == "forward":
            path = folder(session, migration_id) / "record.json"
            path.write_text(json.dumps({**json.loads(path.read_text("ascii")), "owner": "target"}), "ascii")
        if end:
            session.call("close_migration", {"end": end, "text": ""}, migration_id=migration_id)
    answer = session.call("clean_host")
    root = "C:\\ProgramData\\QuickStorageMigration"
    assert set(answer.result.removed) == {
        f"{root}\\migrations\\20300131T235959-0000000a",
        f"{root}\\migrations\\20300131T235959-0000000b",
        f"{root}\\modules\\{'0' * 64}",
        f"{root}\\modules\\{'1' * 64}.77",
    }
    assert [text.partition(": ")[2].split(" ")[0] for text in answer.result.kept] == ["migration"] * 3 + ["this"]
    assert sorted(path.name[-2:] for path in (engine_host.root / "migrations").iterdir()) == ["0c", "0d", "0e"]
    assert [path.name for path in (engine_host.root / "modules").iterdir()] == [module.parent.name]
    assert session.call("clean_host").result.removed == ()


def test_one_call_at_a_time(engine_host: EngineHost, migration_id: str, vm_id: str) -> None:
    first, second = engine_host.session(), engine_host.session()
    second.run("$script:QsmLockWaitSeconds = 1")
    first.run(
        f"$script:held = New-Object Threading.Mutex $false, 'Global\\QSM-HV01-{migration_id}'; [void]$held.WaitOne(0)"
    )
    busy = second.call("create_record", record_arguments(vm_id), migration_id=migration_id)
    refused(busy, "Busy")
    assert busy.error is not None
    assert busy.error.retryable
    assert not (engine_host.root / "migrations").exists()
    assert second.call("find_migrations").ok  # questions wait for nobody
    first.process.kill()  # its lock is abandoned, which counts as taken
    assert second.call("create_record", record_arguments(vm_id), migration_id=migration_id).ok


def test_a_killed_writer_leaves_the_old_record_or_the_new_one(
    engine_host: EngineHost, migration_id: str, vm_id: str
) -> None:
    session = engine_host.session()
    session.call("create_record", record_arguments(vm_id), migration_id=migration_id)
    writer = engine_host.session()
    writer.process.send(
        json.dumps(
            {
                "script": f"""
                $script:QsmCall = @{{ Operation = 'hand_over'; RecordWritten = $false; Subject = '' }}
                while ($true) {{ [void](Set-QsmRecord -MigrationId '{migration_id}') }}
                """
            }
        ).encode()
        + b"\n"
    )
    seen: set[int] = set()

    def saw_many() -> bool:
        seen.add(session.run(f"(Get-QsmRecord -MigrationId '{migration_id}').revision")[0])
        return len(seen) == 20

    wait_until(saw_many, what="20 revisions")
    writer.process.kill()
    last = session.run(f"(Get-QsmRecord -MigrationId '{migration_id}').revision")[0]
    assert last >= max(seen)


def test_a_damaged_record_is_never_taken_for_none(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str, vm_id: str
) -> None:
    path = folder(shared_session, migration_id) / "record.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    answer = migration("turn_back")
    assert answer.error is not None
    assert (answer.error.id, answer.error.subject.rpartition("\\")[2]) == ("HostFailed", "record.json")
    assert not shared_session.call("find_migrations").ok
    path.write_bytes(whole)
    assert migration("turn_back").ok


def test_output_that_leaks_is_not_taken_for_the_result(shared_session: EngineSession) -> None:
    with pytest.raises(ScriptError, match="returned 2 objects"):
        shared_session.run(
            "function Get-Two { 1; 2 }; Invoke-QsmFunction -Row ([PSCustomObject]@{ function = 'Get-Two' }) -Parameters @{}"
        )


def test_a_lock_that_is_ours_is_kept(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, vm_id: str
) -> None:
    lock = {"vm_id": vm_id, "vm_name": NAME, "by": "ann"}
    first = migration("take_lock", lock)
    again = migration("take_lock", lock, subject="after a kill")
    assert (again.result, again.repeated) == (first.result, False)
    with pytest.raises(ScriptError, match="is not the id of a VM"):
        shared_session.run("Get-QsmLockFact -VMId '..\\x'")


def test_what_lies_behind_a_link_is_not_ours(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str
) -> None:
    strange = shared_session.host.path("D:\\strange")
    strange.mkdir(exist_ok=True)
    (strange / "kept.txt").touch()
    export = folder(shared_session, migration_id) / "copies"
    (export / "Virtual Machines").mkdir(parents=True)
    (export / "Virtual Machines" / "a.vmcx").touch()
    (export / "link").symlink_to(strange)
    assert migration("close_migration", {"end": "home", "text": ""}).ok
    assert not export.exists()
    assert (strange / "kept.txt").exists()
    for path in (
        "D:\\strange",
        "C:\\ProgramData\\QuickStorageMigration",
        "C:\\ProgramData\\QuickStorageMigration\\..\\x",
        "D:\\strange\\qsm-20300131T235959-0123abcdx",
        "D:\\strange\\qsm-20300131T235959-0123abcd\\..",
    ):
        with pytest.raises(ScriptError, match="is not removed"):
            shared_session.run(f"Remove-QsmFolder -Path '{path}'")
    assert (strange / "kept.txt").exists()


def test_only_an_unfiltered_administrator_counts(shared_session: EngineSession) -> None:
    """What whoami writes for each kind of token: hosts of the laboratory have two of them."""
    whoami = "\n".join(shared_session.run("whoami.exe /groups /fo csv /nh"))
    answers = {
        whoami: True,
        whoami.replace("12288", "16384"): True,
        whoami.replace("12288", "8192"): False,
        whoami.replace("S-1-5-32-544", "S-1-5-32-545"): False,
        "": False,
    }
    assert len(answers) == 5
    for text, expected in answers.items():
        says = f"function whoami.exe {{ $global:LASTEXITCODE = 0; '{text}' -split \"`n\" }}"
        assert shared_session.run(f"{says}; Test-QsmAdministrator") == [expected]


def test_a_record_changes_only_where_it_may(
    migration: Callable[..., EngineAnswer], shared_session: EngineSession, migration_id: str
) -> None:
    with pytest.raises(ScriptError, match="'role' of a record never changes"):
        shared_session.run(f"Set-QsmRecord -MigrationId '{migration_id}' -Change @{{ role = 'target' }}")
    path = folder(shared_session, migration_id) / "record.json"
    path.write_text(json.dumps({**record(shared_session, migration_id), "owner": "none"}), "ascii")
    refused(migration("take_back", {"epoch": 1, "override": ""}, revision=1), "NotOwner")
