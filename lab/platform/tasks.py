r"""Scheduled tasks: Register-, Start-, Get-, Stop-, Unregister-ScheduledTask.

Trouble: work that outlives the WinRM call must run as SYSTEM in a task, and a reboot kills it without a word. Answer:
registrations are kept in the host's folder, what runs is not: after a boot a task that ran is Ready again and its last
result says that it was ended (assumed; the documents do not say what a power loss leaves there).
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from lab.platform import errors
from lab.platform.errors import PlatformError
from lab.platform.hooks import CmdletFaults, changing
from lab.platform.identity import SYSTEM, SYSTEM_ACCOUNT, Identity
from lab.platform.store import JsonStore
from lab.platform.this_machine import ticks_of
from qsm.facts.names import name_key, one_of, same_name

TASK_HAS_NOT_RUN: Final = 0x41303  # SCHED_S_TASK_HAS_NOT_RUN, "Task Scheduler Error and Success Constants"
TASK_RUNNING: Final = 0x41301
TASK_TERMINATED: Final = 0x41306
STOP_SECONDS: Final = 10.0


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
    state: TaskState = TaskState.READY
    last_task_result: int = TASK_HAS_NOT_RUN
    last_run_ticks: int = 0  # 0: never


class TaskProcess(Protocol):
    """One run of an action."""

    def wait(self) -> int:
        """Block until it ended; its exit code."""

    def stop(self) -> None:
        """End it; it may take a moment."""


class TaskRunner(Protocol):
    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        """Start an action and return at once. PlatformError if it cannot be started."""


class NoRunner:
    """Stands where no engine has said how actions run."""

    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        raise PlatformError(errors.FILE_NOT_FOUND, f"No engine of this host can run '{command_line}'.")


class ThreadProcess:
    """A TaskProcess that is a thread: the body gets an event that says stop, and returns the exit code.

    A body that raises ends with exit code 1 and its trace on standard error, as a process would."""

    def __init__(self, body: Callable[[Event], int], *, name: str) -> None:
        self._stopping = Event()
        self._code = 1
        self._thread = threading.Thread(target=self._run, args=(body,), name=name, daemon=True)
        self._thread.start()

    def wait(self) -> int:
        self._thread.join()
        return self._code

    def stop(self) -> None:
        self._stopping.set()

    def _run(self, body: Callable[[Event], int]) -> None:
        try:
            self._code = body(self._stopping)
        except Exception:
            traceback.print_exc()
        except BaseException:
            return  # the engine's own way to end a process from within


class ScheduledTasks:
    """Tasks of one host. ``runner`` is set by the engine before the first task is started."""

    def __init__(self, host_folder: Path, *, faults: CmdletFaults, runner: TaskRunner | None = None) -> None:
        self.runner: TaskRunner = runner or NoRunner()
        self._store = JsonStore(host_folder / "platform" / "tasks.json", [])
        self._faults = faults
        self._changed = threading.Condition(threading.RLock())
        self._running: dict[tuple[str, str], TaskProcess] = {}

    def boot(self) -> None:
        """What ran before does not run any more."""
        with self._changed:
            for task in self._load():
                if task.state is TaskState.RUNNING:
                    self._put(replace(task, state=TaskState.READY, last_task_result=TASK_TERMINATED))

    def shutdown(self) -> None:
        """End all that runs; returns when it ended (10 s at most)."""
        with self._changed:
            running = list(self._running.values())
        for process in running:
            process.stop()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, STOP_SECONDS)

    def register_scheduled_task(
        self, name: str, *, path: str, command_line: str, principal: str = SYSTEM_ACCOUNT
    ) -> ScheduledTask:
        """ALREADY_EXISTS if it is there. Only SYSTEM is known as principal: else ACCOUNT_NOT_MAPPED."""
        with changing(self._faults, "Register-ScheduledTask"), self._changed:
            if not one_of(principal, ("SYSTEM", SYSTEM_ACCOUNT)):
                raise PlatformError(errors.ACCOUNT_NOT_MAPPED, f"Tasks of this host run as SYSTEM, not '{principal}'.")
            if self._find(name, path) is not None:
                raise PlatformError(errors.ALREADY_EXISTS, f"The task '{path}{name}' exists already.")
            task = ScheduledTask(_folder(path), name, "SYSTEM", command_line)
            self._put(task)
            return task

    def start_scheduled_task(self, name: str, *, path: str) -> None:
        """FILE_NOT_FOUND. A task that runs already is left alone (MultipleInstances IgnoreNew).

        An action that cannot be started shows in the last result only, as on Windows."""
        with changing(self._faults, "Start-ScheduledTask"), self._changed:
            task = self._existing(name, path)
            if _key(task.name, task.path) in self._running:
                return
            started = replace(task, last_run_ticks=ticks_of(time.time_ns()))
            try:
                process = self.runner.run(task.command_line, identity=SYSTEM)
            except PlatformError as error:
                self._put(replace(started, last_task_result=error.hresult))
                return
            self._running[_key(task.name, task.path)] = process
            self._put(replace(started, state=TaskState.RUNNING, last_task_result=TASK_RUNNING))
            threading.Thread(target=self._watch, args=(task, process), name=f"task {name}", daemon=True).start()

    def get_scheduled_task(self, name: str | None = None, *, path: str | None = None) -> tuple[ScheduledTask, ...]:
        """All that match (case ignored), by path and name; none is an empty tuple.

        A fault here plays what Windows does when a task vanishes while it lists them: FILE_NOT_FOUND, and none of the others.
        """
        with changing(self._faults, "Get-ScheduledTask"), self._changed:
            found = [
                task
                for task in self._load()
                if (name is None or same_name(task.name, name))
                and (path is None or same_name(task.path, _folder(path)))
            ]
        return tuple(sorted(found, key=lambda task: (task.path, task.name)))

    def stop_scheduled_task(self, name: str, *, path: str) -> None:
        """End a run, if there is one; returns when it ended (10 s at most). FILE_NOT_FOUND."""
        with changing(self._faults, "Stop-ScheduledTask"):
            with self._changed:
                task = self._existing(name, path)
                process = self._running.get(_key(task.name, task.path))
            if process is None:
                return
            process.stop()
            with self._changed:
                ended = self._changed.wait_for(
                    lambda: self._running.get(_key(task.name, task.path)) is not process, STOP_SECONDS
                )
                task_now = self._find(name, path)
                if ended and task_now is not None:
                    self._put(replace(task_now, last_task_result=TASK_TERMINATED))

    def unregister_scheduled_task(self, name: str, *, path: str) -> None:
        """FILE_NOT_FOUND. A run that goes on is not ended by it."""
        with changing(self._faults, "Unregister-ScheduledTask"), self._changed:
            gone = self._existing(name, path)
            self._save([task for task in self._load() if _key(task.name, task.path) != _key(gone.name, gone.path)])

    def _watch(self, task: ScheduledTask, process: TaskProcess) -> None:
        code = process.wait()
        with self._changed:
            if self._running.get(_key(task.name, task.path)) is process:
                del self._running[_key(task.name, task.path)]
            now = self._find(task.name, task.path)
            if now is not None:
                self._put(replace(now, state=TaskState.READY, last_task_result=code))
            self._changed.notify_all()

    def _existing(self, name: str, path: str) -> ScheduledTask:
        found = self._find(name, path)
        if found is None:
            raise PlatformError(errors.FILE_NOT_FOUND, f"There is no scheduled task '{_folder(path)}{name}'.")
        return found

    def _find(self, name: str, path: str) -> ScheduledTask | None:
        return next((each for each in self._load() if _key(each.name, each.path) == _key(name, path)), None)

    def _put(self, task: ScheduledTask) -> None:
        others = [each for each in self._load() if _key(each.name, each.path) != _key(task.name, task.path)]
        self._save([*others, task])

    def _load(self) -> list[ScheduledTask]:
        return [ScheduledTask(**{**facts, "state": TaskState(facts["state"])}) for facts in self._store.load()]

    def _save(self, tasks: list[ScheduledTask]) -> None:
        self._store.save([asdict(task) for task in tasks])


def _folder(path: str) -> str:
    r"""With one backslash at each end."""
    inner = path.strip("\\")
    return f"\\{inner}\\" if inner else "\\"


def _key(name: str, path: str) -> tuple[str, str]:
    return name_key(_folder(path)), name_key(name)
