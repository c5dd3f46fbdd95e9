"""Input as it really arrives: in pieces, late, several lines at once, or only at its end."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from engine import EngineProcess, read_answer
from lab_host import EngineHost

from qsm.hosts import wire

NAME = "Bücher-Übung 'x' & $y ☃ 𝄞"
MARK = b"@@QSM "


def call_line(call: str) -> bytes:
    """A call whose answer repeats the name that was sent: a refusal that quotes it."""
    arguments = {"role": "source", "vm_id": NAME, "vm_name": NAME, "peer": "", "by": "", "plan": {}}
    fields = {"operation": "create_record", "migration_id": "20300131T235959-0123abcd", "subject": "", "revision": None}
    return wire.encode_line(
        {"call": call, "module": wire.module_hash(), **fields, "wait_seconds": 0, "arguments": arguments}
    )


def trickle(process: EngineProcess, data: bytes, sizes: Iterable[int]) -> None:
    for size in sizes:
        process.send(data[:size])
        data = data[size:]
    process.send(data)


def quoted(line: bytes, call: str) -> None:
    """The answer is the refusal, with the name as it was sent."""
    answer = wire.parse_line(line)
    assert answer is not None
    assert answer.call == call
    error = read_answer("create_record", answer.content).error
    assert error is not None
    assert error.id == "InvalidArgument"
    assert NAME in error.message


def cuts(line: bytes) -> dict[str, list[int]]:
    """Ways to cut a line: the sizes of its pieces, the rest goes last."""
    escape = line.index(b"\\u")
    surrogates = line.index(b"\\ud834") + len(b"\\ud834")
    return {
        "every byte alone": [1] * len(line),
        "in an escape": [escape + 3],
        "between the halves of a character": [surrogates],
        "before the line end": [len(line) - 1],
        "in the name of a field": [line.index(b'"operation"') + 4],
    }


def test_lines_that_arrive_in_pieces(engine_host: EngineHost) -> None:
    engine_host.put_module()
    process = engine_host.bootstrap("serve")
    for number, how in enumerate(cuts(call_line("0" * 32))):
        call = f"{number:032x}"
        line = call_line(call)
        trickle(process, line, cuts(line)[how])
        quoted(process.read_line(MARK), call)
    process.send(call_line("a" * 32).replace(b"\n", b"\r\n") + b"\r\n" + call_line("b" * 32) + call_line("c" * 32)[:-1])
    quoted(process.read_line(MARK), "a" * 32)
    quoted(process.read_line(MARK), "b" * 32)
    out, _ = process.finish()  # the last line has no line end: the end of the input ends it
    quoted(out.strip(), "c" * 32)


@pytest.mark.parametrize("ended", [True, False], ids=["with a line end", "without"])
def test_call_whose_input_comes_at_its_end(engine_host: EngineHost, ended: bool) -> None:
    engine_host.put_module()
    process = engine_host.bootstrap("call")
    line = call_line("d" * 32)
    trickle(process, line if ended else line[:-1], [7, 100, 1])
    out, _ = process.finish()
    quoted(out.strip(), "d" * 32)
    assert process.code == 0


@pytest.mark.parametrize("name", ["probe", "call", "serve"])
def test_process_that_is_told_nothing_ends_and_answers_nothing(engine_host: EngineHost, name: str) -> None:
    process = engine_host.bootstrap(name)
    out, _ = process.finish()
    assert (out, process.code) == (b"", 0)
