"""The builds that are compared: this checkout, and an earlier commit in a folder and an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Build:
    """One build, ready to run."""

    name: str
    program: Path
    """Its command `qsm`."""

    def environment(self, **more: str) -> dict[str, str]:
        """The caller's, without settings of the product; bytecode is kept, since an installed command has it, too."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("QSM_", "PREFECT_")) and name != "PYTHONDONTWRITEBYTECODE"
        }
        return {**kept, **more}


@dataclass(frozen=True)
class Builds:
    """Both."""

    this: Build
    baseline: Build


@contextmanager
def both(baseline: str, folder: Path) -> Iterator[Builds]:
    """This checkout as it is, and the commit `baseline` of the same repository, installed like by `make`."""
    tree = folder / "baseline"
    _run("git", "-C", str(ROOT), "worktree", "add", "--quiet", "--detach", str(tree), baseline)
    try:
        _run("make", "-C", str(tree), "--silent", ".venv/.ready", f"PYTHON={sys.executable}")
        yield Builds(
            this=Build(_commit("HEAD"), Path(sys.executable).with_name("qsm")),
            baseline=Build(_commit(baseline), tree / ".venv" / "bin" / "qsm"),
        )
    finally:
        _run("git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree))


def _commit(name: str) -> str:
    return _run("git", "-C", str(ROOT), "rev-parse", "--short", name).strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
