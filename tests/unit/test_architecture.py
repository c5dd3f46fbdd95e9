"""House rules that can be read from the source."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("deployments", "flows", "tasks", "cli", "qsm", "lab", "bench")
MAY_IMPORT = {
    "deployments": {"flows", "tasks", "qsm"},
    "flows": {"tasks", "qsm"},
    "tasks": {"qsm"},
    "cli": {"flows", "tasks", "lab", "qsm"},
    "qsm": set(),
    "lab": {"qsm"},
    "bench": {"lab"},
}
LAB_MAY_IMPORT: dict[str, set[str]] = {
    "engines": set(),
    "disks": set(),
    "process": set(),
    "guest": set(),
    "platform": set(),
    "winrm": set(),
    "settings": {"engines", "platform"},
    "witness": {"guest", "process"},
    "vm": {"disks", "guest", "process", "witness"},
    "hyperv": {"disks", "guest", "platform", "vm"},
    "host": {"guest", "hyperv", "platform", "process", "settings", "winrm"},
    "engines/python": {"host", "hyperv", "platform", "winrm"},
    "engines/powershell": {"host", "hyperv", "platform", "process", "winrm"},
    "keeper": {"process", "settings", "witness"},
    "laboratory": {"engines/powershell", "host", "platform", "process", "settings", "winrm", "witness"},
    "judges": {"guest", "witness"},
    "demonstration": {"engines", "guest", "host", "judges", "laboratory", "settings", "witness"},
}
"""Each room of the laboratory and those beneath it that it may use. The engines know nothing of each other."""


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All that is written in a file. Most tests here ask for most files."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports_of(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def modules() -> dict[str, Path]:
    """All modules of the repository's rooms, by dotted name; a package by the name of its folder."""
    found = {}
    for room in ROOMS:
        for path in files_of(room):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_modules(path: Path, known: Collection[str]) -> set[str]:
    """The modules that a file imports; `from package import module` is the module."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & set(known) or {node.module}
    return found & set(known)


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


def lab_room_of(module: str) -> str:
    parts = module.split(".")[1:]
    return "/".join(parts[:2] if parts[0] == "engines" else parts[:1])


def test_the_laboratorys_rooms_use_only_those_beneath_them() -> None:
    known = modules()
    inside = {name: path for name, path in known.items() if name.startswith("lab.")}
    assert {lab_room_of(name) for name in inside} == set(LAB_MAY_IMPORT)
    wrong = [
        f"{name}: {imported}"
        for name, path in inside.items()
        for imported in imported_modules(path, inside)
        if lab_room_of(imported) not in {lab_room_of(name), *LAB_MAY_IMPORT[lab_room_of(name)]}
    ]
    assert not wrong
    TopologicalSorter(LAB_MAY_IMPORT).prepare()  # raises CycleError where the table itself goes in a circle


def test_the_domains_rooms_use_only_those_above_them_in_the_document() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    order = re.findall(r"^\| `qsm/(\w+)/` \|", text, re.M)
    rooms = {path.parent.name for path in (ROOT / "qsm").glob("*/__init__.py")}
    assert (set(order), len(order)) == (rooms, len(rooms))
    known = modules()
    wrong = [
        f"{name}: {imported}"
        for name, path in known.items()
        for imported in imported_modules(path, known)
        if (room := domain_room_of(name))
        and (used := domain_room_of(imported))
        and order.index(used) > order.index(room)
    ]
    assert not wrong


def domain_room_of(module: str) -> str:
    """The room of the domain that a module stands in; empty for one beside the rooms, and for other packages."""
    parts = module.split(".")
    is_inside = parts[0] == "qsm" and len(parts) > 1 and (ROOT / "qsm" / parts[1]).is_dir()
    return parts[1] if is_inside else ""


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = modules()
    graph = {name: imported_modules(path, known) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_no_two_classes_share_a_name() -> None:
    """Of two things with one name a reader, a search and an error message mean either."""
    places: dict[str, list[str]] = {}
    for room in (*ROOMS, "tests"):
        for path in files_of(room):
            for node in nodes_of(path):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not {name: found for name, found in places.items() if len(found) > 1}


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
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in ("casefold", "normcase")
    ]
    assert not wrong
