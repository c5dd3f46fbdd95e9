"""From a call line to an answer: who may act, what is known already, what is written down.

The rules that make a lost reply and a killed process harmless are the same for every operation, so they stand here,
step by step as docs/contract.md numbers them, and the operations themselves know nothing of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lab.engines.python.operations import records
from lab.engines.python.operations.calls import OperationCall, record_missing
from lab.engines.python.operations.errors import OperationError, refused, unforeseen, unknown
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.journal import Attempt, Journal, arguments_hash
from lab.engines.python.operations.table import FUNCTIONS
from lab.host.sentences import Sentence, say
from lab.platform.errors import PlatformError
from qsm.facts.errors import ErrorFacts
from qsm.facts.frozen import Frozen
from qsm.facts.machines import LockFacts
from qsm.hosts.messages import RecordResult
from qsm.hosts.operations import OPERATIONS, AfterUnknown, Operation
from qsm.plan.record import AttemptState, Record

MIGRATION_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")


class CallLine(BaseModel):
    """One call, as it arrives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: str
    module: str
    operation: str
    migration_id: str
    subject: str
    revision: int | None
    wait_seconds: float = Field(ge=0)
    arguments: dict[str, Any]


@dataclass(frozen=True)
class _Outcome:
    """What an answer says, but for the time it took."""

    ok: bool
    content: dict[str, Any]
    attempt: int | None = None
    repeated: bool = False


