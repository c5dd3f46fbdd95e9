"""Copies: shares and grants given and taken back exactly, and every way in which a copy can end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from background import Background
from hanging import Hang
from hosts_driver import MODULES_TESTS_TOO, HostCaller
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabDisk
from lab.laboratory import Laboratory


@pytest.fixture
def script(make_script: Callable[..., MigrationScript]) -> Iterator[MigrationScript]:
    """A migration, begun, of a VM that is off and has a fixed disk of 24 MiB: enough to be caught while it travels."""
    made = make_script("copied", state="Off", disks=[LabDisk(size_bytes=24 * MIB, dynamic=False)])
    made.begin()
    yield made
    made.lab.links.restore("HV01", "HV02")
    made.lab.links.set_rate("HV01", "HV02", bytes_per_second=None)
    for side in (made.source, made.target):
        side.caller.recover()
        side.caller.host.clear_faults()
    made.target.call("stop_work", subject="end of test")
    made.source.call("close_shares", subject="end of test")


def request(script: MigrationScript, number: int = 1) -> dict[str, Any]:
    ((folder, files),) = script.base_files().items()
    return script.copy_request(number, folder, files, share=0)


def slow_down(script: MigrationScript, *, bytes_per_second: int = 4 * MIB) -> None:
    script.lab.links.set_rate("HV01", "HV02", bytes_per_second=bytes_per_second)


def moving(script: MigrationScript, number: int = 1) -> Any:
    """Wait until bytes have arrived."""
    return wait_until(
        lambda: any(file.bytes_transferred > 0 for file in script.target.do("get_copy", number=number).files),
        what="the first bytes of the copy",
    )


def leftovers(caller: HostCaller, folder: str) -> tuple[tuple[str, ...], ...]:
    found = caller.call("get_inventory", {"folders": [folder]}).result
    return found.shares, found.tasks, found.jobs, tuple(file.path for file in found.files)


def test_grants_are_given_and_taken_back_exactly(script: MigrationScript) -> None:
    base = next(iter(script.bases.values()))
    folder = base.path.rpartition("\\")[0]
    before = script.source.caller.call("get_inventory", {"folders": [folder]}).result.files
    request(script)
    during = script.source.caller.call("get_inventory", {"folders": [folder]}).result
    account = script.account()
    (entry,) = (file for file in during.files if file.path == base.path)
    assert f"{account}:Read, Synchronize" in entry.access
    assert f"qsm-{script.migration_id}-0$" in during.shares
    again = script.source.call(
        "open_share", subject="again", number=0, folder=folder, files=[base.path], account=account
    )
    assert again.ok, "what is there is kept"
    closed = script.source.do("close_shares")
    assert closed.files == (base.path,)
    assert script.source.caller.call("get_inventory", {"folders": [folder]}).result.files == before


def test_share_stays_open_while_another_file_is_granted(script: MigrationScript) -> None:
    """A VM with many disks in one folder: each disk's file is granted on the share through which others travel."""
    base = next(iter(script.bases.values()))
    folder = base.path.rpartition("\\")[0]
    account, name = script.account(), f"qsm-{script.migration_id}-0$"
    script.source.do("open_share", number=0, folder=folder, files=[base.path], account=account)
    second = rf"{folder}\second.vhdx"
    script.source.caller.host.files.host_path(second).write_bytes(b"a disk")
    question = {"vm_id": script.vm_id, "shares": [name], "files": []}
    with closing(HostCaller(script.lab, script.source.caller.name)) as beside:
        hang = Hang.of_cmdlet(script.source.caller.host, "Set-Acl")
        arguments = {"number": 0, "folder": folder, "files": [second], "account": account}
        granting = Background(beside.call, "open_share", arguments, migration_id=script.migration_id, subject="second")
        hang.wait()
        assert script.source.do("watch_source", **question).missing_shares == ()
        hang.release()
        assert granting.outcome().ok
    assert script.source.do("watch_source", **question).missing_shares == ()
    assert set(script.source.do("close_shares").files) == {base.path, second}


