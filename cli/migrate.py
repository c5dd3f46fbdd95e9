"""`qsm migrate`: one VM, now, in this process, as the same flow that a deployment runs."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import prefect_settings
from cli.exits import code_of_report, say_json, told_errors
from cli.screen import Screen
from qsm.migration.progress import listening
from qsm.plan.request import MigrationRequest, StateTransfer, SwitchPair
from qsm.report.report import Report
from qsm.report.terminal import show_report
from qsm.settings import load_settings

VM = Annotated[str, typer.Argument(help="Name or id of the VM.")]
Source = Annotated[str, typer.Option("--source", help="Host of the inventory that runs the VM now.")]
Target = Annotated[str, typer.Option("--target", help="Host of the inventory that shall run it.")]
TargetFolder = Annotated[str, typer.Option("--target-folder", help=r"Full path on the target, e.g. D:\VMs\sql-01.")]
Switches = Annotated[
    list[str] | None, typer.Option("--switch", help="'switch on the source = switch on the target'; repeat for each.")
]
Transfer = Annotated[StateTransfer, typer.Option("--state-transfer", help="save, shutdown, or auto.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def request_of(
    vm: str,
    source: str,
    target: str,
    *,
    target_folder: str,
    switches: list[str] | None,
    transfer: StateTransfer,
    keep_source: bool,
) -> MigrationRequest:
    """The request of the options; names of hosts and nonsense are found before any host is asked."""
    try:
        pairs = tuple(SwitchPair.parse(text) for text in switches or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--switch") from None
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=pairs, state_transfer=transfer,
        keep_source=keep_source,
    )  # fmt: skip
    settings = load_settings()
    for name in (source, target):
        settings.host(name)
    return request


def migrate(
    vm: VM,
    source: Source,
    target: Target,
    target_folder: TargetFolder,
    switch: Switches = None,
    state_transfer: Transfer = StateTransfer.AUTO,
    keep_source: Annotated[
        bool,
        typer.Option(
            "--keep-source/--remove-source", help="Keep VM and files on the source, switched off, or remove them."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Move one VM with its disks, and bring it back to the state it was in."""
    with told_errors(as_json=as_json):
        request = request_of(
            vm,
            source,
            target,
            target_folder=target_folder,
            switches=switch,
            transfer=state_transfer,
            keep_source=keep_source,
        )
        with listening(Screen()):
            report = run_flow(request)
        if as_json:
            say_json(report.model_dump(mode="json"))
        else:
            show_report(report)
        raise typer.Exit(code_of_report(report))


def run_flow(request: MigrationRequest) -> Report:
    """Runs the flow in this process. Raises what the domain raises."""
    prefect_settings.apply()
    from flows.migrate_vm import migrate_vm  # imports Prefect: seconds, and only after its settings are made

    prefect_settings.start_server()
    return Report.model_validate(
        migrate_vm(
            vm=request.vm,
            source=request.source,
            target=request.target,
            target_folder=request.target_folder,
            switch_map=list(request.switch_map),
            state_transfer=request.state_transfer,
            keep_source=request.keep_source,
        )
    )
