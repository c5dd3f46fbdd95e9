r"""The journal of a migration on a host: what became of each changing call.

A reply can be lost and a process can be killed between an act and its report. So each changing operation is written
down before it acts and again when it is over, under its name and subject, and a repeated call is answered from here:
`migrations\<id>\operations\<sha256 of "operation/subject">.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.engines.python.operations.clock import now_utc
from lab.engines.python.operations.errors import failed
from lab.engines.python.operations.state_folder import StateFolder
from lab.host.sentences import say
from qsm.facts.errors import ErrorFacts
from qsm.plan.record import AttemptState, OperationOutcome


def arguments_hash(arguments: Mapping[str, Any]) -> str:
    """Hash of a call's arguments: canonical JSON, keys sorted, no blanks, ASCII."""
    canonical = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Attempt:
    """One attempt of an operation."""

    attempt: int
    state: AttemptState
    at_utc: str
    arguments: dict[str, Any]
    arguments_hash: str
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class Journal:
    """The journal of one migration. Writers hold the migration's lock."""

    def __init__(self, folder: StateFolder, migration_id: str, *, host: str) -> None:
        self._host = host
        self._folder = folder
        self._operations = f"migrations\\{migration_id}\\operations"

    def last(self, operation: str, subject: str) -> Attempt | None:
        """Return the newest attempt of an operation on a subject."""
        attempts = self._attempts(operation, subject)
        return attempts[-1] if attempts else None

    def begin(self, operation: str, subject: str, *, arguments: dict[str, Any]) -> Attempt:
        """Write down that an attempt begins. One that never ended is closed as failed by the same write."""
        attempts = self._attempts(operation, subject)
        if attempts and attempts[-1].state == "started":
            lost = failed(
                "HostFailed", say("never_ended", self._host, operation=operation, subject=subject), subject=subject
            )
            attempts[-1] = _end(
                attempts[-1], AttemptState.FAILED, error=lost.facts.model_dump(mode="json"), result=None
            )
        begun = Attempt(
            len(attempts) + 1, AttemptState.STARTED, now_utc(), arguments, arguments_hash(arguments), None, None
        )
        self._put(operation, subject, [*attempts, begun])
        return begun

    def end(
        self,
        operation: str,
        subject: str,
        *,
        state: AttemptState,
        result: dict[str, Any] | None = None,
        error: ErrorFacts | None = None,
    ) -> None:
        """Write down how the newest attempt ended."""
        *earlier, newest = self._attempts(operation, subject)
        told = error.model_dump(mode="json") if error is not None else None
        self._put(operation, subject, [*earlier, _end(newest, state, error=told, result=result)])

    def outcomes(self) -> tuple[OperationOutcome, ...]:
        """Return all attempts of all operations, in the order in which they began."""
        found = []
        for name in self._folder.names(self._operations):
            entry = self._folder.read_json(f"{self._operations}\\{name}") or {"attempts": []}
            for attempt in entry["attempts"]:
                facts = {key: value for key, value in attempt.items() if key != "arguments_hash"}
                found.append(OperationOutcome(operation=entry["operation"], subject=entry["subject"], **facts))
        return tuple(sorted(found, key=lambda each: (each.at_utc, each.operation, each.subject, each.attempt)))

    def of(self, operation: str) -> tuple[OperationOutcome, ...]:
        """Return all attempts of one operation, whatever its subject."""
        return tuple(outcome for outcome in self.outcomes() if outcome.operation == operation)

    def is_done(self, operation: str) -> bool:
        """Whether an attempt of the operation ended well, whatever its subject."""
        return any(outcome.state == "done" for outcome in self.of(operation))

    def last_result(self, operation: str) -> dict[str, Any] | None:
        """Return the result of the newest attempt of the operation that ended well, whatever its subject."""
        results = [outcome.result for outcome in self.of(operation) if outcome.state == "done"]
        return results[-1] if results else None

    def _name(self, operation: str, subject: str) -> str:
        key = hashlib.sha256(f"{operation}/{subject}".encode()).hexdigest()
        return f"{self._operations}\\{key}.json"

    def _attempts(self, operation: str, subject: str) -> list[Attempt]:
        entry = self._folder.read_json(self._name(operation, subject))
        return [Attempt(**attempt) for attempt in entry["attempts"]] if entry else []

    def _put(self, operation: str, subject: str, attempts: list[Attempt]) -> None:
        self._folder.replace_json(
            self._name(operation, subject),
            {"operation": operation, "subject": subject, "attempts": [vars(attempt) for attempt in attempts]},
        )


def _end(attempt: Attempt, state: AttemptState, *, result: dict[str, Any] | None, error: Any) -> Attempt:
    return Attempt(
        attempt.attempt, state, attempt.at_utc, attempt.arguments, attempt.arguments_hash, result=result, error=error
    )
