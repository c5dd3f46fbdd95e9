"""Speaks to lab hosts over WinRM and judges every answer by the contract.

`HostCaller` sends one call and returns its raw answer (revision, attempt, repeated), after checking its shape against the
table of operations.
"""

from __future__ import annotations

import base64
import os
import secrets
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from powershell_program import NEEDS_ENGINE
from waiting import DEADLINE_SECONDS
from winrm.protocol import Protocol

from lab.host.handle import LabHost
from lab.laboratory import Laboratory
from lab.platform.windows import VERSIONS
from qsm.facts.errors import ErrorFacts
from qsm.hosts import wire
from qsm.hosts.operations import OPERATIONS
from qsm.hosts.winrm_session import WinRMSession
from qsm.settings import HostSettings, Settings, TimeLimits

WINDOWS = os.environ.get("QSM_LAB_WINDOWS") or "2022"
"""The version of Windows Server that hosts with the module play."""
IN_ALL = "QSM_LAB_WINDOWS" in os.environ
"""Whether this is a part of `make test-all`, which names each version in turn."""
OLDEST_TOO = () if IN_ALL else (next(iter(VERSIONS)),)


def _python_and(versions: Iterable[str]) -> pytest.MarkDecorator:
    """The lab's own engine, and the module on these versions of Windows."""
    module = [pytest.param(f"powershell {name}", marks=NEEDS_ENGINE) for name in versions]
    return pytest.mark.parametrize("callers", ["python", *module], indirect=True)


EVERY_WINDOWS = _python_and((*OLDEST_TOO, WINDOWS))
"""For a test of what differs between versions of Windows: the oldest beside the usual one, and each in `make test-all`."""
OLDEST_WINDOWS = _python_and(OLDEST_TOO or (WINDOWS,))
"""For one that tests/engine holds on the usual version: the oldest, and each in `make test-all`."""
MODULES_TESTS_TOO = _python_and([WINDOWS] if IN_ALL else [])
"""For a test whose rule other tests of the module hold (tests/powershell, tests/engine): with the module in `make test-all`."""
LABS_OWN_ENGINE = _python_and([])
"""For a test of what belongs to the laboratory, not to the module."""
ENVELOPE = {"ok", "revision", "attempt", "repeated", "seconds"}


@dataclass(frozen=True)
class HostAnswer:
    """One answer of a host."""

    ok: bool
    result: Any
    """Result as the operation's type; None for an error."""
    error: ErrorFacts | None
    revision: int | None
    attempt: int | None
    repeated: bool

    @property
    def error_id(self) -> str:
        """Id of the error, empty for a result."""
        return self.error.id if self.error is not None else ""


def read_settings(laboratory: Laboratory) -> dict[str, HostSettings]:
    """The product's settings for the laboratory's hosts, as the product reads them."""
    return Settings(**tomllib.loads(laboratory.settings_file.read_text("utf-8"))).hosts


