"""Bad input at the command line: a one-line reason, an exit code, and nothing changed on any host."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from flow_lab import MIB, FlowLab, TestVM
from typer.testing import CliRunner, Result

from cli import exits
from cli.main import app
from lab.host.handle import LabDisk
from qsm.migration.progress import Progress
from qsm.settings import load_settings

SMALL = (LabDisk(size_bytes=4 * MIB),)


def qsm(*arguments: str) -> Result:
    load_settings.cache_clear()
    return CliRunner().invoke(app, arguments)


def check_vm(vm: str, **changes: str) -> Result:
    options = {
        "--source": "hv01",
        "--target": "hv02",
        "--target-folder": r"D:\Moved\x",
        "--switch": "LAN=Production",
        **changes,
    }
    return qsm("check", "vm", vm, *(part for option in options.items() for part in option if option[1]))


@pytest.fixture
def vm(flow_lab: FlowLab) -> TestVM:
    return flow_lab.make_vm(disks=SMALL, state="Off")


def assert_refused(flow_lab: FlowLab, result: Result, *, code: int, reason: str, before: Any) -> None:
    assert (result.exit_code, result.stdout) == (code, "")
    assert reason in result.stderr.replace("\n", " ")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")] == before


@pytest.mark.parametrize(
    ("vm_name", "changes", "code", "reason"),
    [
        ("nobody", {}, exits.REFUSED, "no VM with this name or id"),
        ("", {"--target": "HV01"}, exits.BAD_INPUT, "same host"),
        ("", {"--target-folder": r"VMs\x"}, exits.BAD_INPUT, "full Windows path"),
        ("", {"--target-folder": "D:\\"}, exits.BAD_INPUT, "root of a volume"),
        ("", {"--switch": ""}, exits.REFUSED, "switch map"),
        ("", {"--switch": "LAN=Nowhere"}, exits.REFUSED, "no switch 'Nowhere'"),
        ("", {"--source": "hv09"}, exits.BAD_INPUT, "no such host in the inventory"),
    ],
)
def test_bad_input(
    flow_lab: FlowLab, vm: TestVM, vm_name: str, changes: dict[str, str], code: int, reason: str
) -> None:
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    assert_refused(flow_lab, check_vm(vm_name or vm.name, **changes), code=code, reason=reason, before=before)


def test_two_vms_of_one_name(flow_lab: FlowLab) -> None:
    for number in (1, 2):
        flow_lab.make_vm(
            name="double", disks=[LabDisk(size_bytes=4 * MIB, path=rf"D:\VMs\d{number}\d.vhdx")], state="Off"
        )
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    assert_refused(flow_lab, check_vm("double"), code=exits.REFUSED, reason="2 VMs of this name", before=before)


def test_a_volume_that_is_too_small(flow_lab: FlowLab, vm: TestVM) -> None:
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    flow_lab.target.set_free_bytes("D:\\", MIB)
    try:
        result = check_vm(vm.name)
    finally:
        flow_lab.target.set_volume_size("D:\\", 256 << 30)
    assert_refused(flow_lab, result, code=exits.REFUSED, reason="are needed", before=before)


def test_a_vm_that_is_migrating_already(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL)  # running: the checkpoint is ours, and no reason of its own
    from qsm.plan.request import MigrationRequest, SwitchPair
    from qsm.steps.preflight import begin
    from qsm.steps.take_checkpoint import take_checkpoint
    from qsm.ways.home import abandon

    request = MigrationRequest(
        vm=vm.name,
        source="hv01",
        target="hv02",
        target_folder=vm.folder,
        switch_map=(SwitchPair(source="LAN", target="LAN"),),
    )
    migration = begin(request, load_settings(), requested_by="a test", progress=Progress())
    try:
        take_checkpoint(migration)
        before = flow_lab.before(vm)
        result = check_vm(vm.name)
        assert (result.exit_code, result.stdout) == (exits.REFUSED, "")
        assert f"already migrating: migration {migration.id}" in result.stderr.replace("\n", " ")
        assert "checkpoint" not in result.stderr
        assert flow_lab.before(vm) == before
        assert abandon(migration) == ()
    finally:
        migration.close()


def test_a_wrong_password_is_tried_once(flow_lab: FlowLab, vm: TestVM, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    with monkeypatch.context() as patched:
        patched.setenv("QSM_HOSTS__HV02__PASSWORD", "not the password")
        result = check_vm(vm.name)
    load_settings.cache_clear()
    assert_refused(flow_lab, result, code=exits.REFUSED, reason="rejected the credentials", before=before)
    assert "not the password" not in result.output


def test_a_wrong_ca(flow_lab: FlowLab, vm: TestVM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lab.winrm.certificates import LabCA

    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    with monkeypatch.context() as patched:
        patched.setenv("QSM_HOSTS__HV01__CA_FILE", str(LabCA.create(tmp_path / "ca").certificate))
        result = check_vm(vm.name)
    load_settings.cache_clear()
    assert result.exit_code in (exits.UNREACHABLE, exits.REFUSED)
    assert_refused(flow_lab, result, code=result.exit_code, reason="certificate", before=before)


def test_a_host_that_is_down(flow_lab: FlowLab, vm: TestVM, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    with monkeypatch.context() as patched:
        patched.setenv("QSM_HOSTS__HV02__PORT", str(port))
        patched.setenv("QSM_LIMITS__UNREACHABLE_SECONDS", "2")
        result = check_vm(vm.name)
    load_settings.cache_clear()
    assert_refused(flow_lab, result, code=exits.UNREACHABLE, reason="hv02 does not answer", before=before)


def test_nothing_to_abandon_or_finish(flow_lab: FlowLab) -> None:
    for command in ("abandon", "finish"):
        result = qsm(command, "nobody")
        assert result.exit_code == exits.REFUSED
        assert "unfinished migration" in result.stderr


def test_errors_as_json(flow_lab: FlowLab) -> None:
    result = qsm("abandon", "nobody", "--json")
    told = json.loads(result.stdout)
    assert (told["ok"], told["exit_code"], result.exit_code) == (False, exits.REFUSED, exits.REFUSED)


def test_check_hosts_copies_a_file_and_leaves_nothing(flow_lab: FlowLab) -> None:
    before = [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")]
    result = qsm("check", "hosts", "--json")
    findings = json.loads(result.stdout)
    assert result.exit_code == 0, result.output
    copies = [finding["subject"] for finding in findings if finding["point"] == "copy of one file"]
    assert copies == ["hv01 -> hv02", "hv02 -> hv01"]
    assert all(finding["ok"] and not finding["repair"] for finding in findings)
    assert [flow_lab.clean_inventory(host) for host in ("hv01", "hv02")] == before


def test_check_hosts_names_the_repair(flow_lab: FlowLab) -> None:
    flow_lab.target.change_facts(bits_start_mode="Disabled")
    try:
        result = qsm("check", "hosts", "hv02")
    finally:
        flow_lab.target.change_facts(bits_start_mode="Manual")
    assert result.exit_code == exits.FAILED
    assert re.search(
        r"FAIL hv02: BITS service: on host hv02 the BITS service is disabled\s+Set-Service BITS", result.stdout
    )


def test_clean_removes_records_of_ended_migrations(flow_lab: FlowLab) -> None:
    vm = flow_lab.make_vm(disks=SMALL, state="Off")
    report = flow_lab.migrate(vm)
    assert report.migration_id in "".join(flow_lab.inventory("hv01").migrations)
    result = qsm("hosts", "clean")
    assert result.exit_code == 0, result.output
    assert report.migration_id in result.stdout
    for host in ("hv01", "hv02"):
        assert report.migration_id not in "".join(flow_lab.inventory(host).migrations)
