"""Copies by the SYSTEM task: whole or failed, and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine import EngineHost
from hyperv_world import HYPERV_STANDINS, World, start_copy
from powershell_program import require_engine
from test_dispatcher import put_attempt
from waiting import wait_until


def test_copy_comes_whole_and_leaves_nothing_behind(world: World) -> None:
    world.make_record("target")
    files = [world.copy_file("a.vhdx"), world.copy_file("b.vhdx", content=b"y" * 100)]
    started = start_copy(world, files)
    assert started.ok, started.error
    assert started.result.task_name == f"qsm-{world.migration_id}-copy-1"
    told = world.result("get_copy", {"number": 1})
    assert (told.state, told.error) == ("Done", None)
    assert [(f.job_state, f.bytes_transferred) for f in told.files] == [("Verified", 4096), ("Verified", 100)]
    assert told.volume.root == "D:\\"
    assert world.path(files[0]["destination"]).read_bytes() == b"x" * 4096
    assert world.run("$World.tasks.Keys; $World.jobs") == []
    assert start_copy(world, files).repeated


def test_copy_is_refused_without_space_or_onto_foreign_files(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    answer = start_copy(world, [file], reserve=500 << 30)
    assert answer.error is not None
    assert (answer.error.id, answer.error.category) == ("NoSpace", "refused")
    assert answer.error.facts["needed_bytes"] == (500 << 30) + 4096
    assert not world.path(world.folder).exists()
    world.path(world.folder).mkdir(parents=True)
    world.path(file["destination"]).write_bytes(b"foreign")
    answer = start_copy(world, [file], number=2)
    assert answer.error is not None
    assert (answer.error.id, answer.error.facts) == ("FileInTheWay", {"path": file["destination"]})
    assert world.run("$World.tasks.Keys") == []


def test_a_file_of_an_earlier_copy_is_not_in_the_way(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    assert start_copy(world, [file]).ok
    assert start_copy(world, [file], number=2).ok
    assert world.result("get_copy", {"number": 2}).state == "Done"


def test_only_what_a_copy_put_there_is_ours(world: World) -> None:
    """An attempt that was killed before it looked, or a copy that never got so far, claims nothing."""
    world.make_record("target")
    world.path(world.folder).mkdir(parents=True)
    file = world.copy_file("a.vhdx")
    world.path(file["destination"]).write_bytes(b"theirs")
    put_attempt(
        world.session, world.migration_id, "start_copy", subject="killed", state="started",
        arguments={"number": 1, "files": [file], "reserve_bytes": 0},
    )  # fmt: skip
    answer = start_copy(world, [file])
    assert answer.error is not None
    assert (answer.error.id, answer.error.category) == ("FileInTheWay", "refused")
    told = world.result("remove_files", {"files": [file["destination"]], "folders": []})
    assert (told.removed, len(told.kept)) == ((), 1)
    assert world.path(file["destination"]).read_bytes() == b"theirs"


def test_file_that_appears_during_the_copy_is_left_alone(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    place = f"Set-Content -LiteralPath '{file['destination']}' -Value 'theirs' -NoNewline"
    world.run(f"$World.options.transfers = 1; $World.options.onLook = {{ {place} }}")
    assert start_copy(world, [file]).ok
    told = world.result("get_copy", {"number": 1})
    assert (told.state, told.error.id) == ("Failed", "CopyFailed")
    assert world.result("remove_files", {"files": [file["destination"]], "folders": []}).removed == ()
    assert world.path(file["destination"]).read_bytes() == b"theirs"


def test_nothing_is_copied_onto_a_vm_that_may_be_the_targets(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    for owner in ("may start", "target"):
        world.change_record(owner=owner)
        answer = start_copy(world, [file])
        assert answer.error is not None
        assert (answer.error.id, answer.error.category) == ("NotOwner", "refused")
    assert world.run("$World.tasks.Keys") == []


def test_copy_at_work_is_not_broken_off_for_another(world: World) -> None:
    world.make_record("target")
    world.run("$World.options.task = 'hang'")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    other = {"number": 1, "files": [world.copy_file("b.vhdx")], "reserve_bytes": 0}
    answer = world.refuses("Busy", "start_copy", other, subject="other")
    assert answer.error is not None
    assert answer.error.retryable


@pytest.mark.parametrize(
    ("trouble", "error_id", "retryable"),
    [
        ("$World.options.bitsError = 0x80070035", "CopyFailed", True),
        ("$World.options.bitsError = 0x8020001D", "CopyFailed", False),
        ("$World.options.altered = $true", "CopyAltered", False),
        ("$World.options.transfers = 2; $World.options.onLook = { $World.volumes[1].FreeSpace = 1 }", "NoSpace", False),
        ("$World.options.transfers = 2; $World.options.onLook = { $World.jobs = @() }", "CopyFailed", False),
        ("$World.fail['Start-BitsTransfer'] = 0x80070043", "CopyFailed", True),
    ],
)
def test_copy_that_fails_ends_its_jobs(world: World, trouble: str, error_id: str, retryable: bool) -> None:
    world.make_record("target")
    world.run(trouble)
    assert start_copy(world, [world.copy_file("a.vhdx"), world.copy_file("b.vhdx")]).ok
    told = world.result("get_copy", {"number": 1})
    assert told.state == "Failed"
    assert (told.error.id, told.error.category, told.error.retryable) == (error_id, "failed", retryable)
    assert world.run("$World.jobs") == []


@pytest.mark.parametrize("cmdlet", ["Register-ScheduledTask", "Start-ScheduledTask"])
def test_host_that_runs_no_task_as_system_copies_nothing(world: World, cmdlet: str) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    world.run(f"$World.fail['{cmdlet}'] = 0x80070005")
    answer = start_copy(world, [file])
    assert answer.error is not None
    assert (answer.error.id, answer.error.category, answer.error.hresult) == ("AccessDenied", "failed", 0x80070005)
    assert not world.path(file["destination"]).exists()
    assert world.result("stop_work").stopped in ((), (f"qsm-{world.migration_id}-copy-1",))
    assert world.run("$World.tasks.Keys; $World.jobs") == []


def test_copy_of_a_dead_task_is_failed_and_may_be_tried_again(world: World) -> None:
    world.make_record("target")
    world.run("$World.options.task = 'hang'")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    told = world.result("get_copy", {"number": 1}, wait_seconds=1)
    assert (told.state, told.files[0].job_state) == ("Starting", "Queued")
    world.run("$World.tasks.Values | ForEach-Object { $_.State = 'Ready' }")
    told = world.result("get_copy", {"number": 1}, wait_seconds=30)
    assert (told.state, told.error.id, told.error.retryable) == ("Failed", "HostFailed", True)
    world.run("$World.options.task = 'run'")
    assert start_copy(world, [world.copy_file("a.vhdx")], number=2).ok
    assert world.result("get_copy", {"number": 2}).state == "Done"


def test_stop_work_ends_what_a_killed_task_left(world: World) -> None:
    world.make_record("target")
    world.run("$World.options.task = 'hang'")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    task = f"qsm-{world.migration_id}-copy-1"
    request = f"Get-QsmWorkRequest -MigrationId '{world.migration_id}' -Kind copy -Number 1"
    world.run(f"Start-QsmCopyJob -MigrationId '{world.migration_id}' -Number 1 -File ({request}).files")
    world.run("$World.tasks.Values | ForEach-Object { $_.State = 'Ready' }; $World.options.task = 'run'")
    assert world.result("stop_work").stopped == (task, f"{task}-0")
    assert world.run("$World.tasks.Keys; $World.jobs") == []
    assert world.result("get_copy", {"number": 1}).state == "Stopped"
    assert world.result("stop_work", subject="again").stopped == ()


def test_jobs_that_outlived_the_end_of_their_copy_are_ended_too(world: World) -> None:
    world.make_record("target")
    world.run("$World.options.bitsError = 0x8020001D; $World.fail['Remove-BitsTransfer'] = 0x80070005")
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    assert world.result("get_copy", {"number": 1}).state == "Failed"
    job = f"qsm-{world.migration_id}-copy-1-0"
    assert world.run("$World.jobs.DisplayName") == [job]
    world.run("$World.fail.Clear()")
    assert world.result("stop_work").stopped == (job,)
    assert world.run("$World.tasks.Keys; $World.jobs") == []


def test_jobs_that_outlived_their_task_are_gone_on_with(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    file_object = f"$f = [PSCustomObject]@{{ source = '{file['source']}'; destination = '{file['destination']}' }}"
    world.run(
        f"{file_object};"
        f"Start-QsmCopyJob -MigrationId '{world.migration_id}' -Number 3 -File $f;"
        f"Start-QsmCopyJob -MigrationId '{world.migration_id}' -Number 4 -File $f"
    )
    assert world.run("$World.jobs.DisplayName") == [f"qsm-{world.migration_id}-copy-4-0"]
    before = world.value("[string]$World.jobs[0].JobId")
    world.run(f"{file_object}; Start-QsmCopyJob -MigrationId '{world.migration_id}' -Number 4 -File $f")
    assert world.value("[string]$World.jobs[0].JobId") == before


def test_the_real_task_copies_in_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {"SystemDrive": "C:", "QSM_PWSH": require_engine()}
    host = EngineHost(tmp_path / "HV02", name="HV02", standins=(HYPERV_STANDINS,), environment=environment)
    try:
        session = host.session(host.put_module())
        session.run("Import-Module WindowsHost -Global")
        world = World(session)
        world.make_record("target")
        world.run("$World.options.task = 'process'")
        file = world.copy_file("a.vhdx")
        assert start_copy(world, [file]).ok

        def ended() -> Any:
            told = world.result("get_copy", {"number": 1}, wait_seconds=10)
            return told if told.state not in ("Starting", "Running") else None

        told = wait_until(ended, what="the end of the copy")
        assert (told.state, told.error) == ("Done", None)
        assert world.path(file["destination"]).read_bytes() == b"x" * 4096
    finally:
        host.close()


def test_unknown_copy_is_a_bad_argument(world: World) -> None:
    world.make_record("target")
    world.refuses("InvalidArgument", "get_copy", {"number": 9})
    world.refuses("InvalidArgument", "get_merge", {"number": 9})
