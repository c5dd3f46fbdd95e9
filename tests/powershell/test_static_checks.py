"""The house rules of PowerShell, on every script; and each rule on an example that breaks it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from checks import CHECKS, GUARDED_PARAMETERS, KNOWN, PROGRAMS, Check, bad_example, layout
from lab_host import EngineHost
from scripts import Script, all_scripts
from waiting import DEADLINE_SECONDS

from qsm.hosts import wire
from qsm.hosts.operations import MODULE_FOLDER, MODULE_TABLE_FILE, OPERATIONS, module_table
from qsm.powershell.composed import BOOTSTRAP_NAMES, BOOTSTRAPS, PARTS

SCRIPTS = all_scripts()
BAD = [(check, source, fragment) for check in CHECKS for source, fragment in check.bad]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_script_keeps_the_rule(check: Check) -> None:
    problems = [
        f"{script.path.name}: {problem}" for script in SCRIPTS if check.applies(script) for problem in check.run(script)
    ]
    assert problems == []


@pytest.mark.parametrize(("check", "source", "fragment"), BAD, ids=lambda value: getattr(value, "name", None))
def test_the_rule_refuses_what_breaks_it(check: Check, source: str, fragment: str) -> None:
    problems = list(check.run(bad_example(check, source)))
    assert any(fragment in problem for problem in problems), problems


def test_nothing_is_overlooked() -> None:
    shipped = {path for path in MODULE_FOLDER.parent.rglob("*") if path.suffix in (".ps1", ".psm1")}
    assert {script.path for script in SCRIPTS} == shipped
    assert {path.stem for path in BOOTSTRAPS.glob("*.ps1")} == set(BOOTSTRAP_NAMES)
    sent = {file.path: file.data.decode("ascii") for file in wire.module_files()}
    assert all(script.text in sent[f"{script.room}.ps1"] for script in SCRIPTS if script.function_file)
    rooms = {f"{script.room}.ps1" for script in SCRIPTS if script.function_file}
    others = {
        "Messages.json",
        "Operations.json",
        "QuickStorageMigration.psd1",
        "QuickStorageMigration.psm1",
        "Work.ps1",
    }
    assert set(sent) == rooms | others
    loaded = re.search(r"foreach \(\$room in (.+)\) \{", sent["QuickStorageMigration.psm1"])
    assert loaded and {f"{name}.ps1" for name in re.findall(r"'(\w+)'", loaded[1])} == rooms
    assert all(check.applies(script) for check in CHECKS[:2] for script in SCRIPTS)


def test_what_stands_in_a_part_stands_nowhere_else() -> None:
    composed = {path: path.read_text("ascii") for path in (*BOOTSTRAPS.glob("*.ps1"), MODULE_FOLDER / "Work.ps1")}
    for part in PARTS.glob("*.ps1"):
        assert any(f"#part {part.stem}\n" in source for source in composed.values())
        defined = re.findall(r"^function ([\w-]+)", part.read_text("ascii"), re.MULTILINE)
        assert not [name for name in defined for source in composed.values() if f"function {name}" in source]
    for path, source in composed.items():
        assert list(layout(Script(path, source))) == []


@pytest.mark.parametrize("name", BOOTSTRAP_NAMES)
def test_bootstraps_fit_on_a_command_line(name: str) -> None:
    assert len(wire.bootstrap_command(name)) < 8191 - len("cmd.exe /c ")


def test_the_table_of_the_module_is_the_table_of_the_tool() -> None:
    assert MODULE_TABLE_FILE.read_text("ascii") == module_table()


def test_every_operation_has_its_function() -> None:
    functions = {script.path.stem: script for script in SCRIPTS if script.public}
    assert set(functions) == {operation.function for operation in OPERATIONS.values()}
    for operation in OPERATIONS.values():
        wanted = {name.replace("_", "").lower() for name in operation.arguments.model_fields}
        taken = {name.lower() for name in functions[operation.function].parameters}
        assert taken - wanted <= {"migrationid", "waitseconds"}, operation.function
        assert wanted <= taken, operation.function


def test_error_ids_are_those_of_the_table() -> None:
    import re

    known = {error for operation in OPERATIONS.values() for error in operation.error_ids}
    # In the error of a finished copy or merge, and inside the module.
    known |= {"CopyFailed", "CopyAltered", "DiskChainBroken", "MergeFailed", "FileInTheWay", "FileMissing", "NoSpace"}
    for script in SCRIPTS:
        for found in re.findall(r"New-Qsm\w*Error[^\n]* -Id '?(\w+)", script.text):
            assert found in known, (script.path.name, found)


def test_known_cmdlets_holds_what_is_used_and_no_more() -> None:
    used = {command.name for script in SCRIPTS for command in script.commands}
    assert set(KNOWN) <= used | {"Test-NetConnection"}
    assert used >= PROGRAMS
    for stem, cmdlet, parameter in GUARDED_PARAMETERS:
        (script,) = [script for script in SCRIPTS if script.path.stem == stem]
        assert any(command.name == cmdlet and parameter in command.parameters for command in script.commands)


def test_the_parser_of_powershell_takes_every_script(engine_host: EngineHost) -> None:
    assert parse_errors(engine_host, SCRIPTS) == {}
    bad = [Script(Path(f"{index}.ps1"), source) for index, source in enumerate(["if ($x) {", "try { 1 }", "'a"])]
    assert set(parse_errors(engine_host, bad)) == {"0.ps1", "1.ps1", "2.ps1"}


def parse_errors(host: EngineHost, scripts: list[Script]) -> dict[str, str]:
    session = host.session()
    found = {}
    for script in scripts:
        literal = script.text.replace("'", "''")
        (errors,) = session.run(
            "$tokens = $null; $errors = $null; "
            f"[void][Management.Automation.Language.Parser]::ParseInput('{literal}', [ref]$tokens, [ref]$errors); "
            "@($errors | ForEach-Object { $_.Message }) -join '; '"
        )
        if errors:
            found[script.path.name] = errors
    session.close()
    return found


@pytest.mark.parametrize("windows", ["2012R2", "2016"])
def test_the_module_loads_and_exports_its_public_functions(tmp_path: Path, windows: str) -> None:
    from powershell_program import require_engine

    require_engine()
    host = EngineHost(tmp_path, windows=windows)
    try:
        session = host.session()
        (exported,) = session.run(", @($ExecutionContext.SessionState.Module.ExportedFunctions.Keys | Sort-Object)")
        assert set(exported) == {script.path.stem for script in SCRIPTS if script.public}
        # Help that the parser of PowerShell finds, not only ours.
        (silent,) = session.run(
            ", @(Get-ChildItem -Path function: | Where-Object { $_.Name -like '*-Qsm*' -and -not "
            "$_.ScriptBlock.Ast.GetHelpContent().Synopsis } | ForEach-Object { $_.Name })"
        )
        assert silent == []
    finally:
        host.close()


def test_cmdlets_are_extracted_as_the_versions_have_them(tmp_path: Path) -> None:
    import sys

    source = {
        "versions": {
            "2012R2": {"M": {"Get-Item": ["Path", "Old"], "Get-Gone": []}},
            "2016": {"M": {"Get-Item": ["Path", "New", "Late"]}},
            "2019": {"M": {"Get-Item": ["Path", "New", "Late"]}},
            "2022": {"M": {"Get-Item": ["Path", "New", "Late"]}},
            "2025": {"M": {"Get-Item": ["Path", "New", "Late"]}},
        },
        "documented_not_captured": {"2016": {"M": {"Get-Item": ["Late"]}}},
    }
    from extract_known_cmdlets import extract

    known = extract(source, {"Get-Item", "Get-Gone", "Get-Absent"})
    assert known["Get-Item"] == {"since": "2012R2", "parameters": {"Path": "2012R2", "New": "2016", "Late": "2019"}}
    assert not {"Get-Gone", "Get-Absent"} & set(known)
    assert json.dumps(known).isascii()
    script = Path(__file__).parent / "extract_known_cmdlets.py"
    told = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert told.returncode != 0
