"""A command imports what it needs and nothing else: help and a wrong option are answered at once.

Not timed: what a process has imported is the same on every machine.
"""

from __future__ import annotations

import re
import socket
import tomllib
from pathlib import Path

import pytest
from imported_modules import TO_NOBODY, of, run_qsm

from cli.lab import EXTRA

ROOT = Path(__file__).parents[2]
VALUES_OF_LAB = {"lab", "lab.engines"}
"""Names without a weight, which options need."""
FOR_MIGRATIONS = {"prefect", "sqlalchemy", "fastapi", "rich", "numpy", "uvicorn", "h11"}
FOR_HOSTS = {"pydantic", "winrm", "requests", "spnego", "cryptography", "asyncio"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("--help", 0),
        ("migrate --help", 0),
        ("check vm --help", 0),
        ("check hosts --help", 0),
        ("hosts clean --help", 0),
        ("abandon --help", 0),
        ("finish --help", 0),
        ("lab up --help", 0),
        ("demo --help", 0),
        ("--nonsense", 2),
        ("migrate --nonsense", 2),
        ("check vm --nonsense", 2),
        ("lab status --nonsense", 2),
        ("demo --nonsense", 2),
    ],
)
def test_help_and_a_wrong_option_import_nothing_heavy(tmp_path: Path, arguments: str, code: int) -> None:
    done, modules = run_qsm(tmp_path, *arguments.split())
    assert done.returncode == code, done.stderr
    assert ("Usage: qsm" in done.stdout) if code == 0 else ("No such option: --nonsense" in done.stderr)
    assert of(FOR_MIGRATIONS | FOR_HOSTS, modules) == set()
    assert of({"lab"}, modules) <= VALUES_OF_LAB


def test_each_command_has_one_whole_line_of_help(tmp_path: Path) -> None:
    done, _ = run_qsm(tmp_path, "--help")
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_a_question_to_hosts_imports_neither_prefect_nor_the_laboratory(tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound and not listening: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        (tmp_path / "qsm.toml").write_text(TO_NOBODY.format(port=nobody.getsockname()[1]))
        options = ["--source", "hv01", "--target", "hv02", "--target-folder", r"D:\VMs\x", "--switch", "LAN=LAN"]
        done, modules = run_qsm(tmp_path, "check", "vm", "x", *options)
    assert done.returncode == 6, done.stderr
    assert {"winrm", "qsm.steps.preflight"} <= modules, "it has really asked"
    assert of(FOR_MIGRATIONS, modules) == set()
    assert of({"lab"}, modules) <= VALUES_OF_LAB


@pytest.mark.parametrize("command", ["demo", "lab status", "lab up"])
def test_without_its_extra_the_laboratory_says_what_to_install(tmp_path: Path, command: str) -> None:
    done, _ = run_qsm(tmp_path, *command.split(), without=EXTRA)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The laboratory needs numpy, uvicorn, h11, cryptography: pip install 'quick-storage-migration[lab]' installs what it"
        " needs.\n"
    )


def test_the_extra_holds_what_only_the_laboratory_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {re.split(r"[<>=]", line)[0] for line in project["optional-dependencies"]["lab"]}
    assert extra == set(EXTRA)
    of_product = [
        path for room in ("qsm", "tasks", "flows", "cli", "deployments") for path in (ROOT / room).rglob("*.py")
    ]
    assert not [
        path for path in of_product if re.search(rf"^ *(from|import) ({'|'.join(EXTRA)})\b", path.read_text(), re.M)
    ]


def test_the_products_commands_need_no_extra(tmp_path: Path) -> None:
    done, _ = run_qsm(tmp_path, "check", "hosts", "--help", without=EXTRA)
    assert (done.returncode, done.stderr) == (0, "")
