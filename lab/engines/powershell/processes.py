"""Real processes of PowerShell on a lab host, for the endpoint and for scheduled tasks.

The Python engine plays the scripts that travel; here they run, with the module that was installed over the wire, as on a
host. The host's volumes are its drives, its facts are its environment, and the cmdlets of Windows are stand-ins that ask
the host model (`bridge`). Faults at operations act on the lines that go in and out, since the scripts know nothing of them.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from lab.engines.powershell.bridge import TOKEN_VARIABLE, Bridge
from lab.engines.powershell.program import find_program
from lab.engines.powershell.standins import write_module
from lab.host import powershell_line
from lab.host.faults import FaultAction, FaultMoment, Faults, ProcessEnded
from lab.host.model import HostModel
from lab.host.sentences import say
from lab.host.tally import Kind, Tally
from lab.host.windows_process import WindowsProcess
from lab.platform import errors
from lab.platform.errors import PlatformError
from lab.platform.identity import Identity
from lab.platform.paths import PROGRAM_DATA
from lab.platform.store import write_whole
from lab.platform.tasks import TaskProcess
from lab.process.children import start_program
from lab.winrm.engine import Caller, Command, Output, SignalName
from qsm.facts.errors import ErrorFacts, ErrorKind

ASKS_POLICY = "-ExecutionPolicy"
SHORT_LIVED = {
    "DOTNET_EnableDiagnostics": "0",
    "DOTNET_TieredPGO": "0",
    "DOTNET_TC_CallCounting": "0",
    "DOTNET_JITMinOpts": "1",
}
"""A process lives for seconds: one that compiles its code well, or a second time for speed, is only slower by that."""
PASSED_ON = ("POSH_COVERAGE", "POSH_COVERAGE_FILES")
"""For whoever wants to know what a laboratory executes of the module."""
READ_BYTES = 65536
PROFILE = r"C:\Windows\System32\WindowsPowerShell\v1.0\profile.ps1"
"""Runs first in every process that was not started with -NoProfile."""
ANSWER = re.compile(rb"@@QSM (\S+) ")


class ProcessStarter:
    """Starts PowerShell processes on one host."""

    def __init__(
        self, host: HostModel, bridge: Bridge, tally: Tally, *, environment: Mapping[str, str] | None = None
    ) -> None:
        """Write what the processes need below the host's folder. `environment`: of each, beside what Windows sets."""
        self._tally = tally
        self._given = environment or {}
        self._host = host
        self._bridge = bridge
        self._program = find_program()
        self._folder = host.platform.host_folder / "powershell"
        self._modules = write_module(self._folder / "modules", build=host.platform.accounts.settings.os_build)
        self._temporary = self._folder / "temporary"
        self._temporary.mkdir(parents=True, exist_ok=True)
        roots = {
            volume.root.rstrip("\\"): str(host.platform.files.host_path(volume.root))
            for volume in host.platform.files.volumes.all()
            if len(volume.root) == 3
        }
        write_whole(self._folder / "roots.json", json.dumps(roots).encode())
        host.platform.files.make_folder(r"C:\Windows\Temp")

    def start(
        self, words: list[str], process: WindowsProcess, *, kind: Kind, environment: Mapping[str, str]
    ) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
        """Start the program; returns it, and what `ended` takes."""
        holder: list[subprocess.Popen[bytes]] = []

        def end() -> None:
            process.ended.set()
            for each in holder:
                each.kill()

        admitted = self._bridge.admit(process, end=end)
        started = start_program(
            [self._program, *self._under_policy(words)],
            folder=self._temporary,
            environment={**self._environment(), **environment, **admitted},
        )
        holder.append(started)
        self._tally.started(admitted[TOKEN_VARIABLE], kind)
        return started, admitted

    def ended(self, admitted: dict[str, str]) -> None:
        """The process is over."""
        self._bridge.dismiss(admitted)
        self._tally.ended(admitted[TOKEN_VARIABLE])

    def _under_policy(self, words: list[str]) -> list[str]:
        """A Group Policy overrules the execution policy that a command line asks for."""
        if self._host.platform.accounts.settings.enforced_execution_policy is None or ASKS_POLICY not in words:
            return words
        at = words.index(ASKS_POLICY)
        return [*words[:at], *words[at + 2 :]]

    def _environment(self) -> dict[str, str]:
        settings, files = self._host.platform.accounts.settings, self._host.platform.files
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._temporary),
            "TMPDIR": str(self._temporary),
            **SHORT_LIVED,
            "POSH_ROOTS": str(self._folder / "roots.json"),
            "POSH_MODULES": str(self._modules),
            "POSH_PROFILE": str(files.host_path(PROFILE)),
            "POSH_VERSION": settings.powershell_version,
            "POSH_EXECUTIONPOLICY": settings.enforced_execution_policy or settings.execution_policy,
            "COMPUTERNAME": settings.computer_name,
            "ProgramData": PROGRAM_DATA,
            "SystemDrive": "C:",
            "SystemRoot": r"C:\Windows",
            "TEMP": r"C:\Windows\Temp",
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **self._given,
        }


