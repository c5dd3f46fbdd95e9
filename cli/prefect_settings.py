"""Prefect for flows run from the command line: its settings, and the server that lives only for the command.

A command runs its flow in its own process: against the server that Prefect is configured for, else against one of its
own. Telemetry off. What Prefect logs goes to its server at most (`PREFECT_LOGGING_LEVEL`) and not to the terminal, where
the command itself says what happened. The short-lived server gets the time that a cold machine needs. Ctrl-C reaches
every process of the terminal's foreground group: the short-lived server must outlive it, because the run that is
interrupted still brings the VM home and reports that to Prefect; without an answer that would take minutes.

`apply` must be called before Prefect is imported.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from qsm.errors import QsmError

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


PACKAGES_OF_PREFECT = ("prefect", "httpx", "httpcore", "anyio")
"""Where errors are raised when Prefect cannot do its own work."""


class PrefectFailed(QsmError):
    """Prefect could not begin the run; no migration was begun."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            f"Prefect could not begin the run: {say(error)}. No migration was begun. Check the server that PREFECT_API_URL"
            " names, or name none: then the command starts one of its own."
        )


def is_trouble(error: BaseException) -> bool:
    """Whether this is Prefect's own error or signal: none of the migration, and no interrupt."""
    from prefect.exceptions import PrefectSignal

    if isinstance(error, QsmError) or not isinstance(error, Exception | PrefectSignal):
        return False
    raised_in = [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return raised_in[-1].partition(".")[0] in PACKAGES_OF_PREFECT


def say(error: BaseException) -> str:
    """An error of Prefect in one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".rstrip(": ").rstrip(".")


def apply() -> None:
    """Sets what the caller's environment does not set."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def start_server() -> None:
    """Starts Prefect's server of this process, unless Prefect is configured for another one. It ends with the process.

    Raises PrefectFailed.
    """
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        return
    try:
        with _without_interrupts():
            SubprocessASGIServer().start()
    except RuntimeError as error:  # it did not come up in time
        raise PrefectFailed(error) from error


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started in the block hears no Ctrl-C: a child starts with its parent's mask. Windows has no such mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
