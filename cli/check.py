"""`qsm check`: before a migration. `check hosts` copies one small file and removes it; `check vm` changes nothing."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import typer

from cli.exits import FAILED, say_json, told_errors
from cli.options import VM, Checkpoint, Hosts, Json, PinMacs, Source, Switches, Target, TargetFolder, Transfer, group
from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.state_transfer import StateTransfer

if TYPE_CHECKING:
    from qsm.care.check_hosts import Finding
    from qsm.plan.plan import Plan

app = group("Check hosts, or whether a VM can be moved, before a migration.")


@app.command("hosts")
def hosts(names: Hosts = None, as_json: Json = False) -> None:
    """Check what hosts need, and copy one small file each way."""
    from cli.inventory import opened
    from qsm.care.check_hosts import check_host, check_pair

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
        mark = typer.style("ok  ", fg=typer.colors.GREEN) if finding.ok else typer.style("FAIL", fg=typer.colors.RED)
        typer.echo(f"{mark} {finding.subject}: {finding.point}: {finding.found}")
        if finding.repair:
            typer.echo(f"       {finding.repair}")


@app.command("vm")
def vm(
    vm: VM,
    source: Source,
    target: Target,
    target_folder: TargetFolder,
    switch: Switches = None,
    state_transfer: Transfer = StateTransfer.AUTO,
    pin_mac: PinMacs = PinMac.AUTO,
    checkpoint_type: Checkpoint = CheckpointChoice.AUTO,
    as_json: Json = False,
) -> None:
    """Check whether a VM could be moved now, or why not."""
    from cli.inventory import settings_with_passwords
    from cli.request import request_of
    from qsm.migration.progress import Progress
    from qsm.steps.preflight import begin

    with told_errors(as_json=as_json):
        request = request_of(
            vm, source, target, target_folder=target_folder, switches=switch, transfer=state_transfer, pin_mac=pin_mac,
            checkpoint_type=checkpoint_type, keep_source=True,
        )  # fmt: skip
        settings = settings_with_passwords((source, target))
        migration = begin(request, settings, requested_by="qsm check vm", progress=Progress())
        migration.close()
        if as_json:
            say_json(migration.plan.as_json())
        else:
            _show_plan(migration.plan)


def _show_plan(plan: Plan) -> None:
    from qsm.report.words import size

    total = sum(link.file.length_bytes for disk in plan.disks for link in disk.chain.files)
    typer.echo(f"VM {plan.vm_name} ({plan.state_before}) can be moved from {plan.source} to {plan.target}.")
    typer.echo(
        f"  {len(plan.disks)} disks, {size(total)}; state transfer: {plan.transfer}; memory up to {size(plan.memory_bytes)}"
    )
    for disk in plan.disks:
        typer.echo(f"  {disk.slot}: {disk.path} -> {disk.target_path}")
    for note in plan.notes:
        typer.echo(f"  note: {note}")