class Dispatcher:
    """Answers the calls of one host. Safe for threads."""

    def __init__(self, host: ModuleHost) -> None:
        self._host = host

    def answer(self, call: CallLine) -> dict[str, Any]:
        """Carry out one call and return its answer. Raises only ProcessEnded."""
        started = time.monotonic()
        try:
            outcome = self._carry_out(call)
        except OperationError as error:
            outcome = _told(error.facts)
        except Exception as error:  # whatever the host raises, the caller gets an answer
            operation = OPERATIONS.get(call.operation)
            changes = operation is not None and operation.changes
            outcome = _told(
                unforeseen(error, operation=call.operation, changes=changes, subject=call.subject, host=self._host.name)
            )
        return {
            "ok": outcome.ok,
            "result" if outcome.ok else "error": outcome.content,
            "revision": self._revision(call.migration_id),
            "attempt": outcome.attempt,
            "repeated": outcome.repeated,
            "seconds": round(time.monotonic() - started, 6),
        }

    def _revision(self, migration_id: str) -> int | None:
        if not MIGRATION_ID.fullmatch(migration_id):
            return None
        try:
            record = records.read(self._host, migration_id)
        except (ValueError, PlatformError):  # a record that cannot be read: the operation itself has said so
            return None
        return record.revision if record else None

    def _carry_out(self, call: CallLine) -> _Outcome:
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise refused("InvalidArgument", say("operation_unknown", self._host.name, operation=call.operation))
        needed = operation.record != "none" or call.migration_id != ""
        if needed and not MIGRATION_ID.fullmatch(call.migration_id):
            raise refused("InvalidArgument", say("no_migration_id", self._host.name, migration=call.migration_id))
        if not operation.changes:
            return self._ask(operation, call)
        with self._host.locks.held(call.migration_id):
            return self._change(operation, call)

    def _ask(self, operation: Operation[Any, Any], call: CallLine) -> _Outcome:
        arguments = _arguments(operation, call.arguments, host=self._host.name)
        record = self._record(operation, call, arguments)
        result = FUNCTIONS[operation.name](self._context(call, record), arguments)
        return _Outcome(True, _result(operation, result))

    def _change(self, operation: Operation[Any, Any], call: CallLine) -> _Outcome:
        arguments = _arguments(operation, call.arguments, host=self._host.name)  # step 1
        if operation.record == "none":
            return _Outcome(True, _result(operation, FUNCTIONS[operation.name](self._context(call, None), arguments)))
        journal = Journal(self._host.folder, call.migration_id, host=self._host.name)
        known = _from_journal(self._host, operation, call, journal.last(operation.name, call.subject))  # step 2
        if known is not None:
            return known
        record = self._record(operation, call, arguments)  # step 3
        self._check(operation, call, record)
        attempt = journal.begin(operation.name, call.subject, arguments=call.arguments)  # step 4
        return self._act(operation, call, arguments, record=record, journal=journal, attempt=attempt)

    def _act(
        self,
        operation: Operation[Any, Any],
        call: CallLine,
        arguments: Frozen,
        *,
        record: Record | None,
        journal: Journal,
        attempt: Attempt,
    ) -> _Outcome:
        context = self._context(call, record)
        written = None
        try:
            result = FUNCTIONS[operation.name](context, arguments)
            written = self._write_record(operation, context, done=True)  # step 5
            for act in context.last_acts:
                act()
        except Exception as error:
            facts = self._facts(error, call)
            if facts.category != "refused" and written is None:
                self._write_record(operation, context, done=False)
            if facts.category != "unknown":  # of an unknown outcome the attempt stays without end, which says just that
                journal.end(operation.name, call.subject, state=AttemptState(facts.category), error=facts)
            return _told(facts, attempt=attempt.attempt)
        if operation.result is RecordResult:
            result = RecordResult(record=written or records.require(self._host, call.migration_id))
        told = _result(operation, result)
        journal.end(operation.name, call.subject, state=AttemptState.DONE, result=told)
        return _Outcome(True, told, attempt=attempt.attempt)

    def _facts(self, error: Exception, call: CallLine) -> ErrorFacts:
        if isinstance(error, OperationError):
            return error.facts
        return unforeseen(error, operation=call.operation, changes=True, subject=call.subject, host=self._host.name)

    def _write_record(self, operation: Operation[Any, Any], context: OperationCall, *, done: bool) -> Record | None:
        """Write the record once: what the function wants changed, the step and, for fenced operations, the revision."""
        changes = context.changes_of_record if done else {}
        if context.record is None or not (operation.fenced or changes):
            return None
        raised = operation.fenced or context.raises_revision
        new = context.record.model_copy(
            update={"step": operation.name, "revision": context.record.revision + int(raised), **changes}
        )
        records.write(self._host, new)
        return new

    def _context(self, call: CallLine, record: Record | None) -> OperationCall:
        return OperationCall(self._host, call.module, call.migration_id, call.subject, call.wait_seconds, record)

    def _record(self, operation: Operation[Any, Any], call: CallLine, arguments: Frozen) -> Record | None:
        """Return the record where the operation needs one.

        Raises RecordMissing, WrongRole, and InvalidArgument for a VM that the migration is not about.
        """
        if operation.record in ("none", "makes"):
            return None
        record = records.read(self._host, call.migration_id)
        if record is None:
            raise record_missing(call.migration_id, host=self._host.name)
        if operation.side not in ("either", record.role):
            raise refused(
                "WrongRole",
                say(
                    "wrong_role",
                    self._host.name,
                    operation=operation.name,
                    vm=record.vm_name,
                    role=record.role,
                    migration=call.migration_id,
                    side=operation.side,
                ),
                subject=call.subject,
                role=record.role,
                side=operation.side,
            )
        vm_id = getattr(arguments, "vm_id", None)
        if vm_id is not None and records.normal_id(vm_id) != record.vm_id:
            raise refused(
                "InvalidArgument",
                say(
                    "another_vm",
                    self._host.name,
                    migration=call.migration_id,
                    record_vm_id=record.vm_id,
                    vm=record.vm_name,
                    vm_id=vm_id,
                ),
                subject=vm_id,
            )
        return record

    def _check(self, operation: Operation[Any, Any], call: CallLine, record: Record | None) -> None:
        """Raises TurnedBack, RevisionStale, NotOwner (the VM's lock here is not this migration's)."""
        if record is None:
            return
        host = self._host.name
        about = {"operation": operation.name, "vm": record.vm_name, "migration": call.migration_id}
        if operation.forward and record.direction == "back":
            raise refused("TurnedBack", say("turned_back", host, **about), subject=call.subject)
        if operation.fenced and call.revision != record.revision:
            raise refused(
                "RevisionStale",
                say("revision_stale", host, given=call.revision, current=record.revision, **about),
                subject=call.subject,
                given=call.revision,
                current=record.revision,
            )
        if operation.locked and not records.holds_lock(self._host, record):
            lock = records.read_lock(self._host, record.vm_id)
            raise refused(
                "NotOwner",
                say("not_this_migrations", host, why=_why_not_locked(host, record, lock), **about),
                subject=record.vm_id,
                owner=record.owner,
                epoch=record.epoch,
                end=record.end,
                lock=lock.model_dump(mode="json") if lock is not None else None,
            )


