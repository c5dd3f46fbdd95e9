"""docs/benchmarks.md, written anew by each run."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.builds import Builds
from bench.rows import Row, Table

INTRODUCTION = """\
# Benchmarks

Written by `make bench`. Only the ratios mean something: both figures of a row come from one run on one machine, the two
builds in turn. Nothing fails on a figure; the goals stand beside them.
"""


def machine() -> str:
    """Where the figures come from, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    processors = f"{os.cpu_count()} processors ({platform.machine()})"
    return f"{processors}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def write(file: Path, tables: Sequence[Table], builds: Builds) -> None:
    """Writes the page."""
    lines = [
        INTRODUCTION,
        f"- {datetime.now(UTC):%Y-%m-%d}, {machine()}",
        f"- this build: {builds.this.name}; baseline: {builds.baseline.name}",
    ]
    for table in tables:
        lines += [
            "", f"## {table.title}", "", table.how, "",
            f"| measure | {table.this_name} | {table.against_name} | ratio | goal |",
            "| --- | ---: | ---: | ---: | --- |",
            *(_line(row) for row in table.rows),
        ]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(row: Row) -> str:
    figures = f"{_figure(row.this)} {row.unit} | {_figure(row.against)} {row.unit}"
    return f"| {row.measure} | {figures} | {row.ratio:.2f} | {row.goal} |"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"
