"""JSON as the module writes and reads it, where Windows PowerShell's own way loses or changes what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine import EngineSession, ScriptError

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    638_000_000_000_000_000,
    2**63 - 1,
    1.5,
    0.1,
    1e300,
    "",
    "D:\\VMs\\Bücher-Übung 'x' & $y `n \"q\"",
    "/Date(1234567890)/",
    "2030-01-31T23:59:59.000Z",
    "Grüße 𝄞 \x7f\x00\t\r\n</script>",
    [],
    [1],
    [[]],
    [[1], []],
    ["one"],
    [None],
    [{}],
    {"a": []},
    {"a": [{"b": ["c"]}], "length": 1, "Count": 2, "Keys": "k"},
]


def test_every_value_comes_back_as_it_was(shared_session: EngineSession) -> None:
    for value in VALUES:
        text = json.dumps({"v": value}).replace("'", "''")
        (written,) = shared_session.run(f"ConvertTo-QsmJson -InputObject (ConvertFrom-QsmJson -Text '{text}')")
        assert written.isascii()
        assert "\n" not in written
        assert json.loads(written) == {"v": value}


def test_depth_is_never_cut(shared_session: EngineSession) -> None:
    value: Any = "x"
    for _ in range(60):
        value = {"a": [value]}
    (written,) = shared_session.run(f"ConvertTo-QsmJson -InputObject (ConvertFrom-QsmJson -Text '{json.dumps(value)}')")
    assert json.loads(written) == value


def test_equal_values_give_equal_canonical_text(shared_session: EngineSession) -> None:
    script = "ConvertTo-QsmJson -Canonical -InputObject (ConvertFrom-QsmJson -Text '%s')"
    for value in ({"b": 1, "a": {"Z": 1, "_": 2, "z_": 3, "y": 4}}, {"list": [{"b": "ü", "a": 2}]}):
        expected = json.dumps(value, sort_keys=True, separators=(",", ":"))
        assert shared_session.run(script % json.dumps(value)) == [expected]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("@('a') | Where-Object { $true }", '"a"'),
        ("@{ l = @('a' | Where-Object { $true }) }", '{"l":["a"]}'),
        ("@{ l = @($null | Where-Object { $_ }) }", '{"l":[]}'),
        ("[DayOfWeek]::Friday", '"Friday"'),
        ("[guid]'0123ABCD-0000-0000-0000-000000000000'", '"0123abcd-0000-0000-0000-000000000000"'),
        ("[Version]'10.0'", '"10.0"'),
        ("(New-Object 'System.Collections.Generic.List[string]')", "[]"),
        ("([switch]$true)", "true"),
        ("@{ b = 1; a = 2 }", '{"a":2,"b":1}'),
        ("([ordered]@{ b = 1; a = 2 })", '{"b":1,"a":2}'),
        ("(Get-Item -LiteralPath C:\\ | Select-Object -Property PSIsContainer)", '{"PSIsContainer":true}'),
        ("[uint64]::MaxValue", "18446744073709551615"),
        ("1.10d", "1.10"),
    ],
)  # fmt: skip
def test_shapes_of_powershell(shared_session: EngineSession, script: str, expected: str) -> None:
    assert shared_session.run(f"ConvertTo-QsmJson -InputObject ({script})") == [expected]


@pytest.mark.parametrize("script", ["Get-Date", "Get-Item -LiteralPath C:\\", "[double]::NaN", "{ 1 }", "[type]'int'"])
def test_what_nobody_could_read_back_is_an_error(shared_session: EngineSession, script: str) -> None:
    with pytest.raises(ScriptError):
        shared_session.run(f"ConvertTo-QsmJson -InputObject ({script})")


def test_files_are_replaced_whole(shared_session: EngineSession) -> None:
    path = "C:\\Temp\\Bücher 'x' [1].json"
    place = shared_session.host.path(path)
    quoted = path.replace("'", "''")
    assert shared_session.run(f"$null -eq (Read-QsmJson -Path '{quoted}')") == [True]
    for value in (["a"], []):
        literal = "@('a')" if value else "@()"
        shared_session.run(f"Write-QsmJson -Path '{quoted}' -Value @{{ list = {literal} }}")
        assert json.loads(place.read_text("ascii")) == {"list": value}
        assert shared_session.run(f"(Read-QsmJson -Path '{quoted}')") == [{"list": value}]
    with pytest.raises(ScriptError) as caught:
        shared_session.run(f"Write-QsmJson -Path '{quoted}' -Value @{{}} -New")
    assert (caught.value.facts.id, caught.value.facts.facts) == ("FileInTheWay", {"path": path})
    assert json.loads(place.read_text("ascii")) == {"list": []}
    assert [file.name for file in place.parent.iterdir() if file.name.endswith(".new")] == []
    for damaged in ("", "{", '{"a": 1'):
        place.write_text(damaged, "ascii")
        with pytest.raises(ScriptError, match="is damaged"):
            shared_session.run(f"Read-QsmJson -Path '{quoted}'")
    place.unlink()


def test_a_reader_waits_for_a_writer_that_is_between_two_names(shared_session: EngineSession) -> None:
    folder = shared_session.host.path("C:\\Temp")
    (folder / "late.json.77.new").write_text('{"a": 1}', "ascii")
    script = """
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $null -eq (Read-QsmJson -Path 'C:\\Temp\\late.json')
        $clock.ElapsedMilliseconds -ge 400
    """
    assert shared_session.run(script) == [True, True]
    (folder / "late.json.77.new").unlink()


def test_bytes_are_read_from_both_ends(shared_session: EngineSession) -> None:
    shared_session.host.path("C:\\Temp\\bytes.bin").write_bytes(bytes(range(256)) * 4)
    read = "Read-QsmBytes -Path 'C:\\Temp\\bytes.bin' "
    assert shared_session.run(read + "-Offset 0 -Count 1") == [[0]]
    assert shared_session.run(read + "-Offset 300 -Count 3") == [[44, 45, 46]]
    assert shared_session.run(read + "-Offset -2 -Count 2") == [[254, 255]]
    assert shared_session.run(read + "-Offset 1022 -Count 10") == [[254, 255]]
    assert shared_session.run(f"({read} -Offset 1022 -Count 10).GetType().Name") == ["Byte[]"]
    with pytest.raises(ScriptError):
        shared_session.run("Read-QsmBytes -Path 'C:\\Temp\\absent.bin' -Offset 0 -Count 1")


def test_errors_keep_their_facts(shared_session: EngineSession) -> None:
    made = "New-QsmError -Id 'NoSpace' -Category refused -Text 'no_file' -Subject 'D:\\ü' -Facts @{ free_bytes = 1; l = @('x') }"
    for thrown in (
        f"throw ({made})",
        f"try {{ throw ({made}) }} catch {{ throw $_ }}",
        f"try {{ throw ({made}) }} catch {{ throw (New-Object InvalidOperationException 'outer', $_.Exception) }}",
        f"$PSCmdlet.ThrowTerminatingError(({made}))",
    ):
        with pytest.raises(ScriptError) as caught:
            shared_session.run(f"function t {{ [CmdletBinding()] param() {thrown} }}; t")
        facts = caught.value.facts
        assert (facts.id, facts.category, facts.subject, facts.retryable) == ("NoSpace", "refused", "D:\\ü", False)
        assert facts.facts == {"free_bytes": 1, "l": ["x"]}


@pytest.mark.parametrize(
    ("thrown", "hresult", "error_id", "retryable"),
    [
        ("[Runtime.InteropServices.Marshal]::ThrowExceptionForHR(0x80070020)", 0x80070020, "HostFailed", True),
        ("[Runtime.InteropServices.Marshal]::ThrowExceptionForHR(0x80070005)", 0x80070005, "AccessDenied", False),
        ("[Runtime.InteropServices.Marshal]::ThrowExceptionForHR(0xC03A000E)", 0xC03A000E, "HostFailed", False),
        ("throw (New-Object ComponentModel.Win32Exception 53)", 0x80070035, "HostFailed", True),
        ("throw (New-Object ComponentModel.Win32Exception 5)", 0x80070005, "AccessDenied", False),
        ("throw (New-Object UnauthorizedAccessException)", 0x80070005, "AccessDenied", False),
        ("Write-Error -Message 'x' -ErrorId 'HRESULT 0x80070043' -ErrorAction Stop", 0x80070043, "HostFailed", True),
        ("Write-Error -Message 'x' -ErrorId 'Windows System Error 5' -ErrorAction Stop", 0x80070005, "AccessDenied", False),
        ("Write-Error -Message 'x' -ErrorId 'Windows System Error 67' -ErrorAction Stop", 0x80070043, "HostFailed", True),
        ("throw 'Fehler beim Export: Die Datei ist vorhanden. (0x80070050)'", 0x80070050, "HostFailed", False),
        ("throw 'Summary. (0x80004005). Cause: in use (0x80070020). (ID 1)'", 0x80070020, "HostFailed", True),
        ("throw 'number without its parentheses 0x80070020'", None, "HostFailed", False),
        ("throw 'plain'", None, "HostFailed", False),
        ("throw (New-QsmError -Id 'NoSpace' -Category failed -Text 'no_file' -HResult -2147024864)", 0x80070020, "NoSpace", True),
        ("throw (New-QsmError -Id 'NoSpace' -Category failed -Text 'no_file' -HResult 2147942432)", 0x80070020, "NoSpace", True),
        ("Get-Absent", None, "HostFailed", False),
    ],
)  # fmt: skip
def test_any_error_is_told_with_its_number(
    shared_session: EngineSession, thrown: str, hresult: int | None, error_id: str, retryable: bool
) -> None:
    with pytest.raises(ScriptError) as caught:
        shared_session.run(thrown)
    facts = caught.value.facts
    assert (facts.id, facts.hresult, facts.retryable) == (error_id, hresult, retryable)
