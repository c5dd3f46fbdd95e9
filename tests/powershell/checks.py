"""House rules of the PowerShell scripts that can be read from the source.

Each check takes a script and names what is wrong in it. A row of the table holds the check, where it applies and an
example that it must refuse, since a check that cannot fail proves nothing. Reasons stand at the checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts import Script, all_scripts, text

from qsm.hosts.operations import MODULE_FOLDER, OPERATIONS
from qsm.powershell.composed import BOOTSTRAPS

Problems = Iterator[str]

KNOWN = json.loads((Path(__file__).parent / "known_cmdlets.json").read_text("ascii"))
OLDEST = "2012R2"
COMMON = {  # about_CommonParameters of 4.0, and those of SupportsShouldProcess
    *(
        "Verbose",
        "Debug",
        "ErrorAction",
        "WarningAction",
        "ErrorVariable",
        "WarningVariable",
        "OutVariable",
        "OutBuffer",
    ),
    *("PipelineVariable", "WhatIf", "Confirm"),
}
PROGRAMS = {"whoami.exe", "icacls.exe"}
BLOCKS = {"begin", "process", "end"}

# Newer than Windows Server 2012 R2 and why it is never reached there.
GUARDED_PARAMETERS = {
    ("Checkpoint-QsmVM", "Set-VM", "CheckpointType"): "only if Get-QsmCheckpointType told a type",
    ("Restore-QsmVMSetting", "Set-VM", "CheckpointType"): "only if Get-QsmCheckpointType told a type",
    ("Set-QsmCheckpointType", "Set-VM", "CheckpointType"): "called only to set back a type that was changed",
    ("Start-QsmVM", "Set-VM", "AutomaticCheckpointsEnabled"): "only if the VM has the property",
    ("Restore-QsmVMSetting", "Set-VM", "AutomaticCheckpointsEnabled"): "only if the VM has the property",
    ("Set-QsmAutomaticCheckpoint", "Set-VM", "AutomaticCheckpointsEnabled"): "called only to set back what was changed",
}

VERBS = {  # Get-Verb of Windows PowerShell 5.1
    *("Add", "Clear", "Close", "Copy", "Enter", "Exit", "Find", "Format", "Get", "Hide", "Join", "Lock", "Move", "New"),
    *("Open", "Optimize", "Pop", "Push", "Redo", "Remove", "Rename", "Reset", "Resize", "Search", "Select", "Set"),
    *("Show", "Skip", "Split", "Step", "Switch", "Undo", "Unlock", "Watch", "Backup", "Checkpoint", "Compare"),
    *("Compress", "Convert", "ConvertFrom", "ConvertTo", "Dismount", "Edit", "Expand", "Export", "Group", "Import"),
    *("Initialize", "Limit", "Merge", "Mount", "Out", "Publish", "Restore", "Save", "Sync", "Unpublish", "Update"),
    *("Debug", "Measure", "Ping", "Repair", "Resolve", "Test", "Trace", "Connect", "Disconnect", "Read", "Receive"),
    *("Send", "Write", "Block", "Grant", "Protect", "Revoke", "Unblock", "Unprotect", "Use", "Approve", "Assert"),
    *("Complete", "Confirm", "Deny", "Disable", "Enable", "Install", "Invoke", "Register", "Request", "Restart"),
    *("Resume", "Start", "Stop", "Submit", "Suspend", "Uninstall", "Unregister", "Wait"),
}

# Ask through ShouldContinue unless -Force is given: Hyper-V's by their documentation ("Runs the cmdlet without prompting
# for confirmation"), New-SmbShare's kin likewise.
FORCED = {
    *("Remove-VM", "Stop-VM", "Restart-VM", "Merge-VHD", "Optimize-VHD", "New-VM", "Copy-VMFile", "Remove-SmbShare"),
    *("Grant-SmbShareAccess", "Revoke-SmbShareAccess", "Block-SmbShareAccess", "Set-SmbShare"),
}  # fmt: skip
# Ask by ConfirmImpact High, or for a folder with content.
CONFIRMED = {"Unregister-ScheduledTask", "Remove-VMSnapshot", "Remove-Item", "Update-VMVersion", "Restore-VMSnapshot"}

FORBIDDEN = {
    "Invoke-Expression": "runs text as code",
    "Add-Type": "needs a compiler, and is refused by device guard",
    "Write-Host": "goes past the streams",
    "Start-Job": "ends with the shell",
    "Start-Process": "ends with the shell",
    "Get-CimInstance": "takes embedded objects in a form of its own; all WMI goes through Invoke-QsmWmi",
    "Invoke-CimMethod": "takes embedded objects in a form of its own; all WMI goes through Invoke-QsmWmi",
    "Move-Item": "removes the old file first; see Write-QsmJson",
}
ONLY_IN = {
    "Get-WmiObject": {"Invoke-QsmWmi"},
    "Invoke-WmiMethod": {"Invoke-QsmWmi"},
    "Start-VM": {"Start-QsmVM"},
    "Resume-VM": {"Start-QsmVM"},
}
SET_BACK = re.compile(r"finally \{\s*\$ErrorActionPreference = \$preference\s*\}")
DOTNET_ON_PATHS = {"Write-QsmJson", "Read-QsmBytes", "Open-QsmHeldFile"}
DOTNET_PATH_TYPES = re.compile(
    r"(System\.)?IO\.(File|Directory|Path|FileInfo|DirectoryInfo|DriveInfo|FileStream|StreamReader|StreamWriter|"
    r"FileSystemWatcher)\b|ZipFile\b|Net\.WebClient\b",
    re.IGNORECASE,
)


def syntax(script: Script) -> Problems:
    """What the parser of Windows PowerShell 4.0 refuses. The grammar takes more: the rest is looked for by hand."""
    for node in script.nodes("ERROR"):
        yield f"line {node.start_point.row + 1} is not PowerShell"
    if script.tree.has_error and not any(True for _ in script.nodes("ERROR")):
        yield "something is missing"
    for node in script.nodes("try_statement"):
        if not {child.type for child in node.children} & {"catch_clauses", "finally_clause"}:
            yield "try without catch or finally"
    for node in script.nodes("command_name"):
        if text(node).lower() in ("catch", "finally", "else", "elseif"):
            yield f"stray {text(node)}"
    newer = {
        "ternary_expression": "? :",
        "null_coalesce_expression": "??",
        "pipeline_chain_tail": "&& or ||",
        "class_statement": "class (5.0)",
        "enum_statement": "enum (5.0)",
        "using_statement": "using (5.0)",
    }
    for node in script.nodes(*newer):
        yield f"line {node.start_point.row + 1}: {newer[node.type]}"
    for node in script.nodes("invocation_expression"):
        if re.match(r"\[[\w.\[\]]+\]::new\(", text(node), re.IGNORECASE):
            yield f"{text(node)[:40]}: [type]::new() came with 5.0"


def layout(script: Script) -> Problems:
    """A file beyond ASCII without a byte order mark is misread by Windows PowerShell."""
    for number, line in enumerate(script.text.split("\n"), 1):
        if not line.isascii() or "\t" in line or "\r" in line or line != line.rstrip():
            yield f"line {number}: only ASCII, no tabs, no carriage returns, no blanks at the end"
    if not script.text.endswith("\n") or script.text.endswith("\n\n"):
        yield "ends with one line end"


def one_function(script: Script) -> Problems:
    """One function per file, so that a name leads to its file."""
    if script.functions != [script.path.stem]:
        yield f"defines {script.functions}, not {script.path.stem} alone"
    verb, _, noun = script.path.stem.partition("-")
    if verb not in VERBS:
        yield f"{verb} is no approved verb"
    if not re.fullmatch(r"Qsm[A-Z]\w*", noun):
        yield f"the noun {noun} does not begin with Qsm"


def help_text(script: Script) -> Problems:
    """Comment-based help is what a stranger on the host reads."""
    for keyword in ("SYNOPSIS", "DESCRIPTION", "OUTPUTS", "EXAMPLE"):
        if keyword == "OUTPUTS" and not script.function_file:
            continue
        if not any(re.sub(r"\W", "", part) for part in script.help.get(keyword, [])):
            yield f"no .{keyword}"
    told = [part.split("\n", 1) for part in script.help.get("PARAMETER", [])]
    names = [part[0].strip() for part in told]
    if names != script.parameters:
        yield f"parameters {script.parameters} are described as {names}"
    for part in told:
        if len(part) < 2 or not part[1].strip():
            yield f".PARAMETER {part[0]} says nothing"
    for example in script.help.get("EXAMPLE", []):
        if script.function_file and script.path.stem not in example:
            yield "the example does not use the function"
    unknown = set(script.help) - {"SYNOPSIS", "DESCRIPTION", "PARAMETER", "OUTPUTS", "EXAMPLE", "NOTES", "LINK"}
    if unknown:
        yield f"unknown sections {sorted(unknown)}"


def attributes(script: Script) -> Problems:
    """An advanced function binds strictly and knows -ErrorAction."""
    if "[CmdletBinding(" not in script.text:
        yield "no [CmdletBinding()]"
    if "[OutputType(" not in script.text:
        yield "no [OutputType()]"


def state_changes(script: Script) -> Problems:
    """What changes a host can be asked what it would do."""
    changes = {operation.function for operation in OPERATIONS.values() if operation.changes}
    if script.path.stem not in changes:
        return
    if not re.search(r"\[CmdletBinding\([^\n]*SupportsShouldProcess = \$true", script.text):
        yield "does not support -WhatIf"
    if "$PSCmdlet.ShouldProcess(" not in script.text:
        yield "never asks ShouldProcess"


def strictness(script: Script) -> Problems:
    """Without it a misspelt name is null and a failed cmdlet is passed over."""
    if script.bootstrap or script.path.name in ("QuickStorageMigration.psm1", "Work.ps1", "settings.ps1"):
        if "$ErrorActionPreference = 'Stop'" not in script.text:
            yield "$ErrorActionPreference is not Stop"
        if not (script.bootstrap or script.part) and "Set-StrictMode -Version Latest" not in script.text:
            yield "no strict mode"
    elif "Set-StrictMode" in script.text:
        yield "changes what the module sets"
    elif "$ErrorActionPreference =" in script.text and not SET_BACK.search(script.text):
        yield "changes what the module sets, and does not set it back"


def known_commands(script: Script) -> Problems:
    """Every command and parameter exists on each supported Windows, by its full name; aliases are not known at all."""
    own = {other.path.stem: other for other in all_scripts() if other.function_file}
    of_parts = {name for other in all_scripts() if script.part and other.part for name in other.functions}
    for command in script.commands:
        name = command.name
        if name in PROGRAMS or name in {*script.functions, *of_parts} or (script.bootstrap and name in BLOCKS):
            continue
        if name in own:
            for parameter in command.parameters.keys() - own[name].parameters - COMMON:
                yield f"{name} has no parameter {parameter}"
        elif name not in KNOWN:
            yield f"{name} is no cmdlet that every supported Windows has, nor a function of the module"
        else:
            yield from _known_parameters(script, name, set(command.parameters) | script.splatted_keys(command))


def _known_parameters(script: Script, name: str, parameters: set[str]) -> Problems:
    facts = KNOWN[name]
    if facts["since"] != OLDEST and f"Test-QsmCommand -Name '{name}'" not in script.text:
        yield f"{name} came with {facts['since']} and is used without Test-QsmCommand -Name '{name}'"
    for parameter in parameters - COMMON:
        since = facts["parameters"].get(parameter)
        if since is None:
            yield f"{name} has no parameter {parameter}"
        elif since not in (OLDEST, facts["since"]) and (script.path.stem, name, parameter) not in GUARDED_PARAMETERS:
            yield f"{name} has {parameter} only since {since}"


def original_names(script: Script) -> Problems:
    """The names *-VMCheckpoint are aliases that older Hyper-V modules lack."""
    for found in re.findall(r"\w+-VMCheckpoint\b", script.text):
        yield f"{found} is an alias"


def no_prompts(script: Script) -> Problems:
    """Nobody is there to answer: over WinRM a prompt is an error or a hang."""
    for command in script.commands:
        given = set(command.parameters) | script.splatted_keys(command)
        if command.name in FORCED and "Force" not in given:
            yield f"{command.name} without -Force"
        silent = "Force" in given or command.parameters.get("Confirm") == "$false"
        if command.name in CONFIRMED and not silent:
            yield f"{command.name} without -Confirm:$false"


def no_dotnet_on_paths(script: Script) -> Problems:
    """.NET knows neither the current location nor the drives of PowerShell: only three functions may."""
    if script.path.stem in DOTNET_ON_PATHS:
        return
    for found in DOTNET_PATH_TYPES.finditer(script.text):
        yield f"uses {found[0]}"


def forbidden_commands(script: Script) -> Problems:
    """Commands that have no place here, or only one."""
    for command in script.commands:
        if command.name in FORBIDDEN:
            yield f"{command.name}: {FORBIDDEN[command.name]}"
        if script.path.stem not in ONLY_IN.get(command.name, {script.path.stem}):
            yield f"{command.name} belongs into {ONLY_IN[command.name]} alone"


def finished(script: Script) -> Problems:
    """Nothing is left to do, and the product knows of no lab."""
    for found in re.findall(r"\bTODO\b|\bFIXME\b|\blab\b", script.text):
        yield f"mentions {found}"


def bootstrap_shape(script: Script) -> Problems:
    """As -EncodedCommand it must pass cmd.exe's 8191 characters, and input must reach it while it runs."""
    if len(script.text) >= 2500:
        yield f"{len(script.text)} characters: the command line ends near 2500 of them"
    if not re.search(r"^process \{.*?\bforeach \(\$line in \$input\)", script.text, re.MULTILINE | re.DOTALL):
        yield "does not read $input in a process block"
    if "[Console]::Out.WriteLine(" not in script.text:
        yield "never answers"


