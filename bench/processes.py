"""A command as a whole process, and the processor time that it and the children it waited for have used."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class CommandFailed(RuntimeError):
    """A command ended otherwise than it should, so that its time means nothing."""


def cpu_seconds(command: list[str], *, folder: Path, environment: Mapping[str, str], code: int) -> float:
    """Seconds of user and system time by the operating system's own account. Raises CommandFailed for another exit code."""
    output = folder / "output of the last command"
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        said = output.read_text(errors="replace")
        raise CommandFailed(f"{' '.join(command)} ended with {process.returncode} instead of {code}:\n{said}")
    return used.ru_utime + used.ru_stime
