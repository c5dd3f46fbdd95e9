"""What benchmarks write down: processor time of a command that did what it should, and a page of ratios."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench import page
from bench.builds import Build, Builds
from bench.processes import CommandFailed, cpu_seconds
from bench.rows import Row, Table

BUSY = "import os\nwhile sum(os.times()[:2]) < 0.3: pass"
BY_A_CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"


@pytest.mark.parametrize("program", [BUSY, BY_A_CHILD], ids=["its own", "of a child"])
def test_processor_time_of_a_whole_process(tmp_path: Path, program: str) -> None:
    assert cpu_seconds([sys.executable, "-c", program], folder=tmp_path, environment=os.environ, code=0) >= 0.3


def test_a_command_that_ends_otherwise_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="ended with 3 instead of 0:\nwhy"):
        cpu_seconds(
            [sys.executable, "-c", "print('why'); raise SystemExit(3)"], folder=tmp_path, environment=os.environ, code=0
        )


def test_the_page_shows_ratios_beside_their_figures_and_goals(tmp_path: Path) -> None:
    builds = Builds(this=Build("aaaaaaa", Path("qsm")), baseline=Build("bbbbbbb", Path("qsm")))
    row = Row(measure="qsm --help", this=0.125, against=1.0, unit="s", goal="≤ 1/8")
    page.write(tmp_path / "page.md", [Table("Short commands", "How.", "this build", "baseline", (row,))], builds)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| qsm --help | 0.12 s | 1 s | 0.12 | ≤ 1/8 |" in text
    assert "- this build: aaaaaaa; baseline: bbbbbbb" in text
