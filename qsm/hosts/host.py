"""A Hyper-V host as the domain sees it: typed operations, whatever the wire does.

A call may be lost, its answer may be lost, the process behind it may die. `Host` hides that as far as it can be hidden
honestly: questions are asked again; a changing operation is sent again only under the same operation id, so that the
host's journal answers what became of it. What stays unknown is `OutcomeUnknown`, never a guess: a refusal that the host
gives before it looks into its journal proves nothing about an earlier send. Calls of several threads run side by side,
each on its own connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from qsm.errors import CredentialsRejected, HostFailed, OutcomeUnknown, QsmError, Refused, Unreachable, from_host
from qsm.facts.errors import ErrorFacts, ErrorKind
from qsm.facts.frozen import Frozen
from qsm.hosts import wire
from qsm.hosts.conversation import Conversation, EndedError, NeverStartedError, SilentError, Way
from qsm.hosts.meter import Meter
from qsm.hosts.operations import Operation
from qsm.hosts.preparation import Preparation
from qsm.hosts.session_pool import SessionPool
from qsm.hosts.winrm_errors import LostError, NotExecutedError, QuotaError
from qsm.hosts.winrm_session import State, WinRMSession
from qsm.hosts.winrm_transport import Logon
from qsm.settings import HostSettings, TimeLimits

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)

log = logging.getLogger(__name__)
MOST_ENDED_PROCESSES = 5
"""So many processes may end under one call before it is given up: it may be the call that ends them."""
MOST_FAILED_ANSWERS = 3
"""So often a question that failed for a reason that may pass is asked again: a WMI provider is back within seconds."""
LONGEST_PAUSE_SECONDS = 5.0
_DECIDED_WITHOUT_JOURNAL = ("InvalidArgument", "WrongRole", "OperationMismatch")
"""Refusals that hold for every send of a call alike, so that one of them answers all."""


@dataclass(frozen=True)
class Call:
    """Where a call belongs: migration, subject of the operation id, revision seen, longest wait of a poll."""

    migration_id: str = ""
    subject: str = ""
    revision: int | None = None
    wait_seconds: float = 0.0


@dataclass
class _Exchange:
    """One call from its first send to its answer, over however many sends."""

    name: str
    changes: bool
    line: Mapping[str, Any]
    seconds: float
    """How long the host may work on one send."""
    begun_at: float = field(default_factory=time.monotonic)
    failing_since: float | None = None
    maybe_executed: bool = False
    """Whether an earlier send may have been executed and its answer was not seen."""
    ended_processes: int = 0
    failed_answers: int = 0
    reinstalled: bool = False
    pause_seconds: float = 0.0

    @property
    def uncertain(self) -> bool:
        """Whether it would be wrong to say that nothing was changed."""
        return self.changes and self.maybe_executed

    def pause(self) -> float:
        """Seconds to wait before the next send: none at first, as an offline window may be running; longer each time."""
        now, self.pause_seconds = self.pause_seconds, min(self.pause_seconds * 2 + 0.2, LONGEST_PAUSE_SECONDS)
        return now


class Host:
    """One host of the inventory. Close it when done: it keeps warm processes on the host."""

    def __init__(self, name: str, settings: HostSettings, *, limits: TimeLimits, meter: Meter | None = None) -> None:
        self.name = name
        self.settings = settings
        self.meter = meter or Meter()
        self._limits = limits
        self._logon = Logon(pause_seconds=limits.logon_pause_seconds)
        self._pool = SessionPool(lambda: WinRMSession(name, settings, limits, logon=self._logon))
        self._preparing = threading.Lock()
        self._way: Way | None = None

    def ask(self, operation: Operation[A, R], arguments: A, *, call: Call | None = None) -> R:
        """Asks a question; it is asked again while the host is silent, up to `limits.unreachable_seconds`.

        Raises Unreachable (HostNotTrusted), HostRefused, HostFailed, CredentialsRejected, Refused, SettingsError.
        """
        return self._exchange(operation, arguments, call=call or Call())[0]

    def change(self, operation: Operation[A, R], arguments: A, *, call: Call) -> tuple[R, int | None]:
        """Changes something under the operation id; returns the result and the record's revision after it.

        Raises the same as `ask`, then nothing was executed; and OutcomeUnknown when it is not known whether it was done.
        """
        return self._exchange(operation, arguments, call=call)

    def warm_up(self) -> None:
        """Makes sure that a process with the loaded module waits on the host. Raises as `ask`."""
        limit = float(self._limits.unreachable_seconds)
        exchange = _Exchange("ping", changes=False, line={"operation": "ping"}, seconds=limit)
        content = self._until_answered(exchange)
        if content.get("ok") is not True:
            raise self._error(exchange, content)

    def try_logon_once_more(self) -> None:
        """Lets credentials that worked before, and were refused at last, be tried once more: for a new occasion."""
        self._logon.try_once_more()

    def close(self) -> None:
        """Ends all processes and shells that no call is under way in."""
        self._pool.close()

    # --- one exchange

    def _exchange(self, operation: Operation[A, R], arguments: A, *, call: Call) -> tuple[R, int | None]:
        line = {
            "operation": operation.name,
            "migration_id": call.migration_id,
            "subject": call.subject,
            "revision": call.revision,
            "wait_seconds": call.wait_seconds,
            "arguments": arguments.model_dump(mode="json"),
        }
        seconds = operation.time_limit_seconds + call.wait_seconds
        exchange = _Exchange(operation.name, changes=operation.changes, line=line, seconds=seconds)
        started, host_seconds = time.time(), 0.0
        try:
            content = self._until_answered(exchange)
            host_seconds = float(content.get("seconds") or 0.0)
        finally:
            self.meter.add(self.name, operation.name, started=started, host_seconds=host_seconds)
        if content.get("ok") is not True:
            raise self._error(exchange, content)
        try:
            return operation.result.model_validate(content["result"]), content.get("revision")
        except (ValidationError, KeyError) as error:
            raise self._not_as_promised(exchange, error) from None

    def _until_answered(self, exchange: _Exchange) -> dict[str, Any]:
        """Sends until there is an answer that counts; a changing operation keeps its id, so the host knows it again."""
        while True:
            try:
                content = self._send_once(exchange)
            except (NotExecutedError, LostError) as error:
                self._judge(exchange, error)
            except QsmError as error:
                if exchange.uncertain:
                    raise self._unknown(exchange, f"after it was sent, {_why(error)}") from error
                raise
            else:
                if not self._send_again(exchange, content):
                    return content
            time.sleep(min(exchange.pause(), self._limits.unreachable_seconds / 4))

    def _send_once(self, exchange: _Exchange) -> dict[str, Any]:
        with self._pool.session() as session:
            way = self._ready(session)
            conversation = Conversation(session, way, limits=self._limits)
            try:
                return conversation.run(exchange.line, seconds=exchange.seconds)
            finally:
                exchange.maybe_executed = exchange.maybe_executed or conversation.maybe_executed
                if session.state is State.OCCUPIED and not exchange.changes:
                    session.state = State.SPOILED  # a question may be cut short

    def _ready(self, session: WinRMSession) -> Way:
        """The way calls take here; one thread finds out, and installs the module, while the others wait."""
        if not self._preparing.acquire(timeout=self._limits.unreachable_seconds):
            raise NotExecutedError("another call is still waiting for the host's first answer")
        try:
            if self._way is None:
                self._way = Preparation(session, limits=self._limits).run()
            return self._way
        finally:
            self._preparing.release()

    def _judge(self, exchange: _Exchange, error: NotExecutedError | LostError) -> None:
        """After a send without an answer: returns if the call is to be sent again. Raises when that is over."""
        exchange.ended_processes += isinstance(error, EndedError | NeverStartedError)
        now = time.monotonic()
        if isinstance(error, QuotaError) and self._pool.wait_for_one(seconds=LONGEST_PAUSE_SECONDS):
            exchange.failing_since = None  # the quota is used up by threads of our own, and one of them will be done
        exchange.failing_since = exchange.failing_since or now
        silent = now - exchange.failing_since > self._limits.unreachable_seconds
        too_late = now - exchange.begun_at > exchange.seconds + self._limits.unreachable_seconds
        if silent or too_late or isinstance(error, SilentError) or exchange.ended_processes >= MOST_ENDED_PROCESSES:
            raise self._given_up(exchange, error) from error
        log.debug("host %s: %s, sending %s again", self.name, error, exchange.name)

    def _send_again(self, exchange: _Exchange, content: Mapping[str, Any]) -> bool:
        """Whether an answer is not the last word: the host is busy with another call, or has lost its module, or could not
        answer a question for a reason that passes. An act that failed is never sent again here.
        """
        error = content.get("error")
        if content.get("ok") is True or not isinstance(error, dict):
            return False
        if error.get("id") == "Busy":
            return time.monotonic() - exchange.begun_at < exchange.seconds
        if not exchange.reinstalled and wire.MODULE_MISSING in str(error.get("message")):
            exchange.reinstalled = True
            self._way = None
            return True
        if not exchange.changes and error.get("retryable") is True and exchange.failed_answers < MOST_FAILED_ANSWERS:
            exchange.failed_answers += 1
            log.info(
                "host %s could not answer %s and is asked again: %s", self.name, exchange.name, error.get("message")
            )
            return True
        return False

    # --- errors

    def _error(self, exchange: _Exchange, content: Mapping[str, Any]) -> QsmError:
        """The error for what a host reported. A refusal without a look into the journal does not speak for earlier sends."""
        try:
            facts = ErrorFacts.model_validate(content["error"])
        except (ValidationError, KeyError) as error:
            return self._not_as_promised(exchange, error)
        told = from_host(self.name, exchange.name, facts, revision=content.get("revision"))
        unjournaled = facts.category is ErrorKind.REFUSED and content.get("attempt") is None
        if exchange.uncertain and unjournaled and facts.id not in _DECIDED_WITHOUT_JOURNAL:
            return self._unknown(
                exchange, f"the answer was lost, and when the call was sent again the host refused it ({told})"
            )
        return told

    def _not_as_promised(self, exchange: _Exchange, error: Exception) -> HostFailed:
        facts = ErrorFacts(
            id="HostFailed", category=ErrorKind.FAILED, retryable=False, hresult=None, subject="", facts={},
            message=f"Host {self.name} answered {exchange.name} in a form that this tool does not understand: {error}",
        )  # fmt: skip
        return HostFailed(self.name, exchange.name, facts)

    def _given_up(self, exchange: _Exchange, error: NotExecutedError | LostError) -> QsmError:
        if exchange.uncertain:
            return self._unknown(exchange, f"host {self.name} stopped answering ({error})")
        if isinstance(error, QuotaError):
            return Refused(
                f"Host {self.name} gives the tool's account no further remote shell. {error}. Nothing was changed by"
                f" {exchange.name}. End shells of that account on the host, or raise the quota that the message names."
            )
        return Unreachable(self.name, str(error))

    def _unknown(self, exchange: _Exchange, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(self.name, exchange.name, f"{why.rstrip('.')}.")


def _why(error: QsmError) -> str:
    """What happened, without the advice for those whom nothing has happened to yet."""
    if isinstance(error, CredentialsRejected):
        return f"host {error.host} rejected the credentials of user {error.user}"
    return error.why if isinstance(error, Unreachable) else str(error)
