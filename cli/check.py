"""`qsm check`: look before you leap. `check hosts` copies one small file and removes it; `check vm` changes nothing."""

from __future__ import annotations

from itertools import permutations
from typing import Annotated

import typer

from cli import migrate
from cli.exits import FAILED, say_json, told_errors
from cli.inventory import opened, settings_with_passwords
from qsm.care.check_hosts import Finding, check_host, check_pair
from qsm.plan.request import StateTransfer
from qsm.report.words import size
from qsm.steps.preflight import begin

app = typer.Typer(no_args_is_help=True, help="Look before you leap.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


@app.command("hosts")
def hosts(
    names: Annotated[list[str] | None, typer.Argument(help="Hosts; all of the inventory if none is given.")] = None,
    as_json: Json = False,
) -> None:
    """What hosts need for migrations, each point with its repair; and one file really copied in each direction."""
    with told_errors(as_json=as_json), opened(names or ()) as (opened_hosts, _):
        findings: list[Finding] = []
        facts = {}
        for name, host in opened_hosts.items():
            facts[name], points = check_host(host)
            findings += points
        for source, target in permutations(opened_hosts, 2):
            source_facts, target_facts = facts[source], facts[target]
            if source_facts is not None and target_facts is not None:
                findings += check_pair(
                    opened_hosts[source], opened_hosts[target], source_facts=source_facts, target_facts=target_facts
                )
        _show(findings, as_json=as_json)
        raise typer.Exit(0 if all(finding.ok for finding in findings) else FAILED)


def _show(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        say_json([finding.model_dump() for finding in findings])
        return
    for finding in findings:
        mark = typer.style("ok  ", fg=typer.colors.GREEN) if finding.ok else typer.style("MEND", fg=typer.colors.RED)
        typer.echo(f"{mark} {finding.subject}: {finding.point}: {finding.found}")
        if finding.repair:
            typer.echo(f"       {finding.repair}")


@app.command("vm")
def vm(
    vm: migrate.VM,
    source: migrate.Source,
    target: migrate.Target,
    target_folder: migrate.TargetFolder,
    switch: migrate.Switches = None,
    state_transfer: migrate.Transfer = StateTransfer.AUTO,
    as_json: Json = False,
) -> None:
    """Whether a VM could be moved like this now; every reason against it at once."""
    with told_errors(as_json=as_json):
        request = migrate.request_of(
            vm, source, target, target_folder=target_folder, switches=switch, transfer=state_transfer, keep_source=True
        )
        settings = settings_with_passwords((source, target))
        migration = begin(request, settings, requested_by="qsm check vm")
        migration.close()
        plan = migration.plan
        if as_json:
            say_json(plan.as_json())
            return
        total = sum(link.file.length_bytes for disk in plan.disks for link in disk.chain.files)
        typer.echo(f"VM {plan.vm_name} ({plan.state_before}) can be moved from {plan.source} to {plan.target}.")
        typer.echo(
            f"  {len(plan.disks)} disks, {size(total)}; state transfer: {plan.transfer}; memory up to {size(plan.memory_bytes)}"
        )
        for disk in plan.disks:
            typer.echo(f"  {disk.slot}: {disk.path} -> {disk.target_path}")
