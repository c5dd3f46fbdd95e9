"""The processes of the PowerShell engine: each is counted, and none outlives its host, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import winrm.protocol
from typer.testing import CliRunner
from waiting import wait_until

from cli.main import app
from lab.host.tally import Spent
from lab.laboratory import Laboratory
from lab.settings import ADMINISTRATOR, HostPlan, LabSettings, certificate_folder, password_file
from lab.winrm.certificates import LabCA

SLEEPER = ("-NoProfile", "-NonInteractive", "-Command", "Start-Sleep -Seconds 600")
"""Neither reads its input nor asks its host for anything: only somebody else ends it."""
HOLDER = """
import sys
from pathlib import Path
from lab.settings import HostPlan, LabSettings
from lab.laboratory import Laboratory

Laboratory(Path(sys.argv[1])).up(LabSettings(engine="powershell", hosts=(HostPlan(name="hv01"),)))
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def one_host(tmp_path: Path) -> Iterator[Laboratory]:
    """A laboratory of its own; nothing of it runs afterwards."""
    laboratory = Laboratory(tmp_path / "lab")
    yield laboratory.up(LabSettings(engine="powershell", hosts=(HostPlan(name="hv01"),)))
    laboratory.down()


def processes(folder: Path) -> list[int]:
    """The processes whose drives are those of a host in this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            environment = (each / "environ").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if f"POSH_ROOTS={folder}/".encode() in environment:
            found.append(int(each.name))
    return found


@contextmanager
def sleeping(laboratory: Laboratory) -> Iterator[None]:
    """Somebody has started a process on the host that goes on for long."""
    protocol = winrm.protocol.Protocol(
        f"https://{laboratory.host('hv01').address}:{laboratory.port('hv01')}/wsman",
        transport="ntlm",
        username=ADMINISTRATOR,
        password=password_file(laboratory.folder).read_text("utf-8"),
        ca_trust_path=str(LabCA(certificate_folder(laboratory.folder)).certificate),
    )
    try:
        protocol.run_command(protocol.open_shell(), "powershell.exe", SLEEPER)
        wait_until(lambda: bool(processes(laboratory.folder)), what="the process")
        yield
    finally:
        protocol.transport.close_session()


def power_off(laboratory: Laboratory) -> None:
    laboratory.host("hv01").power_off()


def shut_down(laboratory: Laboratory) -> None:
    laboratory.host("hv01").shut_down()


@pytest.mark.parametrize("end", [power_off, shut_down, Laboratory.down])
def test_no_process_outlives_its_host(one_host: Laboratory, end: Callable[[Laboratory], None]) -> None:
    with sleeping(one_host):
        end(one_host)
    assert processes(one_host.folder) == []


def test_no_process_outlives_a_laboratory_whose_maker_is_killed(tmp_path: Path) -> None:
    """Nobody is left who could end anything: each process dies with the one that started it."""
    laboratory = Laboratory(tmp_path / "lab")
    command = [sys.executable, "-P", "-c", HOLDER, str(laboratory.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"up\n"
        with sleeping(laboratory):
            maker.kill()
    wait_until(lambda: not processes(laboratory.folder), what="the end of all")


def test_each_process_is_counted(one_host: Laboratory) -> None:
    assert one_host.powershell() == {"hv01": {"endpoint": Spent(0, 0.0), "tasks": Spent(0, 0.0)}}
    with sleeping(one_host):
        wait_until(lambda: one_host.powershell()["hv01"]["endpoint"].seconds > 0.1, what="time to pass")
        assert one_host.powershell()["hv01"]["endpoint"].processes == 1
        shown = CliRunner().invoke(app, ["lab", "status", "--folder", str(one_host.folder)]).stdout
        assert "PowerShell: 1 process, " in shown
        assert "(hv01: endpoint 1 process, " in shown
        os.kill(processes(one_host.folder)[0], 9)
    wait_until(lambda: one_host.powershell() == one_host.powershell(), what="its end: its seconds go on no more")
    assert one_host.powershell()["hv01"]["endpoint"].processes == 1
