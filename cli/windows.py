"""`qsm windows`: when agreed windows are open. Asks no host."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.exits import BAD_INPUT, fail, say_json, told_errors
from cli.options import Json, group

app = group("Agreed windows: when a VM may stand still.")


@app.callback()
def windows() -> None:
    """Agreed windows: when a VM may stand still."""


@app.command("show")
def show(
    names: Annotated[list[str] | None, typer.Argument(help="Windows; all of the settings if none is given.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days ahead.")] = 14,
    as_json: Json = False,
) -> None:
    """List when windows are open, by the clock of each one's time zone."""
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    from qsm.judgement.calendar import all_openings
    from qsm.settings import load_settings

    with told_errors(as_json=as_json):
        agreed = load_settings().windows
        if unknown := sorted(set(names or ()) - set(agreed)):
            known = ", ".join(sorted(agreed)) or "none"
            text = f"No window {', '.join(unknown)} in the settings (known: {known})."
            fail(text, "BadInput", BAD_INPUT, as_json=as_json)
        chosen = [(name, window) for name, window in agreed.items() if not names or name in names]
        now = datetime.now(UTC)
        found = all_openings(chosen, since=now, until=now + timedelta(days=days))
        if as_json:
            say_json(
                [
                    {
                        "window": each.window, "purpose": agreed[each.window].purpose,
                        "begins_utc": each.begins.isoformat(), "ends_utc": each.ends.isoformat(),
                    }
                    for each in found
                ]
            )  # fmt: skip
            return
        for each in found:
            zone = ZoneInfo(agreed[each.window].time_zone)
            begins, ends = each.begins.astimezone(zone), each.ends.astimezone(zone)
            minutes = (each.ends - each.begins).total_seconds() / 60
            typer.echo(
                f"{begins:%a %Y-%m-%d %H:%M %Z} to {ends:%a %H:%M %Z} ({minutes:.0f} min)  {each.window}"
                f" ({agreed[each.window].purpose})"
            )
        if not found:
            typer.echo(f"No window is open within {days} days." if agreed else "The settings agree no windows.")
