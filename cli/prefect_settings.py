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
from collections.abc import Iterator
from contextlib import contextmanager

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


def apply() -> None:
    """Sets what the caller's environment does not set."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def start_server() -> None:
    """Starts Prefect's server of this process, unless Prefect is configured for another one. It ends with the process."""
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        return
    with _without_interrupts():
        SubprocessASGIServer().start()


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
