"""How the VM is stopped: the one word of a request that the command line needs before anything else is imported."""

from __future__ import annotations

from enum import StrEnum


class StateTransfer(StrEnum):
    """How the VM is stopped: with its memory saved, or shut down by its guest."""

    AUTO = "auto"
    SAVE = "save"
    SHUTDOWN = "shutdown"
