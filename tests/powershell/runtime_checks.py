"""House rules for what the engine of the tests does otherwise than Windows PowerShell on .NET Framework.

The engine is PowerShell 7 on .NET 10 in the clothes of 5.1. A form that both take and that means two things cannot be
found out by running it here: so it is forbidden, and a rule reads the source. As in `checks`, each rule comes with
examples that it must refuse. Sources: about_Windows_PowerShell_5.1 and the release notes of 6.0 to 7.5 (differences);
.NET API reference, "Applies to" (members).
"""

from __future__ import annotations

import re

from checks import Check, Problems, is_any, is_function
from scripts import Script

# Static members and methods that .NET Framework 4.5 has, with the same overloads for what is given to them here.
STATIC_MEMBERS = {
    "Array": {"IndexOf", "Resize", "Sort"},
    "BitConverter": {"ToString", "ToUInt32", "ToUInt64"},
    "Console": {"Out"},
    "Convert": {"FromBase64String", "ToBase64String", "ToInt64"},
    "DateTime": {"ParseExact", "UtcNow"},
    "Diagnostics.Stopwatch": {"StartNew"},
    "Globalization.CultureInfo": {"InvariantCulture"},
    "IO.File": {"Delete", "Exists", "Move", "Replace"},
    "Math": {"Max", "Min", "Round"},
    "NullString": {"Value"},
    "Text.Encoding": {"ASCII", "UTF8"},
    "TimeSpan": {"FromTicks", "TicksPerMinute", "Zero"},
    "Type": {"GetTypeCode"},
    "WildcardPattern": {"Escape"},
    "double": {"IsInfinity", "IsNaN"},
    "guid": {"Empty", "NewGuid", "TryParse"},
    "long": {"MaxValue"},
    "regex": {"Matches", "Replace"},
    "scriptblock": {"Create"},
    "string": {"Equals"},
}
ENUMERATIONS = re.compile(r"IO\.\w+|StringCompar\w+|TypeCode|Management\.Automation\.ErrorCategory")
METHODS = {
    *("Append", "ContainsKey", "Dispose", "EndsWith", "Flush", "GetBytes", "GetString", "GetType", "NextBytes", "Read"),
    *("ReleaseMutex", "Replace", "Seek", "StartsWith", "Substring", "ToByteArray", "ToLowerInvariant", "ToString"),
    *("Remove", "ToUniversalTime", "ToUpperInvariant", "Translate", "Trim", "TrimEnd", "WaitOne", "Write", "WriteLine"),
    *("ShouldProcess", "GetUnresolvedProviderPathFromPSPath", "GetText", "SetSecurityDescriptorSddlForm", "get_Value"),
}
"""Some are of PowerShell itself: `get_Value` of PSPropertyInfo, which both editions have."""
LISTS_OF_OURS = {"chain", "checkpoints", "files", "incompatibilities"}
"""Properties that are lists by @(...) where they are made, or by JSON."""
ENCODED = {"Get-Content", "Set-Content", "Add-Content"}


def code(script: Script) -> str:
    """The source without help and comments."""
    return re.sub(r"^\s*#.*$", "", re.sub(r"<#.*?#>", "", script.text, flags=re.DOTALL), flags=re.MULTILINE)


def old_members(script: Script) -> Problems:
    """Newer .NET has more members, and more overloads: 'a,b'.Split(',') cuts at a text there and at letters here."""
    for type_name, member in re.findall(r"\[([A-Za-z][\w.]*)\]::(\w+)", code(script)):
        name = type_name.removeprefix("System.")
        known = {key.casefold(): members for key, members in STATIC_MEMBERS.items()}.get(name.casefold(), set())
        if member not in known and not (ENUMERATIONS.fullmatch(name) and name != "IO.File"):
            yield f"[{type_name}]::{member} is not known to be the same on .NET Framework"
    for before, method in re.findall(r"(\S*[\w)\]'\"}])\.(\w+)\(", code(script)):
        lower_hash = method == "ToLower" and before.endswith(".Hash")  # digits and A to F: no culture changes them
        of_table = method == "Contains" and (
            before.endswith(".Data") or f"IDictionary]{before.strip('(')}" in script.text
        )
        if method not in METHODS and not lower_hash and not of_table and not method.endswith("Attribute"):
            yield f".{method}() is not known to be the same on .NET Framework"


