"""`qsm` in a process of its own, and what that process has imported when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

PROGRAM = """
import json, sys
from pathlib import Path
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            return None
        return next((spec for finder in finders if (spec := finder.find_spec(name, path, target))), None)
sys.argv[0], file, hidden = "qsm", Path(sys.argv.pop(1)), sys.argv.pop(1).split(",")
finders, sys.meta_path = sys.meta_path, [Without()]
from cli.main import run
try:
    run()
finally:
    file.write_text(json.dumps(sorted(sys.modules)))
"""

TO_NOBODY = """
[hosts.hv01]
address = "127.0.0.1"
port = {port}
user = "nobody"
password = "none"
tls = false
[hosts.hv02]
address = "127.0.0.1"
port = {port}
user = "nobody"
password = "none"
tls = false
[limits]
unreachable_seconds = 1
"""
"""An inventory of two hosts that do not answer."""


def run_qsm(
    tmp_path: Path, *arguments: str, without: Collection[str] = ()
) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Runs the command in a process of its own, in which packages are missing; what it said, and what it imported."""
    modules = tmp_path / "modules.json"
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(modules), ",".join(without), *arguments],
        env={**os.environ, "QSM_CONFIG": str(tmp_path / "qsm.toml"), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, set(json.loads(modules.read_text()))


def of(packages: set[str], modules: set[str]) -> set[str]:
    """Those of these packages."""
    return {name for name in modules if name.partition(".")[0] in packages}
