"""What .NET Framework and .NET, or Windows PowerShell 4.0 to 5.1 and 7, do differently: the module gives the same on both.

Some forms differ without a way to see it on the engine of the tests: those are forbidden (`runtime_checks`). The others are
tried, under each version that the engine plays and under a culture that writes numbers and dates in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from checks import Check, bad_example
from engine import EngineSession
from lab_host import EngineHost
from powershell_program import require_engine
from runtime_checks import CHECKS
from scripts import all_scripts
from windows_names import PAIRS

from qsm.facts.errors import ErrorFacts

SCRIPTS = all_scripts()
BAD = [(check, source, fragment) for check in CHECKS for source, fragment in check.bad]
WINDOWS = ["2012R2", "2022"]
"""With Windows PowerShell 4.0 and 5.1."""
ODD_CULTURE = """
$culture = [Globalization.CultureInfo]::InvariantCulture.Clone()
$culture.NumberFormat.NumberDecimalSeparator = ','
$culture.NumberFormat.NumberGroupSeparator = '.'
$culture.NumberFormat.NegativeSign = '~'
$culture.DateTimeFormat.DateSeparator = '.'
$culture.DateTimeFormat.TimeSeparator = '-'
$culture.DateTimeFormat.ShortDatePattern = 'dd.MM.yyyy'
[Threading.Thread]::CurrentThread.CurrentCulture = $culture
$global:before = 1.5.ToString()
"""


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


@pytest.fixture(scope="module", params=WINDOWS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineSession]:
    """A process of each version whose culture is not ours. Needs QSM_PWSH."""
    require_engine()
    host = EngineHost(tmp_path_factory.mktemp("differences"), windows=request.param)
    session = host.session()
    session.run(ODD_CULTURE)
    assert session.run("$global:before") == ["1,5"]
    yield session
    host.close()


# One row: what differs, a script inside the module, and its output on every version and in every culture.
SAME: dict[str, tuple[str, list[Any]]] = {
    "numbers are written without the culture's signs": (
        "ConvertTo-QsmJson -InputObject @{ a = -1.5; b = 1234567.25; c = -7; d = [decimal]2.5; e = 1e-7 }",
        ['{"a":-1.5,"b":1234567.25,"c":-7,"d":2.5,"e":1E-07}'],
    ),
    "a time is written without the culture's signs": (
        "(Get-QsmUtcNow) -cmatch '\\A\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\z'",
        [True],
    ),
    "a time stays text (7 makes a date of it), and is the same moment as a date": (
        '$read = (ConvertFrom-QsmJson -Text \'{"at": "2030-01-31T23:59:59.250Z"}\').at\n'
        "$read -is [string]; ([DateTime]$read).ToUniversalTime().Ticks",
        [True, 640_317_311_992_500_000],
    ),
    "what 5.1 writes for a date is never written, so never read": (
        'ConvertTo-QsmJson -InputObject (ConvertFrom-QsmJson -Text \'{"name": "/Date(0)/"}\')',
        ['{"name":"/Date(0)/"}'],
    ),
    "a date of WMI has ticks of UTC, whatever the host's time zone is": (
        "ConvertFrom-QsmWmiTime -Text '20300131235959.250000+060'; ConvertFrom-QsmWmiTime -Text '20300131225959.250000+000'",
        [640_317_275_992_500_000, 640_317_275_992_500_000],
    ),
    "one element, none and nothing keep their shape through the journal's way": (
        '$read = ConvertFrom-QsmJson -Text \'{"one": [{"a": [1]}], "none": [], "nothing": null}\'\n'
        "ConvertTo-QsmJson -InputObject $read; @($read.one).Count; @($read.none).Count; $null -eq $read.nothing",
        ['{"one":[{"a":[1]}],"none":[],"nothing":null}', 1, 0, True],
    ),
    "a list at the top is given out one by one": (
        "@(ConvertFrom-QsmJson -Text '[1, 2, 3]').Count; @(ConvertFrom-QsmJson -Text '[]').Count",
        [3, 0],
    ),
    "names of tables without order are sorted letter by letter": (
        "ConvertTo-QsmJson -InputObject @{ b = 1; '_' = 2; a1 = 3; 'a-b' = 4; ab = 5; Z = 6 }",
        ['{"Z":6,"_":2,"a-b":4,"a1":3,"ab":5,"b":1}'],
    ),
    "sizes beyond 2^31 and 2^53 stay whole": (
        "ConvertTo-QsmJson -InputObject (ConvertFrom-QsmJson -Text '[2147483648, 9007199254740993, 9223372036854775807]')",
        ["[2147483648,9007199254740993,9223372036854775807]"],
    ),
    "unsigned numbers of WMI stay whole": (
        "ConvertTo-QsmJson -InputObject @{ a = [uint64]18446744073709551615; b = [uint32]4294967295 }",
        ['{"a":18446744073709551615,"b":4294967295}'],
    ),
    "names and paths are compared letter by letter, without regard to case": (
        r"""
        Test-QsmSameText -Text "D:\B$([char]0xFC)cher" -Other "d:\b$([char]0xDC)CHER"
        Test-QsmSameText -Text "x$([char]0xAD)" -Other 'x', 'y'
        Test-QsmSameText -Text 'a' -Other @()
        Test-QsmSameText -Text $null -Other $null
        Test-QsmSameText -Text 'b' -Other 'a', 'B'
        """,
        [True, False, False, False, True],
    ),
    "files whose names differ by language only are two files": (
        r"""
        function New-Fact([int]$Length) {
            $chain = foreach ($letters in 'ss', [string][char]0xDF) {
                @{ path = "D:\Stra${letters}e.vhdx"; length_bytes = $Length; last_write_ticks = 1; content_identity = 'x' }
                $Length = 1
            }
            @{ disks = @(@{ slot = 'SCSI 0:0'; chain = $chain }); saved_state_files = @() }
        }
        $one, $same, $other = foreach ($length in 1, 1, 2) { Get-QsmFileIdentity -VMFact (New-Fact $length) }
        @(Compare-QsmFileIdentity -Before $one -After $same).Count
        @(Compare-QsmFileIdentity -Before $one -After $other).Count
        """,
        [0, 1],
    ),
    "a path with braces is no place in a format": (
        r"""
        $job = [PSCustomObject]@{
            FileList = @([PSCustomObject]@{ RemoteName = '\\hv01\s\{0}.vhdx' })
            InternalErrorCode = 0x80070005L; ErrorContext = 'RemoteFile'; ErrorDescription = 'Denied {1}. '
        }
        (Get-QsmCopyJobError -Job $job -Path 'D:\{GUID}\{9}.vhdx').Exception.Message
        """,
        [r"BITS on host HV01 could not fetch '\\hv01\s\{0}.vhdx' to 'D:\{GUID}\{9}.vhdx': Denied {1} (0x80070005)."],
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_both_give_the_same(session: EngineSession, what: str) -> None:
    script, expected = SAME[what]
    assert session.run(script) == expected


ASKED = [pair for pair in PAIRS if pair.engine]


def test_names_are_the_same_for_the_module_as_for_python(session: EngineSession) -> None:
    script = "".join(
        f"Test-QsmSameText -Text '{pair.one}' -Other 'x', '{pair.other}'\n"
        f"Test-QsmPathUnder -Path 'D:\\{pair.one}\\a.vhdx' -Folder 'd:\\{pair.other}'\n"
        for pair in ASKED
    )
    told = session.run(script)
    assert [(pair.what, *told[2 * at : 2 * at + 2]) for at, pair in enumerate(ASKED)] == [
        (pair.what, pair.same, pair.same) for pair in ASKED
    ]


def file_on(session: EngineSession, name: str, content: bytes) -> str:
    path = f"C:\\Temp\\{name}"
    session.host.path(path).write_bytes(content)
    return path


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["as written by us", "saved by an editor with its mark"])
def test_files_are_utf8_whatever_the_version_takes_for_granted(session: EngineSession, mark: bytes) -> None:
    """5.1 reads a file without a mark as ANSI, 7 as UTF-8. What is written is ASCII, which everybody reads alike."""
    path = file_on(session, "read.json", mark + '{"name": "Bücher ☃"}'.encode())
    assert session.run(f"(Read-QsmJson -Path '{path}').name") == ["Bücher ☃"]
    session.run(f"Write-QsmJson -Path '{path}' -Value (Read-QsmJson -Path '{path}')")
    assert session.host.path(path).read_bytes() == b'{"name":"B\\u00fccher \\u2603"}\n'


THROWN = {
    "by a cmdlet": "Get-Item -LiteralPath 'C:\\Temp\\absent.json'",
    "by a method, which PowerShell wraps": "[Convert]::FromBase64String('x')",
    "within others": (
        "$inner = New-Object -TypeName System.ComponentModel.Win32Exception -ArgumentList 32\n"
        "throw (New-Object -TypeName System.InvalidOperationException -ArgumentList 'outer', $inner)"
    ),
    "by a method, with a number": (
        "$inner = New-Object -TypeName System.UnauthorizedAccessException\n"
        "throw (New-Object -TypeName System.Management.Automation.MethodInvocationException -ArgumentList 'outer', $inner)"
    ),
}
NUMBERS = {"within others": 0x80070020, "by a method, with a number": 0x80070005}


@pytest.mark.parametrize("how", THROWN)
def test_errors_are_told_alike_however_they_are_wrapped(session: EngineSession, how: str) -> None:
    """.NET's own numbers (0x8013....) and wrappers differ; the number that says something is found in any of them."""
    told = "ConvertTo-QsmErrorFacts -ErrorRecord $_ -Operation 'x'"
    (facts,) = session.run(f"try {{ {THROWN[how]} }} catch {{ {told} }}")
    facts = ErrorFacts.model_validate(facts)
    assert facts.hresult == NUMBERS.get(how, facts.hresult)
    assert facts.id == ("AccessDenied" if facts.hresult == 0x80070005 else "HostFailed")
    assert facts.hresult is None or facts.hresult >> 16 != 0x8013
