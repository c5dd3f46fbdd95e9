"""A Hyper-V host as the domain sees it: typed operations, whatever the wire does.

A call may be lost, its answer may be lost, the process behind it may die. `Host` hides that as far as it can be hidden
honestly: questions are asked again; a changing operation is sent again only under the same operation id, so that the
host's journal answers what became of it. What stays unknown is `OutcomeUnknown`, never a guess. Calls of several
threads run side by side, each on its own connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from qsm.errors import HostFailed, OutcomeUnknown, QsmError, Refused, Unreachable, from_host
from qsm.hosts import wire
from qsm.hosts.messages import ErrorFacts, Message
from qsm.hosts.meter import Meter
from qsm.hosts.operations import Operation
from qsm.hosts.winrm_session import LostError, ProcessEndedError, WinRMSession
from qsm.settings import HostSettings, TimeLimits

A = TypeVar("A", bound=Message)
R = TypeVar("R", bound=Message)

log = logging.getLogger(__name__)
MOST_IDLE_SESSIONS = 6  # MaxShellsPerUser is 30 on current hosts, 5 on the oldest


@dataclass(frozen=True)
class Call:
    """Where a call belongs: migration, subject of the operation id, revision seen, longest wait of a poll."""

    migration_id: str = ""
    subject: str = ""
    revision: int | None = None
    wait_seconds: float = 0.0


@dataclass(frozen=True)
class Reply:
    """What a host answered: the result, the record's revision after it, and whether it was a stored answer."""

    result: Any
    revision: int | None
    repeated: bool


