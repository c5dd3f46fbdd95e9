"""BITS between two hosts: every state it can be in, and what it leaves on the disk."""

from __future__ import annotations

import os
import time

import pytest
from platform_helpers import HV2_ACCOUNT, TwoHosts
from waiting import wait_until

from lab.platform import errors
from lab.platform.acl import Right
from lab.platform.bits import SIZE_UNKNOWN, JobState, Priority
from lab.platform.errors import PlatformError
from lab.platform.identity import SYSTEM, Identity, LogonKind
from lab.platform.open_files import Access
from lab.platform.platform import Platform

MEGABYTE = 1 << 20
ADMINISTRATOR = Identity(r"LAB\Administrator", LogonKind.NETWORK, administrator=True)
SLOW = 2 * MEGABYTE
LEAF = Access.READ | Access.WRITE


def temporary_files(host: Platform) -> list[str]:
    return [info.path for info in host.files.list(r"D:\Copy") if info.hidden]


def test_copies_all_bytes_and_the_time_and_names_the_file_only_at_the_end(lab: TwoHosts) -> None:
    data = os.urandom(20 * MEGABYTE + 12345)
    source = lab.share_file("base.vhdx", data)
    lab.hv1.files.set_last_write_ticks(r"D:\VMs\base.vhdx", 638_000_000_001_234_567)
    job_id = lab.start(source)
    job = lab.wait_for(job_id, JobState.TRANSFERRED)
    assert (job.bytes_total, job.bytes_transferred, job.files_transferred) == (len(data), len(data), 1)
    assert not lab.hv2.files.exists(r"D:\Copy\base.vhdx")
    assert len(temporary_files(lab.hv2)) == 1

    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data
    assert lab.hv2.files.facts(r"D:\Copy\base.vhdx").last_write_ticks == 638_000_000_001_234_567
    assert temporary_files(lab.hv2) == []
    assert lab.hv2.bits.get_bits_transfer(caller=SYSTEM) == ()


def test_a_synchronous_transfer_returns_with_the_file_in_place(lab: TwoHosts) -> None:
    source = lab.share_file("small.bin", b"abc")
    lab.hv2.files.make_folder(r"D:\Copy")
    assert lab.hv2.bits.start_bits_transfer(source, r"D:\Copy\small.bin", caller=SYSTEM) is None
    assert lab.hv2.files.read_bytes(r"D:\Copy\small.bin") == b"abc"


