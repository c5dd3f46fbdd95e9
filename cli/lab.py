"""`qsm lab`: stand-in Hyper-V hosts that stay, to try the product on without Windows."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import BAD_INPUT, FAILED, fail, say_json
from cli.options import Json, group
from lab.engines import ENGINES

if TYPE_CHECKING:
    from lab.laboratory import Laboratory

app = group("Stand-in Hyper-V hosts, to try the product on without Windows.")


def _known_engine(engine: str) -> str:
    if engine not in ENGINES:
        raise typer.BadParameter(f"there is no engine {engine!r}; choose one of {', '.join(ENGINES)}")
    return engine


Engine = Annotated[
    str, typer.Option("--engine", callback=_known_engine, help=f"Program that plays a host: {', '.join(ENGINES)}.")
]
Folder = Annotated[Path, typer.Option("--folder", help="Folder of the laboratory.")]
DEFAULT_FOLDER = Path(".lab")
EXTRA = ("numpy", "uvicorn", "h11", "cryptography")
"""Packages that only the laboratory imports: the extra `lab` of the distribution."""


@contextmanager
def told_lab_errors(*, as_json: bool) -> Iterator[None]:
    """Turns errors of the laboratory inside the block, and what it misses here, into one message and an exit code."""
    if obstacle := _obstacle():
        fail(obstacle, "NoLaboratory", BAD_INPUT, as_json=as_json)
    try:
        yield
    except Exception as error:
        _fail_by(error, as_json=as_json)
        raise


def _obstacle() -> str:
    """Why there can be no laboratory here; empty if there can."""
    if sys.platform != "linux":
        return "The laboratory runs on Linux only."
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        return f"The laboratory needs {', '.join(missing)}: pip install 'quick-storage-migration[lab]' installs what it needs."
    return ""


def _fail_by(error: Exception, *, as_json: bool) -> None:
    """Ends the command with what the error says, if it is one of the laboratory's."""
    from lab.laboratory import LaboratoryError
    from lab.process.control import ControlError
    from lab.witness.connection import WitnessError

    if isinstance(error, LaboratoryError | ControlError | WitnessError):
        fail(str(error), type(error).__name__, FAILED, as_json=as_json)


@app.callback()
def lab() -> None:
    """Stand-in Hyper-V hosts, to try the product on without Windows."""


@app.command("up")
def up(
    folder: Folder = DEFAULT_FOLDER,
    engine: Engine = ENGINES[0],
    vm_disk: Annotated[
        list[Path] | None,
        typer.Option(
            "--vm-disk", exists=True, dir_okay=False, help="A VHD or VHDX of your own; a copy becomes a VM's disk."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Start hosts, witness and sample VMs in the background, and say how to point qsm at them."""
    files = _disk_files(vm_disk or [])
    with told_lab_errors(as_json=as_json):
        from lab.demonstration.plan import VM_NAME, DemoPlan
        from lab.laboratory import Laboratory

        laboratory = Laboratory(folder)
        is_new = not laboratory.exists()
        laboratory.up(DemoPlan(engine=engine).settings(), stay=True)
        try:
            if is_new:
                _make_sample_vms(laboratory)
            if files:
                _make_vm_of(files, laboratory)
        except BaseException:
            laboratory.down()
            raise
        _show(laboratory, as_json=as_json)
        if not as_json:
            _show_next_steps(laboratory, files[0].stem if files else VM_NAME)


@app.command("down")
def down(
    folder: Folder = DEFAULT_FOLDER,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the laboratory's folder with all VMs, too.")] = False,
    as_json: Json = False,
) -> None:
    """Stop a laboratory. Its folder stays; `qsm lab up` starts the laboratory again."""
    with told_lab_errors(as_json=as_json):
        from lab.laboratory import Laboratory, LaboratoryError

        laboratory = Laboratory(folder)
        if not laboratory.exists():
            raise LaboratoryError(f"There is no laboratory in {laboratory.folder}.")
        laboratory.down()
        if remove:
            shutil.rmtree(laboratory.folder)
        if as_json:
            say_json({"ok": True, "folder": str(laboratory.folder), "removed": remove})
        else:
            typer.echo(f"The laboratory in {laboratory.folder} is stopped{' and removed' if remove else ''}.")


@app.command("status")
def status(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Show what runs: hosts with their addresses, and their VMs."""
    with told_lab_errors(as_json=as_json):
        from lab.laboratory import Laboratory

        _show(Laboratory(folder), as_json=as_json)


def _disk_files(files: list[Path]) -> list[Path]:
    for file in files:
        if file.suffix.lower() not in (".vhd", ".vhdx"):
            raise typer.BadParameter(f"{file} is neither .vhd nor .vhdx", param_hint="--vm-disk")
    return files


def _make_sample_vms(laboratory: Laboratory) -> None:
    """One that writes and one that is off."""
    from lab.demonstration.plan import MIB, SOURCE, SOURCE_SWITCH, VLAN_ID, VM_NAME
    from lab.host.handle import LabAdapter, LabDisk

    source = laboratory.host(SOURCE)
    adapters = [LabAdapter(switch_name=SOURCE_SWITCH, vlan_id=VLAN_ID)]
    disks = [LabDisk(size_bytes=256 * MIB), LabDisk(size_bytes=128 * MIB, dynamic=False)]
    source.create_vm(VM_NAME, disks=disks, adapters=adapters)
    source.create_vm("files-01", disks=[LabDisk(format="VHD")], adapters=adapters, state="Off")


def _make_vm_of(files: list[Path], laboratory: Laboratory) -> None:
    """A VM whose guest runs and writes nothing: what the disks hold can be compared with the originals."""
    from lab.demonstration.plan import SOURCE, SOURCE_SWITCH, VLAN_ID
    from lab.host.handle import DEFAULT_WORKLOAD, LabAdapter, LabDisk

    laboratory.host(SOURCE).create_vm(
        files[0].stem,
        disks=[LabDisk(file=file) for file in files],
        adapters=[LabAdapter(switch_name=SOURCE_SWITCH, vlan_id=VLAN_ID)],
        workload=replace(DEFAULT_WORKLOAD, writes_per_second=0),
    )


def _show(laboratory: Laboratory, *, as_json: bool) -> None:
    from lab.host.tally import to_json, told

    status, powershell = laboratory.status(), laboratory.powershell()
    if as_json:
        say_json({**status, "settings_file": str(laboratory.settings_file), "powershell": to_json(powershell)})
        return
    typer.echo(f"laboratory in {status['folder']}")
    for name, host in status["hosts"].items():
        where = f"https://{host['address']}:{host['port']}/wsman" if host["process_id"] else "off"
        typer.echo(f"  {name}  {where}  {', '.join(host['vms']) or 'no VMs'}")
    if powershell:
        typer.echo(f"  PowerShell: {told(powershell)}")


def _show_next_steps(laboratory: Laboratory, vm_name: str) -> None:
    from lab.demonstration.plan import SOURCE, SOURCE_SWITCH, TARGET, TARGET_SWITCH

    options = f"--source {SOURCE} --target {TARGET} --target-folder 'D:\\VMs\\{vm_name}' --switch {SOURCE_SWITCH}={TARGET_SWITCH}"
    typer.echo(f"\nexport QSM_CONFIG={shlex.quote(str(laboratory.settings_file))}")
    typer.echo("qsm check hosts")
    typer.echo(f"qsm migrate {shlex.quote(vm_name)} {options}")
    typer.echo(f"qsm lab down --folder {shlex.quote(str(laboratory.folder))}")
