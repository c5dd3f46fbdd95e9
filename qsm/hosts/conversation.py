"""One call on one session, until its answer is here or until it is clear that it will not come this way.

When a connection breaks, the caller cannot see whether the request or the reply was lost, and a process that works in
silence looks like one that never heard of the call. So after a break nothing is concluded: the connection is replaced,
the same process is listened to again, and a ping is sent after the call. A process does its lines in order: if the
ping's answer comes first, the call's answer is lost for ever (or the call never came), and the caller sends it again
under its operation id, which the host's journal knows. A process that does one call only cannot be pinged; it ends
instead, and it ignores the second copy of a line.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from qsm.errors import QsmError
from qsm.hosts import wire
from qsm.hosts.winrm_errors import (
    FaultError,
    GoneError,
    InputBusyError,
    InputClosedError,
    LostError,
    NotExecutedError,
)
from qsm.hosts.winrm_session import ProcessEndedError, State, WinRMSession
from qsm.settings import TimeLimits

Way = Literal["serve", "call"]
"""How calls are done on a host: by a process that stays, or by one process each where input arrives at its end only."""

_LONGEST_PING_SECONDS = 300.0
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)


class NeverStartedError(NotExecutedError):
    """The process ended before it took the call."""


class EndedError(LostError):
    """The process ended before it answered."""


class SilentError(LostError):
    """No answer within the time that the call was given, or from the host within the time that it may be silent."""


class Conversation:
    """Sends one call and waits for its answer. Leaves the session's `state` true, whatever happens."""

    def __init__(self, session: WinRMSession, way: Way, *, limits: TimeLimits) -> None:
        self.maybe_executed = False
        """Whether the call may have been executed without an answer, whatever `run` raises."""
        self._session = session
        self._way = way
        self._limits = limits
        self._call = wire.new_call_id()
        self._data = b""
        self._said_at = 0.0
        self._deadline = 0.0
        self._arrived = False
        """Whether the host confirmed that it took the call's line."""
        self._in_doubt = False
        """Whether a connection broke since the line was sent."""
        self._pings: set[str] = set()
        self._ping_at = 0.0
        self._ping_pause = 0.0

    def run(self, line: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """The content of the answer to a call that may take `seconds`.

        Raises NotExecutedError (QuotaError, NeverStartedError) if the call certainly was not executed, LostError
        (EndedError, SilentError) if it may have been, and what `WinRMSession` raises.
        """
        self._data = wire.encode_line({"call": self._call, "module": wire.module_hash(), **line})
        if self._way == "call" or not self._session.running:
            self._session.start(self._way)
        self._said_at = time.monotonic()
        self._deadline = self._said_at + seconds
        self._say()
        self.maybe_executed = True
        try:
            answer = self._listen()
        except ProcessEndedError as ended:
            self._session.state = State.CLEAN
            raise EndedError(str(ended)) from ended
        except GoneError as gone:
            self._session.state = State.SPOILED
            raise EndedError(str(gone)) from gone
        self.maybe_executed = False
        self._session.state = State.CLEAN
        return answer.content

    def _say(self) -> None:
        self._session.state = State.OCCUPIED
        try:
            self._session.send(self._data, end=self._way == "call")
        except InputClosedError:
            self._session.state = State.SPOILED
            why = self._session.last_words()
            if why:
                raise NeverStartedError(why) from None
            raise
        except (NotExecutedError, QsmError):
            self._session.state = State.SPOILED
            raise
        except LostError:
            self._doubt()
        else:
            self._arrived = True

    def _listen(self) -> wire.Answer:
        failures = 0
        while True:
            try:
                answer = self._next_answer()
                failures = 0
            except GoneError:
                raise
            except (LostError, NotExecutedError) as error:
                self._give_up_if_silent(error)
                self._doubt()
                pause_seconds = _PAUSES[min(failures, len(_PAUSES) - 1)]
                time.sleep(min(pause_seconds, self._limits.unreachable_seconds / 4))
                failures += 1
                continue
            if answer is None:
                if time.monotonic() >= self._deadline:
                    raise SilentError("no answer came within the time limit")
            elif answer.call == self._call or (answer.call == wire.UNREADABLE_CALL and not self._in_doubt):
                return answer
            elif answer.call in self._pings:
                self._answer_is_lost()

    def _next_answer(self) -> wire.Answer | None:
        """The next answer, or None at the deadline or when the next ping is due."""
        if not self._in_doubt:
            return self._session.receive_any(deadline=self._deadline)
        if time.monotonic() >= self._ping_at:
            self._ask_after_it()
        return self._session.receive_any(deadline=min(self._deadline, self._ping_at))

    def _ask_after_it(self) -> None:
        """Sends what makes the process say something about the call."""
        self._ping_at = time.monotonic() + self._ping_pause
        self._ping_pause = min(self._ping_pause * 2, _LONGEST_PING_SECONDS)
        try:
            if self._way == "serve":
                ping = wire.new_call_id()
                self._pings.add(ping)
                line = wire.encode_line({"call": ping, "module": wire.module_hash(), "operation": "ping"})
                self._session.send(b"\n" + line)  # the call's line may have arrived in part
            elif not self._arrived:
                self._session.send(self._data, end=True)
                self._arrived = True
        except InputBusyError:
            pass  # it works, and will take its input in time
        except (InputClosedError, FaultError):
            self._arrived = (
                True  # by the first copy, which closed the input; or the process ended, as it will say itself
            )

    def _doubt(self) -> None:
        """From here on it is not certain that the answer is still to come."""
        self._in_doubt = True
        self._ping_at = time.monotonic()
        self._ping_pause = float(self._limits.receive_seconds)

    def _give_up_if_silent(self, error: Exception) -> None:
        silent_seconds = time.monotonic() - max(self._session.heard_at, self._said_at)
        if silent_seconds > self._limits.unreachable_seconds or time.monotonic() > self._deadline:
            raise SilentError(str(error)) from error

    def _answer_is_lost(self) -> None:
        """The process is idle. If the call's line was never confirmed it may still come, so that process must end."""
        self._session.state = State.CLEAN if self._arrived else State.SPOILED
        raise LostError("the connection broke and the answer was lost with it")
