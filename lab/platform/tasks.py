r"""Scheduled tasks: Register-, Start-, Get-, Stop-, Unregister-ScheduledTask.

Trouble: work that outlives the WinRM call must run as SYSTEM in a task, and a reboot kills it without a word. Answer:
registrations are kept in the host's folder, what runs is not: after a boot a task that ran is Ready again and its last
result says that it was ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Final, Protocol

from lab.platform.identity import Identity

TASK_HAS_NOT_RUN: Final = 0x41303  # SCHED_S_TASK_HAS_NOT_RUN, [MS-TSCH] 2.3.14
TASK_RUNNING: Final = 0x41301
TASK_TERMINATED: Final = 0x41306


class TaskState(StrEnum):
    READY = "Ready"
    RUNNING = "Running"


@dataclass(frozen=True)
class ScheduledTask:
    r"""``path`` is the task folder with backslashes, e.g. ``\QuickStorageMigration\``."""

    path: str
    name: str
    principal: str
    command_line: str
    state: TaskState
    last_task_result: int
    last_run_ticks: int  # 0: never


class TaskProcess(Protocol):
    """One run of an action."""

    def wait(self) -> int:
        """Block until it ended; its exit code."""

    def stop(self) -> None:
        """End it; it may take a moment."""


class TaskRunner(Protocol):
    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        """Start an action and return at once."""


class ThreadProcess:
    """A TaskProcess that is a thread: the body gets an event that says stop, and returns the exit code."""

    def __init__(self, body: Callable[[Event], int], *, name: str) -> None: ...

    def wait(self) -> int:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


class ScheduledTasks:
    runner: TaskRunner  # set by the engine before the first task is started

    def register_scheduled_task(
        self, name: str, *, path: str, command_line: str, principal: str = r"NT AUTHORITY\SYSTEM"
    ) -> ScheduledTask:
        """ALREADY_EXISTS if it is there. Only SYSTEM is known as principal: else ACCOUNT_NOT_MAPPED."""
        raise NotImplementedError

    def start_scheduled_task(self, name: str, *, path: str) -> None:
        """FILE_NOT_FOUND. A task that runs already is left alone (MultipleInstances IgnoreNew)."""
        raise NotImplementedError

    def get_scheduled_task(self, name: str | None = None, *, path: str | None = None) -> tuple[ScheduledTask, ...]:
        """All that match (case ignored); none is an empty tuple."""
        raise NotImplementedError

    def stop_scheduled_task(self, name: str, *, path: str) -> None:
        """End a run, if there is one; returns when it ended (10 s at most). FILE_NOT_FOUND."""
        raise NotImplementedError

    def unregister_scheduled_task(self, name: str, *, path: str) -> None:
        """FILE_NOT_FOUND. A run that goes on is not ended by it."""
        raise NotImplementedError
