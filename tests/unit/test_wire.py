"""Lines on the wire, the module's hash, and the count of calls."""

from __future__ import annotations

import base64
import json
import re

import pytest

from qsm.hosts import wire
from qsm.hosts.meter import CallRecord, Meter, busy_seconds
from qsm.hosts.operations import MODULE_TABLE_FILE, OPERATIONS, module_table
from qsm.powershell.composed import bootstrap_text


def test_the_functions_of_a_room_have_one_order_on_every_system() -> None:
    """Else Linux and Windows would install modules of one version with two hashes."""
    texts = {file.path: file.data.decode() for file in wire.module_files()}
    for room in (text for path, text in texts.items() if path.endswith(".ps1") and path != "Work.ps1"):
        names = re.findall(r"^function ([\w-]+)", room, re.M)
        assert names == sorted(names)
    assert sorted(names := ["Get-QsmVMDisk", "Get-QsmVhdxIdentity"]) != sorted(names, key=str.lower), "it does matter"


def test_a_line_is_ascii_whatever_the_name() -> None:
    line = wire.encode_line({"vm": "Bücher-Übung 'x' & $y 🎈"})
    assert line.isascii()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line)["vm"] == "Bücher-Übung 'x' & $y 🎈"


def test_an_answer_is_found_by_its_mark_and_noise_is_not() -> None:
    assert wire.parse_line(b'@@QSM abc {"ok": true}\r\n') == wire.Answer("abc", {"ok": True})
    for noise in (b"#< CLIXML\r\n", b"", b"@@QSM abc {broken\n", b"@@QSM abc [1]\n", b'{"ok": true}\n'):
        assert wire.parse_line(noise) is None


def test_noise_without_a_line_end_does_not_hide_the_answer_behind_it() -> None:
    assert wire.parse_line(b'\xef\xbb\xbfWARNING: @@QSM abc {"ok": true}\r') == wire.Answer("abc", {"ok": True})


def test_noise_is_told_in_one_readable_line() -> None:
    noise = (
        b'banner\r\n#< CLIXML\r\n<Objs Version="1.1.0.1"><Obj S="progress"><MS><I64 N="SourceId">1</I64></MS></Obj>'
        b'<S S="Error">Import-Module : It&apos;s not_x000D__x000A_</S><S S="Error">digitally signed._x000D__x000A_</S></Objs>'
        b"\xff rest\n"
    )
    assert wire.readable(noise) == "banner Import-Module : It's not digitally signed. \ufffd rest"
    assert wire.readable(b'#< CLIXML\r\n<Objs><S S="Error">cut off') == "cut off"
    begun_before = b'many words_x000D__x000A_</S><S S="Error">It failed.</S><S S="verbose">more</S></Objs>'
    assert wire.readable(begun_before) == "It failed."
    assert wire.readable(b"more</AV><PC>-1</PC></MS></Obj>" + b'<S S="Error">It failed.</S>') == "It failed."
    assert wire.readable(b"plain\n#< CLIXML\n" + b'<Objs><S S="verbose">x</S></Objs>\nbehind') == "plain behind"
    assert wire.readable(b"") == ""


def test_lines_arrive_whole_in_whatever_pieces() -> None:
    text = b'noise\r\n@@QSM a {"ok": true}\n\nlast'
    for size in range(1, len(text)):
        buffer = wire.LineBuffer()
        lines = [line for i in range(0, len(text), size) for line in buffer.feed(text[i : i + size])]
        assert lines == [b"noise\r", b'@@QSM a {"ok": true}', b""]
        assert buffer.feed(b"\n") == [b"last"]


def test_no_line_is_put_together_across_a_gap() -> None:
    buffer = wire.LineBuffer()
    assert buffer.feed(b'@@QSM a {"path": "one ') == []
    buffer.gap()
    assert buffer.feed(b'three"}\n@@QSM b {}\n') == [b"@@QSM b {}"]
    buffer.gap()  # between two lines nothing is given up
    assert buffer.feed(b"@@QSM c {}\n") == [b"@@QSM c {}"]
    buffer.feed(b"@@QSM d")
    buffer.gap()
    buffer.gap()
    assert buffer.feed(b" {}\nnext\n") == [b"next"]


def test_the_bootstraps_say_what_is_looked_for() -> None:
    for name in ("call", "serve"):
        script = bootstrap_text(name)
        assert f"'{wire.MODULE_MISSING}" in script
        assert f"$call = '{wire.UNREADABLE_CALL}'" in script


def test_the_install_lines_carry_every_byte_of_the_module() -> None:
    header, *pieces = [json.loads(line) for line in wire.install_lines("c")]
    assert header["module"] == wire.module_hash()
    for told in header["files"]:
        data = b"".join(base64.b64decode(p["data"]) for p in pieces if p["path"] == told["path"])
        assert len(data) == told["length"]
        assert data == next(f.data for f in wire.module_files() if f.path == told["path"])


@pytest.mark.parametrize("name", ["probe", "install", "call", "serve"])
def test_a_bootstrap_fits_on_a_command_line(name: str) -> None:
    command = wire.bootstrap_command(name)
    assert command.startswith("powershell.exe -NoProfile -NonInteractive")
    assert len(command) < 8191  # cmd.exe's limit


def test_the_module_reads_the_table_that_python_has() -> None:
    assert MODULE_TABLE_FILE.read_text(encoding="ascii") == module_table()
    assert all(operation.function.split("-")[1].startswith("Qsm") for operation in OPERATIONS.values())


def test_overlapping_calls_are_counted_once() -> None:
    calls = [
        CallRecord("a", "x", 0.0, 2.0, 1.0),
        CallRecord("b", "y", 1.0, 2.0, 1.0),
        CallRecord("a", "z", 5.0, 1.0, 1.0),
    ]
    assert busy_seconds(calls) == pytest.approx(4.0)
    assert busy_seconds([]) == 0.0


def test_the_meter_gives_calls_of_an_interval() -> None:
    meter = Meter()
    meter.add("a", "x", started=10.0, host_seconds=0.1)
    assert [call.operation for call in meter.between(10.0, 11.0)] == ["x"]
    assert meter.between(0.0, 10.0) == ()
