"""The sessions of one host: warm ones are used again, and none is left behind that could be ended.

A shell that is forgotten counts against the host's quota for an hour, and one that is ended in the middle of an act leaves
nobody who knows how far it came. So a session comes back with a `state`, and the state decides: kept, ended, or left alone
until the run is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qsm.errors import QsmError
from qsm.hosts.winrm_errors import FaultError, LostError, NotExecutedError
from qsm.hosts.winrm_session import SHELL_IDLE_SECONDS, ProcessEndedError, State, WinRMSession

MOST_IDLE_SESSIONS = 8
"""More than that are not kept warm; MaxShellsPerUser is 30 on current hosts."""


class SessionPool:
    """Hands out sessions, the one used last first. Safe for threads."""

    def __init__(self, open_session: Callable[[], WinRMSession]) -> None:
        self._open_session = open_session
        self._changed = threading.Condition()
        self._idle: list[WinRMSession] = []
        self._left: list[WinRMSession] = []
        self._in_use = 0
        self._closed = False

    @contextmanager
    def session(self) -> Iterator[WinRMSession]:
        """A session for one thread. Raises SettingsError."""
        session = self._take()
        try:
            yield session
        finally:
            self._give_back(session)

    def wait_for_one(self, *, seconds: float) -> bool:
        """Waits until a session is free; False, at once, if none is in use that could become free."""
        with self._changed:
            if not self._in_use and not self._idle:
                return False
            self._changed.wait_for(lambda: bool(self._idle), timeout=seconds)
            return True

    def close(self) -> None:
        """Ends what can be ended; a session that is still in use is ended when it comes back."""
        with self._changed:
            self._closed = True
            sessions, self._idle = self._idle, []
            left, self._left = self._left, []
        answers = True
        for session in [*sessions, *left]:
            try:
                answers = answers and (not _may_be_ended(session) or session.stop())
            except (LostError, NotExecutedError, QsmError):
                answers = False  # then the others need not be tried, each with a wait of its own
            session.abandon()

    def _take(self) -> WinRMSession:
        old: WinRMSession | None = None
        with self._changed:
            session = self._idle.pop() if self._idle else None
            if session is not None and time.monotonic() - session.heard_at > SHELL_IDLE_SECONDS - 60:
                old, session = session, None
            self._in_use += 1
        try:
            if old is not None:
                old.stop()
            return session or self._open_session()
        except BaseException:
            self._count_back()
            raise

    def _give_back(self, session: WinRMSession) -> None:
        try:
            if not self._keep(session):
                session.stop()
        finally:
            self._count_back()

    def _keep(self, session: WinRMSession) -> bool:
        """Puts a session where it belongs; False if it is to be ended."""
        if session.state is State.OCCUPIED:
            session.reconnect()  # closes the connection; the process works on
        with self._changed:
            if session.state is State.OCCUPIED:
                self._left.append(session)
                return True
            kept = session.state is State.CLEAN and not self._closed and len(self._idle) < MOST_IDLE_SESSIONS
            if kept:
                self._idle.append(session)
            return kept

    def _count_back(self) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify_all()


def _may_be_ended(session: WinRMSession) -> bool:
    """Whether no call is under way, or one that was given up has come to its end after all."""
    if session.state is not State.OCCUPIED:
        return True
    try:
        return session.receive_any(deadline=time.monotonic() + 1) is not None
    except (ProcessEndedError, FaultError):
        return True
