"""`qsm hosts`: maintain the hosts of the inventory."""

from __future__ import annotations

import typer

from cli.exits import say_json, told_errors
from cli.options import Hosts, Json, group

app = group("Maintain the hosts of the inventory.")


@app.callback()
def hosts() -> None:
    """Maintain the hosts of the inventory."""


@app.command("clean")
def clean(names: Hosts = None, as_json: Json = False) -> None:
    """Remove records of ended migrations and old modules from hosts."""
    from cli.inventory import opened
    from qsm.care.clean_hosts import clean_host

    with told_errors(as_json=as_json), opened(names or ()) as (opened_hosts, _):
        results = {name: clean_host(host) for name, host in opened_hosts.items()}
        if as_json:
            say_json({name: result.model_dump() for name, result in results.items()})
            return
        for name, result in results.items():
            typer.echo(f"{name}: {len(result.removed)} removed" + (f", {len(result.kept)} kept" if result.kept else ""))
            for line in (
                *(f"  removed {item}" for item in result.removed),
                *(f"  kept {item}" for item in result.kept),
            ):
                typer.echo(line)
