"""What one host's journal says of a migration, and which operation id comes next.

The host keeps the journal: each changing operation under its name and subject, with what became of it. Whoever sends the
same name and subject again is given the stored answer, and nothing is done. That is right for an act which comes once in
a migration (its subject is empty). An act that may be due again is numbered, `<what it is about>/<number>`, and the next
number is one that neither the journal nor this process has used: so a fresh process acts, too, instead of getting the
stored answer of an earlier one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, TypeVar

from qsm.facts.frozen import Frozen
from qsm.hosts import operations
from qsm.hosts.operations import Operation
from qsm.plan.record import AttemptState, OperationOutcome

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)

ONCE = ""
"""Subject of an act that comes once in a migration."""


class KnownJournal:
    """The journal as the host last reported it, and what this process did since. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: tuple[OperationOutcome, ...] = ()
        self._answers: dict[tuple[str, str], dict[str, Any]] = {}
        self._given: dict[tuple[str, str], int] = {}

    def load(self, outcomes: tuple[OperationOutcome, ...]) -> None:
        """Takes over what the host reports; what this process did since the host looked is kept."""
        with self._lock:
            self._outcomes = outcomes
            for outcome in outcomes:
                if outcome.state is AttemptState.DONE and outcome.result is not None:
                    self._answers[outcome.operation, outcome.subject] = outcome.result

    def add(self, operation: Operation[Any, Any], subject: str, result: Frozen) -> None:
        """Notes what an operation answered this process."""
        with self._lock:
            self._answers[operation.name, subject] = result.model_dump(mode="json")

    def result(self, operation: Operation[A, R]) -> R | None:
        """What an act that comes once has answered, now or in an earlier process; None if it is not done."""
        with self._lock:
            found = self._answers.get((operation.name, ONCE))
        return None if found is None else operation.result.model_validate(found)

    def tried(self, operation: Operation[Any, Any]) -> bool:
        """Whether any attempt of the operation is known that was not refused."""
        with self._lock:
            answered = any(name == operation.name for name, _ in self._answers)
            return answered or any(
                o.operation == operation.name and o.state is not AttemptState.REFUSED for o in self._outcomes
            )

    def copied_files(self) -> tuple[str, ...]:
        """Every destination that a copy of this migration was ever given, as far as the host has reported it."""
        with self._lock:
            told = [o.arguments["files"] for o in self._outcomes if o.operation == operations.start_copy.name]
        return tuple(dict.fromkeys(file["destination"] for files in told for file in files))

    def next_subject(self, operation: Operation[Any, Any], about: str) -> str:
        """A subject that nobody has sent yet. `about` says what the act is about: a number of a copy, 'home'."""
        with self._lock:
            number = 1 + max(self._numbers(operation, about), default=0)
            self._given[operation.name, about] = number
        return _subject(about, number)

    def _numbers(self, operation: Operation[Any, Any], about: str) -> Iterator[int]:
        yield self._given.get((operation.name, about), 0)
        for outcome in self._outcomes:
            number = _number(outcome.subject)
            if outcome.operation == operation.name and outcome.subject == _subject(about, number):
                yield number


def _subject(about: str, number: int) -> str:
    return f"{about}/{number}" if about else str(number)


def _number(subject: str) -> int:
    text = subject.rpartition("/")[2]
    return int(text) if text.isdecimal() else 0
