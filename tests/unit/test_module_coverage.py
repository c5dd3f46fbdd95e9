"""What a whole run says of the PowerShell module: the sum over all processes, and every statement that none of them ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from module_coverage import Statement, read_coverage, read_reasons

from qsm.hosts import wire

WORK = "C:\\ProgramData\\QuickStorageMigration\\modules\\0\\QuickStorageMigration\\Work.ps1"


def line_of(script: str, text: str) -> int:
    (content,) = [file.data.decode("ascii") for file in wire.module_files() if file.path == script]
    return content.split("\n").index(text) + 1


def leave(folder: Path, name: str, told: Mapping[str, tuple[list[int], list[int]]]) -> None:
    """What a process leaves when it ends."""
    content = {path: {"lines": lines, "hit": hit} for path, (lines, hit) in told.items()}
    (folder / name).write_text(json.dumps(content), "utf-8")


def test_processes_are_summed_up_over_all_copies_of_the_module(tmp_path: Path) -> None:
    first, second = line_of("Work.ps1", "Set-StrictMode -Version Latest"), line_of("Work.ps1", "  $lines = @()")
    leave(tmp_path, "1.json", {WORK: ([first, second], [first])})
    leave(tmp_path, "2.json", {"/host/QuickStorageMigration/Work.ps1": ([first, second], [second])})
    coverage = read_coverage(tmp_path)
    assert (coverage.statements, coverage.executed, coverage.missed, coverage.percent) == (2, 2, (), 100.0)


def test_what_nobody_ran_is_named_by_function_and_text(tmp_path: Path) -> None:
    start = line_of("Hosts.ps1", "function Test-QsmCommand {")
    (content,) = [file.data.decode("ascii") for file in wire.module_files() if file.path == "Hosts.ps1"]
    inside = next(n for n, line in enumerate(content.split("\n"), 1) if n > start and line.lstrip().startswith("$null"))
    leave(tmp_path, "1.json", {"/x/QuickStorageMigration/Hosts.ps1": ([start + 1, inside], [start + 1])})
    coverage = read_coverage(tmp_path)
    assert coverage.percent == 50.0
    assert coverage.missed == (Statement("Test-QsmCommand", content.split("\n")[inside - 1].strip()),)


def test_another_module_and_no_process_at_all_prove_nothing(tmp_path: Path) -> None:
    assert read_coverage(tmp_path).percent == 0.0
    leave(tmp_path, "1.json", {WORK: ([1_000_000], [1_000_000]), "C:\\x\\Other.ps1": ([1], [1])})
    assert read_coverage(tmp_path).statements == 0


def test_every_reason_is_of_a_statement_that_is_there() -> None:
    known = {
        (function.split(" ")[0], line.strip())
        for file in wire.module_files()
        if file.path.endswith(".ps1")
        for function in file.data.decode("ascii").split("\nfunction ")
        for line in function.removeprefix("function ").split("\n")
    }
    for statement, reason in read_reasons().items():
        assert (statement.function, statement.text) in known, statement
        assert len(reason) > 10, statement
