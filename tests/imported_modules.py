"""`qsm` in a process of its own, and what that process has imported when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from pathlib import Path
from cli.main import run
sys.argv[0], file = "qsm", Path(sys.argv.pop(1))
try:
    run()
finally:
    file.write_text(json.dumps(sorted(sys.modules)))
"""


def run_qsm(tmp_path: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Runs the command in a process of its own; what it said, and the modules it has imported."""
    modules = tmp_path / "modules.json"
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(modules), *arguments],
        env={**os.environ, "QSM_CONFIG": str(tmp_path / "qsm.toml"), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, set(json.loads(modules.read_text()))


def of(packages: set[str], modules: set[str]) -> set[str]:
    """Those of these packages."""
    return {name for name in modules if name.partition(".")[0] in packages}
