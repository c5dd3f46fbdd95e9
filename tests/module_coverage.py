"""How much of the PowerShell module a run of all tests executed, and that what it did not is known, with a reason.

It costs tests/powershell a fifth of their time, so it is measured where QSM_MODULE_COVERAGE names a folder for it, as in
`make test-all`. Each process that the module's own tests start leaves a file there with the statements that it ran. They
run every function; the hosts of laboratories, which would take half as long again, are not measured. A host has the
functions of a room in one script, so a statement is named by its function and its text: lines move.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qsm.hosts import wire

REASONS_FILE = Path(__file__).parent / "powershell" / "not_executed.toml"
WANTED_PERCENT = 95.0
VARIABLE = "QSM_MODULE_COVERAGE"
SCRIPTS = (".ps1", ".psm1")
FUNCTION = re.compile(r"function ([\w-]+) \{$")


@dataclass(frozen=True, order=True)
class Statement:
    """A statement by the function it stands in (or the file, outside of all) and the text of its first line."""

    function: str
    text: str


@dataclass(frozen=True)
class Coverage:
    """What was executed of the module."""

    statements: int
    executed: int
    missed: tuple[Statement, ...]

    @property
    def percent(self) -> float:
        """100 only if nothing was missed."""
        return 100.0 * self.executed / self.statements if self.statements else 0.0


def read_coverage(folder: Path) -> Coverage:
    """Sum up what the processes left in a folder. Other copies of the module than today's do not count."""
    texts = {file.path: file.data.decode("ascii") for file in wire.module_files() if file.path.endswith(SCRIPTS)}
    statements: set[tuple[str, int]] = set()
    executed: set[tuple[str, int]] = set()
    for file in folder.glob("*.json"):
        try:
            left = json.loads(file.read_text("utf-8"))
        except ValueError:  # of a process that was killed while it wrote
            continue
        for path, told in left.items():
            name = re.split(r"[\\/]", path)[-1]
            if name in texts and max(told["lines"], default=0) <= texts[name].count("\n"):
                statements |= {(name, line) for line in told["lines"]}
                executed |= {(name, line) for line in told["hit"]}
    named = {name: list(_statements(name, text)) for name, text in texts.items()}
    missed = tuple(sorted(named[name][line - 1] for name, line in statements - executed))
    return Coverage(len(statements), len(statements & executed), missed)


def _statements(name: str, text: str) -> Iterator[Statement]:
    """One for each line of a script."""
    function = name
    for line in text.split("\n"):
        found = FUNCTION.match(line)
        function = found[1] if found else function
        yield Statement(function, line.strip())


def read_reasons() -> dict[Statement, str]:
    """Why statements are not executed."""
    told = tomllib.loads(REASONS_FILE.read_text("ascii"))
    return {Statement(row["function"], row["text"]): row["reason"] for row in told["statement"]}


def is_whole_run(config: pytest.Config) -> bool:
    """Whether all tests were asked for."""
    option = config.option
    return config.args_source is config.ArgsSource.TESTPATHS and not (option.keyword or option.markexpr or option.lf)


def begin(config: pytest.Config) -> None:
    """Where somebody measures, have the engines leave their files in a fresh folder. Workers inherit the setting."""
    if hasattr(config, "workerinput") or not os.environ.get(VARIABLE):
        return
    if not os.environ.get("QSM_PWSH"):
        del os.environ[VARIABLE]  # without an engine nothing is executed
        return
    folder = Path(config.rootpath, os.environ[VARIABLE])
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.json"):
        file.unlink()
    os.environ[VARIABLE] = str(folder)


def environment() -> dict[str, str]:
    """What tells an engine to leave its file: nothing, unless somebody measures."""
    folder = os.environ.get(VARIABLE)
    files = r"QuickStorageMigration[\\/]\w+\.psm?1$"
    return {"POSH_COVERAGE": folder, "POSH_COVERAGE_FILES": files} if folder else {}


def end(session: pytest.Session) -> None:
    """Tell the sum; a whole run fails if it is too low, or if nobody said why a statement was not executed."""
    config = session.config
    if hasattr(config, "workerinput") or not os.environ.get(VARIABLE):
        return
    coverage = read_coverage(Path(os.environ[VARIABLE]))
    reasons = read_reasons()
    unexplained = [each for each in coverage.missed if each not in reasons]
    print(
        f"\nPowerShell module coverage: {coverage.percent:.1f} % ({coverage.executed} of {coverage.statements} statements)"
    )
    for each in unexplained:
        print(f"not executed, and no reason in {REASONS_FILE.name}: {each.function}: {each.text}")
    if is_whole_run(config) and (unexplained or coverage.percent < WANTED_PERCENT) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
