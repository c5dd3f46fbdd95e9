"""The host that an operation acts on: Windows' half, Hyper-V's half, our own folder and the locks of migrations."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.hyperv import HyperV
from lab.operations.errors import refused
from lab.operations.state_folder import StateFolder
from lab.platform.identity import SYSTEM, Identity
from lab.platform.platform import Platform
from lab.processes import current_is_ended, current_process

LOCK_WAIT_SECONDS = 60.0
TASK_FOLDER = "\\QuickStorageMigration\\"
BUSY_STATUSES = frozenset(
    {
        "CreatingSnapshot",
        "DeletingSnapshot",
        "MergingDisks",
        "ExportingVirtualMachine",
        "BackingUpVirtualMachine",
        "ModifyingUpVirtualMachine",
        "CheckingCompatibility",
        "InService",
        "MigratingVirtualMachine",
        "StorageMigrationPhaseOne",
        "StorageMigrationPhaseTwo",
        "ApplyingSnapshot",
    }
)
"""VMOperationalStatus of a VM that something else is at work on."""


class MigrationLocks:
    """One lock per migration, as named mutexes are: whoever is ended loses it."""

    def __init__(self, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    @contextmanager
    def held(self, migration_id: str) -> Iterator[None]:
        """Hold a migration's lock. Raises Busy when it is not to be had in time."""
        with self._guard:
            lock = self._locks.setdefault(migration_id, threading.Lock())
        if not self._acquire(lock):
            raise refused(
                "Busy",
                f"Another call of migration {migration_id or '(none)'} is still at work after {self._wait_seconds:g} "
                "seconds: nothing was changed by this one. Ask again.",
                subject=migration_id,
                retryable=True,
            )
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: threading.Lock) -> bool:
        deadline = time.monotonic() + self._wait_seconds
        while not lock.acquire(timeout=0.1):
            check_process()
            if time.monotonic() >= deadline:
                return False
        return True


@dataclass(frozen=True)
class Host:
    """One lab host, as its operations see it."""

    platform: Platform
    hyperv: HyperV
    """Hyper-V with faults around its cmdlets."""
    folder: StateFolder
    locks: MigrationLocks = field(default_factory=MigrationLocks)

    @property
    def name(self) -> str:
        """The computer's name, for messages."""
        return self.platform.accounts.settings.computer_name

    @property
    def caller(self) -> Identity:
        """Who calls: the identity of this thread's process; SYSTEM for the host itself."""
        process = current_process()
        return process.identity if process is not None else SYSTEM


def check_process() -> None:
    """End here if this thread's process has been ended."""
    process = current_process()
    if process is not None and current_is_ended():
        process.check()
