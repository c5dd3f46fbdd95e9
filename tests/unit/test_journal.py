"""Which operation id comes next: one that neither the host's journal nor this process has used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.journal import KnownJournal
from qsm.plan.record import OperationOutcome

State = Literal["started", "done", "refused", "failed"]


def outcome(operation: str, subject: str, *, state: State = "done", attempt: int = 1) -> OperationOutcome:
    result = {"task_name": f"task {subject}"} if state == "done" else None
    return OperationOutcome(
        operation=operation, subject=subject, attempt=attempt, state=state, at_utc="2026-01-01T00:00:00Z",
        arguments={"files": [{"destination": rf"D:\{subject}.vhdx"}]}, result=result, error=None,
    )  # fmt: skip


def test_numbers_go_on_where_the_journal_ends() -> None:
    journal = KnownJournal()
    journal.load((outcome("start_copy", "1/1"), outcome("start_copy", "1/3", state="failed")))
    assert journal.next_subject(operations.start_copy, "1") == "1/4"
    assert journal.next_subject(operations.start_copy, "1") == "1/5"


def test_each_object_and_each_operation_has_numbers_of_its_own() -> None:
    journal = KnownJournal()
    journal.load((outcome("start_copy", "1/7"), outcome("start_merge", "2/9"), outcome("withdraw", "4")))
    assert journal.next_subject(operations.start_copy, "2") == "2/1"
    assert journal.next_subject(operations.start_merge, "1") == "1/1"
    assert journal.next_subject(operations.withdraw, "") == "5"
    assert journal.next_subject(operations.stop_work, "home") == "home/1"


@pytest.mark.parametrize("subject", ["", "1", "home 1", "1/x", "1/2/x", "11/1", "2/1/1", "1/01"])
def test_other_subjects_do_not_count(subject: str) -> None:
    journal = KnownJournal()
    journal.load((outcome("start_copy", subject),))
    assert journal.next_subject(operations.start_copy, "1") == "1/1"


def test_objects_whose_name_holds_a_number() -> None:
    journal = KnownJournal()
    journal.load((outcome("open_share", "0/101/2"),))
    assert journal.next_subject(operations.open_share, "0/101") == "0/101/3"
    assert journal.next_subject(operations.open_share, "0") == "0/1"


def test_a_number_that_got_no_answer_is_used_up() -> None:
    journal = KnownJournal()
    assert journal.next_subject(operations.start_copy, "1") == "1/1"
    journal.load(())  # asked before the call arrived
    assert journal.next_subject(operations.start_copy, "1") == "1/2"


def test_copies_side_by_side_get_different_numbers() -> None:
    journal = KnownJournal()
    with ThreadPoolExecutor(max_workers=8) as threads:
        subjects = list(threads.map(lambda _: journal.next_subject(operations.start_copy, "1"), range(400)))
    assert sorted(subjects) == sorted(f"1/{number}" for number in range(1, 401))


def test_an_act_that_comes_once_is_known_by_its_answer() -> None:
    journal = KnownJournal()
    assert journal.result(operations.start_copy) is None
    journal.load((outcome("start_copy", ""), outcome("start_copy", "1/1")))
    assert journal.result(operations.start_copy) == m.WorkResult(task_name="task ")
    journal.add(operations.start_copy, "", m.WorkResult(task_name="later"))
    assert journal.result(operations.start_copy) == m.WorkResult(task_name="later")


def test_refused_is_not_tried() -> None:
    journal = KnownJournal()
    journal.load((outcome("start_copy", "1/1", state="refused"), outcome("start_merge", "1/1", state="started")))
    assert not journal.tried(operations.start_copy)
    assert journal.tried(operations.start_merge)
    journal.add(operations.start_copy, "1/2", m.WorkResult(task_name="t"))
    assert journal.tried(operations.start_copy)


def test_copied_files_are_those_that_copies_were_told() -> None:
    journal = KnownJournal()
    journal.load((outcome("start_copy", "1/1"), outcome("start_copy", "1/2"), outcome("start_copy", "2/1")))
    assert set(journal.copied_files()) == {r"D:\1/1.vhdx", r"D:\1/2.vhdx", r"D:\2/1.vhdx"}