class PowerShellEngine:
    """Starts commands for the endpoint: powershell.exe and nothing else."""

    def __init__(self, host: HostModel, starter: ProcessStarter, *, faults: Faults) -> None:
        self._host = host
        self._starter = starter
        self._faults = faults

    def start(
        self,
        command_line: str,
        arguments: list[str],
        *,
        caller: Caller,
        output: Output,
        environment: Mapping[str, str],
        codepage: int,
        console_stdin: bool,
    ) -> Command:
        """See `lab.winrm.engine.Engine`."""
        words = split_line(" ".join([command_line, *arguments]))
        if not words or not powershell_line.is_powershell(words[0]):
            raise FileNotFoundError(command_line)
        process = WindowsProcess("powershell.exe", self._host.platform.accounts.winrm_identity(caller.user))
        page = self._host.platform.accounts.settings.console_code_page or codepage
        told = {"POSH_CODEPAGE": str(page), **({"POSH_STDIN": "console"} if console_stdin else {})}
        started, admitted = self._starter.start(
            words[1:], process, kind="endpoint", environment={**environment, **told}
        )
        running = _Running(started, process, output, faults=self._faults, host_name=self._host.name)
        running.begin(lambda: self._starter.ended(admitted))
        return running


class PowerShellTasks:
    """Runs the actions of scheduled tasks."""

    def __init__(self, starter: ProcessStarter) -> None:
        self._starter = starter

    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        """See `lab.platform.tasks.TaskRunner`."""
        words = split_line(command_line)
        if not words or not powershell_line.is_powershell(words[0]):
            raise PlatformError(
                errors.FILE_NOT_FOUND, f"The system cannot find the file of the action '{command_line}'."
            )
        process = WindowsProcess(f"task of {identity.account}", identity)
        started, admitted = self._starter.start(words[1:], process, kind="tasks", environment={})
        return _Task(started, process, starter=self._starter, admitted=admitted)


class _Task:
    def __init__(
        self,
        started: subprocess.Popen[bytes],
        process: WindowsProcess,
        *,
        starter: ProcessStarter,
        admitted: dict[str, str],
    ) -> None:
        self._started = started
        self._process = process
        self._starter = starter
        self._admitted = admitted

    def wait(self) -> int:
        """Nobody reads what a task writes, and its input is empty."""
        self._started.communicate()
        self._starter.ended(self._admitted)
        return self._started.returncode if self._started.returncode >= 0 else 1

    def stop(self) -> None:
        self._process.ended.set()
        self._started.kill()


