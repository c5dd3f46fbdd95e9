"""The host that an operation acts on: the host model, our own folder and the locks of migrations."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.engines.python.operations.errors import OperationError, refused
from lab.engines.python.operations.state_folder import StateFolder
from lab.host.model import HostModel
from lab.host.sentences import say
from lab.host.windows_process import current_is_ended, current_process
from lab.platform.errors import FILE_NOT_FOUND, PlatformError
from lab.platform.tasks import ScheduledTask

LOCK_WAIT_SECONDS = 60.0
TASK_FOLDER = "\\QuickStorageMigration\\"
LOOKS = 5
HEALTH_STATUSES = frozenset(
    {
        "Ok",
        "Degraded",
        "PredictiveFailure",
        "SupportingEntityInError",
        "ApplicationCriticalState",
        "CriticalIoError",
    }
)
"""Words of VMOperationalStatus on a VM's health, which may last; every other one, known or not, says that something is
at work on it."""


def migration_busy(host: str, migration_id: str, *, seconds: float = LOCK_WAIT_SECONDS) -> OperationError:
    """Make the refusal of a call that waited for another one of the same migration."""
    told = say("migration_busy", host, migration=migration_id or "host", seconds=f"{seconds:g}")
    return refused("Busy", told, subject=migration_id, retryable=True)


class MigrationLocks:
    """One lock per migration, as named mutexes are: whoever is ended loses it."""

    def __init__(self, host: str, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        self._host = host
        self._wait_seconds = wait_seconds
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    @contextmanager
    def held(self, migration_id: str, *, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold a migration's lock. Raises Busy when it is not to be had in time."""
        seconds = self._wait_seconds if wait_seconds is None else wait_seconds
        with self._guard:
            lock = self._locks.setdefault(migration_id, threading.Lock())
        if not self._acquire(lock, seconds):
            raise migration_busy(self._host, migration_id, seconds=seconds)
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: threading.Lock, wait_seconds: float) -> bool:
        deadline = time.monotonic() + wait_seconds
        while not lock.acquire(timeout=0.1):
            check_process()
            if time.monotonic() >= deadline:
                return False
        return True


@dataclass(frozen=True)
class ModuleHost(HostModel):
    """One lab host, as the module's operations see it."""

    folder: StateFolder
    locks: MigrationLocks


def our_tasks(host: ModuleHost, name: str | None = None) -> tuple[ScheduledTask, ...]:
    """Return the tasks of this project, or those of a name.

    A task that vanishes while Windows lists them hides all others behind an error (FILE_NOT_FOUND): it is asked again.
    """
    for _ in range(LOOKS - 1):
        try:
            return host.platform.tasks.get_scheduled_task(name, path=TASK_FOLDER)
        except PlatformError as error:
            if error.hresult != FILE_NOT_FOUND:
                raise
    return host.platform.tasks.get_scheduled_task(name, path=TASK_FOLDER)


def check_process() -> None:
    """End here if this thread's process has been ended."""
    process = current_process()
    if process is not None and current_is_ended():
        process.check()
