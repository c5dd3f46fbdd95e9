"""The product's half on a Windows client, as far as that can be played: `tests/as_on_windows.py` says how far."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from imported_modules import TO_NOBODY
from windows_client import as_on_windows

ROOT = Path(__file__).parents[2]
HELP = ["", "migrate", "abandon", "finish", "check vm", "check hosts", "hosts clean", "lab up", "demo"]
OPTIONS = ("--source", "hv01", "--target", "hv02", "--target-folder", r"D:\VMs\x")


def modules_of(*rooms: str) -> set[str]:
    """The modules that lie there, whatever can be imported."""
    files = [path.relative_to(ROOT).with_suffix("") for room in rooms for path in (ROOT / room).rglob("*.py")]
    return {".".join(file.parts[:-1] if file.name == "__init__" else file.parts) for file in files}


def test_the_products_half_imports_and_runs_without_what_only_unix_has(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with socket.socket() as nobody:  # bound and not listening: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        text = TO_NOBODY.format(port=nobody.getsockname()[1])
        (tmp_path / "qsm.toml").write_text("\ufeff" + text, encoding="utf-8")  # as Windows' editors begin a file
        seen = as_on_windows(
            *((*command.split(), "--help") for command in HELP),
            ("demo",),
            ("lab", "status"),
            ("check", "vm", "*", *OPTIONS, "--switch", "\N{WATER WAVE}"),
            ("check", "vm", "x", *OPTIONS, "--switch", "LAN=LAN"),
            ("check", "hosts", "--json"),
            ("abandon", "x"),
            folder=tmp_path,
        )
    assert seen.imported == modules_of("qsm", "tasks", "flows", "deployments", "cli") - {"cli.demonstration"}
    assert seen.exits == (*(0 for _ in HELP), 2, 2, 2, 6, 1, 3)
    assert seen.user == "unknown user", "nobody says who it is: Windows has no pwd"
    assert seen.errors.count("The laboratory runs on Linux only.") == 2
    assert r"'\N{WATER WAVE}'" in seen.errors, "neither an error of the code page nor names of files for the star"
    assert "hv01 does not answer" in seen.errors.replace("\n", " ")


def test_the_user_is_the_one_that_windows_names(tmp_path: Path) -> None:
    assert as_on_windows(folder=tmp_path, environment={"USERNAME": "Verwalter"}).user == "Verwalter"


@pytest.mark.parametrize("room", ["qsm", "tasks", "flows", "deployments", "cli"])
def test_no_call_into_the_systems_own_library(room: str) -> None:
    """`ctypes` is on Windows too; what it would load is not."""
    wrong = [path.name for path in (ROOT / room).rglob("*.py") if "ctypes" in path.read_text(encoding="utf-8")]
    assert not wrong
