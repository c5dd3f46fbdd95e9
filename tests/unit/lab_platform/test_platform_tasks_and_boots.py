"""Scheduled tasks, boots, faults, and a real power loss in the middle of a copy."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from platform_helpers import MEGABYTE, TwoHosts, create_host, refused
from waiting import wait_until

from lab.platform import errors
from lab.platform.accounts import WindowsFacts
from lab.platform.bits import JobState
from lab.platform.errors import PlatformError
from lab.platform.hooks import Moment
from lab.platform.identity import SYSTEM, Identity
from lab.platform.platform import Platform
from lab.platform.tasks import (
    TASK_HAS_NOT_RUN,
    TASK_RUNNING,
    TASK_TERMINATED,
    ScheduledTask,
    TaskProcess,
    TaskState,
    ThreadProcess,
)

FOLDER = "\\QuickStorageMigration\\"


@dataclass
class Runner:
    """Runs ``exit N`` at once, and ``wait`` until it is let go (0) or stopped (7)."""

    let_go: threading.Event = field(default_factory=threading.Event)
    ran: list[tuple[str, Identity]] = field(default_factory=list)

    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        if command_line == "missing.exe":
            raise PlatformError(errors.FILE_NOT_FOUND, "The system cannot find the file specified.")
        self.ran.append((command_line, identity))
        return ThreadProcess(lambda stopping: self._body(command_line, stopping), name=command_line)

    def _body(self, command_line: str, stopping: threading.Event) -> int:
        if command_line.startswith("exit"):
            return int(command_line.split()[1])
        while not self.let_go.wait(0.01):
            if stopping.is_set():
                return 7
        return 0


@pytest.fixture
def runner() -> Runner:
    return Runner()


def task_of(host: Platform, name: str) -> ScheduledTask:
    (task,) = host.tasks.get_scheduled_task(name, path=FOLDER)
    return task


def test_a_task_runs_as_system_and_keeps_its_result(host: Platform, runner: Runner) -> None:
    host.tasks.runner = runner
    made = host.tasks.register_scheduled_task("qsm-1", path="\\QuickStorageMigration", command_line="exit 3")
    assert (made.path, made.state, made.last_task_result, made.last_run_ticks) == (
        FOLDER,
        TaskState.READY,
        TASK_HAS_NOT_RUN,
        0,
    )
    host.tasks.start_scheduled_task("QSM-1", path=FOLDER)
    wait_until(lambda: task_of(host, "qsm-1").last_task_result == 3, what=lambda: str(task_of(host, "qsm-1")))
    assert task_of(host, "qsm-1").state is TaskState.READY
    assert runner.ran == [("exit 3", SYSTEM)]
    with refused(errors.ALREADY_EXISTS):
        host.tasks.register_scheduled_task("QSM-1", path=FOLDER, command_line="exit 0")
    with refused(errors.ACCOUNT_NOT_MAPPED):
        host.tasks.register_scheduled_task("x", path=FOLDER, command_line="exit 0", principal=r"LAB\Somebody")
    host.tasks.unregister_scheduled_task("qsm-1", path=FOLDER)
    assert host.tasks.get_scheduled_task() == ()
    for gone in (
        host.tasks.start_scheduled_task,
        host.tasks.stop_scheduled_task,
        host.tasks.unregister_scheduled_task,
    ):
        with refused(errors.FILE_NOT_FOUND):
            gone("qsm-1", path=FOLDER)


def test_a_running_task_is_not_started_twice_and_can_be_stopped(host: Platform, runner: Runner) -> None:
    host.tasks.runner = runner
    host.tasks.register_scheduled_task("long", path=FOLDER, command_line="wait")
    host.tasks.start_scheduled_task("long", path=FOLDER)
    host.tasks.start_scheduled_task("long", path=FOLDER)
    assert len(runner.ran) == 1
    assert (task_of(host, "long").state, task_of(host, "long").last_task_result) == (TaskState.RUNNING, TASK_RUNNING)
    host.tasks.stop_scheduled_task("long", path=FOLDER)
    assert (task_of(host, "long").state, task_of(host, "long").last_task_result) == (TaskState.READY, TASK_TERMINATED)
    host.tasks.stop_scheduled_task("long", path=FOLDER)


def test_unregistering_does_not_end_the_run(host: Platform, runner: Runner) -> None:
    host.tasks.runner = runner
    host.tasks.register_scheduled_task("long", path=FOLDER, command_line="wait")
    host.tasks.start_scheduled_task("long", path=FOLDER)
    host.tasks.unregister_scheduled_task("long", path=FOLDER)
    ended = [thread for thread in threading.enumerate() if thread.name == "wait"]
    assert len(ended) == 1
    runner.let_go.set()
    wait_until(lambda: not ended[0].is_alive(), what=lambda: "the end of the run")
    assert host.tasks.get_scheduled_task() == ()


def test_an_action_that_cannot_start_shows_in_the_result(host: Platform, runner: Runner) -> None:
    host.tasks.runner = runner
    host.tasks.register_scheduled_task("bad", path=FOLDER, command_line="missing.exe")
    host.tasks.start_scheduled_task("bad", path=FOLDER)
    assert (task_of(host, "bad").state, task_of(host, "bad").last_task_result) == (
        TaskState.READY,
        errors.FILE_NOT_FOUND,
    )


def test_a_body_that_raises_ends_like_a_process_that_crashed(capfd: pytest.CaptureFixture[str]) -> None:
    def crash(stopping: threading.Event) -> int:
        raise RuntimeError("out of order")

    assert ThreadProcess(crash, name="crash").wait() == 1
    assert "RuntimeError: out of order" in capfd.readouterr().err


def test_a_boot_finds_tasks_registered_but_not_running(tmp_path: Path, runner: Runner) -> None:
    host = create_host(tmp_path, "HV1")
    host.tasks.runner = runner
    host.tasks.register_scheduled_task("long", path=FOLDER, command_line="wait")
    host.tasks.start_scheduled_task("long", path=FOLDER)
    again = Platform(host.host_folder, lab_folder=tmp_path)
    again.boot()
    assert (task_of(again, "long").state, task_of(again, "long").last_task_result) == (
        TaskState.READY,
        TASK_TERMINATED,
    )
    again.shutdown()
    runner.let_go.set()


def test_each_boot_has_a_later_boot_time_and_keeps_the_port(lab: TwoHosts) -> None:
    clock_ahead = 640_000_000_000_000_000
    boot_file = lab.folder / "HV1" / "platform" / "boot.json"
    first, entry = lab.hv1.accounts.boot_time_ticks, lab.hv1.directory.find("HV1")
    lab.hv1.shutdown()
    lab.hv1 = lab.new("HV1")
    lab.hv1.boot()
    assert lab.hv1.accounts.boot_time_ticks > first
    boot_file.write_text(f'{{"boot_time_ticks": {clock_ahead}}}')
    lab.hv1.shutdown()
    lab.hv1.boot()
    assert lab.hv1.accounts.boot_time_ticks > clock_ahead
    assert lab.hv2.directory.find("hv1") == entry
    assert {each.name for each in lab.hv2.directory.all()} == {"HV1", "HV2"}
    assert lab.hv2.directory.find("127.0.0.1") is None  # both hosts have it
    with pytest.raises(FileExistsError):
        Platform.create(lab.folder / "HV1", settings=WindowsFacts(computer_name="HV1"), volumes={})


@dataclass
class RecordingFaults:
    """Faults that write down where they were asked, and fail where told."""

    asked: list[tuple[str, Moment]] = field(default_factory=list)
    fail_at: tuple[str, Moment] | None = None

    def at(self, cmdlet_name: str, moment: Moment) -> None:
        self.asked.append((cmdlet_name, moment))
        if (cmdlet_name, moment) == self.fail_at:
            raise PlatformError(errors.ACCESS_DENIED, "a fault")


def test_every_changing_cmdlet_asks_the_faults_before_and_after(lab: TwoHosts) -> None:
    source = lab.share_file("x", b"data")
    lab.hv2.shutdown()
    faults = RecordingFaults()
    lab.hv2 = Platform(lab.folder / "HV2", lab_folder=lab.folder, faults=faults, task_runner=Runner())
    lab.hv2.boot()
    job_id = lab.start(source, r"D:\Copy\x")
    lab.wait_for(job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    lab.hv2.files.rename(r"D:\Copy\x", r"D:\Copy\y")
    lab.hv2.acl.grant(r"D:\Copy\y", "Everyone", "Read")
    lab.hv2.acl.revoke(r"D:\Copy\y", "Everyone")
    lab.hv2.shares.new_smb_share("s$", r"D:\Copy")
    lab.hv2.shares.remove_smb_share("s$")
    lab.hv2.tasks.register_scheduled_task("t", path=FOLDER, command_line="exit 0")
    lab.hv2.tasks.start_scheduled_task("t", path=FOLDER)
    names = [
        "New-Item",
        "Start-BitsTransfer",
        "Complete-BitsTransfer",
        "Move-Item",
        "Set-Acl",
        "Set-Acl",
        "New-SmbShare",
        "Remove-SmbShare",
        "Register-ScheduledTask",
        "Start-ScheduledTask",
    ]
    assert faults.asked == [(name, moment) for name in names for moment in ("before", "after")]


@pytest.mark.parametrize(("moment", "there"), [("before", False), ("after", True)])
def test_a_fault_acts_on_its_side_of_the_change(tmp_path: Path, moment: Moment, there: bool) -> None:
    host = create_host(tmp_path, "HV1")
    faulty = Platform(host.host_folder, lab_folder=tmp_path, faults=RecordingFaults(fail_at=("Rename-Item", moment)))
    with refused(errors.ACCESS_DENIED, match="a fault"):
        faulty.files.create_new(r"D:\lock.json", b"{}")
    assert host.files.exists(r"D:\lock.json") is there


def test_a_job_goes_on_after_a_real_power_loss(lab: TwoHosts) -> None:
    data = os.urandom(6 * MEGABYTE)
    source = lab.share_file("base.vhdx", data)
    lab.hv2.shutdown()
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=2 * MEGABYTE)
    program = (
        "import sys, time; from pathlib import Path\n"
        "from lab.platform.platform import Platform; from lab.platform.identity import SYSTEM\n"
        "lab = Path(sys.argv[1]); host = Platform(lab / 'HV2', lab_folder=lab); host.boot()\n"
        "host.files.make_folder('D:/Copy')\n"
        "host.bits.start_bits_transfer(sys.argv[2], 'D:/Copy/base.vhdx', caller=SYSTEM, asynchronous=True)\n"
        "while host.bits.get_bits_transfer(caller=SYSTEM)[0].bytes_transferred < 2 << 20: time.sleep(0.01)\n"
        "print('enough', flush=True); time.sleep(600)\n"
    )
    arguments = [sys.executable, "-c", program, lab.folder, source]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"enough\n"
        process.kill()
    lab.hv2 = lab.new("HV2")
    lab.hv2.boot()
    (job,) = lab.hv2.bits.get_bits_transfer(caller=SYSTEM)
    assert job.bytes_transferred > MEGABYTE
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=None)
    lab.wait_for(job.job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job.job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data
