"""docs/fidelity.md says what was run where and what is assumed: what can be compared with code and tests is compared."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from lab.engines.powershell.standins import CMDLETS_FILE
from lab.platform.windows import VERSIONS
from qsm.hosts.operations import MODULE_FOLDER, OPERATIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
CMDLETS = {version: set(names) for version, names in json.loads(CMDLETS_FILE.read_text("ascii")).items()}
ASKED_FOR = {"Get-ClusterSharedVolume", "Get-VMPmemController"}
"""Cmdlets that no version in the table has; the module asks whether a host has them."""
EVERYWHERE = {"Get-WmiObject", "Invoke-WmiMethod"}
"""The table names the classes and methods in their place."""
POWERSHELLS_OWN = {"Format-List", "Get-ChildItem", "Get-Command", "Get-Item", "Read-Host"}
IN_TASK = {
    "start_copy": "Invoke-QsmCopyWork",
    "start_merge": "Invoke-QsmMergeWork",
    "stop_work": "Invoke-QsmCopyWork",
}
"""What the SYSTEM task of an operation runs."""
OF_WINDOWS = (set.union(*CMDLETS.values()) | ASKED_FOR) - EVERYWHERE
VERB_NOUN = re.compile(r"\b[A-Z][A-Za-z]+-[A-Z]\w+")
OTHER_NAMES = re.compile(r"\b(?:Msvm|Win32|MSCluster)_\w+|\b\w+\.exe\b|(?<=-Method ')\w+")
NO_CODE = re.compile(r"<#(?s:.*?)#>|^\s*#.*$", re.M)


def rows(head: str) -> list[list[str]]:
    """Cells of all rows of all tables with that head line."""
    found = []
    for part in PAGE.split(head + "\n")[1:]:
        for line in part.splitlines()[1:]:
            if not line.startswith("|"):
                break
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


@cache
def sources() -> dict[str, str]:
    """Code of the module's functions without comments."""
    files = [path for path in MODULE_FOLDER.rglob("*.ps1") if "-Qsm" in path.name]
    return {path.stem: NO_CODE.sub("", path.read_text("utf-8-sig")) for path in files}


def windows_names(*functions: str) -> set[str]:
    """What functions and their helpers call of Windows: cmdlets, programs, WMI classes and methods."""
    seen: set[str] = set()
    waiting = list(functions)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [called for called in VERB_NOUN.findall(sources()[name]) if called in sources()]
    texts = [sources()[name] for name in seen]
    found = {name for text in texts for name in VERB_NOUN.findall(text)} & OF_WINDOWS
    return found | {name for text in texts for name in OTHER_NAMES.findall(text)}


OPERATION_ROWS = {
    row[0].strip("`"): row[1:]
    for row in rows("| operation | function | what it calls of Windows | tried in | unproven |")
}
GROUPS = {row[0].strip("*"): set(re.findall(r"`([^`]+)`", row[1])) for row in rows("| group | stands for |")}
FACTS = rows("| nr | unproven fact | how to see it by hand, in a minute |")
GUARDS = rows("| nr | guard | test |")
UNGUARDED: set[str] = set()


def test_every_operation_has_a_row_with_its_function_and_no_other() -> None:
    told = {name: row[0].strip("`") for name, row in OPERATION_ROWS.items()}
    assert told == {name: operation.function for name, operation in OPERATIONS.items()}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_row_names_what_the_function_calls_of_windows(operation: str) -> None:
    cell = OPERATION_ROWS[operation][1]
    told = set(re.findall(r"`([^`]+)`", cell))
    for group in re.findall(r"\*(\w+)\*", cell):
        told |= GROUPS[group]
    task = [IN_TASK[operation]] if operation in IN_TASK else []
    assert told == windows_names(OPERATIONS[operation].function, *task)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_row_names_tests_that_call_the_operation(operation: str) -> None:
    found = re.fullmatch(r"contract: (\w+); module: (\w+)", OPERATION_ROWS[operation][2])
    assert found
    files = f"tests/contract/hosts/test_hosts_{found[1]}.py", f"tests/powershell/test_{found[2]}.py"
    for file in files:
        assert f'"{operation}"' in (ROOT / file).read_text("utf-8"), file


def test_unproven_facts_are_numbered_guarded_and_met() -> None:
    numbers = [row[0] for row in FACTS]
    assert numbers == [str(number) for number in range(1, len(FACTS) + 1)]
    assert [row[0] for row in GUARDS] == numbers
    met = {number for row in OPERATION_ROWS.values() for number in row[3].split(", ") if number}
    assert met == set(numbers)
    assert {row[0] for row in GUARDS if "::" not in row[2]} == UNGUARDED
    assert all(row[1] and row[2] for row in FACTS)


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def named_tests() -> list[str]:
    return sorted(set(re.findall(r"`(tests/[^`]+\.py::[^`]+)`", PAGE)))


@pytest.mark.parametrize("name", named_tests())
def test_a_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert function.startswith("test_")
    assert function in functions_of(file)


def test_files_named_exist() -> None:
    named = set(re.findall(r"`((?:tests|lab)/[\w/.-]+)`", PAGE))
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_cmdlets_named_exist() -> None:
    named = {name for text in re.findall(r"`([^`]+)`", PAGE) for name in VERB_NOUN.findall(text)}
    assert len(named) > 60
    assert named <= OF_WINDOWS | EVERYWHERE | POWERSHELLS_OWN | set(sources())


def test_versions_are_those_that_the_lab_plays_and_lack_what_the_page_says() -> None:
    told = {row[0]: row for row in rows(next(line for line in PAGE.splitlines() if line.startswith("| version |")))}
    assert set(told) == set(VERSIONS) == set(CMDLETS)
    everything = set.union(*CMDLETS.values())
    for version, row in told.items():
        assert VERSIONS[version].powershell.startswith(row[1])
        missing = {name for name in re.findall(r"`([^`]+)`", row[2]) if " " not in name}
        assert missing == everything - CMDLETS[version], version
