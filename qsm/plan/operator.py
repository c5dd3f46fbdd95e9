"""Who sits at the machine that this process runs on, as a host's record names them."""

from __future__ import annotations

import getpass
import os
import socket


def this_user() -> str:
    """The user's name; where the system knows none (a service, a container), just that."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # without a variable for it: no module pwd (Windows), no such user
        return "unknown user"


def this_process() -> str:
    """User, machine and process, to be found by somebody else."""
    return f"{this_user()}@{socket.gethostname()} (process {os.getpid()})"