def test_grant_that_was_there_before_stays(script: MigrationScript) -> None:
    base = next(iter(script.bases.values()))
    folder = base.path.rpartition("\\")[0]
    account = script.account()
    request(script)
    second = MigrationScript(script.source.caller, script.target.caller, script.vm_id)
    second.source.do(
        "create_record", role="source", vm_id=second.vm_id, vm_name=second.vm.name, peer="HV02", by="x", plan={}
    )
    second.source.do("open_share", number=0, folder=folder, files=[base.path], account=account)
    assert second.source.do("close_shares").files == ()
    assert script.source.do("close_shares").files == (base.path,)


@MODULES_TESTS_TOO
def test_unknown_account_is_refused(script: MigrationScript) -> None:
    answer = script.source.call("open_share", number=5, folder=r"D:\VMs", files=[], account=r"NOWHERE\HV02$")
    assert answer.error_id == "AccountUnknown"
    assert (
        f"qsm-{script.migration_id}-5$" not in script.source.caller.call("get_inventory", {"folders": []}).result.shares
    )


def test_copy_is_verified_and_leaves_nothing_but_its_file(script: MigrationScript) -> None:
    wanted = request(script)
    script.target.do("start_copy", **wanted)
    state = script.wait_for_copy(1)
    assert state.state == "Done" and state.error is None
    (file,) = state.files
    assert (file.job_state, file.bytes_total, file.bytes_transferred) == (
        "Verified",
        wanted["files"][0]["length_bytes"],
        wanted["files"][0]["length_bytes"],
    )
    source, target = (
        side.caller.host.files.host_path(path)
        for side, path in ((script.source, next(iter(script.bases.values())).path), (script.target, file.destination))
    )
    assert source.read_bytes() == target.read_bytes()
    _, tasks, jobs, files = leftovers(script.target.caller, script.folder)
    assert (tasks, jobs, files) == ((), (), (file.destination,))
    again = script.target.call("start_copy", subject="again", **wanted)
    assert again.ok and script.target.do("get_copy", number=1).state == "Done", "a done copy is left alone"


@MODULES_TESTS_TOO
def test_file_in_the_way_is_refused_and_kept(script: MigrationScript) -> None:
    wanted = request(script)
    files = script.target.caller.host.files
    path = files.host_path(wanted["files"][0]["destination"])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's")
    answer = script.target.call("start_copy", **wanted)
    assert answer.error_id == "FileInTheWay" and answer.error is not None
    assert answer.error.facts["path"] == wanted["files"][0]["destination"]
    kept = script.target.do("remove_files", files=[wanted["files"][0]["destination"]], folders=[]).kept
    assert len(kept) == 1 and path.read_bytes() == b"somebody's"


def test_attempt_that_was_killed_before_it_looked_claims_nothing(script: MigrationScript) -> None:
    wanted = request(script)
    destination = wanted["files"][0]["destination"]
    host = script.target.caller.host
    path = host.files.host_path(destination)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's")
    done = script.target.call("create_probe_file", subject="before", size_bytes=1)
    assert done.ok
    folder = host.files.host_path(rf"C:\ProgramData\QuickStorageMigration\migrations\{script.migration_id}\operations")
    (sample,) = (each for each in folder.iterdir() if "create_probe_file" in each.read_text("ascii"))
    entry = json.loads(sample.read_text("ascii"))
    attempt = {**entry["attempts"][0], "state": "started", "arguments": wanted, "result": None}
    key = hashlib.sha256(b"start_copy/killed").hexdigest()
    started = {"operation": "start_copy", "subject": "killed", "attempts": [attempt]}
    (folder / f"{key}.json").write_text(json.dumps(started), "ascii")
    answer = script.target.call("start_copy", subject="killed", **wanted)
    assert (answer.error_id, answer.attempt) == ("FileInTheWay", 2)
    assert script.target.outcomes["start_copy"] == ["failed", "refused"]
    kept = script.target.do("remove_files", files=[destination], folders=[]).kept
    assert len(kept) == 1 and path.read_bytes() == b"somebody's"


@MODULES_TESTS_TOO
def test_file_that_appears_during_the_copy_is_left_alone(script: MigrationScript) -> None:
    wanted = request(script)
    destination = wanted["files"][0]["destination"]
    slow_down(script)
    script.target.do("start_copy", **wanted)
    moving(script)
    path = script.target.caller.host.files.host_path(destination)
    path.write_bytes(b"somebody's")
    script.lab.links.set_rate("HV01", "HV02", bytes_per_second=None)
    state = script.wait_for_copy(1)
    assert state.state == "Failed" and state.error is not None and state.error.id == "CopyFailed"
    assert script.target.do("remove_files", files=[destination], folders=[]).removed == ()
    assert path.read_bytes() == b"somebody's"


