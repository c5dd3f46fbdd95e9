"""When agreed windows are open: from the clock on the wall to instants. Pure functions.

A window never reaches beyond what people agreed by their clock. On the two days of a clock change that means:

- begin in the hour that does not exist: open from the moment of the change; an end there closes at that moment;
- begin in the hour that comes twice: open from its second pass; an end there closes in the first pass.
  (Of a window that lies wholly inside an hour: there is none that day, or the second pass counts.)

Prefect's schedules and cron libraries differ on these days among each other; that is why runs are planned at instants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from qsm.plan.windows import AgreedWindow

_SECOND = timedelta(seconds=1)
_SLACK = timedelta(days=2)
"""More than any clock change and any difference between UTC and a clock on a wall."""


@dataclass(frozen=True)
class Opening:
    """One time for which a window is open; instants in UTC, the end does not belong to it."""

    window: str
    begins: datetime
    ends: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether it is open then."""
        return self.begins <= moment < self.ends


def openings(name: str, window: AgreedWindow, *, since: datetime, until: datetime) -> Iterator[Opening]:
    """Every opening that touches the time from `since` to `until` (instants), in order; blackouts are cut out."""
    zone = ZoneInfo(window.time_zone)
    length = timedelta(minutes=window.minutes)
    first = since.astimezone(zone).replace(tzinfo=None) - length - _SLACK
    last = until.astimezone(zone).replace(tzinfo=None) + _SLACK
    dark = [(_closes(b.begins, zone), _opens(b.ends, zone)) for b in window.blackouts]
    for local in _beginnings(window, max(first, window.since), last):
        begins, ends = _opens(local, zone), _closes(local + length, zone)
        if ends <= begins:
            ends = max(_passes(local + length, zone), default=begins)
        for piece_begins, piece_ends in _without((begins, ends), dark):
            if piece_ends > since and piece_begins < until:
                yield Opening(name, piece_begins, piece_ends)


def all_openings(windows: Iterable[tuple[str, AgreedWindow]], *, since: datetime, until: datetime) -> list[Opening]:
    """The openings of several windows, by their begin."""
    found = [each for name, window in windows for each in openings(name, window, since=since, until=until)]
    return sorted(found, key=lambda each: (each.begins, each.ends, each.window))


def _beginnings(window: AgreedWindow, first: datetime, last: datetime) -> Iterator[datetime]:
    """What the rule says, by the clock on the wall."""
    if window.rrule is not None:
        from dateutil.rrule import rrulestr

        yield from rrulestr(window.rrule, dtstart=window.since).between(first, last, inc=True)
        return
    from cronsim import CronSim

    for local in CronSim(window.cron or "", first - _SECOND):
        if local > last:
            return
        yield local


def _passes(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clock shows that: none, one or two."""
    found = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in found if each.astimezone(zone).replace(tzinfo=None, fold=0) == local)


def _opens(local: datetime, zone: ZoneInfo) -> datetime:
    passes = _passes(local, zone)
    return passes[-1] if passes else _change(local, zone)


def _closes(local: datetime, zone: ZoneInfo) -> datetime:
    passes = _passes(local, zone)
    return passes[0] if passes else _change(local, zone)


def _change(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock jumps over that time."""
    before, after = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _without(
    whole: tuple[datetime, datetime], dark: Iterable[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    begins, ends = whole
    for dark_begins, dark_ends in sorted(dark):
        if dark_ends <= begins or dark_begins >= ends:
            continue
        if dark_begins > begins:
            yield begins, dark_begins
        begins = dark_ends
    if begins < ends:
        yield begins, ends
