"""Makes cmdlets.json: names and parameters of the cmdlets that the stand-ins have, for each version of Windows.

    python -m lab.engines.powershell.extract_cmdlets REFERENCE.JSON

A stand-in that takes a parameter that Windows lacks hides the mistake until the first real host. So nobody writes
parameters by hand: REFERENCE.JSON holds them as documented and as captured on machines, under "versions" (version,
module, cmdlet, names of parameters), "details" (types, sets, positions) and "documented_not_captured" (what the
documentation has and a machine of that version had not). Of it only the cmdlets that the bridge answers are kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.engines.powershell.bridge import ANSWERED
from lab.engines.powershell.standins import CMDLETS_FILE

VERSIONS = ("2012R2", "2016", "2019", "2022", "2025")
NOT_CAPTURED: dict[str, dict[str, Any]] = {
    # FailoverClusters: learn.microsoft.com/powershell/module/failoverclusters/get-clustersharedvolume
    "Get-ClusterSharedVolume": {
        "Name": {"type": "String[]", "position": 0},
        "InputObject": {"type": "PSObject", "pipeline": True},
        "Cluster": {"type": "String"},
    },
    # NetTCPIP is in Windows since 8.1 and Server 2012 R2: learn.microsoft.com/powershell/module/nettcpip/test-netconnection
    "Test-NetConnection": {
        "ComputerName": {"type": "String", "position": 0},
        "Port": {"type": "Int32"},
        "InformationLevel": {"type": "String", "values": ["Quiet", "Detailed"]},
    },
}


def extract(reference: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return version -> cmdlet -> {"parameters": {name: facts}}."""
    return {
        version: {name: facts for name in ANSWERED if (facts := _cmdlet(reference, name, version))}
        for version in VERSIONS
    }


def _cmdlet(reference: Mapping[str, Any], name: str, version: str) -> dict[str, Any] | None:
    if name in NOT_CAPTURED:
        return {"parameters": NOT_CAPTURED[name]}
    for module, cmdlets in reference["versions"][version].items():
        if name not in cmdlets:
            continue
        absent = reference["documented_not_captured"].get(version, {}).get(module, {}).get(name, [])
        known = _details(reference, module, name, version)
        names = [each for each in cmdlets[name] if each not in absent]
        return {"parameters": {each: known.get(each, {}) for each in names}}
    return None


def _details(reference: Mapping[str, Any], module: str, name: str, version: str) -> dict[str, Any]:
    """Facts of that version, else those of the next later one that is documented."""
    entries = reference["details"].get(module, {}).get(name, [])
    for later in VERSIONS[VERSIONS.index(version) :]:
        for entry in entries:
            if later in entry["versions"]:
                return dict(entry["params"])
    return {}


def main() -> None:
    """Write the extract."""
    versions = extract(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    blocks = []
    for version, cmdlets in versions.items():
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in cmdlets.items())
        blocks.append(f"{json.dumps(version)}: {{\n{rows}\n}}")
    CMDLETS_FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n", "ascii")


if __name__ == "__main__":
    main()
