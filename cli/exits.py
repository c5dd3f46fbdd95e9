"""Exit codes of every command, and the one place that turns an error into a line and a code.

| code | meaning |
| --- | --- |
| 0 | done as asked |
| 1 | failed; after `qsm migrate` the VM is at its source (or: a check found something to repair) |
| 2 | bad input: arguments, settings |
| 3 | refused before anything was changed |
| 4 | held: stopped on purpose, because nobody can prove where the VM may run; the text says what decides |
| 5 | done, and something is left over, named in the text; the VM is at the target (after `qsm abandon`: at the source) |
| 6 | a host does not answer |
| 130 | interrupted; the migration was settled first |
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from qsm.errors import QsmError
    from qsm.report.report import Report

FAILED, BAD_INPUT, REFUSED, HELD, LEFT_OVER, UNREACHABLE, INTERRUPTED = 1, 2, 3, 4, 5, 6, 130


def code_of(error: QsmError) -> int:
    """The exit code of an error."""
    from qsm.errors import Refused, SettingsError, Unreachable
    from qsm.plan.ending import End
    from qsm.run import MigrationFailed

    if isinstance(error, MigrationFailed):
        return HELD if error.report.end is End.HELD else FAILED
    if isinstance(error, SettingsError):
        return BAD_INPUT
    if isinstance(error, Refused):
        return REFUSED
    return UNREACHABLE if isinstance(error, Unreachable) else FAILED


def code_of_report(report: Report) -> int:
    """The exit code of a migration that went through."""
    return LEFT_OVER if report.left_over else 0


@contextmanager
def told_errors(*, as_json: bool) -> Iterator[None]:
    """Turns domain errors inside the block into one message and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        fail("interrupted", "Interrupted", INTERRUPTED, as_json=as_json)
    except Exception as error:
        _fail_by(error, as_json=as_json)
        raise


def _fail_by(error: Exception, *, as_json: bool) -> None:
    """Ends the command with what the error says, if it is one of the domain's. These classes are imported only now."""
    from pydantic import ValidationError

    from qsm.errors import QsmError

    if isinstance(error, ValidationError):
        reasons = [_reason(item) for item in error.errors(include_url=False, include_input=False)]
        fail("; ".join(reasons), "BadInput", BAD_INPUT, as_json=as_json)
    if isinstance(error, QsmError):
        fail(str(error), type(error).__name__, code_of(error), as_json=as_json)


def _reason(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def fail(text: str, kind: str, code: int, *, as_json: bool) -> NoReturn:
    """One message, and the end of the command with that code."""
    if as_json:
        sys.stdout.write(json.dumps({"ok": False, "error": kind, "message": text, "exit_code": code}) + "\n")
    else:
        typer.secho(text, fg=typer.colors.RED, err=True)
    raise typer.Exit(code)


def warn(text: str) -> None:
    """What the reader should know, and what changes neither outcome nor exit code."""
    typer.secho(f"warning: {text}", fg=typer.colors.YELLOW, err=True)


def say_json(content: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")
