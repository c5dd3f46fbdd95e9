"""A command line is read as powershell.exe reads it: short names count, and what it would not understand is no script."""

from __future__ import annotations

import base64

import pytest

from lab.host.powershell_line import NotUnderstood, is_powershell, parse
from qsm.hosts import wire


def encoded(script: str) -> str:
    return base64.b64encode(script.encode("utf-16-le")).decode("ascii")


@pytest.mark.parametrize(
    "line",
    [
        "-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {}",
        "-encodedcommand {}",
        "-nop -noni -ep bypass -enc {}",
        "-e {}",
        "/ec {}",
        "-NoLogo -InputFormat None -OutputFormat Text -ec {}",
    ],
)
def test_encoded_script_is_found(line: str) -> None:
    assert parse(line.format(encoded("Get-Date; 'ü'"))).script == "Get-Date; 'ü'"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "command is missing"),
        ("-Command Get-VM", "not known"),
        ("Get-VM", "not recognized"),
        ("-No -e x", "several"),
        ("-EncodedCommand", "missing parameter"),
        ("-EncodedCommand !!", "not properly encoded"),
        ('-File "C:\\a', "cannot be read"),
        (r"-File C:\a.ps1 1", "no pairs|not pairs"),
    ],
)
def test_what_is_not_understood_is_said(line: str, complaint: str) -> None:
    with pytest.raises(NotUnderstood, match=complaint):
        parse(line)


def test_script_file_and_its_arguments_are_found() -> None:
    found = parse(r'-NoProfile -File "C:\Program Data\Work.ps1" -MigrationId 1 -Kind copy')
    assert (found.script, found.file) == (None, r"C:\Program Data\Work.ps1")
    assert found.arguments == {"migrationid": "1", "kind": "copy"}


def test_program_is_known_by_name_and_path() -> None:
    assert is_powershell("powershell.exe") and is_powershell("PowerShell")
    assert is_powershell(r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe")
    assert not is_powershell("pwsh") and not is_powershell(r"C:\temp\powershell.exe")


@pytest.mark.parametrize("name", ["probe", "install", "call", "serve"])
def test_lines_of_the_product_carry_the_scripts_of_the_package(name: str) -> None:
    from lab.engines.python.engine import known_scripts

    program, _, rest = wire.bootstrap_command(name).partition(" ")
    assert is_powershell(program)
    assert known_scripts()[parse(rest).script or ""] == name
