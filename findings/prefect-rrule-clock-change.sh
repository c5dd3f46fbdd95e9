#!/usr/bin/env bash
# Prefect 3.9.1: a schedule "daily at 02:30, Europe/Berlin" given as an RRule fires at 01:30 on the day on which the clock
# jumps from 02:00 to 03:00: an hour before the time that was asked for. The same schedule given as cron fires at 03:30.
#
# Seen: 2026-11-29, Python 3.11, prefect 3.9.1 with python-dateutil 2.9.0.post0. Output:
#   rrule 2027-03-28T01:30:00+01:00
#   cron 2027-03-28T03:30:00+02:00
#
# Expected: the same for both, and never before the time that was asked for. Why it matters here: a window in which a VM may
# stand still must not open an hour early. So this project's own calendar decides, and runs are scheduled at instants.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    prefect==3.9.1 'fastapi>=0.139,<0.151' python-dateutil==2.9.0.post0 tzdata==2026.6

cat >"$folder/next.py" <<'PYTHON'
import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from prefect.server.schemas.schedules import CronSchedule, RRuleSchedule

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {
    "rrule": RRuleSchedule(rrule="FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", timezone="Europe/Berlin"),
    "cron": CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin"),
}


async def main() -> None:
    for name, schedule in NAMES.items():
        (date,) = await schedule.get_dates(n=1, start=datetime(2027, 3, 28, 0, 0, tzinfo=BERLIN))
        print(name, date.astimezone(BERLIN).isoformat())


asyncio.run(main())
PYTHON

cd "$folder"
seen=$(PREFECT_HOME="$folder/prefect" DO_NOT_TRACK=1 "$folder/venv/bin/python" next.py)
echo "$seen"
expected='rrule 2027-03-28T01:30:00+01:00
cron 2027-03-28T03:30:00+02:00'
[ "$seen" = "$expected" ] || { echo "behaves differently now" >&2; exit 1; }
