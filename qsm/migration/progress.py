"""What a migration tells while it goes on, to whoever listens.

The domain knows no terminal and no Prefect. It emits small events; the command line, Prefect tasks and the report
subscribe. A listener that fails is logged and does not disturb a migration.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Base: which migration, and when (time.time)."""

    migration_id: str
    at: float = field(default_factory=time.time, kw_only=True)


@dataclass(frozen=True)
class StepStarted(Event):
    """A step of the migration begins; `subject` names a disk where the step is done once per disk."""

    step: str
    subject: str = ""


@dataclass(frozen=True)
class StepEnded(Event):
    """A step is over; `error` is empty when it succeeded."""

    step: str
    subject: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class CopyProgressed(Event):
    """Bytes of one unit of copying."""

    what: str
    done_bytes: int
    total_bytes: int
    bytes_per_second: float


@dataclass(frozen=True)
class LeafGrew(Event):
    """What the differencing disks hold by now, and the room left on the tightest volume."""

    leaf_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Noted(Event):
    """Something worth saying to the operator."""

    text: str


Listener = Callable[[Event], None]
_listeners: list[Listener] = []
_lock = threading.Lock()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Calls the listener for each event within the block, from whichever thread emits it."""
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)


def emit(event: Event) -> None:
    """Tells all listeners."""
    with _lock:
        listeners = tuple(_listeners)
    for listener in listeners:
        try:
            listener(event)
        except Exception:
            log.exception("a listener failed on %s", event)


class Identified(Protocol):
    """A migration, as far as progress needs it."""

    @property
    def id(self) -> str:
        """The migration id."""
        ...


M = TypeVar("M", bound=Identified)


def step(function: Callable[Concatenate[M, P], T]) -> Callable[Concatenate[M, P], T]:
    """Marks a phase: its begin, end and error are told. A second argument that is a text (a slot) is the subject."""

    @wraps(function)
    def told(migration: M, /, *args: P.args, **kwargs: P.kwargs) -> T:
        subject = next((value for value in (*args, *kwargs.values()) if isinstance(value, str)), "")
        emit(StepStarted(migration.id, function.__name__, subject))
        began, error = time.monotonic(), ""
        try:
            return function(migration, *args, **kwargs)
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}"
            raise
        finally:
            emit(StepEnded(migration.id, function.__name__, subject, seconds=time.monotonic() - began, error=error))

    return told