def test_a_network_logon_may_not_start_a_job(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", b"x")
    lab.hv2.files.make_folder(r"D:\Copy")
    with pytest.raises(PlatformError) as caught:
        lab.hv2.bits.start_bits_transfer(source, r"D:\Copy\x", caller=ADMINISTRATOR, asynchronous=True)
    assert caught.value.hresult == errors.NOT_LOGGED_ON
    assert lab.hv2.bits.get_bits_transfer(caller=ADMINISTRATOR, all_users=True) == ()


def test_an_administrator_sees_jobs_of_system_and_may_not_change_them(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", b"x")
    job_id = lab.start(source)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    assert lab.hv2.bits.get_bits_transfer(caller=ADMINISTRATOR) == ()
    assert [job.job_id for job in lab.hv2.bits.get_bits_transfer(caller=ADMINISTRATOR, all_users=True)] == [job_id]
    with pytest.raises(PlatformError) as caught:
        lab.hv2.bits.remove_bits_transfer(job_id, caller=ADMINISTRATOR)
    assert caught.value.hresult == errors.ACCESS_DENIED
    filtered = Identity(r"LAB\Somebody", LogonKind.NETWORK, administrator=False)
    with pytest.raises(PlatformError):
        lab.hv2.bits.get_bits_transfer(caller=filtered, all_users=True)


def test_space_is_taken_from_the_start_and_given_back_by_remove(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", os.urandom(8 * MEGABYTE))
    lab.hv2.files.make_folder(r"D:\Copy")
    free = lab.hv2.files.volumes.of("D:\\", fresh=True).free_bytes
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: 0 < lab.job(job_id).bytes_transferred < 4 * MEGABYTE, what=lambda: str(lab.job(job_id)))
    assert lab.hv2.files.volumes.of("D:\\", fresh=True).free_bytes == free - 8 * MEGABYTE
    lab.hv2.bits.remove_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.volumes.of("D:\\", fresh=True).free_bytes == free
    assert lab.hv2.bits.get_bits_transfer(caller=SYSTEM) == ()


def test_a_full_volume_is_an_error_at_once(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", bytes(4 * MEGABYTE))
    lab.hv2.files.volumes.set_free("D:\\", 4 * MEGABYTE - 4096)
    job = lab.wait_for(lab.start(source), JobState.ERROR)
    assert job.error_hresult == errors.DISK_FULL
    lab.hv2.files.volumes.set_free("D:\\", 4 * MEGABYTE)
    lab.hv2.bits.resume_bits_transfer(job.job_id, caller=SYSTEM)
    lab.wait_for(job.job_id, JobState.TRANSFERRED, JobState.ERROR)
    wait_until(lambda: lab.job(job.job_id).state is JobState.TRANSFERRED, what=lambda: str(lab.job(job.job_id)))


def test_of_many_jobs_only_one_takes_the_last_space(lab: TwoHosts) -> None:
    source = lab.share_file("a.vhdx", bytes(4 * MEGABYTE))
    lab.hv2.files.make_folder(r"D:\Copy\many")  # so that counting takes a while after it has seen the temporary files
    folder = lab.hv2.files.host_path(r"D:\Copy\many")
    for number in range(1500):
        (folder / str(number)).touch()
    lab.hv2.files.volumes.set_free("D:\\", 7 * MEGABYTE)
    jobs = [lab.start(source, rf"D:\Copy\{number}") for number in range(8)]
    states = sorted(lab.wait_for(job, JobState.TRANSFERRED, JobState.ERROR).state for job in jobs)
    assert states == [JobState.ERROR] * 7 + [JobState.TRANSFERRED]


def test_a_cut_link_is_transient_and_the_job_goes_on_where_it_stopped(lab: TwoHosts) -> None:
    data = os.urandom(6 * MEGABYTE)
    source = lab.share_file("base.vhdx", data)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > MEGABYTE, what=lambda: str(lab.job(job_id)))
    lab.hv1.links.cut("HV1", "HV2")
    job = lab.wait_for(job_id, JobState.TRANSIENT_ERROR)
    assert job.error_hresult in (errors.NETWORK_NAME_DELETED, errors.BAD_NETWORK_PATH)
    kept = job.bytes_transferred
    assert kept > MEGABYTE
    lab.hv1.links.restore("HV1", "HV2")
    lab.wait_for(job_id, JobState.TRANSFERRING)
    assert lab.job(job_id).bytes_transferred >= kept
    lab.hv1.links.set_rate("HV1", "HV2", bytes_per_second=None)
    assert lab.wait_for(job_id, JobState.TRANSFERRED).error_hresult is None
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data


@pytest.mark.parametrize("trouble", ["stall", "reset"])
def test_a_stall_and_a_reset_are_transient(lab: TwoHosts, trouble: str) -> None:
    data = os.urandom(6 * MEGABYTE)
    source = lab.share_file("base.vhdx", data)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 0, what=lambda: str(lab.job(job_id)))
    getattr(lab.hv1.links, trouble)("HV1", "HV2")
    job = lab.wait_for(job_id, JobState.TRANSIENT_ERROR)
    assert job.error_hresult == {"stall": errors.TIMED_OUT, "reset": errors.NETWORK_NAME_DELETED}[trouble]
    lab.hv1.links.restore("HV1", "HV2")
    lab.hv1.links.set_rate("HV1", "HV2", bytes_per_second=None)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data


def test_a_source_that_rebooted_has_no_share_and_the_job_waits_for_it(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", os.urandom(4 * MEGABYTE))
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 0, what=lambda: str(lab.job(job_id)))
    lab.hv1.shutdown()
    lab.hv1 = lab.new("HV1")
    lab.hv1.boot()
    wait_until(lambda: lab.job(job_id).error_hresult == errors.BAD_NETWORK_NAME, what=lambda: str(lab.job(job_id)))
    assert lab.job(job_id).state is JobState.TRANSIENT_ERROR
    lab.hv1.shares.new_smb_share("vms$", r"D:\VMs", read_access=(HV2_ACCOUNT,), temporary=True)
    lab.wait_for(job_id, JobState.TRANSFERRED)


def test_transient_errors_become_an_error_after_the_retry_timeout(lab: TwoHosts) -> None:
    lab.share_file("base.vhdx", b"x")
    lab.hv2.files.make_folder(r"D:\Copy")
    job = lab.hv2.bits.start_bits_transfer(
        r"\\HV1\gone$\base.vhdx",
        r"D:\Copy\base.vhdx",
        caller=SYSTEM,
        asynchronous=True,
        retry_interval_seconds=60,
        retry_timeout_seconds=180,
    )
    assert job is not None and job.bytes_total == SIZE_UNKNOWN
    started = time.monotonic()
    assert lab.wait_for(job.job_id, JobState.ERROR).error_hresult == errors.BAD_NETWORK_NAME
    assert time.monotonic() - started >= 180 * 0.005


def test_a_source_altered_during_the_transfer_is_fetched_anew(lab: TwoHosts) -> None:
    first, second = os.urandom(6 * MEGABYTE), os.urandom(6 * MEGABYTE)
    source = lab.share_file("base.vhdx", first)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=2 * SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 2 * MEGABYTE, what=lambda: str(lab.job(job_id)))
    lab.hv1.files.write_bytes(r"D:\VMs\base.vhdx", second)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=None)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == second