class _Running:
    """One process behind the endpoint: a thread for each stream."""

    def __init__(
        self,
        started: subprocess.Popen[bytes],
        process: WindowsProcess,
        output: Output,
        *,
        faults: Faults,
        host_name: str,
    ) -> None:
        self._host_name = host_name
        self._started = started
        self._process = process
        self._output = output
        self._faults = faults
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._operations: dict[str, str] = {}
        self._writing = threading.Lock()

    def begin(self, over: Any) -> None:
        """Move bytes until the process has ended."""
        threads = [
            threading.Thread(target=self._read, args=(self._started.stdout,), name="stdout", daemon=True),
            threading.Thread(target=self._read_errors, args=(self._started.stderr,), name="stderr", daemon=True),
        ]
        for thread in threads:
            thread.start()
        threading.Thread(target=self._write, name="stdin", daemon=True).start()

        def wait() -> None:
            for thread in threads:
                thread.join()
            code = self._started.wait()
            self._process.ended.set()
            self._input.put(None)
            over()
            self._output.finish(code if code >= 0 else 1)

        threading.Thread(target=wait, name="powershell.exe", daemon=True).start()

    # what the endpoint calls

    def send(self, data: bytes, *, end: bool) -> None:
        """See `lab.winrm.engine.Command`."""
        if data:
            self._input.put(data)
        if end:
            self._input.put(None)

    def signal(self, code: SignalName) -> None:
        """See `lab.winrm.engine.Command`. Ctrl+C ends PowerShell, which holds no key."""
        self._process.ended.set()
        with suppress(ProcessLookupError):
            self._started.send_signal(signal.SIGKILL if code == "terminate" else signal.SIGINT)
        self._input.put(None)

    # streams

    def _write(self) -> None:
        pipe = self._started.stdin
        assert pipe is not None
        buffer = b""
        with suppress(BrokenPipeError, ProcessEnded, OSError):
            while (data := self._input.get()) is not None:
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._write_line(pipe, line + b"\n")
            if buffer:
                self._write_line(pipe, buffer)
        with suppress(BrokenPipeError, OSError):
            pipe.close()

    def _write_line(self, pipe: IO[bytes], line: bytes) -> None:
        """Pass a line on, unless a fault keeps it from its operation."""
        told = _call_line(line)
        if told is not None:
            call, operation = str(told["call"]), str(told["operation"])
            fault = self._faults.at_operation(operation, FaultMoment.BEFORE, ended=self._process.ended.is_set)
            if fault is FaultAction.REFUSE:
                self._say(_busy(call, self._host_name, str(told.get("migration_id", ""))))
                return
            self._operations[call] = operation
        pipe.write(line)
        pipe.flush()

    def _read(self, pipe: IO[bytes]) -> None:
        buffer = b""
        with suppress(ProcessEnded):
            while data := os.read(pipe.fileno(), READ_BYTES):
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._answered(line + b"\n")
            if buffer:
                self._answered(buffer)
        while os.read(pipe.fileno(), READ_BYTES):
            continue  # an ended process is not heard any more
        pipe.close()

    def _answered(self, line: bytes) -> None:
        found = ANSWER.match(line)
        operation = self._operations.pop(found[1].decode("ascii"), None) if found else None
        if operation is not None:
            fault = self._faults.at_operation(operation, FaultMoment.AFTER, ended=self._process.ended.is_set)
            if fault is FaultAction.DROP:
                self._output.drop_reply()
        self._say(line)

    def _read_errors(self, pipe: IO[bytes]) -> None:
        while data := os.read(pipe.fileno(), READ_BYTES):
            self._output.write("stderr", data)
        pipe.close()

    def _say(self, line: bytes) -> None:
        with self._writing, suppress(ValueError):
            self._output.write("stdout", line)


def _call_line(line: bytes) -> dict[str, Any] | None:
    """A call line as an object; None for any other line."""
    if b'"operation"' not in line:
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and {"call", "operation"} <= set(told) else None


def _busy(call: str, host: str, migration_id: str) -> bytes:
    message = say("migration_busy", host, migration=migration_id or "host", seconds=60)
    busy = ErrorFacts(
        id="Busy",
        category=ErrorKind.REFUSED,
        retryable=True,
        message=message,
        subject=migration_id,
        hresult=None,
        facts={},
    )
    error = busy.model_dump(mode="json")
    told = {"ok": False, "error": error, "revision": None, "attempt": None, "repeated": False, "seconds": 0.0}
    return f"@@QSM {call} {json.dumps(told)}\r\n".encode("ascii")


def split_line(line: str) -> list[str]:
    """Split a command line at blanks; quotation marks hold together, backslashes are themselves."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters, lexer.quotes = True, "", "", '"'
    try:
        return list(lexer)
    except ValueError:
        return []
