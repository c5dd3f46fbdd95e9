"""Waiting for a host: a limit that counts, a standstill, and a request to stop that is seen at once."""

from __future__ import annotations

import itertools
import threading
import time
from contextvars import ContextVar

import pytest

from qsm.errors import Stopped, TimeRanOut
from qsm.migration.waiting import wait_for

LONG = 60.0
run = ContextVar("run", default="none")


def test_the_look_that_is_the_end_is_the_answer() -> None:
    looks = itertools.count(1)
    found = wait_for(
        lambda: next(looks), is_over=lambda look: look == 3, limit_seconds=LONG, pause_seconds=0.01, check_stop=None,
        too_late=str,
    )  # fmt: skip
    assert found == 3


def test_the_limit_is_told_with_the_last_look() -> None:
    with pytest.raises(TimeRanOut, match="still merging"):
        wait_for(
            lambda: "merging", is_over=lambda look: look == "done", limit_seconds=0.05, pause_seconds=0.01,
            check_stop=None, too_late=lambda look: f"still {look}",
        )  # fmt: skip


def test_a_wait_without_a_text_gives_the_last_look() -> None:
    found = wait_for(
        lambda: "Saving", is_over=lambda look: look == "Saved", limit_seconds=0.05, pause_seconds=0.01, check_stop=None,
        too_late=None,
    )  # fmt: skip
    assert found == "Saving"


def test_what_moves_does_not_reach_the_limit() -> None:
    looks = iter([*range(10), *itertools.repeat(10, 1000)])
    seen: list[int] = []

    def is_over(look: int) -> bool:
        seen.append(look)
        return False

    with pytest.raises(TimeRanOut, match="stands at 10"):
        wait_for(
            lambda: next(looks), is_over=is_over, limit_seconds=0.25, pause_seconds=0.1, check_stop=None,
            moved=lambda look: look, too_late=lambda look: f"stands at {look}",
        )  # fmt: skip
    assert seen[:10] == list(range(10))  # a second of moving, four times the limit
    assert len(seen) > 11


@pytest.mark.parametrize("silent", [True, False], ids=["the host is silent", "between two looks"])
def test_a_request_to_stop_is_seen_within_a_second(silent: bool) -> None:
    stop, answer = threading.Event(), threading.Event()

    def look() -> None:
        asked.set()
        if silent:
            answer.wait(LONG)

    def check_stop() -> None:
        if stop.is_set():
            raise Stopped("asked to stop")

    def ask_for_the_end() -> None:
        asked.wait(LONG)
        at.append(time.monotonic())
        stop.set()

    asked, at = threading.Event(), list[float]()
    asker = threading.Thread(target=ask_for_the_end)
    asker.start()
    with pytest.raises(Stopped):
        wait_for(
            look, is_over=lambda _: False, limit_seconds=LONG, pause_seconds=LONG, check_stop=check_stop, too_late=None
        )
    seconds = time.monotonic() - at[0]
    answer.set()
    asker.join()
    assert seconds < LONG / 2, "it waited for the host, or for the next look"


def test_no_look_after_a_request_to_stop() -> None:
    looks: list[None] = []

    def check_stop() -> None:
        raise Stopped("asked to stop")

    with pytest.raises(Stopped):
        wait_for(
            lambda: looks.append(None), is_over=lambda _: True, limit_seconds=LONG, pause_seconds=0,
            check_stop=check_stop, too_late=None,
        )  # fmt: skip
    assert not looks


@pytest.mark.parametrize("stoppable", [True, False])
def test_an_error_of_a_look_is_raised_and_its_context_is_the_callers(stoppable: bool) -> None:
    run.set("flow run 7")

    def look() -> None:
        raise ValueError(run.get())

    with pytest.raises(ValueError, match="flow run 7"):
        wait_for(
            look, is_over=lambda _: True, limit_seconds=LONG, pause_seconds=0,
            check_stop=(lambda: None) if stoppable else None, too_late=None,
        )  # fmt: skip
