"""When agreed windows are open, on ordinary days and on those of a clock change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from qsm.judgement.calendar import all_openings, openings
from qsm.plan.windows import AgreedWindow

BERLIN = ZoneInfo("Europe/Berlin")  # 2027-03-28: 02:00 becomes 03:00; 2026-10-25: 03:00 becomes 02:00
SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)
BOTH_KINDS = [
    pytest.param({"cron": "30 2 * * *"}, id="cron"),
    pytest.param({"rrule": "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0"}, id="rrule"),
]


def window(minutes: int, **fields: Any) -> AgreedWindow:
    return AgreedWindow(minutes=minutes, **{"time_zone": "Europe/Berlin", **fields})


def shown(agreed: AgreedWindow, day: datetime, *, days: int = 1) -> list[str]:
    """The openings of a day as a clock there shows them."""
    found = openings("n", agreed, since=day, until=day + timedelta(days=days))
    return [f"{each.begins.astimezone(BERLIN):%d %H:%M%z} {each.ends.astimezone(BERLIN):%d %H:%M%z}" for each in found]


@pytest.mark.parametrize("rule", BOTH_KINDS)
@pytest.mark.parametrize(
    ("minutes", "in_spring", "in_autumn"),
    [
        (20, [], ["25 02:30+0100 25 02:50+0100"]),
        (60, ["28 03:00+0200 28 03:30+0200"], ["25 02:30+0100 25 03:30+0100"]),
        (240, ["28 03:00+0200 28 06:30+0200"], ["25 02:30+0100 25 06:30+0100"]),
    ],
)
def test_a_window_that_begins_in_the_hour_of_the_change(
    rule: dict[str, str], minutes: int, in_spring: list[str], in_autumn: list[str]
) -> None:
    assert shown(window(minutes, **rule), SPRING) == in_spring
    assert shown(window(minutes, **rule), AUTUMN) == in_autumn


def test_a_window_that_spans_the_change_ends_when_the_clock_says_so() -> None:
    nights = window(360, cron="0 22 * * *")
    spring, autumn = (
        next(openings("n", nights, since=day, until=day + timedelta(hours=3))) for day in (SPRING, AUTUMN)
    )
    assert (spring.ends - spring.begins, autumn.ends - autumn.begins) == (timedelta(hours=5), timedelta(hours=7))
    assert {each.ends.astimezone(BERLIN).hour for each in (spring, autumn)} == {4}


def test_an_end_in_the_hour_of_the_change_is_never_later_than_agreed() -> None:
    assert shown(window(270, cron="0 22 * * *"), SPRING) == [
        "27 22:00+0100 28 03:00+0200",
        "28 22:00+0200 29 02:30+0200",
    ]
    assert shown(window(270, cron="0 22 * * *"), AUTUMN)[0] == "24 22:00+0200 25 02:30+0200"


def test_a_zone_whose_clock_changes_by_half_an_hour() -> None:
    lord_howe = window(60, cron="45 1 * * *", time_zone="Australia/Lord_Howe")  # 2026-04-05: 02:00 becomes 01:30
    day = datetime(2026, 4, 5, tzinfo=ZoneInfo("Australia/Lord_Howe"))
    (opening,) = openings("n", lord_howe, since=day, until=day + timedelta(hours=12))
    assert opening.ends - opening.begins == timedelta(hours=1)
    assert opening.begins == datetime(2026, 4, 4, 15, 15, tzinfo=UTC)


def test_a_window_that_is_open_already_counts_and_one_that_has_ended_does_not() -> None:
    hour = window(60, cron="0 12 * * *")
    noon = datetime(2026, 12, 1, 12, 0, tzinfo=BERLIN)
    assert shown(hour, noon + timedelta(minutes=30)) == ["01 12:00+0100 01 13:00+0100", "02 12:00+0100 02 13:00+0100"]
    assert shown(hour, noon + timedelta(minutes=60)) == ["02 12:00+0100 02 13:00+0100"]
    (found, *_) = openings("n", hour, since=noon, until=noon + timedelta(hours=1))
    assert found.holds(noon)
    assert not found.holds(noon + timedelta(hours=1))


def test_blackouts_cut_windows() -> None:
    dark = [
        {"begins": datetime(2026, 12, 1, 23), "ends": datetime(2026, 12, 2, 1)},
        {"begins": datetime(2026, 12, 2, 2), "ends": datetime(2026, 12, 3, 12)},
    ]
    nights = window(360, cron="0 22 * * *", blackouts=dark)
    assert shown(nights, datetime(2026, 12, 1, 12, tzinfo=BERLIN), days=3) == [
        "01 22:00+0100 01 23:00+0100",
        "02 01:00+0100 02 02:00+0100",
        "03 22:00+0100 04 04:00+0100",
    ]


def test_a_rule_with_an_interval_counts_from_its_first_day() -> None:
    second_weeks = window(
        60, rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA;BYHOUR=3;BYMINUTE=0;BYSECOND=0", since="2026-11-07"
    )
    found = shown(second_weeks, datetime(2026, 11, 1, tzinfo=BERLIN), days=35)
    assert [each[:2] for each in found] == ["07", "21", "05"]


def test_openings_of_several_windows_come_in_order() -> None:
    since = datetime(2026, 12, 1, tzinfo=UTC)
    agreed = [("late", window(60, cron="0 22 * * *")), ("early", window(60, cron="0 1 * * *"))]
    found = all_openings(agreed, since=since, until=since + timedelta(days=2))
    assert [each.window for each in found] == ["early", "late", "early", "late"]  # by UTC: 00:00, 21:00, ...
    assert found == sorted(found, key=lambda each: each.begins)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "either rrule or cron"),
        ({"cron": "0 1 * * *", "rrule": "FREQ=DAILY"}, "either rrule or cron"),
        ({"cron": "0 25 * * *"}, "cannot be read: Bad hour"),
        ({"cron": "0 1 * *"}, "cannot be read"),
        ({"rrule": "nonsense"}, "cannot be read"),
        ({"rrule": "FREQ=DAILY;BYHOUR=25"}, "cannot be read"),
        ({"rrule": "FREQ=DAILY;UNTIL=20301231T000000Z"}, "cannot be read"),
        ({"rrule": "FREQ=MINUTELY"}, "each minute or second"),
        ({"rrule": "DTSTART:20260101T000000\nRRULE:FREQ=DAILY"}, "first day is 'since'"),
        ({"cron": "0 1 * * *", "time_zone": "Europe/Nowhere"}, "no time zone 'Europe/Nowhere'"),
        ({"cron": "0 1 * * *", "time_zone": "Europe"}, "no time zone 'Europe'"),
        ({"cron": "0 1 * * *", "since": "2026-01-01T00:00:00+01:00"}, "leave the offset out"),
        ({"cron": "0 1 * * *", "blackouts": [{"begins": "2026-01-02", "ends": "2026-01-02"}]}, "is not after"),
    ],
)
def test_rules_that_no_calendar_understands_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        window(60, **fields)


def test_a_window_holds_for_the_vms_and_hosts_that_it_names() -> None:
    agreed = window(60, cron="0 1 * * *", vms=["SQL-*", "web[1]"], hosts=["HV01"])
    assert agreed.holds_for(vm="sql-07", host="hv09")
    assert agreed.holds_for(vm="WEB[1]", host="hv09")
    assert not agreed.holds_for(vm="web1", host="hv09")
    assert agreed.holds_for(vm="other", host="hv01")
    assert not agreed.holds_for(vm="other", host="hv02")
    assert not window(60, cron="0 1 * * *").holds_for(vm="any", host="hv01")
