"""The offline window of the demonstration against its floor, and the calls to hosts inside it.

The floor is what no tool can go below on these hosts: the bytes that move after the save over the link's rate, and the
laboratory's own times for saving, exporting, comparing, merging, importing and starting.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.builds import Build, Builds
from bench.processes import CommandFailed
from bench.rows import Row, Table
from lab.hyperv.timing import Timing

MIB = 1 << 20
RATE, MEMORY = 25, 256
IN_THE_WINDOW = ("differencing disk", "configuration and saved memory")
"""Names of the units of copying that move after the save, as reports give them."""


def measure(builds: Builds, *, runs: int) -> Table:
    """One demonstration of each build. Raises CommandFailed where one does not hold."""
    del runs  # a demonstration takes a minute
    this, baseline = _demonstration(builds.this), _demonstration(builds.baseline)
    return Table(
        title="Offline window of the demonstration",
        how=f"`qsm demo --rate {RATE} --memory {MEMORY}`, once for each build; the guest and its writes are the same.",
        this_name="this build",
        against_name="floor or baseline",
        rows=(
            Row("offline window / its floor", _window(this), _floor(this), "s", "near 1"),
            Row("offline window / baseline's", _window(this), _window(baseline), "s", "not above 1"),
            Row("calls to hosts inside / baseline's", _calls(this), _calls(baseline), "calls", "not above 1"),
        ),
    )


def _demonstration(build: Build) -> dict[str, Any]:
    command = [str(build.program), "demo", "--json", "--rate", str(RATE), "--memory", str(MEMORY)]
    with tempfile.TemporaryDirectory(prefix="qsm-bench-") as name:
        done = subprocess.run(
            command, cwd=Path(name), env=build.environment(), check=False, stdout=subprocess.PIPE, text=True
        )
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)["report"]
    return report


def _window(report: dict[str, Any]) -> float:
    return float(report["offline_window"]["seconds"])


def _calls(report: dict[str, Any]) -> float:
    return float(report["offline_window"]["calls"])


def _floor(report: dict[str, Any]) -> float:
    """Seconds; steps of the laboratory count once each, and what moves bytes counts by its speed."""
    host, memory = Timing(), MEMORY * MIB
    copied: dict[str, int] = {
        copy["what"]: copy["bytes"] for copy in report["copies"] if copy["what"].startswith(IN_THE_WINDOW)
    }
    changes = sum(size for what, size in copied.items() if what.startswith(IN_THE_WINDOW[0]))
    save = host.save_seconds + memory / host.memory_bytes_per_second
    export = host.export_seconds + memory / host.copy_bytes_per_second
    merge = changes / host.merge_bytes_per_second
    bring_in = host.compare_seconds + host.import_seconds + memory / host.copy_bytes_per_second
    start = host.start_seconds + memory / host.memory_bytes_per_second
    return sum(copied.values()) / (RATE * MIB) + save + export + merge + bring_in + start
