"""The verdict of `qsm demo`: green when all is well, red for each thing that a migration could lose without a sound.

What goes wrong here is done from outside, to files and hosts of the laboratory, in moments in which nothing of the
product looks: the migration itself ends well each time, and only the verdict stands between that and a good report.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from broken_disk import drop_one_block
from waiting import DEADLINE_SECONDS

from cli.demo import demo
from lab.demonstration.plan import SOURCE, TARGET
from lab.host.handle import LabHost
from lab.laboratory import Laboratory
from qsm.migration.progress import Event, Listener, StepEnded, StepStarted, listening

DISK_MIB, LINK_MIB, MEMORY_MIB = 32, 60, 16
LAST_SLOT = "SCSI 0:1"
BLOCKS = "every block of every disk on the target is what the witness heard, before the guest writes again"
ONE_LIFE = "one incarnation at any time"


def test_a_demo_in_which_all_is_well() -> None:
    command = [sys.executable, "-P", "-c", "from cli.main import run; run()", "demo", "--json"]
    ended = subprocess.run(
        [*command, "--disk-size", str(DISK_MIB), "--rate", str(LINK_MIB), "--memory", str(MEMORY_MIB)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert told["ok"] is True
    assert all(check["holds"] for check in told["checks"])
    assert found(told, BLOCKS)[0].startswith("SCSI 0:0: 8,192 of 8,192 blocks compared")
    assert told["offline_window_seconds"]["witness"] == pytest.approx(told["offline_window_seconds"]["tool"], abs=2.0)
    assert "the restored guest waits at the target" in ended.stderr


def test_one_block_of_an_avhdx_dropped(prefect_server: None, capsys: pytest.CaptureFixture[str]) -> None:
    def drop(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "prepare_disk" and event.subject == LAST_SLOT:
            drop_one_block(only(moved_file("*-1_*.avhdx")))

    code, told = red_demo(drop, capsys)
    assert code == 1
    assert [check["name"] for check in told["checks"] if not check["holds"]] == [BLOCKS]
    assert any(line.startswith(f"disk {LAST_SLOT}, block") for line in found(told, BLOCKS))


def test_the_changes_of_one_disk_skipped(prefect_server: None, capsys: pytest.CaptureFixture[str]) -> None:
    def skip(event: Event) -> None:
        if not isinstance(event, StepStarted | StepEnded) or (event.step, event.subject) != ("prepare_disk", LAST_SLOT):
            return
        base = only(moved_file("*-1.vhdx"))
        if isinstance(event, StepStarted):
            shutil.copy(base, base.parent.parent.parent / "unmerged")
        else:
            (base.parent.parent.parent / "unmerged").rename(base)

    code, told = red_demo(skip, capsys)
    assert code == 1
    assert [check["name"] for check in told["checks"] if not check["holds"]] == [BLOCKS]
    assert any(line.startswith(f"disk {LAST_SLOT}, block") for line in found(told, BLOCKS))


def test_both_copies_started(prefect_server: None, capsys: pytest.CaptureFixture[str]) -> None:
    def start_source(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "clean_up":
            vm = next(vm for vm in host(SOURCE).vms() if vm["name"] == "sql-01")
            if vm["state"] == "Saved":
                host(SOURCE).hyperv("start_vm", vm_id=vm["vm_id"])

    code, told = red_demo(start_source, capsys)
    assert code == 1
    failed = [check["name"] for check in told["checks"] if not check["holds"]]
    assert ONE_LIFE in failed
    assert BLOCKS not in failed  # each disk is perfect for its own memory: only the witness sees this
    assert len(found(told, ONE_LIFE)) > 3  # three lives, and what the witness says of them


# --- helpers


def red_demo(sabotage: Listener, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Runs the command while somebody interferes; the exit code and what it told."""
    with listening(sabotage), pytest.raises(typer.Exit) as ended:
        demo(disks=2, disk_size=DISK_MIB, rate=LINK_MIB, memory=MEMORY_MIB, engine="python", keep=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert "checks" in told, told
    return ended.value.exit_code, told


def found(told: dict[str, Any], name: str) -> list[str]:
    """What one check says that it found."""
    return next(check["found"] for check in told["checks"] if check["name"] == name)


def host(name: str) -> LabHost:
    """A host of the laboratory that the demonstration runs just now."""
    return Laboratory(Path(os.environ["QSM_CONFIG"]).parent).host(name)


def moved_file(pattern: str) -> list[Path]:
    """Files of the moved VM's disks on the target."""
    return sorted(host(TARGET).files.host_path(r"D:\VMs\sql-01\Virtual Hard Disks").glob(pattern))


def only(files: list[Path]) -> Path:
    """The one file that there is."""
    assert len(files) == 1, files
    return files[0]
