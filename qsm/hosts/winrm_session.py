"""One WinRM connection with one PowerShell process behind it, over pywinrm.

pywinrm leaves the hard parts to its caller: it waits for ever, it reseals with an old key after a lost connection (HTTP
400 for ever), and it cannot tell whether a command ran. The answers here: every exchange has its own deadline; after a
lost connection the HTTP session is thrown away and a ping behind the call tells whether its answer was lost (then the
same call is sent again, and the host's journal knows it by its operation id); a rejected logon is never tried twice.
One object serves one thread at a time.

Sources: [MS-WSMV] for the messages; pywinrm 0.5.0 for the exceptions.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

import requests
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.protocol import Protocol

from qsm.errors import CredentialsRejected, Unreachable
from qsm.hosts import wire
from qsm.settings import HostSettings, TimeLimits

UTF8 = 65001
UNKNOWN_SHELL_OR_COMMAND = 2150858843  # wsman fault: w:InvalidSelectors
BUSY_SEND = 170  # ERROR_BUSY: an earlier Send is still being processed
SEND_BYTES = 64 * 1024  # raw bytes per Send, safe below the smallest MaxEnvelopeSizekb
OPERATION_SECONDS = 20
_NOISE_BYTES = 2000


class LostError(Exception):
    """The connection, the shell or the process is gone; what was sent may have been executed."""


class ProcessEndedError(Exception):
    """The remote process ended without the answer; `noise` is the end of what it said."""

    def __init__(self, exit_code: int, noise: str) -> None:
        self.exit_code, self.noise = exit_code, noise
        super().__init__(f"PowerShell ended with exit code {exit_code}: {noise.strip() or 'it said nothing'}")


def _protocol(settings: HostSettings, limits: TimeLimits) -> Protocol:
    scheme = "https" if settings.tls else "http"
    return Protocol(
        endpoint=f"{scheme}://{settings.address}:{settings.port}/wsman",
        transport=settings.transport,
        username=settings.user or None,
        password=settings.secret().get_secret_value(),
        server_cert_validation="validate" if settings.verify_tls else "ignore",
        ca_trust_path=str(settings.ca_file) if settings.ca_file else None,  # type: ignore[arg-type]  # None: the system's
        cert_pem=str(settings.certificate_file) if settings.certificate_file else None,
        cert_key_pem=str(settings.certificate_key_file) if settings.certificate_key_file else None,
        message_encryption="auto",
        operation_timeout_sec=OPERATION_SECONDS,
        read_timeout_sec=OPERATION_SECONDS + limits.connect_seconds,
        proxy=None,
    )


class WinRMSession:
    """A shell and at most one running bootstrap process on one host.

    Raises Unreachable when nothing was sent and the host does not answer, CredentialsRejected once, LostError when
    something may have been executed, ProcessEndedError when the process ended.
    """

    def __init__(self, name: str, settings: HostSettings, limits: TimeLimits) -> None:
        self.name = name
        self._user = settings.user or settings.transport
        self._where = f"{settings.address}:{settings.port}"
        self._protocol = _protocol(settings, limits)
        self._shell: str | None = None
        self._command: str | None = None
        self._buffer = b""
        self._noise = b""

    # --- process

    def start(self, bootstrap: str) -> None:
        """Starts a bootstrap process, in a new shell if there is none."""
        if self._shell is None:
            self._shell = self._request(
                lambda: self._protocol.open_shell(codepage=UTF8, idle_timeout="PT7200S"), sent=False
            )
        shell = self._shell
        program, _, arguments = wire.bootstrap_command(bootstrap).partition(" ")
        self._buffer = self._noise = b""
        self._command = self._request(
            lambda: self._protocol.run_command(shell, program, [arguments], console_mode_stdin=False), sent=False
        )

    @property
    def running(self) -> bool:
        """Whether a process was started and not seen to end."""
        return self._command is not None

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Standard input of the process; the last piece may close it."""
        pieces = [data[i : i + SEND_BYTES] for i in range(0, len(data), SEND_BYTES)] or [b""]
        for index, piece in enumerate(pieces):
            last = end and index == len(pieces) - 1
            self._request(lambda p=piece, e=last: self._send_piece(p, end=e), sent=True)  # type: ignore[misc]

    def send_lines(self, lines: Iterable[bytes]) -> None:
        """All lines, then the end of the input."""
        pending = b""
        for line in lines:
            if pending and len(pending) + len(line) > SEND_BYTES:
                self.send(pending)
                pending = b""
            pending += line
        self.send(pending, end=True)

    def receive(self, call: str, *, deadline: float) -> wire.Answer | None:
        """The answer to `call`, or to any later ping; None when the deadline (time.monotonic) has passed."""
        while True:
            answer = self._next_answer()
            if answer is not None:
                if answer.call == call:
                    return answer
                continue
            if time.monotonic() >= deadline:
                return None
            self._fill()

    def receive_any(self, *, deadline: float) -> wire.Answer | None:
        """The next answer, whichever call it belongs to."""
        while (answer := self._next_answer()) is None:
            if time.monotonic() >= deadline:
                return None
            self._fill()
        return answer

    def reconnect(self) -> None:
        """Throws the HTTP session away: without this, pywinrm seals with the old key and gets HTTP 400 for ever."""
        self._protocol.transport.close_session()

    def stop(self) -> None:
        """Ends the process and the shell, if the host can still be asked to."""
        shell, command, self._shell, self._command = self._shell, self._command, None, None
        if shell is not None:
            with contextlib.suppress(WinRMError, requests.RequestException, AssertionError):
                if command is not None:
                    self._protocol.cleanup_command(shell, command)
                self._protocol.close_shell(shell, close_session=False)
        self._protocol.transport.close_session()

    def abandon(self) -> None:
        """Forgets shell and process without ending them: what runs there may be in the middle of an act."""
        self._shell = self._command = None
        self._protocol.transport.close_session()

    # --- wire

    def _process(self) -> tuple[str, str]:
        if self._shell is None or self._command is None:
            raise LostError("no process is running")
        return self._shell, self._command

    def _send_piece(self, piece: bytes, *, end: bool) -> None:
        shell, command = self._process()
        for attempt in range(4):
            try:
                self._protocol.send_command_input(shell, command, piece, end=end)
                return
            except WSManFaultError as fault:
                if fault.wsman_fault_code != BUSY_SEND or attempt == 3:
                    raise
                time.sleep(0.5 * (attempt + 1))

    def _next_answer(self) -> wire.Answer | None:
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
            answer = wire.parse_line(line)
            if answer is not None:
                return answer
            self._noise = (self._noise + line)[-_NOISE_BYTES:]
        return None

    def _fill(self) -> None:
        """Waits for output, at most one operation time-out."""
        shell, command = self._process()
        try:
            out, err, code, done = self._request(
                lambda: self._protocol.get_command_output_raw(shell, command), sent=True
            )
        except WinRMOperationTimeoutError:
            return
        self._buffer += out
        self._noise = (self._noise + err)[-_NOISE_BYTES:]
        if done:
            self._command = None
            if not self._buffer.endswith(b"\n"):
                self._buffer += b"\n"
            if wire.MARK not in self._buffer:
                raise ProcessEndedError(code, (self._noise + self._buffer).decode("utf-8", "replace"))

    def _request(self, send: Callable[[], Any], *, sent: bool) -> Any:
        """Runs one HTTP request; `sent` says whether something may have been executed when it is lost."""
        try:
            return self._once_more_if_sealed_wrong(send)
        except InvalidCredentialsError:
            raise CredentialsRejected(self.name, self._user) from None
        except requests.exceptions.SSLError as error:
            raise Unreachable(
                self.name, f"its certificate at {self._where} was not accepted ({_root(error)})"
            ) from None
        except WSManFaultError as fault:
            if fault.wsman_fault_code == UNKNOWN_SHELL_OR_COMMAND:
                raise LostError(f"shell or command is gone: {fault.reason}") from fault
            raise Unreachable(
                self.name, f"WinRM refused at {self._where}: {fault.reason} ({fault.wsman_fault_code})"
            ) from fault
        except requests.RequestException as error:
            if sent:
                raise LostError(_root(error)) from error
            raise Unreachable(self.name, f"no connection to {self._where} ({_root(error)})") from None
        except WinRMOperationTimeoutError:
            raise
        except WinRMTransportError as error:
            raise (LostError if sent else self._unreachable)(f"WinRM answered HTTP {error.code}") from error

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(self.name, f"{why} at {self._where}")

    def _once_more_if_sealed_wrong(self, send: Callable[[], Any]) -> Any:
        """HTTP 400 with sealing means 'not executed': the connection was replaced under the old key."""
        try:
            return send()
        except WinRMTransportError as error:
            if error.code != 400 or self._protocol.transport.encryption is None:
                raise
            self.reconnect()
            return send()


def _root(error: BaseException) -> str:
    """The innermost reason of a nested network error, in one line."""
    while (inner := error.__cause__ or error.__context__ or getattr(error, "reason", None)) is not None:
        if not isinstance(inner, BaseException):
            break
        error = inner
    return f"{type(error).__name__}: {error}".splitlines()[0]
