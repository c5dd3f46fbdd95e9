"""The demonstration: a laboratory of its own, a running VM moved in it by the real flow, and the verdict on it.

The migration is the one of `qsm migrate`: the same flow, the same WinRM client, certificates checked. Around it stands
what the product cannot say of itself: the witness, the independent comparison of the disks, the hosts' inventories.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import typer
from rich.console import Console

from cli import prefect_settings
from cli.migrate import run_flow
from lab.demonstration.plan import (
    MIB,
    SOURCE,
    SOURCE_SWITCH,
    TARGET,
    TARGET_FOLDER,
    TARGET_SWITCH,
    DemoPlan,
    DemoVM,
    prepare,
    vm_on,
)
from lab.demonstration.verdict import Evidence, VerdictLine, judge
from lab.demonstration.watch import Watch
from lab.host.tally import Kind, Spent, to_json, told
from lab.judges.leftovers import HostInventory, PlaceOfVM, left_over
from lab.laboratory import Laboratory
from qsm.hosts import operations
from qsm.hosts.messages import InventoryArguments
from qsm.hosts.meter import Meter
from qsm.migration.migration import open_host
from qsm.migration.progress import Event, Listener, Noted, StepEnded, StepStarted, listening
from qsm.plan.request import MigrationRequest, SwitchPair
from qsm.report.report import Report
from qsm.settings import load_settings

BASE_COPY, CLEAN_UP = "copy_base_disk", "clean_up"  # steps, as the domain names them


@dataclass(frozen=True)
class Outcome:
    """What the demonstration showed."""

    report: Report
    evidence: Evidence
    checks: tuple[VerdictLine, ...]
    seconds: float
    powershell: Mapping[str, Mapping[Kind, Spent]]
    """What the engine's processes have cost, by host and by what they were started for. Empty: no such engine."""

    @property
    def ok(self) -> bool:
        """Whether all that must hold does."""
        return all(check.holds for check in self.checks)


def run_demo(plan: DemoPlan, folder: Path, *, screen: Listener) -> Outcome:
    """Build the laboratory in the folder, migrate, watch and judge; nothing runs afterwards.

    Raises what the domain raises when the migration does not go through, and LaboratoryError, ControlError, WitnessError.
    """
    began = time.monotonic()

    def say(text: str) -> None:
        screen(Noted(text))

    server = _server_ahead()
    say(f"laboratory: hosts {SOURCE} and {TARGET}, a link of {plan.link_bytes_per_second // MIB} MiB/s between them")
    with Laboratory(folder).running(plan.settings()) as laboratory, _product_settings(laboratory.settings_file):
        vm = prepare(laboratory, plan)
        say(f"VM {vm.name} runs on {SOURCE} and writes to {len(vm.slots)} disks")
        before = take_inventories(laboratory, vm)
        watch = Watch(laboratory, vm, say=say)
        watch.wait_for_writes()
        say("the flow begins as soon as Prefect's server answers")
        server.result()
        watch.begin()
        try:
            with listening(screen), listening(_moments(watch)):
                report = migrate(vm)
        finally:
            watch.end()
        after = take_inventories(laboratory, vm)
        differences = {
            name: left_over(before[name], after[name], migration_id=report.migration_id) for name in (SOURCE, TARGET)
        }
        evidence = watch.evidence(differences)
        powershell = laboratory.powershell()
    checks = (*judge(evidence), _went_through(report))
    return Outcome(report, evidence, checks, time.monotonic() - began, powershell)


def migrate(vm: DemoVM) -> Report:
    """Move the VM by the flow. The source is removed: nothing of the VM may be left there."""
    request = MigrationRequest(
        vm=vm.name, source=SOURCE, target=TARGET, target_folder=TARGET_FOLDER,
        switch_map=(SwitchPair(source=SOURCE_SWITCH, target=TARGET_SWITCH),), keep_source=False,
    )  # fmt: skip
    return run_flow(request)


def take_inventories(laboratory: Laboratory, vm: DemoVM) -> dict[str, HostInventory]:
    """Ask each host, over WinRM, for all that it has; and look at its volumes without asking it."""
    found = {}
    for host in laboratory.hosts():
        roots = tuple(volume.root for volume in host.files.volumes.all())
        connection = open_host(host.name, load_settings(), meter=Meter())
        try:
            told = connection.ask(operations.get_inventory, InventoryArguments(folders=roots))
        finally:
            connection.close()
        on_disk = tuple(
            info.path for root in roots for info in host.files.list(root, recursive=True) if not info.folder
        )
        found[host.name] = HostInventory(told, _place(vm_on(host, vm.vm_id)), on_disk)
    return found


