"""A report on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from qsm.report.report import Report
from qsm.report.words import size


def show_report(report: Report) -> None:
    """The report on standard output."""
    console = Console(highlight=False)
    console.print(
        f"\n[bold]{escape(report.vm_name)}[/bold]: {report.source} -> {report.target}, migration {report.migration_id}"
    )
    steps = Table("step", "", "started (UTC)", "seconds", box=None, header_style="dim")
    for line in report.steps:
        mark = " failed" if line.error else ""
        steps.add_row(line.step + mark, line.subject, line.started_utc[11:23], f"{line.seconds:.1f}")
    console.print(steps)
    copies = Table(Column("copied", overflow="fold"), "bytes", "seconds", "rate", box=None, header_style="dim")
    for copy in report.copies:
        copies.add_row(copy.what, size(copy.bytes), f"{copy.seconds:.1f}", f"{size(copy.bytes_per_second)}/s")
    console.print(copies)
    if report.offline_window:
        window = report.offline_window
        console.print(
            f"offline window [bold]{window.seconds:.1f} s[/bold]: {window.calls} calls to hosts,"
            f" {window.own_seconds:.1f} s spent by the tool"
        )
    for note in report.notes:
        console.print(f"note: {escape(note)}")
    if report.error and not any(_sentence(report.error) in item for item in report.left_over):
        console.print(f"[red]failed[/red]: {escape(_sentence(report.error))}")
    for item in report.left_over:
        console.print(f"[yellow]left over[/yellow]: {escape(item)}")
    console.print(f"[bold]{report.end.value}[/bold]: {escape(report.text)}")


def _sentence(error: str) -> str:
    """Without the name of the error's class, which is for scripts."""
    return error.partition(": ")[2] or error