@MODULES_TESTS_TOO
def test_copy_at_work_is_not_broken_off_for_another(script: MigrationScript) -> None:
    wanted = request(script)
    slow_down(script)
    script.target.do("start_copy", **wanted)
    moving(script)
    other = script.target.call("start_copy", subject="other", **{**wanted, "reserve_bytes": 2 << 20})
    assert other.error_id == "Busy" and other.error is not None and other.error.retryable
    assert script.target.do("get_copy", number=1).state == "Running"


@MODULES_TESTS_TOO
def test_share_refuses_before_it_touches_anything(script: MigrationScript) -> None:
    base = next(iter(script.bases.values()))
    folder = base.path.rpartition("\\")[0]
    account = script.account()
    host = script.source.caller.host
    for files in ([rf"{folder}\gone.vhdx"], [r"D:\elsewhere.vhdx"], [rf"{folder}\..\..\Windows\x"]):
        answer = script.source.call(
            "open_share", subject=files[0], number=3, folder=folder, files=files, account=account
        )
        assert answer.error_id == "ShareFailed" and answer.error is not None and answer.error.category == "refused"
    found = script.source.caller.call("get_inventory", {"folders": [folder]}).result
    assert f"qsm-{script.migration_id}-3$" not in found.shares
    assert not any(account in text for file in found.files for text in file.access)
    assert host.files.exists(base.path)


@MODULES_TESTS_TOO
def test_copy_that_would_eat_the_reserve_is_refused(script: MigrationScript) -> None:
    wanted = {**request(script), "reserve_bytes": 1 << 50}
    answer = script.target.call("start_copy", **wanted)
    assert answer.error_id == "NoSpace" and answer.error is not None
    assert answer.error.facts["volume"] == "D:\\"
    assert answer.error.facts["needed_bytes"] > answer.error.facts["free_bytes"]


