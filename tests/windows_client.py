"""Start `tests/as_on_windows.py`, and read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).parent / "as_on_windows.py"
ARRANGED = ("PYTHONIOENCODING", "PYTHONUTF8", "USERNAME")


@dataclass(frozen=True)
class AsOnWindows:
    """What a process that played Windows has said."""

    imported: frozenset[str]
    user: str
    exits: tuple[int, ...]
    output: str
    errors: str


def as_on_windows(
    *commands: tuple[str, ...], folder: Path, environment: Mapping[str, str] | None = None
) -> AsOnWindows:
    """Import the product and run these commands in a folder, in a process that plays Windows."""
    inherited = {name: value for name, value in os.environ.items() if name not in ARRANGED}
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", str(PROGRAM), json.dumps(commands)],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(PROGRAM.parents[1]), **(environment or {})},
        capture_output=True,
        encoding="cp1252",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines()[:2])
    exits = [line for line in done.stdout.splitlines() if line.startswith("exit ")]
    return AsOnWindows(
        imported=frozenset(said["imported"].split()),
        user=said["user"],
        exits=tuple(int(line.split()[1].rstrip(":")) for line in exits),
        output=done.stdout,
        errors=done.stderr,
    )
