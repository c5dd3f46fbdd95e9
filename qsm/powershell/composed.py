"""PowerShell scripts put together from parts, so that what several of them need stands once.

A script that travels on a command line cannot load another, and one that runs as SYSTEM must not before it has checked
it. So a line `#part NAME` of a script stands for the file `bootstrap/parts/NAME.ps1`. The same script always gives the
same text: a host of the laboratory knows the scripts that may travel by their text alone.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
BOOTSTRAPS = FOLDER / "bootstrap"
PARTS = BOOTSTRAPS / "parts"
BOOTSTRAP_NAMES = ("call", "install", "probe", "serve")
_PART = re.compile(r"^ *#part ([a-z]+)\n", re.MULTILINE)


def compose(script: Path) -> str:
    """Text of a script with its parts in place. A part has no parts of its own."""
    return _PART.sub(lambda found: (PARTS / f"{found[1]}.ps1").read_text("ascii"), script.read_text("ascii"))


@cache
def bootstrap_text(name: str) -> str:
    """Text of one script that travels (`BOOTSTRAP_NAMES`).

    Indentation and lines of comment stay here: a command line has a limit (8191 characters in cmd.exe), of which each
    character of a script takes almost three.
    """
    lines = (line.strip() for line in compose(BOOTSTRAPS / f"{name}.ps1").splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))
