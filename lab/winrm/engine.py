"""The seam between the endpoint and what runs behind it.

Trouble: the lab has two engines, one in Python and one of real PowerShell processes, and both must be served
by the same wire, or a test passes on one and means nothing for the other. Answer: an engine starts commands
and knows nothing of SOAP, shells or connections; the endpoint moves bytes and signals and knows nothing of
what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

TransportName = Literal["ntlm", "basic", "certificate"]
StreamName = Literal["stdout", "stderr"]
SignalName = Literal["terminate", "ctrl_c", "ctrl_break"]


@dataclass(frozen=True)
class Caller:
    """Who runs a command. Always a network logon, as WinRM gives: no interactive session, no delegation."""

    user: str
    """Name of the account as the endpoint's settings spell it, however the client wrote it."""
    transport: TransportName
    """How the client proved who it is."""


class Output(Protocol):
    """Where a command's bytes go. Every method may be called from any thread and returns at once."""

    def write(self, stream: StreamName, data: bytes) -> None:
        """Append to a stream. Discarded once the shell is gone. Raises ValueError after `finish`."""

    def finish(self, exit_code: int) -> None:
        """The command has ended; nothing follows. `exit_code` is a signed 32-bit number. Called once."""

    def drop_reply(self) -> None:
        """Lose the next reply that would carry output or the end of this command.

        Instead of that reply the client's connection is closed, and the bytes in it never come again, as with
        a response that breaks off on the way. Call it before `write` of the bytes to be lost: a Receive may
        already be waiting, and takes what it finds.
        """


class Command(Protocol):
    """A running command, as the endpoint sees it. Mostly called in the endpoint's thread: no method may block."""

    def send(self, data: bytes, *, end: bool) -> None:
        """Bytes for standard input, in order; `end` closes it. Never called again after `end`."""

    def signal(self, code: SignalName) -> None:
        """Stop, by way of `code`. The command still says so itself, with `Output.finish`. May come more than once."""


class Engine(Protocol):
    """Starts commands."""

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
        """Start a command and return it while it runs.

        Called in a worker thread, so it may take a moment; `output` may be used before it returns.
        `command_line` and `arguments` are as the client sent them (pywinrm joins all arguments in one
        element, pypsrp sends one each). `environment` holds the shell's variables, `codepage` its
        WINRS_CODEPAGE (437 unless asked otherwise); `console_stdin` is WINRS_CONSOLEMODE_STDIN: true for a
        console, false for a pipe.

        Raises FileNotFoundError if there is no such program.
        """
