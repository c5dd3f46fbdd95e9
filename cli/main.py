"""The command `qsm`. Thin: each command calls a flow, the lab or the domain, and prints what came of it."""

from __future__ import annotations

import gc
import io
import sys

from cli import check, demo, hosts, lab, migrate, recover, windows
from cli.options import group

app = group("Move a running Hyper-V VM and its disks to another host, where Move-VM cannot.")
app.command("migrate")(migrate.migrate)
app.command("abandon")(recover.abandon_command)
app.command("finish")(recover.finish_command)
app.add_typer(check.app, name="check")
app.add_typer(hosts.app, name="hosts")
app.add_typer(windows.app, name="windows")
app.add_typer(lab.app, name="lab")
app.command("demo")(demo.demo)


def run() -> None:
    """Entry point.

    What was imported stays until the end. Looking through all of it for garbage, again and again while it comes and once
    more when the process ends, would be a quarter of a short command's work.
    """
    gc.set_threshold(50_000)
    _print_what_can_be_printed()
    try:
        app(windows_expand_args=False)  # values are what was typed: no stars and variables in them, on Windows either
    finally:
        gc.freeze()


def _print_what_can_be_printed() -> None:
    """A console or file with a small alphabet (Windows' code pages) gets \\N{...} for a letter that it lacks, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="namereplace")