class Host:
    """One host of the inventory. Close it when done: it keeps warm processes on the host."""

    def __init__(self, name: str, settings: HostSettings, *, limits: TimeLimits, meter: Meter | None = None) -> None:
        self.name = name
        self.settings = settings
        self.meter = meter or Meter()
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: list[WinRMSession] = []
        self._bootstrap: str | None = None  # "serve" or "call", found out by the probe
        self._sleep: Callable[[float], None] = time.sleep

    def ask(self, operation: Operation[A, R], arguments: A, *, call: Call | None = None) -> R:
        """Asks a question; it is asked again while the host is silent, up to `limits.unreachable_seconds`.

        Raises Unreachable, HostRefused, HostFailed, CredentialsRejected.
        """
        reply = self._exchange(operation, arguments, call=call or Call())
        return operation.result.model_validate(reply.result)

    def change(self, operation: Operation[A, R], arguments: A, *, call: Call) -> tuple[R, int | None]:
        """Changes something under the operation id; returns the result and the record's revision after it.

        Raises the same as `ask`, and OutcomeUnknown when nobody can tell whether it was done.
        """
        reply = self._exchange(operation, arguments, call=call)
        return operation.result.model_validate(reply.result), reply.revision

    def warm_up(self) -> None:
        """Makes sure that a process with the loaded module waits on the host."""
        with self._session() as session:
            self._ready(session)
            self._roundtrip(
                session, {"operation": "ping"}, deadline=time.monotonic() + self._limits.unreachable_seconds
            )

    def close(self) -> None:
        """Ends all idle processes and shells."""
        with self._lock:
            sessions, self._idle = self._idle, []
        for session in sessions:
            session.stop()

    # --- one exchange

    def _exchange(self, operation: Operation[A, R], arguments: A, *, call: Call) -> Reply:
        line = {
            "operation": operation.name,
            "migration_id": call.migration_id,
            "subject": call.subject,
            "revision": call.revision,
            "wait_seconds": call.wait_seconds,
            "arguments": arguments.model_dump(mode="json"),
        }
        started = time.time()
        deadline = time.monotonic() + operation.time_limit_seconds + call.wait_seconds
        content = self._until_answered(operation, line, deadline=deadline)
        self.meter.add(self.name, operation.name, started=started, host_seconds=float(content.get("seconds") or 0.0))
        if content.get("ok") is True:
            self._check_result(operation, content)
            return Reply(content["result"], content.get("revision"), bool(content.get("repeated")))
        raise self._error(operation, content)

    def _until_answered(self, operation: Operation[A, R], line: dict[str, Any], *, deadline: float) -> dict[str, Any]:
        """Sends until there is an answer; a changing operation keeps its id, so the host knows it again."""
        silent_since: float | None = None
        maybe_executed = False
        pause = 0.2
        while True:
            try:
                with self._session() as session:
                    self._ready(session)
                    return self._roundtrip(session, line, deadline=deadline)
            except LostError as error:
                maybe_executed, why = True, str(error)
            except Unreachable as error:
                why = error.why
                if "certificate" in why:
                    raise
            now = time.monotonic()
            silent_since = silent_since or now
            if now - silent_since > self._limits.unreachable_seconds or now > deadline:
                if maybe_executed and operation.changes:
                    raise OutcomeUnknown(self.name, operation.name, f"the host stopped answering ({why}).")
                raise Unreachable(self.name, why)
            log.debug("host %s: %s, trying %s again", self.name, why, operation.name)
            self._sleep(pause)
            pause = min(pause * 2, 5.0)

    def _roundtrip(self, session: WinRMSession, line: dict[str, Any], *, deadline: float) -> dict[str, Any]:
        """One call on one session. Raises LostError when the answer is lost and the call must be sent again."""
        call = wire.new_call_id()
        data = wire.encode_line({"call": call, "module": wire.module_hash(), **line})
        single = self._bootstrap == "call"
        try:
            if not session.running:
                session.start(self._bootstrap or "serve")
            session.send(data, end=single)
            answer = session.receive(call, deadline=deadline)
        except LostError:
            answer = self._find_again(session, call, deadline=deadline, single=single)
        except ProcessEndedError as error:
            session.stop()
            raise LostError(str(error)) from error
        if answer is None:
            session.abandon()
            raise LostError("no answer within the time limit")
        if single:
            session.stop()
        return answer.content

    def _find_again(self, session: WinRMSession, call: str, *, deadline: float, single: bool) -> wire.Answer:
        """After a lost connection: the answer if it is still to be had, else LostError.

        A ping sent behind the call is answered after it. If the ping's answer comes first, the other one was lost.
        """
        session.reconnect()
        ping = wire.new_call_id()
        try:
            if not single:
                session.send(wire.encode_line({"call": ping, "module": wire.module_hash(), "operation": "ping"}))
            while (answer := session.receive_any(deadline=deadline)) is not None:
                if answer.call == call:
                    return answer
                if answer.call == ping:
                    break
        except (LostError, ProcessEndedError) as error:
            session.abandon()
            raise LostError(str(error)) from error
        except Unreachable as error:
            session.abandon()
            raise LostError(error.why) from error
        raise LostError("the connection broke and the answer was lost with it")

    def _check_result(self, operation: Operation[A, R], content: dict[str, Any]) -> None:
        try:
            operation.result.model_validate(content["result"])
        except (ValidationError, KeyError) as error:
            facts = ErrorFacts(
                id="HostFailed", category="failed", retryable=False, hresult=None, subject="", facts={},
                message=f"Host {self.name} answered {operation.name} with something else than promised: {error}",
            )  # fmt: skip
            raise HostFailed(self.name, operation.name, facts) from None

    def _error(self, operation: Operation[A, R], content: dict[str, Any]) -> QsmError:
        facts = ErrorFacts.model_validate(content["error"])
        return from_host(self.name, operation.name, facts, revision=content.get("revision"))

    # --- sessions

    @contextmanager
    def _session(self) -> Iterator[WinRMSession]:
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            session = WinRMSession(self.name, self.settings, self._limits)
        kept = False
        try:
            yield session
            kept = True
        finally:
            with self._lock:
                kept = kept and len(self._idle) < MOST_IDLE_SESSIONS
                if kept:
                    self._idle.append(session)
            if not kept:
                session.abandon()

    def _ready(self, session: WinRMSession) -> None:
        """Probes the host once and installs the module when it is not there."""
        if self._bootstrap is not None:
            return
        with self._lock:
            if self._bootstrap is None:
                self._bootstrap = self._probe(session)

    def _probe(self, session: WinRMSession) -> str:
        """Which way calls take on this host: "serve" if input reaches a running process, else "call"."""
        call = wire.new_call_id()
        line = wire.encode_line({"call": call, "module": wire.module_hash()})
        deadline = time.monotonic() + self._limits.stdin_probe_seconds
        session.start("probe")
        try:
            session.send(line)
            answer = session.receive(call, deadline=deadline)
            way = "serve" if answer else "call"
            session.send(b"" if answer else line, end=True)
            answer = answer or session.receive(call, deadline=time.monotonic() + self._limits.unreachable_seconds)
        except ProcessEndedError as error:
            raise Refused(
                f"Host {self.name} does not run scripts over WinRM. Nothing was changed. {error}."
                " Check execution policy, language mode and antivirus on the host."
            ) from error
        if answer is None or not answer.content.get("ok"):
            raise Refused(
                f"Host {self.name} ran the probe and did not answer it: {answer.content if answer else 'silence'}."
            )
        session.stop()
        if not answer.content["result"]["installed"]:
            self._install(session)
        return way

    def _install(self, session: WinRMSession) -> None:
        call = wire.new_call_id()
        session.start("install")
        try:
            session.send_lines(wire.install_lines(call))
            answer = session.receive(call, deadline=time.monotonic() + self._limits.unreachable_seconds)
        except ProcessEndedError as error:
            raise Refused(f"The module could not be installed on host {self.name}. {error}.") from error
        session.stop()
        if answer is None or not answer.content.get("ok"):
            told = answer.content.get("error") if answer else "no answer"
            raise Refused(f"The module could not be installed on host {self.name}: {told}.")
