"""The life of a laboratory: found again by its folder, gone without a trace, and hosts that lose what power holds."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts_driver import LABS_OWN_ENGINE, HostCaller, read_settings
from waiting import DEADLINE_SECONDS, wait_until

from lab.disks import files as disk_files
from lab.disks.model import DiskFormat, DiskKind
from lab.host.handle import MIB, LabDisk
from lab.laboratory import Laboratory, LaboratoryError
from lab.process.control import ControlError
from lab.settings import HostPlan, LabSettings, password_file

ONE_HOST = LabSettings(hosts=(HostPlan(name="solo", volumes={"C:\\": 1 << 30, "D:\\": 1 << 30}),), transport="basic")


def processes_of(*words: object) -> list[int]:
    """Processes with any of the words on their command line: a lab's folder, a VM's id."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if any(str(word).encode() in line for word in words):
                found.append(int(entry.name))
    return found


@pytest.fixture
def stayed(tmp_path: Path) -> Iterator[Laboratory]:
    """A laboratory made by a command that has ended."""
    script = (
        "import sys; from pathlib import Path; from lab.laboratory import Laboratory; "
        "from lab.settings import LabSettings; "
        "Laboratory(Path(sys.argv[1])).up(LabSettings.model_validate_json(sys.argv[2]), stay=True)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), ONE_HOST.model_dump_json()], check=True, timeout=DEADLINE_SECONDS
    )
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.down()


def test_laboratory_that_stays_is_found_by_its_folder_and_ends_whole(stayed: Laboratory) -> None:
    assert stayed.is_running()
    status = stayed.status()
    assert list(status["hosts"]) == ["solo"] and status["hosts"]["solo"]["port"] == stayed.port("solo")
    with pytest.raises(LaboratoryError, match="already"):
        stayed.up()
    host = stayed.host("solo")
    vm = host.create_vm("kept", adapters=[])
    caller = HostCaller(stayed, "solo")
    caller.install()
    assert read_settings(stayed)["solo"].transport == "basic"
    assert caller.call("get_vm", {"name_or_id": "kept"}).result.matches[0].state == "Running"
    caller.close()
    assert len(processes_of(stayed.folder)) == 3, "keeper, witness and host"
    assert secrets_are_kept(stayed)
    assert len(processes_of(vm["vm_id"])) == 1
    port = stayed.port("solo")
    stayed.down()
    wait_until(lambda: not processes_of(stayed.folder, vm["vm_id"]), what="the end of all processes")
    with pytest.raises(LaboratoryError, match="No laboratory runs"):
        stayed.status()
    with stayed.running():
        assert stayed.port("solo") == port, "a host keeps its port"
        wait_until(lambda: stayed.host("solo").vm(vm["vm_id"])["state"] == "Running", what="the automatic start")
    assert not processes_of(stayed.folder, vm["vm_id"])


def secrets_are_kept(laboratory: Laboratory) -> bool:
    """Whether what is secret is readable by its owner only, and stands nowhere else."""
    private = (password_file(laboratory.folder), laboratory.settings_file, laboratory.folder / "control.sock")
    password = password_file(laboratory.folder).read_text()
    others = [laboratory.settings_file, *laboratory.folder.rglob("*.log")]
    return all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private) and not any(
        password in path.read_text("utf-8", "replace") for path in others
    )


def test_laboratory_dies_with_the_process_that_made_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from lab.laboratory import Laboratory; "
        "from lab.settings import LabSettings; "
        "Laboratory(Path(sys.argv[1])).up(LabSettings.model_validate_json(sys.argv[2])); os._exit(9)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), ONE_HOST.model_dump_json()], check=False, timeout=DEADLINE_SECONDS
    )
    assert ended.returncode == 9
    wait_until(lambda: not processes_of(tmp_path), what="the end of all processes")
    assert not Laboratory(tmp_path).is_running()


def test_folder_without_a_laboratory_says_so(tmp_path: Path) -> None:
    with pytest.raises(LaboratoryError, match="no laboratory in"):
        _ = Laboratory(tmp_path).settings
    with pytest.raises(LookupError, match="hv09"):
        ONE_HOST.host("hv09")
    with pytest.raises(ValueError, match="two hosts have one name"):
        LabSettings(hosts=(HostPlan(name="a"), HostPlan(name="A")))
    with pytest.raises(ValueError, match="does nothing about noise of host a"):
        LabSettings(hosts=(HostPlan(name="a", noise=False),), engine="powershell")


@LABS_OWN_ENGINE
def test_power_cut_takes_the_vms_with_it(laboratory: Laboratory) -> None:
    host = laboratory.host("hv02")
    vm = host.create_vm("cut off", state="Running")
    wait_until(lambda: laboratory.witness.virtual_machines().count(vm["vm_id"]), what="the guest's registration")
    host.power_off()
    lives = laboratory.witness.lifetimes(vm["vm_id"])
    assert wait_until(
        lambda: laboratory.witness.lifetimes(vm["vm_id"])[-1].ended_how == "lost", what="the end of the guest"
    )
    with pytest.raises(ControlError):
        host.vms()
    host.power_off()
    host.boot()
    with pytest.raises(ControlError, match="on already"):
        host.boot()
    wait_until(lambda: len(laboratory.witness.lifetimes(vm["vm_id"])) > len(lives), what="the automatic start")
    host.hyperv("stop_vm", vm_id=vm["vm_id"], turn_off=True)


@LABS_OWN_ENGINE
def test_frozen_host_answers_nothing_until_it_thaws(laboratory: Laboratory) -> None:
    host = laboratory.host("hv02")
    process = laboratory.status()["hosts"]["hv02"]["process_id"]
    host.freeze()
    try:
        wait_until(lambda: Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    finally:
        host.thaw()
    assert isinstance(host.vms(), list)


@LABS_OWN_ENGINE
def test_orderly_shutdown_saves_the_vms(laboratory: Laboratory) -> None:
    host = laboratory.host("hv02")
    vm = host.create_vm("put to sleep", state="Running", automatic_start_action="Nothing")
    wait_until(lambda: laboratory.witness.virtual_machines().count(vm["vm_id"]), what="the guest's registration")
    host.reboot()
    assert host.vm(vm["vm_id"])["state"] == "Saved"


@LABS_OWN_ENGINE
def test_own_disk_file_is_taken_as_it_is(laboratory: Laboratory, tmp_path: Path) -> None:
    own = tmp_path / "my disk.vhdx"
    disk_files.create_disk(own, size_bytes=16 * MIB, format=DiskFormat.VHDX, kind=DiskKind.DYNAMIC)
    content = own.read_bytes()
    host = laboratory.host("hv02")
    vm = host.create_vm("own disk", disks=[LabDisk(file=own)], state="Off")
    assert host.disk_paths(vm["vm_id"])["SCSI 0:0"].read_bytes() == content
    assert own.read_bytes() == content and os.access(own, os.W_OK)
    with pytest.raises(ControlError, match="FileExistsError"):
        host.create_vm("own disk", disks=[LabDisk(file=own)], state="Off")


@pytest.mark.parametrize("state", ["Off", "Saved", "Paused", "Running"])
@LABS_OWN_ENGINE
def test_vm_is_made_in_the_state_asked_for(laboratory: Laboratory, state: str) -> None:
    host = laboratory.host("hv02")
    vm = host.create_vm(f"made {state}", disks=[LabDisk(size_bytes=8 * MIB)], memory_bytes=MIB, state=state)  # type: ignore[arg-type]
    assert vm["state"] == state
    if state in ("Running", "Paused"):
        host.hyperv("stop_vm", vm_id=vm["vm_id"], turn_off=True)
