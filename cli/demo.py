"""`qsm demo`: a running VM moved in a laboratory, and the proof that nothing was lost."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.exits import FAILED, say_json, told_errors
from cli.lab import Engine, told_lab_errors
from cli.options import Json
from lab.engines import ENGINES

PROGRESS_SECONDS = 5.0


def demo(
    disks: Annotated[int, typer.Option("--disks", help="How many disks the VM has.")] = 2,
    disk_size: Annotated[
        int | None,
        typer.Option("--disk-size", help="MiB of each disk. Default: 1024 (dynamic) and 512 (fixed) in turn."),
    ] = None,
    rate: Annotated[int, typer.Option("--rate", help="MiB per second that the link between the hosts carries.")] = 25,
    memory: Annotated[int, typer.Option("--memory", help="MiB of the VM's memory.")] = 256,
    engine: Engine = ENGINES[0],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the laboratory's folder, and say where it is.")] = False,
    as_json: Json = False,
) -> None:
    """Move a VM in a laboratory, and prove that nothing was lost."""
    with told_errors(as_json=as_json), told_lab_errors(as_json=as_json):
        from cli.demonstration import folder_of_demo, outcome_as_json, run_demo, show_verdict
        from cli.screen import Screen
        from lab.demonstration.plan import MIB, DemoPlan
        from qsm.report.terminal import show_report
        from qsm.run import MigrationFailed

        try:
            plan = DemoPlan(
                disks=disks,
                disk_bytes=None if disk_size is None else disk_size * MIB,
                link_bytes_per_second=rate * MIB,
                memory_bytes=memory * MIB,
                engine=engine,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        try:
            with folder_of_demo(keep=keep) as folder:
                outcome = run_demo(plan, folder, screen=Screen(line_seconds=PROGRESS_SECONDS))
        except MigrationFailed as error:
            if not as_json:
                show_report(error.report)
            raise
        if as_json:
            say_json(outcome_as_json(outcome))
        else:
            show_report(outcome.report)
            show_verdict(outcome)
        raise typer.Exit(0 if outcome.ok else FAILED)
