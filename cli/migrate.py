"""`qsm migrate`: one VM, now, in this process, as the same flow that a deployment runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import code_of_report, say_json, told_errors, warn
from cli.options import VM, Checkpoint, Json, PinMacs, Source, Switches, Target, TargetFolder, Transfer
from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.state_transfer import StateTransfer

if TYPE_CHECKING:
    from qsm.plan.request import MigrationRequest
    from qsm.report.report import Report


def migrate(
    vm: VM,
    source: Source,
    target: Target,
    target_folder: TargetFolder,
    switch: Switches = None,
    state_transfer: Transfer = StateTransfer.AUTO,
    pin_mac: PinMacs = PinMac.AUTO,
    checkpoint_type: Checkpoint = CheckpointChoice.AUTO,
    keep_source: Annotated[
        bool,
        typer.Option(
            "--keep-source/--remove-source",
            help="Keep the VM with its files on the source (stopped, disconnected, without automatic start), or remove them.",
        ),
    ] = True,
    window_wait: Annotated[
        int, typer.Option("--window-wait", min=0, help="Longest wait for an agreed window, in minutes, at each gate.")
    ] = 60,
    open_gate: Annotated[
        str, typer.Option("--open-gate", help="A reason to go on outside of agreed windows; it is recorded.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Move a VM with its disks to another host."""
    from cli.request import request_of
    from cli.screen import Screen
    from qsm.migration.progress import listening
    from qsm.report.terminal import show_report

    with told_errors(as_json=as_json):
        request = request_of(
            vm,
            source,
            target,
            target_folder=target_folder,
            switches=switch,
            transfer=state_transfer,
            pin_mac=pin_mac,
            checkpoint_type=checkpoint_type,
            keep_source=keep_source,
            window_wait_minutes=window_wait,
            open_gate=open_gate,
        )
        with listening(Screen()):
            report = run_flow(request)
        if as_json:
            say_json(report.model_dump(mode="json"))
        else:
            show_report(report)
        raise typer.Exit(code_of_report(report))


def run_flow(request: MigrationRequest) -> Report:
    """Runs the flow in this process. Raises what the domain raises, and PrefectFailed.

    The run decides what became of the migration. Prefect may fail around it (its server is away, somebody has deleted
    the flow run): where the VM is does not depend on that.
    """
    from cli import prefect_settings

    prefect_settings.apply()
    from flows.migrate_vm import migrate_vm  # imports Prefect: seconds, and only after its settings are made
    from qsm.report.report import Report
    from qsm.run import watching_runs

    with watching_runs() as runs:
        try:
            prefect_settings.start_server()
            asked = {**dict(request), "switch_map": list(request.switch_map)}
            return Report.model_validate(migrate_vm(**asked))
        except BaseException as error:
            if not prefect_settings.is_trouble(error):
                raise
            over = [run for run in runs if run.report is not None]
            if not over:
                raise prefect_settings.PrefectFailed(error) from error
            warn(f"The migration is over, and Prefect could not be told how it ended: {prefect_settings.say(error)}")
            return over[-1].outcome()
