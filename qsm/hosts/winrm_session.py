"""One shell on a host with at most one PowerShell process in it, over pywinrm.

pywinrm waits for ever, seals with an old key after a lost connection (HTTP 400 for ever), and keeps to itself whether a
request was carried out. Here every wait has a deadline, a broken connection is replaced while shell and process live on,
and every error says whether something may have happened. One object serves one thread at a time.

Sources: [MS-WSMV] 3.1.4 for the messages; pywinrm 0.5.0.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any, TypeVar

from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError

from qsm.errors import CredentialsRejected, QsmError
from qsm.hosts import wire
from qsm.hosts.operations import OPERATIONS
from qsm.hosts.winrm_errors import (
    FaultError,
    GoneError,
    InputBusyError,
    InputClosedError,
    LostError,
    NotExecutedError,
    let_go,
    translate,
)
from qsm.hosts.winrm_transport import Logon, open_protocol
from qsm.settings import HostSettings, TimeLimits

T = TypeVar("T")

log = logging.getLogger(__name__)
UTF8 = 65001
SEND_BYTES = 64 * 1024
"""Raw bytes per Send: in base64 and with its envelope below the smallest default of MaxEnvelopeSizekb, 150."""
SHELL_IDLE_SECONDS = max(operation.time_limit_seconds for operation in OPERATIONS.values()) + 600
"""After so long without a request the host ends a shell and what runs in it: no act may be cut short by that."""
CONNECTION_IDLE_SECONDS = 90
"""http.sys closes a connection after 120 s without a request; one that is nearly as old is replaced beforehand."""
CLOSING_SECONDS = 5
MOST_LOGON_ROUNDS = 2 * (1 + len(Logon.PAUSES))
"""Threads wait for one another before an attempt is due: a round need not be an attempt."""
_BUSY_PAUSES = (0.2, 0.5, 1.0)
_NOISE_BYTES = 8000


class State(Enum):
    """What may be done with a session that nobody uses."""

    CLEAN = auto()
    """No process, or one that waits for its next line."""
    OCCUPIED = auto()
    """A call may be under way in the process: it must not be ended."""
    SPOILED = auto()
    """The process is of no use any more, and no act is under way: it is to be ended."""


class ProcessEndedError(Exception):
    """The process ended without (another) answer; the text holds its exit code and the end of what it said."""

    def __init__(self, exit_code: int, noise: str) -> None:
        super().__init__(f"PowerShell ended with exit code {exit_code}: {noise.rstrip('.') or 'no output'}")


class WinRMSession:
    """Every method may raise CredentialsRejected, HostNotTrusted and Refused, where trying again is of no use."""

    def __init__(self, name: str, settings: HostSettings, limits: TimeLimits, *, logon: Logon | None = None) -> None:
        self.name = name
        self.state = State.CLEAN
        self.heard_at = time.monotonic()
        """When the host last did what a request asked (time.monotonic)."""
        self._address = f"{settings.address}:{settings.port}"
        self._user = settings.user or f"(transport {settings.transport})"
        self._limits = limits
        self._logon = logon or Logon(pause_seconds=limits.logon_pause_seconds)
        self._logs_on_with_each_request = settings.transport != "ntlm"
        self._protocol = open_protocol(name, settings, logon=self._logon, receive_seconds=limits.receive_seconds)
        self._shell: str | None = None
        self._command: str | None = None
        self._forget_output()

    # --- process

    def start(self, bootstrap: str) -> None:
        """Starts a bootstrap in the shell, which is opened if need be; what ran in it before is ended.

        Raises NotExecutedError (QuotaError): a process that has not been sent anything does nothing.
        """
        self.state = State.SPOILED
        self.end_process()
        program, _, arguments = wire.bootstrap_command(bootstrap).partition(" ")
        try:
            self._command = self._run(program, arguments)
        except LostError as error:
            raise NotExecutedError(str(error)) from error
        self.state = State.CLEAN

    def _run(self, program: str, arguments: str) -> str:
        if self._shell is not None:
            try:
                return self._run_in(self._shell, program, arguments)
            except GoneError as gone:
                log.debug("host %s: the shell is gone (%s)", self.name, gone)
        idle_timeout = f"PT{SHELL_IDLE_SECONDS}S"  # [MS-WSMV] 2.2.4.37
        self._shell = self._request(lambda: self._protocol.open_shell(codepage=UTF8, idle_timeout=idle_timeout))
        return self._run_in(self._shell, program, arguments)

    def _run_in(self, shell: str, program: str, arguments: str) -> str:
        return self._request(lambda: self._protocol.run_command(shell, program, [arguments], console_mode_stdin=False))

    @property
    def running(self) -> bool:
        """Whether a process was started and not seen to end."""
        return self._command is not None and self._exit_code is None

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Standard input of the process: one line or part of one; `end` closes it.

        Raises NotExecutedError (InputBusyError, InputClosedError) if the end of `data` certainly did not get there,
        LostError if it may have.
        """
        pieces = [data[i : i + SEND_BYTES] for i in range(0, len(data), SEND_BYTES)] or [b""]
        for piece in pieces[:-1]:
            try:
                self._send_piece(piece, end=False)
            except LostError as error:
                raise NotExecutedError(str(error)) from error
        self._send_piece(pieces[-1], end=end)

    def send_lines(self, lines: Iterable[bytes]) -> None:
        """All lines, then the end of the input. Raises as `send`."""
        pending = b""
        for line in lines:
            if pending and len(pending) + len(line) > SEND_BYTES:
                self.send(pending)
                pending = b""
            pending += line
        self.send(pending, end=True)

    def receive(self, call: str, *, deadline: float) -> wire.Answer | None:
        """The answer to `call`; None when the deadline (time.monotonic) has passed. Raises as `receive_any`."""
        while (answer := self.receive_any(deadline=deadline)) is not None:
            if answer.call == call:
                return answer
        return None

    def receive_any(self, *, deadline: float) -> wire.Answer | None:
        """The next answer, whichever call it belongs to; None when the deadline (time.monotonic) has passed.

        Raises LostError, GoneError, NotExecutedError, ProcessEndedError.
        """
        while not self._answers:
            if self._exit_code is not None:
                raise self._ended(self._exit_code)
            if time.monotonic() >= deadline:
                return None
            self._fill(deadline - time.monotonic())
        return self._answers.popleft()

    def last_words(self) -> str:
        """Why the process takes no input any more, if it says so at once; empty if not. Its answers stay to be received."""
        with contextlib.suppress(LostError, NotExecutedError):
            self._fill(1)
        return "" if self._exit_code is None else str(self._ended(self._exit_code))

    def _ended(self, exit_code: int) -> ProcessEndedError:
        told = f"{wire.readable(self._noise)} {wire.readable(self._errors)}"
        return ProcessEndedError(exit_code, told.strip())

    def reconnect(self) -> None:
        """Replaces the connection; shell and process stay."""
        self._protocol.transport.close_session()

    # --- ends

    def end_process(self) -> None:
        """Ends the process if it runs, and frees its place; the shell stays, ready for the next one."""
        shell, command, self._command = self._shell, self._command, None
        if shell is not None and command is not None and not self._say(self._protocol.cleanup_command, shell, command):
            self._shell = None
        self._forget_output()

    def stop(self) -> bool:
        """Ends process and shell if the host can still be asked to; True if it could."""
        shell, command = self._shell, self._command
        answered = command is None or shell is None or self._say(self._protocol.cleanup_command, shell, command)
        if answered and shell is not None:
            answered = self._say(self._protocol.close_shell, shell, False)
        self.abandon()
        return answered

    def abandon(self) -> None:
        """Forgets shell and process without ending them: what runs there may be in the middle of an act."""
        self._shell = self._command = None
        self._forget_output()
        self._protocol.transport.close_session()

    def _say(self, request: Callable[..., None], *arguments: Any) -> bool:
        """A request whose failure changes nothing for us; True if the host answered at all."""
        try:
            self._request(lambda: request(*arguments), seconds=CLOSING_SECONDS, patience_seconds=CLOSING_SECONDS)
        except FaultError:
            return True
        except (LostError, NotExecutedError, QsmError) as error:
            log.debug("host %s: what was left there could not be ended: %s", self.name, error)
            return False
        return True

    def _forget_output(self) -> None:
        self._lines = wire.LineBuffer()
        self._answers: deque[wire.Answer] = deque()
        self._noise = self._errors = b""
        self._exit_code: int | None = None

    # --- wire

    def _ids(self) -> tuple[str, str]:
        if self._shell is None or self._command is None:
            raise GoneError("no process is running")
        return self._shell, self._command

    def _send_piece(self, piece: bytes, *, end: bool) -> None:
        """Sends one piece, again while the process has not taken the one before."""
        for pause_seconds in _BUSY_PAUSES:
            try:
                return self._send_input(piece, end=end)
            except InputBusyError:
                time.sleep(pause_seconds)
        return self._send_input(piece, end=end)

    def _send_input(self, piece: bytes, *, end: bool) -> None:
        try:
            shell, command = self._ids()
            self._request(lambda: self._protocol.send_command_input(shell, command, piece, end=end))
        except GoneError as gone:
            raise InputClosedError(str(gone)) from gone

    def _fill(self, seconds: float) -> None:
        """Waits for output, no longer than one request lasts."""
        shell, command = self._ids()
        seconds = min(math.ceil(seconds), self._limits.receive_seconds)
        try:
            out, err, code, done = self._request(lambda: self._receive(shell, command), seconds=int(seconds))
        except LostError:
            self._lines.gap()
            raise
        for line in self._lines.feed(out + b"\n" if done else out):
            answer = wire.parse_line(line)
            if answer is None:
                self._noise = (self._noise + line + b"\n")[-_NOISE_BYTES:]
            else:
                self._answers.append(answer)
        self._errors = (self._errors + err)[-_NOISE_BYTES:]
        if done:
            self._exit_code = code

    def _receive(self, shell: str, command: str) -> tuple[bytes, bytes, int, bool]:
        try:
            return self._protocol.get_command_output_raw(shell, command)
        except WinRMOperationTimeoutError:
            return b"", b"", -1, False

    def _request(self, send: Callable[[], T], *, seconds: int | None = None, patience_seconds: int | None = None) -> T:
        """Sends one request that the host may take `seconds` for. Raises what `translate` says.

        With `patience_seconds` more it counts as silent; connecting may take as long.
        """
        seconds = seconds or self._limits.receive_seconds
        patience_seconds = patience_seconds or self._limits.connect_seconds
        timeouts: Any = (patience_seconds, seconds + patience_seconds)  # requests takes connect and read apart
        self._protocol.operation_timeout_sec = seconds
        self._protocol.transport.read_timeout_sec = timeouts
        if time.monotonic() - self.heard_at > CONNECTION_IDLE_SECONDS:
            self.reconnect()
        for rounds_left in reversed(range(MOST_LOGON_ROUNDS)):
            self._logon.check(self.name, self._user)
            try:
                result = self._once_more_if_sealed_wrong(send)
            except Exception as error:
                translated = self._translated(error)
                if not rounds_left or self._logon.rejected or not isinstance(translated, CredentialsRejected):
                    raise translated from error
                log.info("host %s refused a logon of user %s, which had worked before", self.name, self._user)
            except BaseException:  # interrupted in the middle of a message
                self.reconnect()
                raise
            else:
                break
            self._logon.wait()
        self.heard_at = time.monotonic()
        if self._logs_on_with_each_request:
            self._logon.accepted()
        return result

    def _translated(self, error: Exception) -> Exception:
        if not isinstance(error, WSManFaultError):
            let_go(error)
            self.reconnect()
        translated = translate(error, host=self.name, address=self._address, user=self._user)
        if isinstance(translated, CredentialsRejected):
            if self._logs_on_with_each_request or not self._logon.has_worked:  # else it was counted where it was tried
                self._logon.refused()
            return self._logon.error(self.name, self._user)
        return translated

    def _once_more_if_sealed_wrong(self, send: Callable[[], T]) -> T:
        """HTTP 400 with sealing means 'not executed': the connection was replaced under the old key."""
        try:
            return send()
        except WinRMTransportError as error:
            if error.code != 400 or self._protocol.transport.encryption is None:
                raise
            self.reconnect()
            return send()
