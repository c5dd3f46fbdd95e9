"""`qsm abandon` and `qsm finish`: end a migration that some run began and did not end.

Both need the hosts' records and nothing else: no Prefect server, no file of the run, no worker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import LEFT_OVER, say_json, told_errors
from cli.options import Json

if TYPE_CHECKING:
    from qsm.migration.migration import Migration

VM = Annotated[str, typer.Argument(help="Name or id of the VM, or the migration's id.")]


def abandon_command(
    vm: VM,
    target_is_destroyed: Annotated[
        bool,
        typer.Option(
            "--target-is-destroyed", help="The target host is gone for good; take the VM back without asking that host."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the VM of an unfinished migration back to its source."""
    from qsm.ways.home import abandon

    override = _confirm_override(vm) if target_is_destroyed else ""
    _end(vm, lambda migration: abandon(migration, override=override), place=lambda m: m.source.name, as_json=as_json)


def finish_command(vm: VM, as_json: Json = False) -> None:
    """Do what is left once the VM was handed over to the target."""
    from qsm.ways.forward import finish

    _end(vm, finish, place=lambda m: m.target.name, as_json=as_json)


def _end(
    vm: str, act: Callable[[Migration], tuple[str, ...]], *, place: Callable[[Migration], str], as_json: bool
) -> None:
    from cli.inventory import opened
    from cli.screen import Screen
    from qsm.migration.survey import find_migration

    with told_errors(as_json=as_json), opened(()) as (hosts, settings):
        migration = find_migration(vm, hosts=hosts, settings=settings)
        migration.progress.add(Screen())
        left_over = act(migration)
        text = f"VM {migration.plan.vm_name} is on host {place(migration)} (migration {migration.id})."
        if as_json:
            say_json({"ok": not left_over, "migration_id": migration.id, "message": text, "left_over": left_over})
        else:
            typer.echo(text)
            for item in left_over:
                typer.echo(f"left over: {item}")
        raise typer.Exit(LEFT_OVER if left_over else 0)


def _confirm_override(vm: str) -> str:
    """The operator types the VM's name; what may be lost is said first."""
    typer.secho(
        f"If VM {vm} has run on the target, everything that the VM wrote there is lost. If the target is not really gone, the"
        " VM may run twice. This cannot be undone.",
        fg=typer.colors.YELLOW,
        err=True,
    )
    if typer.prompt("Type the name of the VM to go on", err=True) != vm:
        typer.echo("That is not the name of the VM. Nothing was changed.", err=True)
        raise typer.Exit(2)
    from qsm.plan.operator import this_user

    return f"{this_user()} declared the target destroyed; what the VM wrote there, if it ran there, is lost."
