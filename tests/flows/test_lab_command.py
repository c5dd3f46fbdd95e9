"""`qsm lab`: hosts that stay after the command, with a disk of one's own, until they are told to end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from imported_modules import of, run_qsm
from typer.testing import CliRunner
from waiting import DEADLINE_SECONDS

from cli.main import app
from lab.disks import DiskFormat, DiskKind, create_disk
from lab.laboratory import Laboratory

MIB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a laboratory; nothing of it runs afterwards."""
    yield tmp_path / "lab"
    Laboratory(tmp_path / "lab").down()


def qsm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, which ends while its laboratory stays."""
    command = [sys.executable, "-P", "-c", "from cli.main import run; run()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)


def refused(*arguments: str | Path) -> str:
    """Run the command in this process; it must refuse its input. What it said."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 2, result.output
    return result.stderr


def status(folder: Path) -> dict[str, Any]:
    """What `qsm lab status` tells."""
    return dict(json.loads(qsm("lab", "status", "--folder", folder, "--json").stdout))


def test_it_stays_until_it_is_told_to_end(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.vhdx"
    create_disk(own, format=DiskFormat.VHDX, kind=DiskKind.DYNAMIC, size_bytes=16 * MIB)
    up = qsm("lab", "up", "--folder", folder, "--vm-disk", own)
    assert up.returncode == 0, up.stderr
    assert f"export QSM_CONFIG={folder / 'qsm.toml'}" in up.stdout
    hosts = status(folder)["hosts"]
    assert hosts["hv01"]["vms"] == ["files-01 (Off)", "own (Running)", "sql-01 (Running)"]
    process_ids = [host["process_id"] for host in hosts.values()]

    shown, modules = run_qsm(tmp_path, "lab", "status", "--folder", str(folder))
    assert "sql-01 (Running)" in shown.stdout
    assert of({"numpy", "uvicorn", "cryptography", "prefect", "rich", "winrm"}, modules) == set(), "asking is cheap"

    again = qsm("lab", "up", "--folder", folder)
    assert (again.returncode, "already" in again.stderr) == (1, True)
    assert [host["process_id"] for host in Laboratory(folder).status()["hosts"].values()] == process_ids

    assert qsm("lab", "down", "--folder", folder).returncode == 0
    assert not any(Path(f"/proc/{number}").exists() for number in process_ids)
    assert not Laboratory(folder).is_running()

    assert qsm("lab", "up", "--folder", folder).returncode == 0
    assert len(Laboratory(folder).host("hv01").vms()) == 3
    assert qsm("lab", "down", "--folder", folder, "--remove").returncode == 0
    assert not folder.exists()


def test_bad_input_is_found_before_anything_starts(folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "disk.txt"
    text.write_text("no disk")
    assert "neither .vhd nor .vhdx" in refused("lab", "up", "--folder", folder, "--vm-disk", text)
    assert "does not exist" in refused("lab", "up", "--folder", folder, "--vm-disk", tmp_path / "none.vhdx")
    assert "there is no engine 'steam'" in refused("lab", "up", "--folder", folder, "--engine", "steam")
    assert "1 to 16 disks" in refused("demo", "--disks", "0")
    assert "at least 16" in refused("demo", "--disk-size", "1")
    assert "at least 1 MiB per second" in refused("demo", "--rate", "0")
    assert "at least 1 MiB of memory" in refused("demo", "--memory", "0")
    assert not folder.exists()


def test_a_file_that_is_no_disk_leaves_nothing_running(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.vhdx"
    broken.write_bytes(b"not a disk" * 1000)
    up = qsm("lab", "up", "--folder", folder, "--vm-disk", broken)
    assert (up.returncode, "broken" in up.stderr) == (1, True)
    assert not Laboratory(folder).is_running()
