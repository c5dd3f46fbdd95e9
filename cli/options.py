"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.state_transfer import StateTransfer

VM = Annotated[str, typer.Argument(help="Name or id of the VM.")]
Source = Annotated[str, typer.Option("--source", help="Host of the inventory that runs the VM now.")]
Target = Annotated[str, typer.Option("--target", help="Host of the inventory that the VM is moved to.")]
TargetFolder = Annotated[str, typer.Option("--target-folder", help=r"Full path on the target, e.g. D:\VMs\sql-01.")]
Switches = Annotated[
    list[str] | None,
    typer.Option(
        "--switch",
        help="'switch on the source = switch on the target'; repeat for each. A name with = in it, or with a blank or quote at"
        " an end, in quotes of its own: '\"Net=10G\" = LAN'.",
    ),
]
Transfer = Annotated[
    StateTransfer,
    typer.Option(
        "--state-transfer",
        help="save: the memory moves; shutdown: the guest is shut down; auto: save if the target can restore the memory.",
    ),
]
PinMacs = Annotated[
    PinMac,
    typer.Option(
        "--pin-mac",
        help="Dynamic MAC addresses made static at the import; auto: those that the start there would change; on: all. "
        "Never of a VM that comes with its memory.",
    ),
]
Checkpoint = Annotated[
    CheckpointChoice,
    typer.Option(
        "--checkpoint-type",
        help="standard: the guest's memory is written to the source's disk; production: VSS runs in the guest, which may break"
        " the chain of its own backups; auto: as the VM is set.",
    ),
]
Hosts = Annotated[list[str] | None, typer.Argument(help="Hosts; all of the inventory if none is given.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def group(text: str) -> typer.Typer:
    """A group of commands. Plain text, as an old console and a log show it, and without an import of Rich.

    `--help` gets a default, since Typer would import Pydantic to find out what its absence means.
    """
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"default_map": {"help": False}},
    )
