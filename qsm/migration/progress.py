"""What a migration reports while it goes on, to whoever listens to it.

The domain knows no terminal and no Prefect. A migration has a `Progress`, which is there before its plan is; report,
Prefect's artifacts and the command line listen to that one and hear no other migration of the process. A listener that
fails is logged and does not disturb a migration.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Base: when (time.time)."""

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
_waiting: ContextVar[tuple[Listener, ...]] = ContextVar(
    "listeners of migrations that begin in this context", default=()
)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Lets the listener hear each migration that begins within the block, in the same thread (or context) as the block.

    For whoever starts a flow: its parameters are what a person gives, so that a listener cannot be one of them.
    """
    token = _waiting.set((*_waiting.get(), listener))
    try:
        yield
    finally:
        _waiting.reset(token)


class Progress:
    """Who listens to one migration. Events may come from any thread."""

    def __init__(self) -> None:
        self._listeners = list(_waiting.get())
        self._lock = threading.Lock()

    def add(self, listener: Listener) -> None:
        """Lets the listener hear every event from now on."""
        with self._lock:
            self._listeners.append(listener)

    def tell(self, event: Event) -> None:
        """Calls every listener with the event, in the thread of the caller."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed on %s", event)


class Telling(Protocol):
    """A migration, as far as its steps need it to be heard."""

    @property
    def progress(self) -> Progress:
        """Who listens to it."""
        ...


M = TypeVar("M", bound=Telling)


def step(function: Callable[Concatenate[M, P], T]) -> Callable[Concatenate[M, P], T]:
    """Marks a step: its begin, end and error are reported. A second argument that is a text (a slot) is the subject."""

    @wraps(function)
    def told(migration: M, /, *args: P.args, **kwargs: P.kwargs) -> T:
        subject = next((value for value in (*args, *kwargs.values()) if isinstance(value, str)), "")
        migration.progress.tell(StepStarted(function.__name__, subject))
        began, error = time.monotonic(), ""
        try:
            return function(migration, *args, **kwargs)
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}"
            raise
        finally:
            seconds = time.monotonic() - began
            migration.progress.tell(StepEnded(function.__name__, subject, seconds=seconds, error=error))

    return told
