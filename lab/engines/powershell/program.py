"""The program of the PowerShell engine, which the environment names."""

from __future__ import annotations

import os
from pathlib import Path

PROGRAM_VARIABLE = "QSM_PWSH"


class NoPowerShell(Exception):
    """There is no PowerShell engine on this machine; the text says what to do."""


def find_program() -> str:
    """Return the program of the PowerShell engine. Raises NoPowerShell."""
    program = os.environ.get(PROGRAM_VARIABLE, "")
    if not program:
        raise NoPowerShell(
            f"The laboratory's engine 'powershell' needs a PowerShell program: set {PROGRAM_VARIABLE} to its path, "
            "or take the engine 'python'."
        )
    if not os.access(program, os.X_OK) or Path(program).is_dir():
        raise NoPowerShell(f"{PROGRAM_VARIABLE} names '{program}', which is no program that can be started.")
    return program