def counted_lists(script: Script) -> Problems:
    """A custom object alone has no Count before PowerShell 6.1, and strict mode makes that an error."""
    text = code(script)
    for name in set(re.findall(r"\$(\w+)\.Count\b", text)):
        parameter = re.search(rf"\[(string|object)\[\]\]\${name}\b", text)
        given = re.findall(rf"(?<![\w.])\${name} = (.{{1,12}})", text)
        listed = [value for value in given if value.startswith(("@(", "[string[]]", "@{", "$null", "New-Object"))]
        if not (parameter or given) or len(listed) != len(given):
            yield f"${name}.Count: what it is given is not always a list"
    for name in re.findall(r"\$\w+(?:\.\w+)*\.(\w+)\.Count\b", text):
        if name not in LISTS_OF_OURS:
            yield f".{name}.Count: nobody says that this is a list"
    for call in re.findall(r"(\S*)\)\.Count\b", text):
        if not re.search(r"@\(", text[: text.index(f"{call}).Count")].rsplit("\n", 1)[-1] + call):
            yield f"{call}).Count: not within @(...)"


def newer_forms(script: Script) -> Problems:
    """What 5.1 reads otherwise, or does otherwise, than the engine."""
    text = code(script)
    for found in re.findall(r"-c?replace [^,\n]+, *\{", text):
        yield f"{found}: a block as replacement came with 6.1; use [regex]::Replace"
    for found in re.findall(r"(?<![\w.'])(?:0b[01]+|(?:0x[0-9A-Fa-f]+|\d+)(?:u|y|s|n|ul|uy|us)\w*)\b", text):
        yield f"{found}: only the suffixes d, l and kb to pb are old"
    for found in re.findall(r"(?<![\w'])0x[89A-Fa-f][0-9A-Fa-f]{7}\b(?!L)", text):
        yield f"{found} is negative; say {found}L"
    if "2>" in text and "$ErrorActionPreference = $preference" not in text:
        yield "2>: before 7.2 a program's error line ends everything where errors stop"


def no_culture(script: Script) -> Problems:
    """A host's culture has its own commas, dates and lower case letters."""
    text = code(script)
    for found in re.findall(r"\{\d+(?:,-?\d+)?:([^}Xx][^}]*)\}", text):
        yield f"format {found}: only hexadecimal is the same everywhere"
    for found in re.findall(r"\.ToString\(((?:[^()]|\([^)]*\))*)\)", text):
        if found not in ("", "'D'") and not found.endswith(("$invariant", "InvariantCulture")):
            yield f".ToString({found}) without the invariant culture"
    for found in re.findall(r'"[^"\n]*\$[^"\n]*\{\d[^"\n]*" -f', text):
        yield f"{found}: braces in a value would be read as places"


def said_encoding(script: Script) -> Problems:
    """5.1 writes ANSI or UTF-16, newer ones UTF-8; so each file command says what, and the others are not used."""
    for command in script.commands:
        if command.name in ENCODED and "Encoding" not in command.parameters:
            yield f"{command.name} without -Encoding"
        if command.name in ("Out-File", "Tee-Object", "Export-Csv", "Export-Clixml"):
            yield f"{command.name}: files are written by Write-QsmJson"
    for found in re.findall(r"(?<![-=\w\d&*])[1-6*]?>>? *[$'\w][^\n]*", code(script)):
        if not re.match(r"[2-6*]>&1", found):
            yield f"{found}: a redirection writes in an encoding of its own"


def json_in_its_place(script: Script) -> Problems:
    """Depth, dates, single elements and letters: only ConvertTo-QsmJson and ConvertFrom-QsmJson know all of them."""
    for command in script.commands:
        if command.name == "ConvertTo-Json":
            yield "ConvertTo-Json instead of ConvertTo-QsmJson"
        if command.name == "ConvertFrom-Json" and script.path.stem != "ConvertFrom-QsmJson":
            yield "ConvertFrom-Json instead of ConvertFrom-QsmJson"


