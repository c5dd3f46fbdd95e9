"""Makes known_cmdlets.json: which cmdlets and parameters, of those the scripts use, each version of Windows has.

    python extract_known_cmdlets.py CMDLETS.JSON

CMDLETS.JSON holds, under "versions", version -> module -> cmdlet -> parameters, and under "documented_not_captured", in
the same shape, parameters that the documentation of a version has and a machine of it had not. A cmdlet or parameter
counts from the version on from which every later one has it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from scripts import all_scripts

VERSIONS = ("2012R2", "2016", "2019", "2022", "2025")
KNOWN = Path(__file__).parent / "known_cmdlets.json"

# Module NetTCPIP, in Windows since 8.1 and Server 2012 R2: learn.microsoft.com/powershell/module/nettcpip/test-netconnection
OTHERS = {"Test-NetConnection": {"ComputerName": "2012R2", "Port": "2012R2", "InformationLevel": "2012R2"}}


def since(present: list[bool]) -> str | None:
    """The first version from which on it is always there."""
    missing = [index for index, there in enumerate(present) if not there]
    first = missing[-1] + 1 if missing else 0
    return VERSIONS[first] if first < len(VERSIONS) else None


def parameters_of(cmdlets: dict[str, Any], name: str, version: str) -> set[str] | None:
    for module, found in cmdlets["versions"][version].items():
        for cmdlet, parameters in found.items():
            if cmdlet.lower() == name.lower():
                absent = cmdlets["documented_not_captured"].get(version, {}).get(module, {}).get(cmdlet, [])
                return set(parameters) - set(absent)
    return None


def extract(cmdlets: dict[str, Any], names: set[str]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name in sorted(names):
        per_version = [parameters_of(cmdlets, name, version) for version in VERSIONS]
        whole = since([parameters is not None for parameters in per_version])
        if whole is None:
            continue
        every = set().union(*(parameters for parameters in per_version if parameters))
        found = {p: since([p in (parameters or ()) for parameters in per_version]) for p in sorted(every)}
        known[name] = {"since": whole, "parameters": {p: first for p, first in found.items() if first}}
    for name, parameters in OTHERS.items():
        known[name] = {"since": "2012R2", "parameters": parameters}
    return known


def main() -> None:
    cmdlets = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    used = {command.name for script in all_scripts() for command in script.commands}
    rows = [f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in extract(cmdlets, used).items()]
    KNOWN.write_text("{\n" + ",\n".join(rows) + "\n}\n", "ascii")


if __name__ == "__main__":
    main()
