"""Processor time of short commands against the baseline: what somebody waits for who asks for help or has mistyped.

The two builds take turns, so that a machine whose speed drifts disturbs both alike. What a laboratory answers is asked of
one that runs the same build.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bench.builds import Build, Builds
from bench.processes import cpu_seconds
from bench.rows import Row, Table

USAGE_CODE = 2
ALONE: tuple[tuple[tuple[str, ...], int], ...] = (
    (("--help",), 0),
    (("migrate", "--help"), 0),
    (("migrate", "--no-such-option"), USAGE_CODE),
)
CHECK = (
    "check", "vm", "sql-01", "--source", "hv01", "--target", "hv02", "--target-folder", r"D:\VMs\sql-01",
    "--switch", "LAN=Production",
)  # fmt: skip


def measure(builds: Builds, *, runs: int) -> Table:
    """All commands. Raises CommandFailed where one does not do what it is measured for."""
    with tempfile.TemporaryDirectory(prefix="qsm-bench-") as name, ExitStack() as laboratories:
        folder = Path(name)
        rows = [
            _row(builds, arguments, code=code, goal="≤ 1/8", runs=runs, folders=(folder, folder))
            for arguments, code in ALONE
        ]
        folders = tuple(
            laboratories.enter_context(_laboratory(build, folder / build.name))
            for build in (builds.this, builds.baseline)
        )
        for arguments in (("lab", "status", "--folder", "lab"), CHECK):
            rows.append(_row(builds, arguments, code=0, goal="≤ 1/2", runs=runs, folders=folders))
    return Table(
        title="Short commands",
        how=f"Processor seconds of whole processes, median of {runs} runs after one that is not counted, builds in turn.",
        this_name="this build",
        against_name="baseline",
        rows=tuple(rows),
    )


def _row(
    builds: Builds, arguments: Sequence[str], *, code: int, goal: str, runs: int, folders: tuple[Path, ...]
) -> Row:
    figures: dict[str, list[float]] = {builds.this.name: [], builds.baseline.name: []}
    for run in range(runs + 1):
        for build, folder in zip((builds.this, builds.baseline), folders, strict=True):
            environment = build.environment(QSM_CONFIG=str(folder / "lab" / "qsm.toml"))
            seconds = cpu_seconds([str(build.program), *arguments], folder=folder, environment=environment, code=code)
            if run:
                figures[build.name].append(seconds)
    return Row(
        measure=f"qsm {' '.join(arguments[:3])}",
        this=median(figures[builds.this.name]),
        against=median(figures[builds.baseline.name]),
        unit="s",
        goal=goal,
    )


@contextmanager
def _laboratory(build: Build, folder: Path) -> Iterator[Path]:
    """A folder with a laboratory of the build in `lab`, which ends with the block."""
    folder.mkdir()
    environment = build.environment()
    command = [str(build.program), "lab"]
    subprocess.run(
        [*command, "up", "--folder", "lab"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    try:
        yield folder
    finally:
        subprocess.run(
            [*command, "down", "--folder", "lab"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
        )
