"""Processes of a real PowerShell engine, and what they are asked.

What runs on the hosts is PowerShell, and only an engine tells whether it works. A start takes a third of a second and
more, so a session stays and is asked many times. The host that processes run on: lab_host.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waiting import DEADLINE_SECONDS

from qsm.facts.errors import ErrorFacts
from qsm.facts.frozen import Frozen
from qsm.hosts import wire
from qsm.hosts.operations import OPERATIONS

if TYPE_CHECKING:
    from lab_host import EngineHost

_DRIVER = r"""
begin {
    $ErrorActionPreference = 'Stop'
    $module = Import-Module -Name '%MODULE%' -PassThru
    function Send-Line($Text) { [Console]::Out.WriteLine("@@TEST $Text"); [Console]::Out.Flush() }
    Send-Line 'ready'
}
process {
    foreach ($line in $input) {
        $ask = ConvertFrom-Json -InputObject $line
        if ($ask.PSObject.Properties['line']) {
            Send-Line (& $module { Invoke-QsmOperation -Line $args[0] } $ask.line)
            continue
        }
        $text = & $module {
            try {
                $told = [PSCustomObject]@{ output = @(. ([scriptblock]::Create($args[0]))); error = $null }
                ConvertTo-QsmJson -InputObject $told
            } catch {
                $caught = [PSCustomObject]@{ output = @(); error = (ConvertTo-QsmErrorFacts -ErrorRecord $_ -Operation 'test') }
                ConvertTo-QsmJson -InputObject $caught
            }
        } $ask.script
        Send-Line $text
    }
}
"""


@dataclass(frozen=True)
class EngineAnswer:
    """What a host answered: `result` is an instance of the operation's result model, checked on the way."""

    ok: bool
    result: Any
    error: ErrorFacts | None
    revision: int | None
    attempt: int | None
    repeated: bool


class ScriptError(Exception):
    """A script of a test threw; `facts` are what a host would have told."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(f"{facts.id}: {facts.message} {facts.facts}")
        self.facts = facts


def write_module(folder: Path) -> Path:
    """Writes the module below `folder`, as hosts get it, and returns its own folder."""
    made = folder / wire.MODULE_NAME
    made.mkdir(parents=True, exist_ok=True)
    for file in wire.module_files():
        (made / file.path).write_bytes(file.data)
    return made


class EngineProcess:
    """A running engine. Reading never waits longer than the deadline."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """`process` has pipes for its streams."""
        self._process = process
        self._buffer = b""

    def send(self, line: bytes) -> None:
        """Writes to standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def read_line(self, mark: bytes, *, seconds: float = DEADLINE_SECONDS) -> bytes:
        """The next line of standard output that begins with the mark. Raises EOFError, TimeoutError."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if found:
                self._buffer = rest
                if line.startswith(mark):
                    return line.rstrip(b"\r")
                continue
            if not select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no line within {seconds} s")
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                raise EOFError(f"the engine ended: {self._rest_of_errors()}")
            self._buffer += piece

    def finish(self) -> tuple[bytes, bytes]:
        """Closes standard input and returns the rest of both streams once the engine has ended."""
        out, errors = self._process.communicate(timeout=DEADLINE_SECONDS)
        return self._buffer + out, errors

    @property
    def code(self) -> int:
        """The exit code, once it has ended."""
        return self._process.wait(DEADLINE_SECONDS)

    def end(self) -> None:
        """Closes its input and waits a while, so that it can still say which statements ran."""
        assert self._process.stdin is not None
        with contextlib.suppress(subprocess.TimeoutExpired, BrokenPipeError):
            self._process.stdin.close()
            self._process.wait(DEADLINE_SECONDS / 5)
        self.kill()

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _rest_of_errors(self) -> str:
        assert self._process.stderr is not None
        return self._process.stderr.read().decode("utf-8", "replace")


class EngineSession:
    """A process with the module loaded: calls as they come over the wire, and scripts inside the module."""

    def __init__(self, host: EngineHost, module: str, start: Callable[[Path], EngineProcess]) -> None:
        """`module` is the module's folder, `start` starts the engine on a script."""
        self.host = host
        driver = host.folder / "driver.ps1"
        driver.write_text(_DRIVER.replace("%MODULE%", f"{module}/QuickStorageMigration.psd1"), encoding="ascii")
        self.process = start(driver)
        self.process.read_line(b"@@TEST ready")

    def close(self) -> None:
        """Ends the process."""
        self.process.finish()

    def run(self, script: str) -> list[Any]:
        """Runs a script inside the module and returns its output. Raises ScriptError."""
        told = json.loads(self._ask({"script": script}))
        if told["error"] is not None:
            raise ScriptError(ErrorFacts.model_validate(told["error"]))
        return list(told["output"])

    def call(
        self,
        operation: str,
        arguments: Frozen | Mapping[str, Any] | None = None,
        *,
        migration_id: str = "",
        subject: str = "",
        revision: int | None = None,
        wait_seconds: int = 0,
    ) -> EngineAnswer:
        """Calls an operation through the dispatcher. Arguments and result are checked against their models."""
        model = OPERATIONS[operation].arguments
        given = arguments if isinstance(arguments, Frozen) else model.model_validate(arguments or {})
        return self.call_raw(
            operation,
            given.model_dump(mode="json"),
            migration_id=migration_id,
            subject=subject,
            revision=revision,
            wait_seconds=wait_seconds,
        )

    def call_raw(self, operation: str, arguments: Any, **fields: Any) -> EngineAnswer:
        """Calls with arguments that nobody checked."""
        call = uuid.uuid4().hex
        line = {
            "call": call,
            "module": "",
            "operation": operation,
            "migration_id": "",
            "subject": "",
            "revision": None,
            "wait_seconds": 0,
            "arguments": arguments,
            **fields,
        }
        answer = self._ask({"line": json.dumps(line)})
        mark, told, content = answer.split(" ", 2)
        assert (mark, told) == ("@@QSM", call)
        assert content.isascii()
        return read_answer(operation, json.loads(content))

    def _ask(self, question: Mapping[str, Any]) -> str:
        self.process.send(json.dumps(question).encode("ascii") + b"\n")
        return self.process.read_line(b"@@TEST ")[len(b"@@TEST ") :].decode("ascii")


def read_answer(operation: str, content: Mapping[str, Any]) -> EngineAnswer:
    """Reads an answer as the tool would: nothing missing, nothing unknown."""
    told = "result" if content["ok"] else "error"
    assert set(content) == {"ok", told, "revision", "attempt", "repeated", "seconds"}
    assert content["seconds"] >= 0
    result = error = None
    if not content["ok"]:
        error = ErrorFacts.model_validate(content["error"])
    elif operation in OPERATIONS:
        result = OPERATIONS[operation].result.model_validate(content["result"])
    else:
        result = content["result"]
    return EngineAnswer(content["ok"], result, error, content["revision"], content["attempt"], content["repeated"])
