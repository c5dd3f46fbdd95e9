"""One host's part in a migration: its record and its journal as last seen, and the calls that carry them on.

The state of record lies on the hosts, not here: a side sends operations under this migration's ids with the revision of
the record it last saw, and remembers results only to save a question.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

from qsm.errors import HostFailed
from qsm.facts.frozen import Frozen
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Call, Host
from qsm.hosts.messages import MigrationFacts, RecordResult
from qsm.hosts.operations import Operation
from qsm.plan.ending import End
from qsm.plan.record import OperationOutcome, Record

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)


class Side:
    """One host's part in one migration."""

    def __init__(self, host: Host, migration_id: str) -> None:
        self.host = host
        self.migration_id = migration_id
        self._lock = threading.Lock()
        self._seeing = threading.Lock()
        self._revision: int | None = None
        self._record: Record | None = None
        self._results: dict[tuple[str, str], dict[str, Any]] = {}
        self._outcomes: tuple[OperationOutcome, ...] = ()

    @property
    def name(self) -> str:
        """The host's name in the inventory."""
        return self.host.name

    def ask(self, operation: Operation[A, R], arguments: A, *, wait_seconds: float = 0.0) -> R:
        """A question about this migration."""
        return self.host.ask(operation, arguments, call=Call(self.migration_id, wait_seconds=wait_seconds))

    def change(self, operation: Operation[A, R], arguments: A, *, subject: str = "") -> R:
        """A changing operation. The subject tells apart what is done more than once in a migration."""
        if not operation.fenced:
            return self._send(operation, arguments, subject=subject, revision=None)
        with self._lock:  # one fenced operation at a time: each raises the revision that the next one must carry
            return self._send(operation, arguments, subject=subject, revision=self._revision)

    def _send(self, operation: Operation[A, R], arguments: A, *, subject: str, revision: int | None) -> R:
        try:
            call = Call(self.migration_id, subject=subject, revision=revision)
            result, now = self.host.change(operation, arguments, call=call)
        except HostFailed as error:
            self._saw(error.revision)  # a failed operation raises it too
            raise
        self._saw(now)
        if isinstance(result, RecordResult):
            self._record = result.record
        self._results[operation.name, subject] = result.model_dump(mode="json")
        return result

    def _saw(self, revision: int | None) -> None:
        """Revisions only grow, and answers to several threads may come in any order."""
        with self._seeing:
            self._revision = max(self._revision or 0, revision or 0) or None

    # --- what the host remembers

    def load(self, facts: MigrationFacts) -> None:
        """Takes over record and journal as the host told them."""
        self._record = facts.record
        self._saw(facts.record.revision)
        self._outcomes = facts.outcomes
        for outcome in facts.outcomes:
            if outcome.state == "done" and outcome.result is not None:
                self._results[outcome.operation, outcome.subject] = outcome.result

    @property
    def record(self) -> Record | None:
        """The record as last seen; None when this host has none (or was not asked)."""
        return self._record

    def result(self, operation: Operation[A, R], *, subject: str = "") -> R | None:
        """What an operation of this migration answered, now or in an earlier process."""
        found = self._results.get((operation.name, subject))
        return None if found is None else operation.result.model_validate(found)

    def tried(self, operation: Operation[Any, Any]) -> bool:
        """Whether the journal knows any attempt of the operation that was not refused."""
        sent = any(name == operation.name for name, _ in self._results)
        return sent or any(o.operation == operation.name and o.state != "refused" for o in self._outcomes)

    def copied_files(self) -> tuple[str, ...]:
        """Every destination that a copy of this migration was ever told, from the journal as last loaded."""
        told = [o.arguments["files"] for o in self._outcomes if o.operation == operations.start_copy.name]
        return tuple(dict.fromkeys(file["destination"] for files in told for file in files))

    def close(self, end: End, text: str) -> None:
        """Closes the migration on this side; closing again with another text is a new act."""
        subject = f"{end} {self.times(operations.close_migration) + 1}"
        arguments = m.CloseMigrationArguments(end=end.value, text=text)
        self._record = self.change(operations.close_migration, arguments, subject=subject).record

    def times(self, operation: Operation[Any, Any]) -> int:
        """How many different subjects of the operation are known: for the name of the next one."""
        known = {subject for name, subject in self._results if name == operation.name}
        known |= {o.subject for o in self._outcomes if o.operation == operation.name}
        return len(known)