def _place(vm: Mapping[str, Any] | None) -> PlaceOfVM:
    if vm is None:
        return PlaceOfVM()
    disks = tuple(drive["path"] for drive in vm["hard_drives"])
    return PlaceOfVM(vm["vm_id"], disks, str(PureWindowsPath(vm["configuration_file"]).parent))


def _moments(watch: Watch) -> Listener:
    """A listener that reports to the watch what it must know of the migration, in the very moment."""

    def listener(event: Event) -> None:
        match event:
            case StepStarted(step=step) if step == BASE_COPY:
                watch.base_copy_began()
            case StepEnded(step=step) if step == BASE_COPY:
                watch.base_copy_ended()
            case StepStarted(step=step) if step == CLEAN_UP:
                watch.source_goes()

    return listener


def _went_through(report: Report) -> VerdictLine:
    found = (report.text, *report.left_over)
    return VerdictLine(
        "the migration went through, with nothing left over", report.end == "forward" and not report.left_over, found
    )


def _server_ahead() -> Future[None]:
    """Prefect's own server needs longer to start than a laboratory; so both start side by side."""
    prefect_settings.apply()
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts Prefect")
    started = pool.submit(prefect_settings.start_server)
    pool.shutdown(wait=False)
    return started


@contextmanager
def folder_of_demo(*, keep: bool) -> Iterator[Path]:
    """A folder for laboratory and Prefect. Prefect's own server, if it needs one, ends after this command only."""
    folder = Path(tempfile.mkdtemp(prefix="qsm-demo-"))
    if not keep:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # registered before Prefect's own: runs after it
    if not os.environ.get("PREFECT_API_URL"):
        os.environ.setdefault("PREFECT_HOME", str(folder / "prefect"))
    yield folder / "lab"
    if keep:
        typer.echo(f"The laboratory's folder is {folder / 'lab'}.", err=True)


@contextmanager
def _product_settings(file: Path) -> Iterator[None]:
    """Points the product at a laboratory, as QSM_CONFIG does for any command."""
    former = os.environ.get("QSM_CONFIG")
    os.environ["QSM_CONFIG"] = str(file)
    load_settings.cache_clear()
    try:
        yield
    finally:
        del os.environ["QSM_CONFIG"]
        if former is not None:
            os.environ["QSM_CONFIG"] = former
        load_settings.cache_clear()


def show_verdict(outcome: Outcome) -> None:
    """Each check with what was found, and the offline window from both sides."""
    console = Console(highlight=False, soft_wrap=True)
    console.print("\n[bold]What the witness and the disks say[/bold]")
    for check in outcome.checks:
        mark = "[green]holds[/green]" if check.holds else "[red]FAILS[/red]"
        console.print(f"- {mark}  {_plain(check.name)}")
        for line in check.found:
            console.print(f"         {_plain(line)}")
    console.print(f"- offline window: {_windows(outcome)}")
    if outcome.powershell:
        console.print(f"- PowerShell: {told(outcome.powershell)}")
    good = (
        "[green]Nothing was lost.[/green]"
        if outcome.ok
        else "[red]Something does not hold: see the lines marked FAILS.[/red]"
    )
    console.print(f"\n[bold]{good}[/bold] {outcome.seconds:.0f} s in all.")


def _windows(outcome: Outcome) -> str:
    seen, told = outcome.evidence.witness_window, outcome.report.offline_window
    witness = f"{seen.seconds:.1f} s for the witness (last write to running again)" if seen else "none for the witness"
    product = f"{told.seconds:.1f} s for the tool (save called to start answered)" if told else "none for the tool"
    return f"{witness}; {product}"


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome for scripts."""
    window = outcome.evidence.witness_window
    return {
        "ok": outcome.ok,
        "checks": [asdict(check) for check in outcome.checks],
        "offline_window_seconds": {
            "witness": window.seconds if window else None,
            "tool": outcome.report.offline_window.seconds if outcome.report.offline_window else None,
        },
        "seconds": outcome.seconds,
        "powershell": to_json(outcome.powershell),
        "report": outcome.report.model_dump(mode="json"),
    }