@MODULES_TESTS_TOO
def test_volume_that_fills_up_meanwhile_ends_the_copy(script: MigrationScript) -> None:
    wanted = request(script)
    host = script.target.caller.host
    size = host.files.volume_of("D:\\").capacity_bytes
    slow_down(script)
    script.target.do("start_copy", **wanted)
    moving(script)
    host.set_free_bytes("D:\\", wanted["reserve_bytes"] // 2)
    state = script.wait_for_copy(1)
    host.set_volume_size("D:\\", size)
    assert state.state == "Failed" and state.error is not None and state.error.id == "NoSpace"
    assert leftovers(script.target.caller, script.folder)[1:] == ((), (), ())


@MODULES_TESTS_TOO
def test_source_that_changes_during_the_copy_is_noticed(script: MigrationScript) -> None:
    wanted = request(script)
    wanted["files"][0]["last_write_ticks"] -= 10_000_000
    script.target.do("start_copy", **wanted)
    state = script.wait_for_copy(1)
    assert state.state == "Failed" and state.error is not None and state.error.id == "CopyAltered"


def test_copy_without_a_share_waits_and_goes_on_when_it_is_there(script: MigrationScript) -> None:
    wanted = request(script)
    script.source.do("close_shares")
    script.target.do("start_copy", **wanted)
    state = wait_until(
        lambda: next(
            (
                s
                for s in (script.target.do("get_copy", number=1),)
                if s.files[0].job_state in ("TransientError", "Error")
            ),
            None,
        ),
        what="a job in error",
    )
    assert state.files[0].bytes_transferred == 0
    assert script.source.do(
        "watch_source", vm_id=script.vm_id, shares=[f"qsm-{script.migration_id}-0$"], files=[]
    ).missing_shares


def test_stopping_ends_jobs_and_task_and_removes_what_was_half_done(script: MigrationScript) -> None:
    slow_down(script)
    script.target.do("start_copy", **request(script))
    moving(script)
    stopped = script.target.do("stop_work").stopped
    assert set(stopped) == {f"qsm-{script.migration_id}-copy-1", f"qsm-{script.migration_id}-copy-1-0"}
    assert leftovers(script.target.caller, script.folder)[1:] == ((), (), ())
    assert script.target.do("get_copy", number=1).state == "Stopped"
    script.lab.links.set_rate("HV01", "HV02", bytes_per_second=None)
    script.target.do("start_copy", subject="second", **request(script))
    assert script.wait_for_copy(1).state == "Done"


def test_target_that_lost_power_says_so_and_goes_on_where_it_was(script: MigrationScript) -> None:
    slow_down(script)
    wanted = request(script)
    script.target.do("start_copy", **wanted)
    moving(script)
    script.target.caller.host.reboot(orderly=False)
    script.target.caller.forget()
    state = script.target.do("get_copy", number=1)
    assert state.state == "Failed" and state.error is not None
    assert state.error.id == "HostFailed" and state.error.retryable
    script.lab.links.set_rate("HV01", "HV02", bytes_per_second=None)
    script.target.do("start_copy", subject="after the cut", **wanted)
    assert script.wait_for_copy(1).state == "Done"


@MODULES_TESTS_TOO
@pytest.mark.parametrize("bits_tells", [True, False])
def test_work_of_a_dead_task_is_cleared_by_system(script: MigrationScript, bits_tells: bool) -> None:
    """Also where BITS does not even tell a network logon which jobs there are."""
    script.target.caller.host.set_fault(Fault("Complete-BitsTransfer", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    script.target.do("start_copy", **request(script))
    state = script.wait_for_copy(1)
    assert state.error is not None and state.error.id == "HostFailed" and state.error.retryable
    assert script.target.caller.call("get_inventory", {"folders": []}).result.jobs != ()
    script.target.caller.host.change_facts(bits_tells_network_logons=bits_tells)
    try:
        assert f"qsm-{script.migration_id}-copy-1" in script.target.do("stop_work").stopped
    finally:
        script.target.caller.host.change_facts(bits_tells_network_logons=True)
    assert leftovers(script.target.caller, script.folder)[1:] == ((), (), ())


def test_source_that_rebooted_has_no_share_and_another_boot_time(script: MigrationScript) -> None:
    request(script)
    question = {"vm_id": script.vm_id, "shares": [f"qsm-{script.migration_id}-0$"], "files": []}
    before = script.source.do("watch_source", **question)
    assert before.missing_shares == () and before.state == "Off"
    script.source.caller.host.reboot()
    script.source.caller.forget()
    after = script.source.do("watch_source", **question)
    assert after.boot_time_ticks > before.boot_time_ticks
    assert after.missing_shares == (f"qsm-{script.migration_id}-0$",)
    assert script.source.do("close_shares").files == (next(iter(script.bases.values())).path,)


def test_poll_answers_when_something_changes_not_before(script: MigrationScript, laboratory: Laboratory) -> None:
    slow_down(script, bytes_per_second=1 * MIB)
    script.target.do("start_copy", **request(script))
    moving(script)
    calm = script.target.do("get_copy", wait_seconds=0.5, number=1)
    assert calm.state == "Running"
    laboratory.links.set_rate("HV01", "HV02", bytes_per_second=None)
    assert script.target.do("get_copy", wait_seconds=60.0, number=1).state in ("Running", "Done")


@MODULES_TESTS_TOO
def test_bits_that_is_disabled_fails_the_copy(script: MigrationScript) -> None:
    host = script.target.caller.host
    wanted = request(script)
    host.change_facts(bits_start_mode="Disabled")
    script.target.do("start_copy", **wanted)
    state = script.wait_for_copy(1)
    host.change_facts(bits_start_mode="Manual")
    assert state.state == "Failed" and state.error is not None
    assert (state.error.id, state.error.hresult) == ("CopyFailed", 0x80070422)


@MODULES_TESTS_TOO
def test_fault_in_the_task_is_told_by_the_state_file(script: MigrationScript) -> None:
    script.target.caller.host.set_fault(
        Fault("Complete-BitsTransfer", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070005, message="denied")
    )
    script.target.do("start_copy", **request(script))
    state = script.wait_for_copy(1)
    assert state.state == "Failed" and state.error is not None
    assert (state.error.id, state.error.hresult) == ("CopyFailed", 0x80070005)
