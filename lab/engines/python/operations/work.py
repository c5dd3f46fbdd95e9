r"""Work that outlives the call which started it: copies and merges in one-shot tasks of SYSTEM.

A WinRM call ends, its process ends, and BITS runs no job of a network logon. So the call only writes down what is
wanted (`copies\1.request.json`), and a task of SYSTEM does it and keeps its own state file (`copies\1.json`), which is
the only thing anybody needs to read later. A file `copies\1.stop` asks it to end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lab.engines.python.operations.errors import OperationError, failed, refused
from lab.engines.python.operations.host import TASK_FOLDER, ModuleHost, our_tasks
from lab.host.sentences import say
from lab.platform.errors import FILE_NOT_FOUND, PlatformError
from lab.platform.tasks import TaskState
from qsm.facts.errors import ErrorFacts

FOLDERS = {"copy": "copies", "merge": "merges"}
ENDING_SECONDS = 10.0
CHECK_SECONDS = 0.02
FINAL_STATES = ("Done", "Failed", "Stopped")
MADE = ".made.json"


@dataclass(frozen=True)
class Work:
    """One copy or merge of a migration on a host."""

    host: ModuleHost
    migration_id: str
    kind: str
    """ "copy" or "merge"."""
    number: int

    @property
    def task_name(self) -> str:
        """Name of its scheduled task; jobs of a copy have it as prefix."""
        return f"qsm-{self.migration_id}-{self.kind}-{self.number}"

    @property
    def _name(self) -> str:
        return f"migrations\\{self.migration_id}\\{FOLDERS[self.kind]}\\{self.number}"

    def request(self) -> dict[str, Any] | None:
        """What was asked for, or None."""
        return self.host.folder.read_json(f"{self._name}.request.json")

    def begin(self, request: dict[str, Any], *, module: str) -> None:
        """Write down what is asked for, and have a task do it; older state and wish to stop are gone by it.

        Raises Busy while an older request of that number is worked on.
        """
        if self.is_running and not self.has_ended:
            raise refused(
                "Busy",
                say("work_busy", self.host.name, name=self.task_name),
                subject=self.task_name,
                retryable=True,
            )
        self._wait_for_end()
        self.host.folder.remove_file(f"{self._name}.stop")
        self.host.folder.remove_file(f"{self._name}.json")
        self.host.folder.replace_json(f"{self._name}.request.json", request)
        self.start_task(module=module)

    def state(self) -> dict[str, Any] | None:
        """What the task wrote last, or None."""
        return self.host.folder.read_json(f"{self._name}.json")

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state file. Only the task writes it."""
        self.host.folder.replace_json(f"{self._name}.json", state)

    def made(self) -> list[str]:
        """Destinations that runs of this copy have put in place, or were about to."""
        note = self.host.folder.read_json(f"{self._name}{MADE}") or {"files": []}
        return list(note["files"])

    def note_made(self, destination: str) -> None:
        """Note that a destination is put in place now; the note outlives every run. Only the task writes it."""
        noted = self.made()
        if destination not in noted:
            self.host.folder.replace_json(f"{self._name}{MADE}", {"files": [*noted, destination]})

    @property
    def is_to_stop(self) -> bool:
        """Whether somebody asked it to end."""
        return self.host.folder.exists(f"{self._name}.stop")

    def ask_to_stop(self) -> None:
        """Ask it to end."""
        self.host.folder.replace_json(f"{self._name}.stop", {})

    @property
    def is_running(self) -> bool:
        """Whether its task runs now."""
        return any(task.state is TaskState.RUNNING for task in our_tasks(self.host, self.task_name))

    @property
    def has_ended(self) -> bool:
        """Whether its state is final."""
        state = self.state()
        return state is not None and state["state"] in FINAL_STATES

    def is_alive(self, request: dict[str, Any]) -> bool:
        """Whether this very request is done, or is being worked on."""
        if self.request() != request:
            return False
        state = (self.state() or {}).get("state")
        return state == "Done" or (state not in FINAL_STATES and self.is_running)

    def start_task(self, *, module: str) -> None:
        """Register its task, unless it is there, and start it."""
        tasks = self.host.platform.tasks
        if not our_tasks(self.host, self.task_name):
            tasks.register_scheduled_task(self.task_name, path=TASK_FOLDER, command_line=self._command_line(module))
        tasks.start_scheduled_task(self.task_name, path=TASK_FOLDER)

    def _wait_for_end(self) -> None:
        """A run that has told its end may need a moment to be over, and a task that runs is not started again."""
        deadline = time.monotonic() + ENDING_SECONDS
        while self.is_running and time.monotonic() < deadline:
            time.sleep(CHECK_SECONDS)

    def end_task(self) -> None:
        """Break its run off."""
        self.host.platform.tasks.stop_scheduled_task(self.task_name, path=TASK_FOLDER)

    def unregister_task(self) -> None:
        """Remove its task; one that is not there is fine."""
        try:
            self.host.platform.tasks.unregister_scheduled_task(self.task_name, path=TASK_FOLDER)
        except PlatformError as error:
            if error.hresult != FILE_NOT_FOUND:
                raise

    def _command_line(self, module: str) -> str:
        script = self.host.folder.path(f"modules\\{module}\\QuickStorageMigration\\Work.ps1")
        return (
            f'powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "{script}" '
            f"-MigrationId {self.migration_id} -Kind {self.kind} -Number {self.number} -Module {module}"
        )

    def unknown(self) -> OperationError:
        """Make the error for work that was never asked for."""
        about = {"migration": self.migration_id, "kind": self.kind, "number": self.number}
        return refused("InvalidArgument", say("work_unknown", self.host.name, **about), argument="number")

    def died(self) -> ErrorFacts:
        """Make the error for a task that is gone without a final state."""
        return failed(
            "HostFailed",
            say("work_lost", self.host.name, name=self.task_name),
            subject=self.task_name,
        ).facts.model_copy(update={"retryable": True})


def made_files(host: ModuleHost, migration_id: str) -> list[str]:
    """Return every file that copies of a migration have put in place on this host, and no other."""
    folder = f"migrations\\{migration_id}\\{FOLDERS['copy']}"
    numbers = [name.removesuffix(MADE) for name in host.folder.names(folder) if name.endswith(MADE)]
    return [path for number in numbers for path in Work(host, migration_id, "copy", int(number)).made()]


def all_work(host: ModuleHost, migration_id: str) -> list[Work]:
    """Return all copies and merges that were ever asked for in a migration."""
    return [
        Work(host, migration_id, kind, int(name.removesuffix(".request.json")))
        for kind, folder in FOLDERS.items()
        for name in host.folder.names(f"migrations\\{migration_id}\\{folder}")
        if name.endswith(".request.json")
    ]
