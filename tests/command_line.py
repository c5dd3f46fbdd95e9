"""The command `qsm` in processes of its own, which can be killed and interrupted at a chosen moment.

Python needs seconds to import Prefect, and a fault test runs many commands. So one server process imports everything
once, before it has any thread, and forks a new process per command: from there on it is the command as anybody starts it,
with its own environment, its own process id, its own standard output.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

from waiting import DEADLINE_SECONDS

PRELOADED = [
    "cli.main",
    "cli.inventory",
    "cli.request",
    "cli.screen",
    "qsm.report.terminal",
    "flows.migrate_vm",
    "command_line",
]


def run_in_child(arguments: tuple[str, ...], environment: Mapping[str, str], output: str) -> None:
    """What the forked process does: becomes `qsm` with these arguments. Ends by SystemExit, as the command does."""
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    from cli.main import run

    sys.argv = ["qsm", *arguments]
    run()


class CommandLine:
    """The server that forks. Prefect reads its settings when it is imported, so they are given to the server."""

    def __init__(self, prefect_settings: Mapping[str, str]) -> None:
        self._settings = dict(prefect_settings)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        before = dict(os.environ)
        os.environ.update(self._settings)
        try:
            forkserver.ensure_running()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def start(self, arguments: tuple[str, ...], *, output: Path) -> QsmCommand:
        """Starts `qsm` with this process's environment."""
        environment = {**os.environ, **self._settings}
        process = self._context.Process(target=run_in_child, args=(arguments, environment, str(output)))
        process.start()
        return QsmCommand(process, output)


class QsmCommand:
    """One `qsm ...` under way."""

    def __init__(self, process: BaseProcess, output: Path) -> None:
        self._process, self._output = process, output

    @property
    def output(self) -> str:
        """Both streams so far."""
        return self._output.read_text("utf-8") if self._output.exists() else ""

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self._process.exitcode is not None

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL, and its end."""
        assert not self.is_over, self.output
        self.signal(signal.SIGKILL)
        self._process.join(DEADLINE_SECONDS)
        assert self._process.exitcode == -signal.SIGKILL

    def exit_code(self) -> int:
        """Waits for the end; the code."""
        self._process.join(DEADLINE_SECONDS)
        assert self._process.exitcode is not None, f"it does not end:\n{self.output}"
        return self._process.exitcode

    def close(self) -> None:
        """Leaves nothing running."""
        if not self.is_over:
            self._process.kill()
        self._process.join(DEADLINE_SECONDS)