def is_function(script: Script) -> bool:
    return script.function_file


def is_bootstrap(script: Script) -> bool:
    return script.bootstrap


def is_any(script: Script) -> bool:
    return True


def has_help(script: Script) -> bool:
    return script.function_file or script.path.name == "Work.ps1"


@dataclass(frozen=True)
class Check:
    """A check, where it applies, and examples that it must refuse: text, and a piece of what it says."""

    run: Callable[[Script], Problems]
    applies: Callable[[Script], bool]
    bad: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return self.run.__name__


_HELP = (
    "function Get-QsmX {{\n    <#\n{}\n    #>\n    [CmdletBinding()]\n    param(\n        [string]$Name\n    )\n}}\n"
)

CHECKS = (
    Check(syntax, is_any, (
        ("if ($x) {", ""),
        ("'a", "not PowerShell"),
        ("try { 1 }", "try without catch"),
        ("catch { 1 }", "stray catch"),
        ("$a = if ($x) { 1 }; else { 2 }", "stray else"),
        ("$x ? 1 : 2", "? :"),
        ("$x ?? 1", "??"),
        ("Get-Item . && Get-Item .", "&&"),
        ("[Version]::new(1, 2)", "::new()"),
        ("class A { [int]$X }", "class"),
        ("enum A { B }", "enum"),
    )),
    Check(layout, is_any, (
        ("'\u00fc'\n", "line 1"), ("\t1\n", "line 1"), ("1 \n", "line 1"), ("1\r\n", "line 1"), ("1", "one line end"),
        ("1\n\n", "one line end"), 
    )),
    Check(one_function, is_function, (
        ("function Get-QsmY { }", "not Get-QsmX alone"),
        ("function Get-QsmX { }\nfunction Get-QsmY { }", "not Get-QsmX alone"),
        ("Get-QsmX", "not Get-QsmX alone"),
    )),
    Check(help_text, has_help, (
        ("function Get-QsmX { }", "no .SYNOPSIS"),
        (_HELP.format("    .SYNOPSIS\n    a\n    .DESCRIPTION\n    b\n    .EXAMPLE\n    Get-QsmX"), "['Name']"),
        (_HELP.format("    .SYNOPSIS\n    a\n    .PARAMETER Name\n"), "says nothing"),
        (_HELP.format("    .SYNOPSIS\n    .DESCRIPTION\n    b"), "no .SYNOPSIS"),
        (_HELP.format("    .SYNOPSIS\n    a\n    .PARAMETER Other\n    b"), "['Other']"),
        (_HELP.format("    .EXAMPLE\n    Get-QsmY"), "does not use the function"),
        (_HELP.format("    .SINOPSIS\n    a"), "unknown sections"),
    )),
    Check(attributes, is_function, (
        ("function Get-QsmX { [OutputType([int])] param() }", "CmdletBinding"),
        ("function Get-QsmX { [CmdletBinding()] param() }", "OutputType"),
    )),
    Check(state_changes, is_function, (
        ("function Set-QsmHandedOver { [CmdletBinding()] param() $PSCmdlet.ShouldProcess('x') }", "-WhatIf"),
        ("function Set-QsmHandedOver { [CmdletBinding(SupportsShouldProcess = $true)] param() }", "ShouldProcess"),
    )),
    Check(strictness, is_any, (
        ("$ErrorActionPreference = 'Continue'", "changes what the module sets"),
        ("Set-StrictMode -Off", "changes what the module sets"),
    )),
    Check(known_commands, is_any, (
        ("Get-Everything", "Get-Everything is no cmdlet"),
        ("gci C:\\", "gci is no cmdlet"),
        ("1 | ? { $_ }", "? is no cmdlet"),
        ("1 | % { $_ }", "% is no cmdlet"),
        ("Get-VM -Everything 1", "no parameter Everything"),
        ("Get-VM -Comp x", "no parameter Comp"),
        ("Get-ChildItem -Depth 1", "only since 2016"),
        ("Get-Content -LiteralPath x -AsByteStream", "no parameter AsByteStream"),
        ("$a = @{ LiteralPath = 'x'; Everything = 1 }\nGet-Item @a", "no parameter Everything"),
        ("Get-VMSecurity -VM $vm", "without Test-QsmCommand"),
        ("Set-VM -VM $vm -CheckpointType Production", "only since 2016"),
        ("Get-QsmRecord -Migration x", "no parameter Migration"),
    )),
    Check(original_names, is_any, (("Remove-VMCheckpoint -VM $vm", "Remove-VMCheckpoint"),)),
    Check(no_prompts, is_any, (
        ("Remove-VM -VM $vm", "without -Force"),
        ("Merge-VHD -Path a -DestinationPath b", "without -Force"),
        ("Remove-SmbShare -Name x", "without -Force"),
        ("Unregister-ScheduledTask -TaskName x", "without -Confirm:$false"),
        ("Remove-VMSnapshot -VMSnapshot $x -Confirm:$true", "without -Confirm:$false"),
        ("Remove-Item -LiteralPath x -Recurse", "without -Confirm:$false"),
    )),
    Check(no_dotnet_on_paths, is_any, (
        ("[IO.File]::Exists($Path)", "IO.File"),
        ("[System.IO.Path]::Combine('a', 'b')", "IO.Path"),
        ("New-Object -TypeName System.IO.FileStream -ArgumentList $p", "IO.FileStream"),
        ("(New-Object Net.WebClient).DownloadFile('a', 'b')", "Net.WebClient"),
    )),
    Check(forbidden_commands, is_any, (
        ("Invoke-Expression $x", "runs text"),
        ("Get-WmiObject -Class Win32_Service", "Invoke-QsmWmi"),
        ("Start-VM -VM $vm", "Start-QsmVM"),
        ("Move-Item -LiteralPath a -Destination b", "removes the old file first"),
    )),
    Check(finished, is_any, (("# TODO", "TODO"), ("# in the lab", "lab"))),
    Check(bootstrap_shape, is_bootstrap, (
        ("process { foreach ($line in $input) { [Console]::Out.WriteLine('x') } }" + "#" * 2500, "characters"),
        ("foreach ($line in $input) { [Console]::Out.WriteLine('x') }", "process block"),
        ("end { foreach ($line in $input) { [Console]::Out.WriteLine('x') } }", "process block"),
        ("process { foreach ($line in $input) { 'x' } }", "never answers"),
    )),
)  # fmt: skip


def bad_example(check: Check, source: str) -> Script:
    """A script as if it lay where the check applies."""
    named = re.search(r"function ([\w-]+)", source)
    room = BOOTSTRAPS if check.applies is is_bootstrap else MODULE_FOLDER / "Public"
    name = named[1] if named and check.run is state_changes else "Get-QsmX"
    return Script(room / f"{name}.ps1", source)