def letter_by_letter(script: Script) -> Problems:
    """-eq and -contains of Windows PowerShell compare by language, as the engine does not: see Test-QsmSameText."""
    side = "(?:path|paths|destinations?|source|folder|localname|remotename|switch_?names?|vm_name|nameorid|children|root|merging)"
    operator = r"-c?(?:not)?(?:eq|ne|contains|in)"
    literal = r"(?!['\d]|\$null|\$true|\$false|@\()"
    for found in re.findall(rf"\${side}\)? {operator} {literal}\S+", code(script), re.IGNORECASE):
        yield f"{found} compares by language"
    for found in re.findall(rf"\.{side}\)? {operator} {literal}\S+", code(script), re.IGNORECASE):
        yield f"{found} compares by language"
    for found in re.findall(rf"\$(?!null)\w+ {operator} \$[\w.]*\b{side}\b", code(script), re.IGNORECASE):
        yield f"{found} compares by language"


def no_words_of_errors(script: Script) -> Problems:
    """Messages are in the language of the host: what was meant stands in the HRESULT and the error id."""
    for found in re.findall(
        r"\.(?:Message|ErrorDescription)\)? -c?(?:not)?(?:match|like|eq|ne|contains)\b", code(script)
    ):
        yield f"{found} decides by words"


CHECKS = (
    Check(old_members, is_any, (
        ("$a.Split(',')", ".Split()"),
        ("$text.Contains($part)", ".Contains()"),
        ("$name.ToLower()", ".ToLower()"),
        ("$name.PadLeft(3, '0')", ".PadLeft()"),
        ("[Math]::Clamp(1, 2, 3)", "[Math]::Clamp"),
        ("[System.Convert]::ToHexString($b)", "ToHexString"),
        ("[DateTime]::Parse($x)", "[DateTime]::Parse"),
        ("[IO.File]::ReadAllText($p)", "ReadAllText"),
    )),
    Check(counted_lists, is_any, (
        ("$found = Get-Item .\nif ($found.Count -gt 0) { 1 }", "$found.Count"),
        ("$found = @(1)\n$found = Get-Item .\n$found.Count", "$found.Count"),
        ("$vm.adapters.Count", ".adapters.Count"),
        ("(Get-Item .).Count", "not within @(...)"),
    )),
    Check(newer_forms, is_any, (
        ("$a -replace 'b', { $_ }", "came with 6.1"),
        ("$a = 5u", "5u"),
        ("$a = 0b101", "0b101"),
        ("$a -band 0xFFFFFFFF", "is negative"),
        ("$said = & 'icacls.exe' 2>&1", "before 7.2"),
    )),
    Check(no_culture, is_any, (
        ("'{0:N1}' -f 1.5", "format N1"),
        ("'{0:yyyy}' -f $x", "format yyyy"),
        ("$date.ToString('o')", "without the invariant culture"),
        ('"$path {0}" -f 1', "braces in a value"),
    )),
    Check(said_encoding, is_any, (
        ("Get-Content -LiteralPath x", "without -Encoding"),
        ("1 | Out-File -FilePath x", "Write-QsmJson"),
        ("'a' > $file", "encoding of its own"),
        ("'a' >> x.txt", "encoding of its own"),
    )),
    Check(json_in_its_place, is_function, (
        ("ConvertTo-Json -InputObject 1", "ConvertTo-Json"),
        ("ConvertFrom-Json -InputObject '1'", "ConvertFrom-Json"),
    )),
    Check(letter_by_letter, is_function, (
        ("if ($_.path -eq $wanted.path) { 1 }", "by language"),
        ("if ($known -notcontains $file.destination) { 1 }", "by language"),
        ("if ($path -ne $Base) { 1 }", "by language"),
    )),
    Check(no_words_of_errors, is_any, (
        ("if ($_.Exception.Message -match 'not found') { 1 }", "by words"),
        ("if ($job.ErrorDescription -like '*x*') { 1 }", "by words"),
    )),
)  # fmt: skip
