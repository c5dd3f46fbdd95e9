"""The first contact with a host, and plain calls, in both ways."""

from __future__ import annotations

import time

import pytest
from session_engine import PlayedRefusal
from session_harness import ECHO, SET, Text, call, every_way
from waiting import wait_until

from qsm.errors import HostFailed, HostRefused, Refused
from qsm.hosts import needs, wire
from qsm.hosts.preparation import ProbeFacts

ODD = "Bücher-Übung 'x' & $y \"z\" ☃ 🎈\t\\u0041"


def test_one_process_serves_many_calls(host, played):
    for number in range(5):
        assert host.ask(ECHO, Text(text=ODD, number=number)) == Text(text=ODD, number=number)
    assert played.started == ["probe", "install", "serve"]


def test_host_that_hands_over_input_at_its_end_gets_a_process_per_call(start, connect, played):
    host = connect(start(stdin_only_at_end=True))
    for number in range(3):
        assert host.ask(ECHO, Text(text=ODD, number=number)) == Text(text=ODD, number=number)
    assert played.started == ["probe", "install", "call", "call", "call"]


def test_module_is_installed_once(endpoint, connect, played):
    for _ in range(2):
        connect(endpoint).ask(ECHO, Text())
    assert played.modules == {wire.module_hash()}
    assert played.started == ["probe", "install", "serve", "probe", "serve"]


def test_module_that_disappears_is_installed_again(host, played):
    host.ask(ECHO, Text())
    played.modules.clear()
    assert host.change(SET, Text(text="x"), call=call()) == (Text(text="x"), 8)
    assert played.executed == ["echo", "set a"]
    assert played.started.count("install") == 2


def test_module_that_cannot_be_installed(host, played):
    played.on_install = lambda module: r"C:\ProgramData\QuickStorageMigration is not closed to others"
    with pytest.raises(Refused, match=r"could not be installed on host hv01.*not closed to others") as caught:
        host.ask(ECHO, Text())
    assert type(caught.value) is Refused


def test_module_that_another_run_installed_at_the_same_moment(host, played):
    def lose_the_race(module: str) -> str:
        played.modules.add(module)
        return "Rename-Item: it exists"

    played.on_install = lose_the_race
    assert host.ask(ECHO, Text(number=1)).number == 1


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"language_mode": "ConstrainedLanguage"}, "language mode ConstrainedLanguage; FullLanguage is needed"),
        ({"execution_policy": "AllSigned"}, r"policy on host hv01 to AllSigned.*RemoteSigned"),
        ({"execution_policy": "Restricted"}, r"policy on host hv01 to Restricted.*RemoteSigned"),
        ({"administrator": False}, "no administrator's rights"),
        ({"powershell_version": "3.0"}, "has PowerShell 3.0; 4.0 or later"),
    ],
)
def test_host_that_cannot_do_it_is_refused_in_plain_words(host, played, faults, facts, text):
    played.facts.update(facts)
    with pytest.raises(Refused, match=text) as refused:
        host.ask(ECHO, Text())
    assert played.started == ["probe"]
    told = ProbeFacts(**{**played.facts, "installed": True})
    need = next(needs.unmet(needs.FIRST, told))
    for clause in (need.problem("hv01", told), need.repair(told)):
        assert clause[1:] in str(refused.value)


def test_host_that_runs_no_scripts_tells_why(host, played):
    played.dies_at_start = b"This script contains malicious content and has been blocked by your antivirus software."
    with pytest.raises(Refused, match=r"does not run scripts.*exit code 1.*blocked by your antivirus"):
        host.ask(ECHO, Text())


@every_way
def test_big_answer_and_big_arguments(warm_host, played):
    text = "".join(chr(0x20 + number * 7919 % 0x2FF) for number in range(500_000))
    assert warm_host.ask(ECHO, Text(text=text)).text == text
    assert warm_host.ask(ECHO, Text(text="after")).text == "after"


@every_way
def test_noise_between_and_around_the_answers(warm_host, played):
    def noisily(process, asked):
        process.write(b"WARNING: something\r\n@@QSM broken {\r\n@@QSM 0123 {}\r\nprogress 10%\rprogress 20%")
        process.output.write("stderr", b"#< CLIXML\r\n<Objs/>")
        return asked["arguments"]

    played.acts["echo"] = noisily
    for number in range(3):
        assert warm_host.ask(ECHO, Text(number=number)).number == number


@every_way
def test_errors_of_a_host_keep_their_facts(warm_host, played):
    played.before_journal["set"] = [PlayedRefusal("NoSpace", volume="D:\\", free_bytes=1)]
    with pytest.raises(HostRefused) as refused:
        warm_host.change(SET, Text(), call=call())
    assert refused.value.facts.id == "NoSpace"
    assert refused.value.facts.facts == {"volume": "D:\\", "free_bytes": 1}
    played.before_journal["set"] = [PlayedRefusal("CheckpointFailed", category="failed", hresult=1)]
    with pytest.raises(HostFailed):
        warm_host.change(SET, Text(), call=call())
    assert warm_host.change(SET, Text(), call=call())[1] == 8


@pytest.mark.parametrize("answer", [{"text": 1}, {"text": "x", "more": 2}, [], None])
def test_answer_that_is_not_what_was_promised(host, played, answer):
    played.acts["echo"] = lambda process, asked: answer
    with pytest.raises(HostFailed, match="in a form that this tool does not understand"):
        host.ask(ECHO, Text())


def test_line_that_the_host_cannot_read_is_an_answer_and_no_silence(host, played, monkeypatch):
    host.warm_up()
    began = time.monotonic()
    real = wire.encode_line
    monkeypatch.setattr(wire, "encode_line", lambda content: real(content).replace(b"{", b"", 1))
    with pytest.raises(HostRefused, match="ConvertFrom-Json"):
        host.ask(ECHO, Text())
    assert time.monotonic() - began < ECHO.time_limit_seconds / 2


def test_meter_counts_calls_with_the_time_on_the_host(host, played):
    began = time.time()
    host.ask(ECHO, Text())
    (counted,) = host.meter.between(began, time.time())
    assert (counted.host, counted.operation, counted.host_seconds) == ("hv01", "echo", 0.25)
    assert counted.seconds > 0


def test_warm_up_makes_the_first_call_start_nothing(host, played, faults):
    host.warm_up()
    before = dict(faults.counts)
    host.ask(ECHO, Text())
    assert {name: faults.counts[name] - before.get(name, 0) for name in ("Create", "Command", "Send")} == {
        "Create": 0, "Command": 0, "Send": 1,
    }  # fmt: skip


def test_close_ends_processes_and_can_be_repeated(host, played):
    host.ask(ECHO, Text())
    assert [process.script for process in played.processes] == ["serve"]
    host.close()
    wait_until(lambda: not played.processes)
    host.close()
