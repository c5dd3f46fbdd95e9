"""House rules that can be read from the source."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("deployments", "flows", "tasks", "cli", "qsm", "lab")
MAY_IMPORT = {
    "deployments": {"flows", "tasks", "qsm"},
    "flows": {"tasks", "qsm"},
    "tasks": {"qsm"},
    "cli": {"flows", "tasks", "lab", "qsm"},
    "qsm": set(),
    "lab": {"qsm"},
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def files_of(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_go_one_way(room: str) -> None:
    forbidden = set(ROOMS) - MAY_IMPORT[room] - {room}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files_of(room)
        for name in imports_of(path)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong


def test_domain_and_lab_never_import_prefect() -> None:
    wrong = [
        path
        for room in ("qsm", "lab")
        for path in files_of(room)
        for name in imports_of(path)
        if name.split(".")[0] == "prefect"
    ]
    assert not wrong


def test_lab_shares_only_the_schemas_with_the_product() -> None:
    allowed = {"qsm.hosts.messages", "qsm.hosts.operations", "qsm.hosts", "qsm.plan.record", "qsm.powershell.composed"}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files_of("lab")
        for name in imports_of(path)
        if name.split(".")[0] == "qsm" and name not in allowed and not name.startswith("qsm.facts.")
    ]
    assert not wrong


def test_the_verdict_shares_nothing_with_the_product() -> None:
    for name in ("verify_disks.py", "verify_guest.py"):
        assert not [found for found in imports_of(ROOT / "lab" / "judges" / name) if found.startswith("qsm")]


@pytest.mark.parametrize("room", ["flows", "tasks"])
def test_no_file_is_named_like_a_standard_module(room: str) -> None:
    assert not [path.stem for path in files_of(room) if path.stem in sys.stdlib_module_names]


def test_only_settings_reads_the_environment_in_the_domain() -> None:
    readers = [
        path.name for path in files_of("qsm") if re.search(r"\benviron\b|getenv", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["settings.py"]


def test_names_are_compared_in_one_way() -> None:
    """`str.casefold` takes ß for ss, which Windows does not: see `qsm.facts.names`."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ROOMS
        for path in files_of(room)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("casefold", "normcase")
    ]
    assert not wrong
