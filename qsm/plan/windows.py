"""Windows that people have agreed: when a VM may stand still, or when a link may be loaded.

A window is said by the clock on the wall of its time zone: it begins by a rule (RRULE of RFC 5545, or cron) and lasts so
many minutes of that clock. When it really is open is worked out by `qsm.judgement.calendar`.
"""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from qsm.facts.frozen import Frozen
from qsm.facts.names import name_key

WEEK_MINUTES = 7 * 24 * 60
_TOO_OFTEN = ("SECONDLY", "MINUTELY")
_START_OF_RULES = datetime(2000, 1, 1)


class Blackout(Frozen):
    """A time in which no window is open, whatever its rule says; by the clock of the window's time zone."""

    begins: datetime
    ends: datetime
    reason: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Blackout:
        if self.begins.tzinfo is not None or self.ends.tzinfo is not None:
            raise ValueError("begins and ends are read by the clock of the window's time zone; leave the offset out")
        if self.ends <= self.begins:
            raise ValueError(f"ends {self.ends} is not after begins {self.begins}")
        return self


class AgreedWindow(Frozen):
    """One agreed window. Raises pydantic's ValidationError for a rule that no calendar understands."""

    rrule: str | None = Field(default=None, description="RFC 5545, e.g. FREQ=WEEKLY;BYDAY=SA;BYHOUR=22;BYMINUTE=0")
    cron: str | None = Field(default=None, description="five fields, e.g. 0 22 * * 6")
    minutes: int = Field(ge=1, le=WEEK_MINUTES, description="how long it is open, by the clock on the wall")
    time_zone: str = Field(description="IANA name, e.g. Europe/Berlin")
    since: datetime = Field(
        default=_START_OF_RULES, description="first day that counts; a rule with INTERVAL counts from it"
    )
    purpose: Literal["cutover", "copy"] = Field(
        default="cutover", description="cutover: a VM may stand still; copy: a link may be loaded"
    )
    vms: tuple[str, ...] = Field(default=(), description="names of VMs that it holds for; * and ? stand for signs")
    hosts: tuple[str, ...] = Field(default=(), description="hosts of the inventory whose VMs it holds for")
    blackouts: tuple[Blackout, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError):  # OSError: the name is that of a folder of zones
            raise ValueError(f"no time zone {name!r}; give an IANA name such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _one_rule(self) -> AgreedWindow:
        if (self.rrule is None) == (self.cron is None):
            raise ValueError("give either rrule or cron")
        if self.since.tzinfo is not None:
            raise ValueError("since is read by the clock of time_zone; leave the offset out")
        if self.rrule is not None:
            _check_rrule(self.rrule, self.since)
        if self.cron is not None:
            _check_cron(self.cron)
        return self

    def holds_for(self, *, vm: str, host: str) -> bool:
        """Whether it was agreed for that VM, or for all VMs of that host; case does not count."""
        patterns = [name_key(pattern).replace("[", "[[]") for pattern in self.vms]
        return any(fnmatchcase(name_key(vm), pattern) for pattern in patterns) or any(
            name_key(host) == name_key(each) for each in self.hosts
        )


def _check_rrule(text: str, since: datetime) -> None:
    from dateutil.rrule import rrulestr  # costs too much for commands that know no windows

    upper = text.upper()
    if "DTSTART" in upper or "\n" in text.strip():
        raise ValueError("give the rule alone; its first day is 'since', its time zone 'time_zone'")
    if any(f"FREQ={each}" in upper for each in _TOO_OFTEN):
        raise ValueError("a window cannot begin each minute or second")
    try:
        rrulestr(text, dtstart=since)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"rrule {text!r} cannot be read: {error}") from None


def _check_cron(text: str) -> None:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, _START_OF_RULES)
    except CronSimError as error:
        raise ValueError(f"cron {text!r} cannot be read: {error}") from None
