"""What is counted before it happens: room for a merge back, sizes in texts, the story of a migration."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import DEADLINE_SECONDS

from qsm.errors import HostRefused, PreflightRefused, from_host
from qsm.facts.errors import ErrorFacts
from qsm.facts.files import DiskFile
from qsm.judgement.room import merge_growth
from qsm.migration.progress import Event, Noted, Progress, StepEnded, listening, step
from qsm.report.words import size

MIB = 1 << 20


def disk(type_: str, *, length: int, virtual: int) -> DiskFile:
    return DiskFile(
        path=r"D:\VMs\a\a.vhdx", length_bytes=length, last_write_ticks=1, format="VHDX", type=type_, size_bytes=virtual,
        parent_path=None, disk_identifier="d", content_identity="c",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("base", "leaf", "growth"),
    [
        (disk("Fixed", length=100 * MIB, virtual=96 * MIB), 50 * MIB, 0),
        (disk("Dynamic", length=10 * MIB, virtual=100 * MIB), 50 * MIB, 50 * MIB),
        (disk("Dynamic", length=90 * MIB, virtual=100 * MIB), 50 * MIB, 26 * MIB),
        (disk("Dynamic", length=200 * MIB, virtual=100 * MIB), 50 * MIB, 0),
    ],
)
def test_a_merge_grows_a_base_by_no_more_than_it_can(base: DiskFile, leaf: int, growth: int) -> None:
    assert merge_growth(base, leaf_bytes=leaf) == growth


def test_sizes_for_people() -> None:
    assert [size(n) for n in (0, 1023, 1024, 1536 * MIB, 5 << 40)] == ["0 B", "1023 B", "1.0 KiB", "1.5 GiB", "5.0 TiB"]


def test_a_refusal_says_id_operation_host_and_code() -> None:
    facts = ErrorFacts(
        id="NoSpace",
        category="refused",
        retryable=False,
        message="No room.",
        subject="D:",
        hresult=0x80070070,
        facts={},
    )
    error = from_host("hv02", "start_copy", facts, revision=3)
    assert isinstance(error, HostRefused)
    assert str(error) == "No room. (0x80070070) [NoSpace in start_copy on host hv02]"


def test_one_reason_is_one_line_and_many_are_a_list() -> None:
    assert "\n" not in str(PreflightRefused("sql-01", ["it is busy"]))
    assert str(PreflightRefused("sql-01", ["it is busy", "it is clustered"])).count("\n  - ") == 2


class Told:
    def __init__(self) -> None:
        self.progress = Progress()


@step
def a_step(migration: Told, slot: str) -> int:
    if slot == "bad":
        raise ValueError("no")
    return 7


def test_steps_tell_begin_end_and_error() -> None:
    seen: list[Event] = []
    with listening(seen.append):
        migration = Told()
    assert a_step(migration, "SCSI 0:0") == 7
    with pytest.raises(ValueError, match="no"):
        a_step(migration, "bad")
    ends = [event for event in seen if isinstance(event, StepEnded)]
    assert [(end.step, end.subject, end.error) for end in ends] == [
        ("a_step", "SCSI 0:0", ""),
        ("a_step", "bad", "ValueError: no"),
    ]
    Told().progress.tell(Noted("to nobody"))
    assert len(seen) == 4


def test_a_listener_hears_the_migrations_that_begin_in_its_own_thread() -> None:
    both_listen = threading.Barrier(2)

    def begin_and_tell(text: str) -> list[Event]:
        seen: list[Event] = []
        with listening(seen.append):
            both_listen.wait(DEADLINE_SECONDS)
            Told().progress.tell(Noted(text))
            both_listen.wait(DEADLINE_SECONDS)
        return seen

    with ThreadPoolExecutor(max_workers=2) as threads:
        heard = list(threads.map(begin_and_tell, ("one", "two")))
    assert [[event.text for event in seen if isinstance(event, Noted)] for seen in heard] == [["one"], ["two"]]


def test_what_is_told_from_another_thread_is_heard() -> None:
    seen: list[Event] = []
    progress = Progress()
    progress.add(seen.append)
    teller = threading.Thread(target=progress.tell, args=(Noted("x"),))
    teller.start()
    teller.join(DEADLINE_SECONDS)
    assert len(seen) == 1


def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("broken")

    seen: list[Event] = []
    with listening(broken), listening(seen.append):
        Told().progress.tell(Noted("x"))
    assert len(seen) == 1
    assert "a listener failed" in caplog.text
