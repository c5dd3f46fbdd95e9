"""Whether a cutover may begin now, or when; and how long it is expected to take."""

from __future__ import annotations

from datetime import UTC, datetime

from qsm.judgement.gate import GateVerdict, cutover_seconds, openings_ahead, too_short, windows_for
from qsm.judgement.gate import judge as judge_openings
from qsm.plan.windows import AgreedWindow

HOUR = AgreedWindow(cron="0 12 * * *", minutes=60, time_zone="UTC", vms=("sql-*",))
AFTER = AgreedWindow(cron="0 13 * * *", minutes=30, time_zone="UTC", vms=("sql-*",))
COPY = AgreedWindow(cron="0 20 * * *", minutes=60, time_zone="UTC", purpose="copy", hosts=("hv01",))


def judge(windows: dict[str, AgreedWindow], *, moment: datetime, seconds: float) -> GateVerdict:
    return judge_openings(openings_ahead(windows, moment=moment), moment=moment, seconds=seconds)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)


def test_without_an_agreed_window_nothing_is_open_and_nothing_comes() -> None:
    verdict = judge({}, moment=at(12), seconds=1)
    assert (verdict.open, verdict.next) == (False, None)


def test_what_ends_in_time_may_begin_and_what_does_not_waits_for_the_next_day() -> None:
    fits = judge({"noon": HOUR}, moment=at(12, 30), seconds=1800)
    assert fits.now is not None
    assert fits.now.ends == at(13)
    late = judge({"noon": HOUR}, moment=at(12, 30), seconds=1801)
    assert not late.open
    assert late.next is not None
    assert late.next.begins == datetime(2026, 12, 2, 12, tzinfo=UTC)


def test_windows_that_touch_count_as_one() -> None:
    verdict = judge({"noon": HOUR, "after": AFTER}, moment=at(12, 30), seconds=3600)
    assert verdict.now is not None
    assert (verdict.now.window, verdict.now.ends) == ("noon and after", at(13, 30))


def test_one_that_no_window_is_long_enough_for_never_begins() -> None:
    verdict = judge({"noon": HOUR}, moment=at(12), seconds=3601)
    assert (verdict.now, verdict.next) == (None, None)
    (reason,) = too_short({"noon": HOUR}, moment=at(12), seconds=3601)
    assert "(noon) is open for 3601 s" in reason
    assert not list(too_short({"noon": HOUR}, moment=at(12), seconds=3600))
    assert not list(too_short({}, moment=at(12), seconds=3600))


def test_windows_hold_for_their_vms_hosts_and_purpose() -> None:
    agreed = {"noon": HOUR, "after": AFTER, "evening": COPY}
    assert list(windows_for(agreed, purpose="cutover", vm="SQL-1", host="hv02")) == ["noon", "after"]
    assert list(windows_for(agreed, purpose="copy", vm="web", host="HV01")) == ["evening"]
    assert not windows_for(agreed, purpose="cutover", vm="web", host="hv01")


def test_a_cutover_is_expected_to_copy_and_merge_its_changes_and_to_copy_its_memory() -> None:
    expected = cutover_seconds(change_bytes=500, memory_bytes=1000, bytes_per_second=100, allowance_seconds=7)
    assert expected == 7 + 10 + 10
    nothing_measured = cutover_seconds(change_bytes=0, memory_bytes=60, bytes_per_second=0, allowance_seconds=7)
    assert nothing_measured == 67
