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
from qsm.migration.journal import ONCE, KnownJournal
from qsm.plan.ending import End
from qsm.plan.record import Record

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)


class Side:
    """One host's part in one migration.

    Of a `new` migration this process knows everything, since it begins it. Of another one the journal is asked for as
    soon as it is needed.
    """

    def __init__(self, host: Host, migration_id: str, *, new: bool) -> None:
        self.host = host
        self.migration_id = migration_id
        self._lock = threading.Lock()
        self._seeing = threading.Lock()
        self._revision: int | None = None
        self._record: Record | None = None
        self._journal = KnownJournal()
        self._knows_journal = new

    @property
    def name(self) -> str:
        """The host's name in the inventory."""
        return self.host.name

    def ask(self, operation: Operation[A, R], arguments: A, *, wait_seconds: float = 0.0) -> R:
        """A question about this migration."""
        return self.host.ask(operation, arguments, call=Call(self.migration_id, wait_seconds=wait_seconds))

    def change(self, operation: Operation[A, R], arguments: A) -> R:
        """An act that comes once in a migration. If it is done already, in whichever process, this is its stored answer."""
        return self._change(operation, arguments, subject=ONCE)

    def change_anew(self, operation: Operation[A, R], arguments: A, *, about: str = "") -> R:
        """An act that may be due again: the host acts, whatever earlier ones and other processes have done.

        `about` says what it is about, where a migration does it to several things or on several occasions.
        """
        return self._change(operation, arguments, subject=self._known_journal().next_subject(operation, about))

    def _change(self, operation: Operation[A, R], arguments: A, *, subject: str) -> R:
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
            self._saw_record(result.record)
        self._journal.add(operation, subject, result)
        return result

    def _saw(self, revision: int | None) -> None:
        """Revisions only grow, and answers to several threads may come in any order."""
        with self._seeing:
            self._revision = max(self._revision or 0, revision or 0) or None

    def _saw_record(self, record: Record) -> None:
        self._saw(record.revision)
        with self._seeing:
            if self._record is None or record.revision >= self._record.revision:
                self._record = record

    # --- what the host remembers

    def refresh(self) -> Record | None:
        """Record and journal, fresh from the host; None when the host has none. Raises Unreachable and its like."""
        question = m.FindMigrationArguments(migration_id=self.migration_id)
        found = self.ask(operations.find_migrations, question).migrations
        self._knows_journal = True
        if not found:
            return None
        self.load(found[0])
        return self.record

    def load(self, facts: MigrationFacts) -> None:
        """Takes over record and journal as the host reported them."""
        self._saw_record(facts.record)
        self._journal.load(facts.outcomes)
        self._knows_journal = True

    @property
    def record(self) -> Record | None:
        """The record as last seen; None when this host has none (or was not asked)."""
        return self._record

    def result(self, operation: Operation[A, R]) -> R | None:
        """What an act that comes once has answered, now or in an earlier process; None if it is not done."""
        return self._known_journal().result(operation)

    def tried(self, operation: Operation[Any, Any]) -> bool:
        """Whether the journal knows any attempt of the operation that was not refused."""
        return self._known_journal().tried(operation)

    def copied_files(self) -> tuple[str, ...]:
        """Every destination that a copy of this migration was ever given, as far as the host has reported it."""
        return self._known_journal().copied_files()

    def _known_journal(self) -> KnownJournal:
        if not self._knows_journal:
            self.refresh()
        return self._journal

    def close(self, end: End, text: str) -> None:
        """Closes the migration on this side; closing again, with another text perhaps, is a new act."""
        arguments = m.CloseMigrationArguments(end=end, text=text)
        self.change_anew(operations.close_migration, arguments, about=end.value)
