"""The module of stand-ins that a PowerShell process of a lab host finds in place of Windows' own modules.

Each cmdlet is a function with the parameters that the host's version of Windows has, generated from cmdlets.json: names,
types, sets, positions, what is mandatory, which values. A wrong parameter fails as it would there. All functions do one
thing, which is to ask the host (StandIns.ps1); what the host model does not act on comes back as an error.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.engines.powershell.error_records import class_of
from lab.platform.windows import version_of

FOLDER = Path(__file__).parent
CMDLETS_FILE = FOLDER / "cmdlets.json"
ENUMERATIONS_FILE = FOLDER / "enumerations.json"
SCRIPT_FILE = FOLDER / "StandIns.ps1"
MODULE_NAME = "WindowsStandIns"
PROGRAMS = ("icacls.exe", "whoami.exe")
HELPERS = ("Get-LabRule", "Get-LabErrorId", "Get-LabAttribute")
"""What the members of objects need wherever they are read."""
PREFERRED_SETS = ("Name", "VMName", "ByPath", "query", "class")
"""Where several sets fit, Windows' cmdlets take these."""
COMMON = frozenset({"Confirm", "WhatIf"})
TYPES = {
    "SwitchParameter": "switch",
    "String": "string",
    "Boolean": "bool",
    "Guid": "guid",
    "Byte": "byte",
    "Int16": "int16",
    "Int32": "int",
    "Int64": "long",
    "UInt16": "uint16",
    "UInt32": "uint32",
    "UInt64": "uint64",
    "TimeSpan": "timespan",
    "Hashtable": "hashtable",
}
HYPERV_OBJECTS = frozenset(
    {"VirtualMachine", "HardDiskDrive", "DvdDrive", "VMNetworkAdapter", "VMNetworkAdapterBase", "VMSnapshot"}
)


def write_module(folder: Path, *, build: int) -> Path:
    """Write the module for a host below `folder`; returns the folder to name in POSH_MODULES."""
    cmdlets = json.loads(CMDLETS_FILE.read_text("ascii"))[version_of(build)]
    module = folder / MODULE_NAME
    module.mkdir(parents=True, exist_ok=True)
    classes = {name: found for name in cmdlets if (found := class_of(name, build=build))}
    table = "".join(f"'{name}' = '{found}'; " for name, found in classes.items())
    parts = [
        SCRIPT_FILE.read_text("ascii"),
        f"$script:LabClasses = @{{ {table}}}",
        *(_function(name, facts) for name, facts in cmdlets.items()),
    ]
    (module / f"{MODULE_NAME}.psm1").write_text("\n".join(parts), "ascii")
    (module / ENUMERATIONS_FILE.name).write_text(ENUMERATIONS_FILE.read_text("ascii"), "ascii")
    names = ", ".join(f"'{name}'" for name in (*cmdlets, *PROGRAMS, *HELPERS))
    manifest = f"@{{ ModuleVersion = '1.0'; RootModule = '{MODULE_NAME}.psm1'; FunctionsToExport = @({names}) }}\n"
    (module / f"{MODULE_NAME}.psd1").write_text(manifest, "ascii")
    return folder


def _function(name: str, facts: dict[str, Any]) -> str:
    parameters = {each: told for each, told in facts["parameters"].items() if each not in COMMON}
    settings = []
    asks = "Confirm" in facts["parameters"]
    if asks:
        settings.append("SupportsShouldProcess = $true")
    default = _default_set(parameters)
    if default:
        settings.append(f"DefaultParameterSetName = '{default}'")
    taken: dict[str, set[int]] = {}
    declared = ",\n".join(_parameter(each, told, taken=taken) for each, told in parameters.items())
    guard = f"if (-not $PSCmdlet.ShouldProcess('{name}')) {{ return }}; " if asks else ""
    return (
        f"function {name} {{\n[CmdletBinding({', '.join(settings)})]\nparam(\n{declared}\n)\n"
        f"process {{ {guard}Invoke-StandIn $PSCmdlet '{name}' $PSBoundParameters }}\n}}\n"
    )


def _default_set(parameters: dict[str, Any]) -> str:
    """The set with the fewest mandatory parameters; by name where several have as few."""
    sets = {name for told in parameters.values() for name in told.get("sets", ())}

    def weight(name: str) -> tuple[int, bool, str]:
        mandatory = [
            told for told in parameters.values() if name in told.get("sets", sets) and _is_mandatory(told, name)
        ]
        return len(mandatory), name not in PREFERRED_SETS, name

    if not sets:
        return ""
    best = min(sets, key=weight)
    # a single set that asks for something is one beside the plain call, which the documentation gives no name
    return best if len(sets) > 1 or weight(best)[0] == 0 else "Plain"


def _is_mandatory(told: dict[str, Any], set_name: str | None) -> bool:
    required = told.get("required", told.get("required_in", False))
    return required is True or (isinstance(required, list) and set_name in required)


def _parameter(name: str, told: dict[str, Any], *, taken: dict[str, set[int]]) -> str:
    lines = [_attribute(told, each, taken=taken) for each in told.get("sets") or [None]]
    if told.get("aliases"):
        lines.append("[Alias(" + ", ".join(f"'{alias}'" for alias in told["aliases"]) + ")]")
    kind = str(told.get("type", "Object"))
    plain = kind.removesuffix("[]")
    array = "[]" if kind.endswith("[]") else ""
    if told.get("values") and plain not in TYPES:
        lines.append("[ValidateSet(" + ", ".join(f"'{value}'" for value in told["values"]) + ")]")
        lines.append(f"[string{array}]")
    elif plain in TYPES:
        lines.append(f"[{TYPES[plain]}{array}]")
    elif plain in HYPERV_OBJECTS:
        lines += [f"[PSTypeName('Microsoft.HyperV.PowerShell.{plain}')]", f"[object{array}]"]
    else:
        lines.append(f"[object{array}]")
    return "".join(lines) + f"${name}"


def _attribute(told: dict[str, Any], set_name: str | None, *, taken: dict[str, set[int]]) -> str:
    """`taken`: positions by set. Where the documentation gives one twice, the first parameter has it."""
    said = [] if set_name is None else [f"ParameterSetName = '{set_name}'"]
    if _is_mandatory(told, set_name):
        said.append("Mandatory = $true")
    position = told.get("position")
    if isinstance(position, int) and position not in taken.setdefault(set_name or "", set()):
        taken[set_name or ""].add(position)
        said.append(f"Position = {position}")
    if told.get("pipeline"):
        said.append("ValueFromPipeline = $true")
    return f"[Parameter({', '.join(said)})]"