def test_a_source_that_shrinks_while_it_is_sent_is_fetched_anew(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", os.urandom(8 * MEGABYTE))
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=2 * SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 0, what=lambda: str(lab.job(job_id)))
    short = os.urandom(MEGABYTE)
    lab.hv1.files.write_bytes(r"D:\VMs\base.vhdx", short)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=None)
    wait_until(lambda: lab.job(job_id).state is JobState.TRANSFERRED, what=lambda: str(lab.job(job_id)))
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == short


@pytest.mark.parametrize(
    ("trouble", "hresult"),
    [
        ("no grant on the file", errors.ACCESS_DENIED),
        ("no grant on the share", errors.ACCESS_DENIED),
        ("no file", errors.FILE_NOT_FOUND),
        ("held by a VM", errors.SHARING_VIOLATION),
        ("workgroup", errors.ACCESS_DENIED),
    ],
)
def test_what_does_not_pass_by_itself_is_an_error(lab: TwoHosts, trouble: str, hresult: int) -> None:
    source = lab.share_file("base.vhdx", b"x")
    if trouble == "no grant on the file":
        assert lab.hv1.acl.revoke(r"D:\VMs\base.vhdx", HV2_ACCOUNT)
    if trouble == "no grant on the share":
        lab.hv1.shares.revoke_smb_share_access("vms$", HV2_ACCOUNT)
    if trouble == "no file":
        lab.hv1.files.remove_file(r"D:\VMs\base.vhdx")
    if trouble == "held by a VM":
        lab.hv1.open_files.open(r"d:\vms\BASE.vhdx", access=LEAF, share=Access.NONE, holder="VM Web")
    if trouble == "workgroup":
        lab.hv2.accounts.change(domain=None)
    assert lab.wait_for(lab.start(source), JobState.ERROR).error_hresult == hresult


def test_a_job_survives_a_power_loss_and_goes_on(lab: TwoHosts) -> None:
    data = os.urandom(6 * MEGABYTE)
    source = lab.share_file("base.vhdx", data)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 2 * MEGABYTE, what=lambda: str(lab.job(job_id)))
    lab.hv2.shutdown()
    lab.hv2 = lab.new("HV2")
    assert lab.hv2.bits.get_bits_transfer(caller=SYSTEM) == ()
    lab.hv2.boot()
    assert lab.job(job_id).bytes_transferred > MEGABYTE
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=None)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data


def test_suspend_stops_and_resume_goes_on(lab: TwoHosts) -> None:
    data = os.urandom(4 * MEGABYTE)
    source = lab.share_file("base.vhdx", data)
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job_id = lab.start(source)
    wait_until(lambda: lab.job(job_id).bytes_transferred > 0, what=lambda: str(lab.job(job_id)))
    suspended = lab.hv2.bits.suspend_bits_transfer(job_id, caller=SYSTEM)
    assert suspended.state is JobState.SUSPENDED
    assert lab.job(job_id).bytes_transferred == suspended.bytes_transferred
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=None)
    lab.hv2.bits.resume_bits_transfer(job_id, caller=SYSTEM)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == data


