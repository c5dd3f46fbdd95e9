"""A report as Markdown: plain tables, which every Prefect UI shows."""

from __future__ import annotations

from qsm.report.report import Report
from qsm.report.words import size


def to_markdown(report: Report) -> str:
    """For an artifact: plain tables, which every Prefect UI shows."""
    window = report.offline_window
    lines = [
        f"# {report.vm_name}: {report.source} → {report.target}",
        "",
        f"**{report.end.value}**: {report.text}",
        "",
        f"- migration `{report.migration_id}`, VM `{report.vm_id}`, state {report.state}",
        f"- folder `{report.target_folder}`",
    ]
    if window:
        lines.append(
            f"- offline window **{window.seconds:.1f} s** ({window.calls} calls to hosts,"
            f" {window.own_seconds:.1f} s spent by the tool)"
        )
    if report.error:
        lines.append(f"- error: {report.error}")
    lines += [f"- left over: {item}" for item in report.left_over]
    lines += [f"- note: {item}" for item in report.notes]
    lines += ["", "| step | | started (UTC) | seconds | |", "| --- | --- | --- | ---: | --- |"]
    lines += [
        f"| {s.step} | {s.subject} | {s.started_utc[11:23]} | {s.seconds:.1f} | {'failed' if s.error else ''} |"
        for s in report.steps
    ]
    lines += ["", "| copied | bytes | seconds | rate |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {c.what} | {size(c.bytes)} | {c.seconds:.1f} | {size(c.bytes_per_second)}/s |" for c in report.copies]
    return "\n".join(lines) + "\n"