def _why_not_locked(host: str, record: Record, lock: LockFacts | None) -> str:
    if record.end in ("home", "forward"):
        return say("why_ended", host, end=record.end)
    if lock is None:
        return say("why_never_locked", host)
    return say("why_locked", host, migration=lock.migration_id, by=lock.by, since_utc=lock.since_utc)


def _arguments(operation: Operation[Any, Any], arguments: Mapping[str, Any], *, host: str) -> Any:
    """Check the arguments. Raises InvalidArgument."""
    try:
        checked = operation.arguments.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "arguments"
        raise refused("InvalidArgument", _wrong_argument(operation.name, host, place, first), argument=place) from error
    vm_id = getattr(checked, "vm_id", None)
    if vm_id is not None and records.normal_guid(vm_id) is None:
        wrong = say("argument_does_not_fit", host, operation=operation.name, cause=f"'{vm_id}' is not the id of a VM.")
        raise refused("InvalidArgument", wrong, argument="vm_id")
    return checked


def _wrong_argument(operation: str, host: str, place: str, problem: Mapping[str, Any]) -> Sentence:
    if problem["type"] in ("missing", "extra_forbidden"):
        name = "argument_missing" if problem["type"] == "missing" else "argument_unknown"
        return say(name, host, operation=operation, argument=place)
    return say("argument_does_not_fit", host, operation=operation, cause=f"{place}: {problem['msg']}.")


def _result(operation: Operation[Any, Any], result: Frozen | None) -> dict[str, Any]:
    """Return a result as it travels; what is not of the promised type is an error of this program."""
    if result is None or type(result) is not operation.result:
        raise TypeError(f"{operation.name} gave {type(result).__name__}, not {operation.result.__name__}")
    return result.model_dump(mode="json")


def _told(facts: ErrorFacts, *, attempt: int | None = None, repeated: bool = False) -> _Outcome:
    return _Outcome(False, facts.model_dump(mode="json"), attempt=attempt, repeated=repeated)


def _from_journal(
    host: ModuleHost, operation: Operation[Any, Any], call: CallLine, last: Attempt | None
) -> _Outcome | None:
    """Answer from the journal what is known; None where a new attempt may begin.

    What is said of an attempt that ended otherwise, or whose end nobody knows, carries its number too.
    """
    if last is None or last.state == "refused":
        return None
    converges = operation.after_unknown is AfterUnknown.CONVERGE
    if last.state == "done":
        return _repeat(host, operation, call, last)
    if converges:
        return None
    if last.state == "failed":
        return _Outcome(False, dict(last.error or {}), attempt=last.attempt, repeated=True)
    lost = unknown(
        "OutcomeUnknown",
        _about(host, "outcome_unknown", call, last),
        subject=call.subject,
        attempt=last.attempt,
        at_utc=last.at_utc,
    )
    return _told(lost.facts, attempt=last.attempt)


def _about(host: ModuleHost, name: str, call: CallLine, last: Attempt) -> Sentence:
    return say(
        name, host.name, operation=call.operation, subject=call.subject, attempt=last.attempt, at_utc=last.at_utc
    )


def _repeat(host: ModuleHost, operation: Operation[Any, Any], call: CallLine, last: Attempt) -> _Outcome:
    if last.arguments_hash != arguments_hash(call.arguments):
        other = refused(
            "OperationMismatch",
            _about(host, "operation_mismatch", call, last),
            subject=call.subject,
            attempt=last.attempt,
            at_utc=last.at_utc,
        )
        return _told(other.facts, attempt=last.attempt)
    return _Outcome(True, dict(last.result or {}), attempt=last.attempt, repeated=True)