def test_background_jobs_run_one_after_the_other(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", os.urandom(MEGABYTE))
    lab.hv2.files.make_folder(r"D:\Copy")
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    jobs = [
        lab.hv2.bits.start_bits_transfer(
            source, rf"D:\Copy\{priority}", caller=SYSTEM, asynchronous=True, priority=priority, suspended=True
        )
        for priority in (Priority.LOW, Priority.HIGH)
    ]
    low, high = (job.job_id for job in jobs if job is not None)
    for job_id in (high, low):
        lab.hv2.bits.resume_bits_transfer(job_id, caller=SYSTEM)
    lab.wait_for(high, JobState.TRANSFERRING)
    assert lab.job(low).state is JobState.QUEUED
    lab.wait_for(high, JobState.TRANSFERRED)
    lab.wait_for(low, JobState.TRANSFERRED)


def test_a_partial_complete_keeps_whole_files_only(lab: TwoHosts) -> None:
    small, large = lab.share_file("small", b"whole"), lab.share_file("large", os.urandom(4 * MEGABYTE))
    lab.hv2.files.make_folder(r"D:\Copy")
    lab.hv2.links.set_rate("HV1", "HV2", bytes_per_second=SLOW)
    job = lab.hv2.bits.start_bits_transfer(
        (small, large), (r"D:\Copy\small", r"D:\Copy\large"), caller=SYSTEM, asynchronous=True
    )
    assert job is not None
    wait_until(lambda: lab.job(job.job_id).files[1].bytes_transferred > 0, what=lambda: str(lab.job(job.job_id)))
    lab.hv2.bits.complete_bits_transfer(job.job_id, caller=SYSTEM)
    assert [info.path for info in lab.hv2.files.list(r"D:\Copy")] == [r"D:\Copy\small"]


def test_the_rate_of_the_link_holds_for_all_jobs_together(lab: TwoHosts) -> None:
    rate = 20 * MEGABYTE
    sources = [lab.share_file(f"{number}", bytes(10 * MEGABYTE)) for number in range(2)]
    lab.hv2.files.make_folder(r"D:\Copy")
    lab.hv2.links.set_rate("hv2", "hv1", bytes_per_second=rate)
    started = time.monotonic()
    jobs = [lab.start(source, rf"D:\Copy\{number}") for number, source in enumerate(sources)]
    for job_id in jobs:
        lab.wait_for(job_id, JobState.TRANSFERRED)
    seconds = time.monotonic() - started
    assert seconds >= 0.85


def test_throughput_without_a_limit(lab: TwoHosts) -> None:
    size = 128 * MEGABYTE
    source = lab.share_file("large", b"")
    with lab.hv1.files.host_path(r"D:\VMs\large").open("wb") as file:
        for _ in range(size // MEGABYTE):
            file.write(os.urandom(MEGABYTE))
    started = time.process_time()
    lab.wait_for(lab.start(source), JobState.TRANSFERRED)
    rate = size / (time.process_time() - started)
    print(f"{rate / 1e6:.0f} MB/s")
    lab.hv1.files.remove_file(r"D:\VMs\large")
    assert rate > 60e6, f"{rate / 1e6:.0f} MB for each second of the processor"


def test_what_cannot_be_a_job(lab: TwoHosts) -> None:
    lab.hv2.files.make_folder(r"D:\Copy")
    source = r"\\HV1\vms$\x"
    cases: list[tuple[str, str, int, int]] = [
        (r"D:\VMs\x", r"D:\Copy\x", 60, errors.INVALID_NAME),
        (source, r"Copy\x", 60, errors.INVALID_NAME),
        (source, r"D:\Copy" + "\\" + "x" * 260, 60, errors.INVALID_NAME),
        (source, r"D:\Missing\x", 60, errors.PATH_NOT_FOUND),
        (source, r"E:\x", 60, errors.PATH_NOT_FOUND),
        (source, r"D:\Copy\x", 59, errors.INVALID_PARAMETER),
    ]
    for remote, local, interval, hresult in cases:
        with pytest.raises(PlatformError) as caught:
            lab.hv2.bits.start_bits_transfer(
                remote, local, caller=SYSTEM, asynchronous=True, retry_interval_seconds=interval
            )
        assert caught.value.hresult == hresult, (remote, local)
    lab.hv2.accounts.change(bits_start_mode="Disabled")
    with pytest.raises(PlatformError) as caught:
        lab.hv2.bits.get_bits_transfer(caller=SYSTEM)
    assert caught.value.hresult == errors.SERVICE_DISABLED


def test_source_with_brackets_is_a_pattern_that_finds_nothing(lab: TwoHosts) -> None:
    """ "Start-BitsTransfer", -Source: accepts wildcard characters."""
    lab.hv2.files.make_folder(r"D:\Copy")
    for name in ("disk[1].vhdx", r"old [a-r]\disk.vhdx", "disk?.vhdx", "*.vhdx"):
        with pytest.raises(PlatformError) as caught:
            lab.hv2.bits.start_bits_transfer(rf"\\HV1\vms$\{name}", r"D:\Copy\x", caller=SYSTEM, asynchronous=True)
        assert caught.value.hresult == errors.FILE_NOT_FOUND, name


def test_completing_replaces_a_file_but_not_one_that_is_held(lab: TwoHosts) -> None:
    source = lab.share_file("base.vhdx", b"new")
    lab.hv2.files.make_folder(r"D:\Copy")
    lab.hv2.files.write_bytes(r"D:\Copy\base.vhdx", b"old")
    lab.hv2.acl.grant(r"D:\Copy\base.vhdx", r"NT VIRTUAL MACHINE\Virtual Machines", Right.READ)
    job_id = lab.start(source)
    lab.wait_for(job_id, JobState.TRANSFERRED)
    held = lab.hv2.open_files.open(r"D:\Copy\base.vhdx", access=LEAF, share=Access.NONE, holder="VM Web")
    with pytest.raises(PlatformError) as caught:
        lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert caught.value.hresult == errors.BITS_DESTINATION_LOCKED
    lab.hv2.open_files.close(held)
    lab.hv2.bits.complete_bits_transfer(job_id, caller=SYSTEM)
    assert lab.hv2.files.read_bytes(r"D:\Copy\base.vhdx") == b"new"
    assert lab.hv2.acl.entries(r"D:\Copy\base.vhdx") == ()
