"""Copies by the SYSTEM task: whole or failed, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from levers import MEBIBYTE
from test_dispatcher import put_attempt
from world import RESERVE, World, start_copy

from lab.host.faults import FaultMoment
from lab.platform.identity import SYSTEM


def test_copy_comes_whole_and_leaves_nothing_behind(world: World) -> None:
    world.make_record("target")
    files = [world.copy_file("a.vhdx"), world.copy_file("b.vhdx", content=b"y" * 100)]
    started = start_copy(world, files)
    assert started.ok, started.error
    assert started.result.task_name == f"qsm-{world.migration_id}-copy-1"
    told = world.ended("get_copy", 1)
    assert (told.state, told.error) == ("Done", None)
    assert [(f.job_state, f.bytes_transferred) for f in told.files] == [("Verified", 4096), ("Verified", 100)]
    assert told.volume.root == "D:\\"
    assert world.path(files[0]["destination"]).read_bytes() == b"x" * 4096
    assert (world.tasks(), world.jobs()) == ([], [])
    assert start_copy(world, files).repeated


def test_copy_is_refused_without_space_or_onto_foreign_files(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    world.set_free(500 << 30)
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
    assert world.tasks() == []


def test_a_file_of_an_earlier_copy_is_not_in_the_way(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    assert start_copy(world, [file]).ok
    assert world.ended("get_copy", 1).state == "Done"
    assert start_copy(world, [file], number=2).ok
    assert world.ended("get_copy", 2).state == "Done"


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
    with world.hanging("Start-BitsTransfer", FaultMoment.AFTER) as begun:
        assert start_copy(world, [file]).ok
        begun()
        world.path(file["destination"]).write_bytes(b"theirs")
    told = world.ended("get_copy", 1)
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
    assert world.tasks() == []


def test_copy_at_work_is_not_broken_off_for_another(world: World) -> None:
    world.make_record("target")
    world.tasks_hang()
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    other = {"number": 1, "files": [world.copy_file("b.vhdx")], "reserve_bytes": 0}
    answer = world.refuses("Busy", "start_copy", other, subject="other")
    assert answer.error is not None
    assert answer.error.retryable


def access_lost(world: World, *files: dict[str, Any]) -> None:
    for file in files:
        world.hosts.peer.acl.revoke(world.source_of(file), "LAB\\HV01$")


def source_altered(world: World, *files: dict[str, Any]) -> None:
    for file in files:
        world.hosts.peer.files.write_bytes(world.source_of(file), b"not what was told")


def jobs_gone(world: World) -> None:
    for job in world.jobs():
        world.platform.bits.remove_bits_transfer(job.job_id, caller=SYSTEM)


def failed(world: World, error_id: str, *, retryable: bool) -> None:
    """The copy failed, and its jobs are gone."""
    told = world.ended("get_copy", 1)
    assert told.state == "Failed"
    assert (told.error.id, told.error.category, told.error.retryable) == (error_id, "failed", retryable)
    assert world.jobs() == []


@pytest.mark.parametrize(
    ("trouble", "error_id", "retryable"),
    [
        (lambda world, *_: world.platform.links.cut("HV01", "HV02"), "CopyFailed", True),
        (access_lost, "CopyFailed", False),
        (source_altered, "CopyAltered", False),
        (lambda world, *_: world.fail("Start-BitsTransfer", 0x80070043), "CopyFailed", True),
    ],
    ids=["network down", "access lost", "source altered", "no job made"],
)
def test_copy_that_fails_ends_its_jobs(
    world: World, trouble: Callable[..., object], error_id: str, retryable: bool
) -> None:
    world.make_record("target")
    files = [world.copy_file("a.vhdx"), world.copy_file("b.vhdx")]
    trouble(world, *files)
    assert start_copy(world, files).ok
    failed(world, error_id, retryable=retryable)


@pytest.mark.parametrize(
    ("trouble", "error_id"),
    [(lambda world: world.set_free(RESERVE - MEBIBYTE), "NoSpace"), (jobs_gone, "CopyFailed")],
    ids=["reserve used", "jobs gone"],
)
def test_copy_that_is_disturbed_ends_its_jobs(world: World, trouble: Callable[[World], object], error_id: str) -> None:
    world.make_record("target")
    with world.hanging("Start-BitsTransfer", skip=1) as begun:
        assert start_copy(world, [world.copy_file("a.vhdx"), world.copy_file("b.vhdx")]).ok
        begun()
        trouble(world)
    failed(world, error_id, retryable=False)


@pytest.mark.parametrize("cmdlet", ["Register-ScheduledTask", "Start-ScheduledTask"])
def test_host_that_runs_no_task_as_system_copies_nothing(world: World, cmdlet: str) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    world.fail(cmdlet, 0x80070005)
    answer = start_copy(world, [file])
    assert answer.error is not None
    assert (answer.error.id, answer.error.category, answer.error.hresult) == ("AccessDenied", "failed", 0x80070005)
    assert not world.path(file["destination"]).exists()
    assert world.result("stop_work").stopped in ((), (f"qsm-{world.migration_id}-copy-1",))
    assert (world.tasks(), world.jobs()) == ([], [])


def test_copy_of_a_dead_task_is_failed_and_may_be_tried_again(world: World) -> None:
    world.make_record("target")
    world.tasks_hang()
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    told = world.result("get_copy", {"number": 1}, wait_seconds=1)
    assert (told.state, told.files[0].job_state) == ("Starting", "Queued")
    world.end_tasks()
    told = world.result("get_copy", {"number": 1}, wait_seconds=30)
    assert (told.state, told.error.id, told.error.retryable) == ("Failed", "HostFailed", True)
    world.tasks_work()
    assert start_copy(world, [world.copy_file("a.vhdx")], number=2).ok
    assert world.ended("get_copy", 2).state == "Done"


def test_stop_work_ends_what_a_killed_task_left(world: World) -> None:
    world.make_record("target")
    world.tasks_hang()
    assert start_copy(world, [world.copy_file("a.vhdx")]).ok
    task = f"qsm-{world.migration_id}-copy-1"
    request = f"Get-QsmWorkRequest -MigrationId '{world.migration_id}' -Kind copy -Number 1"
    world.run_as_system(f"Start-QsmCopyJob -MigrationId '{world.migration_id}' -Number 1 -File ({request}).files")
    world.end_tasks()
    world.tasks_work()
    assert world.result("stop_work").stopped == (task, f"{task}-0")
    assert (world.tasks(), world.jobs()) == ([], [])
    assert world.ended("get_copy", 1).state == "Stopped"
    assert world.result("stop_work", subject="again").stopped == ()


def test_jobs_that_outlived_the_end_of_their_copy_are_ended_too(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    access_lost(world, file)
    world.fail("Remove-BitsTransfer", 0x80070005)
    assert start_copy(world, [file]).ok
    assert world.ended("get_copy", 1).state == "Failed"
    job = f"qsm-{world.migration_id}-copy-1-0"
    assert [each.display_name for each in world.jobs()] == [job]
    world.mend()
    assert world.result("stop_work").stopped == (job,)
    assert (world.tasks(), world.jobs()) == ([], [])


def test_jobs_that_outlived_their_task_are_gone_on_with(world: World) -> None:
    world.make_record("target")
    file = world.copy_file("a.vhdx")
    world.path(world.folder).mkdir(parents=True)
    file_object = f"$f = [PSCustomObject]@{{ source = '{file['source']}'; destination = '{file['destination']}' }}"
    start = "Start-QsmCopyJob -MigrationId $migration -File $f -Number"
    world.run_as_system(f"{file_object}; {start} 3; {start} 4")
    (before,) = world.jobs()
    assert before.display_name == f"qsm-{world.migration_id}-copy-4-0"
    world.run_as_system(f"{file_object}; {start} 4")
    (after,) = world.jobs()
    assert after.job_id == before.job_id


def test_unknown_copy_is_a_bad_argument(world: World) -> None:
    world.make_record("target")
    world.refuses("InvalidArgument", "get_copy", {"number": 9})
    world.refuses("InvalidArgument", "get_merge", {"number": 9})