class HostCaller:
    """A warm process on one host, which answers calls."""

    def __init__(self, laboratory: Laboratory, name: str, *, bootstrap: str = "serve") -> None:
        self.lab = laboratory
        self.host: LabHost = laboratory.host(name)
        self.name = name
        self._bootstrap = bootstrap
        self._in_doubt = False
        self._session = WinRMSession(name, read_settings(laboratory)[name], TimeLimits(connect_seconds=10))

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        migration_id: str = "",
        subject: str = "",
        revision: int | None = None,
        wait_seconds: float = 0.0,
        limit_seconds: float = DEADLINE_SECONDS,
    ) -> HostAnswer:
        """Send one call and return its answer, checked. Raises LostError when the wire breaks."""
        told = self.exchange(
            {
                "operation": operation,
                "migration_id": migration_id,
                "subject": subject,
                "revision": revision,
                "wait_seconds": wait_seconds,
                "arguments": dict(arguments or {}),
            },
            limit_seconds=limit_seconds,
        )
        return check_answer(operation, told)

    def exchange(self, line: Mapping[str, Any], *, limit_seconds: float = DEADLINE_SECONDS) -> dict[str, Any]:
        """Send one line and return what comes back."""
        call_id = wire.new_call_id()
        self._in_doubt = True
        single = self._bootstrap == "call"
        if not self._session.running:
            self._session.start(self._bootstrap)
        self._session.send(wire.encode_line({"call": call_id, "module": wire.module_hash(), **line}), end=single)
        answer = self._session.receive(call_id, deadline=time.monotonic() + limit_seconds)
        assert answer is not None, f"{self.name} did not answer {line.get('operation')} in {limit_seconds} s"
        self._in_doubt = False
        if single:
            self._session.stop()
        return answer.content

    def install(self) -> None:
        """Give the host the module."""
        call_id = wire.new_call_id()
        self._session.start("install")
        self._session.send_lines(wire.install_lines(call_id))
        answer = self._session.receive(call_id, deadline=time.monotonic() + DEADLINE_SECONDS)
        assert answer is not None
        assert answer.content == {"ok": True, "result": {"installed": True}}
        self._session.stop()

    def probe(self) -> dict[str, Any]:
        """Ask what the host is."""
        call_id = wire.new_call_id()
        self._session.start("probe")
        self._session.send(wire.encode_line({"call": call_id, "module": wire.module_hash()}), end=True)
        answer = self._session.receive(call_id, deadline=time.monotonic() + DEADLINE_SECONDS)
        assert answer is not None
        self._session.stop()
        return answer.content

    def forget(self) -> None:
        """Leave the process on the host alone and begin with a new one at the next call."""
        self._session.abandon()
        self._in_doubt = False

    def recover(self) -> None:
        """Forget the process if its last call did not end."""
        if self._in_doubt:
            self.forget()

    def close(self) -> None:
        """End process and shell."""
        self._session.stop()


def check_answer(operation: str, told: Mapping[str, Any]) -> HostAnswer:
    """Check an answer against the contract: its envelope, its types, and that the table knows its error."""
    row = OPERATIONS[operation]
    assert set(told) == ENVELOPE | {"result" if told["ok"] else "error"}, told
    assert told["seconds"] >= 0
    error = None if told["ok"] else ErrorFacts.model_validate(told["error"])
    if error is not None:
        assert error.id in row.error_ids or error.id in ("CopyFailed", "MergeFailed"), (operation, error)
        assert error.message.strip()
        assert (error.category == "unknown") == (error.id == "OutcomeUnknown")
    return HostAnswer(
        ok=told["ok"],
        result=row.result.model_validate(told["result"]) if told["ok"] else None,
        error=error,
        revision=told["revision"],
        attempt=told["attempt"],
        repeated=told["repeated"],
    )


def new_migration_id() -> str:
    """A migration id of the contract's form."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(4)


def plain(laboratory: Laboratory, name: str) -> Protocol:
    """A connection to a host without anything of the product."""
    settings = read_settings(laboratory)[name]
    return Protocol(
        endpoint=f"https://{settings.address}:{settings.port}/wsman",
        transport="ntlm",
        username=settings.user,
        password=settings.secret().get_secret_value(),
        ca_trust_path=str(settings.ca_file),
        proxy=None,
    )


def run(protocol: Protocol, program: str, arguments: list[str], *, stdin: bytes = b"") -> tuple[str, str, int]:
    """Run a program on a host; returns what it wrote to both streams, and its exit code."""
    shell = protocol.open_shell(codepage=65001)
    try:
        command = protocol.run_command(shell, program, arguments, console_mode_stdin=False)
        if stdin:
            protocol.send_command_input(shell, command, stdin, end=True)
        out, err, code = protocol.get_command_output(shell, command)
        return out.decode(), err.decode(), code
    finally:
        protocol.close_shell(shell)


def encoded(script: str) -> str:
    """A script as -EncodedCommand takes it."""
    return base64.b64encode(script.encode("utf-16-le")).decode("ascii")
