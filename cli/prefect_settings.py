"""Prefect's settings for flows run from the command line. Must be applied before Prefect is imported.

A command runs its flow in its own process: against the server that PREFECT_API_URL names, else against one that lives
only for the command. Telemetry off; the short-lived server gets the time that a cold machine needs.
"""

from __future__ import annotations

import os

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


def apply() -> None:
    """Sets what the caller's environment does not set."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
