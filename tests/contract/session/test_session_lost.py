"""Connections that break before, during and after a call: done once, answered truly, in every kind of connection."""

from __future__ import annotations

import threading
import time

import pytest
from background import Background
from session_engine import PlayedRefusal
from session_harness import ECHO, QUICK_SET, SET, Text, call, every_way, shells_open
from waiting import wait_until

from lab.winrm.fault_hooks import WireFault
from qsm.errors import HostRefused, OutcomeUnknown, Unreachable
from qsm.hosts.host import MOST_FAILED_ANSWERS

BEFORE, AFTER, BUSY = WireFault.DROP_BEFORE, WireFault.DROP_AFTER, WireFault.BUSY
SET_LINE = b'"operation":"set"'


both_ways = pytest.mark.parametrize("way", ["tls", "one by one"])
both_wires = pytest.mark.parametrize("way", ["tls", "sealed"])


@pytest.fixture
def host(warm_host):
    return warm_host


@every_way
@pytest.mark.parametrize("action", [BEFORE, AFTER, BUSY])
def test_input_that_is_lost_or_whose_receipt_is(host, played, faults, action):
    faults.plan("Send", action, containing=SET_LINE)
    assert host.change(SET, Text(text="x"), call=call()) == (Text(text="x"), 8)
    assert faults.all_played
    assert played.executed == ["set a"]


@pytest.mark.parametrize(
    ("way", "request_name", "action"),
    [
        ("sealed", "Send", BEFORE),
        ("sealed", "Send", AFTER),
        ("sealed", "Receive", BEFORE),
        ("sealed", "Receive", AFTER),
        ("one by one", "Command", AFTER),
        ("one by one", "Send", AFTER),
        ("one by one", "Receive", BEFORE),
    ],
)
def test_two_losses_in_a_row_anywhere(host, played, faults, request_name, action):
    host.change(SET, Text(text="x"), call=call("before"))
    faults.plan(request_name, action, action)
    assert host.change(SET, Text(text="y"), call=call()) == (Text(text="y"), 8)
    assert played.executed == ["set before", "set a"]


@pytest.mark.parametrize(("way", "action"), [("sealed", BEFORE), ("one by one", AFTER)])
def test_losses_before_the_first_call(start, connect, played, faults, way, action):
    endpoint = start(stdin_only_at_end=way == "one by one")
    for name in ("Create", "Receive") if action is BEFORE else ("Command", "Send"):
        faults.plan(name, action)
    host = connect(endpoint, tls=way != "sealed", limits={"unreachable_seconds": 10})
    assert host.change(SET, Text(text="x"), call=call())[0].text == "x"
    assert played.executed == ["set a"]


@every_way
def test_answer_that_is_lost_for_ever_is_told_again_from_the_journal(host, played):
    def lose(process, asked):
        process.output.drop_reply()
        return asked["arguments"]

    played.acts["set"] = lose
    assert host.change(SET, Text(text="x"), call=call()) == (Text(text="x"), 8)
    assert played.executed == ["set a"]
    assert [line["subject"] for line in played.received] == ["a", "a"]
    assert played.received[0]["call"] != played.received[1]["call"]


def test_question_whose_answer_is_lost_is_asked_again(host, played):
    answers = iter(["first", "second"])

    def lose_the_first(process, asked):
        text = next(answers)
        if text == "first":
            process.output.drop_reply()
        return {"text": text, "number": 0}

    played.acts["echo"] = lose_the_first
    assert host.ask(ECHO, Text()).text == "second"


@every_way
def test_piece_lost_out_of_the_middle_of_an_answer_is_never_overlooked(host, played, faults):
    """Without the middle of a long text the answer would be good JSON, and say something else."""
    text = "x" * 1_000_000

    def lose_the_middle(process, asked):
        if not played.executed:
            faults.plan("Receive", WireFault.PASS, WireFault.PASS, AFTER)
        return {"text": text, "number": 0}

    played.acts["set"] = lose_the_middle
    assert len(host.change(SET, Text(), call=call())[0].text) == len(text)
    assert faults.all_played
    assert played.executed == ["set a"]


@every_way
def test_act_goes_on_while_connections_break_and_is_not_begun_twice(host, endpoint, played, faults):
    """The host's lock would answer Busy to a second send; there is none, because the same process is listened to."""
    may_end = threading.Event()

    def work(process, asked):
        process.wait(may_end)
        return asked["arguments"]

    played.acts["set"] = work
    changing = Background(host.change, SET, Text(text="x"), call=call())
    for _ in range(3):
        before = faults.counts["Receive"]
        wait_until(lambda before=before: faults.counts["Receive"] > before)
        endpoint.drop_connections()
    may_end.set()
    assert changing.outcome() == (Text(text="x"), 8)
    assert len(played.received) == 1
    assert played.executed == ["set a"]


@pytest.mark.parametrize("way", ["sealed"])
def test_host_that_is_frozen_for_a_while(host, endpoint, played):
    endpoint.frozen = True
    changing = Background(host.change, SET, Text(text="x"), call=call())
    wait_until(lambda: changing.waited(2.5))  # the first read timeout is over
    endpoint.frozen = False
    assert changing.outcome() == (Text(text="x"), 8)
    assert played.executed == ["set a"]


@both_wires
def test_connection_that_was_idle_for_too_long(way, start, connect, played):
    endpoint = start(idle_connection_seconds=1, stdin_only_at_end=way == "one by one")
    host = connect(endpoint, tls=way != "sealed")
    host.warm_up()
    wait_until(lambda: endpoint.connection_count == 0)
    assert host.change(SET, Text(text="x"), call=call()) == (Text(text="x"), 8)
    assert len(played.received) == 1
    assert played.started.count("serve") == 1


def test_host_that_was_restarted_has_no_shell_left(way, start, connect, played, endpoint_settings):
    first = start(stdin_only_at_end=way == "one by one")
    ports = {"port": first.port, "http_port": first.http_port}
    host = connect(first, tls=way != "sealed")
    host.change(SET, Text(text="x"), call=call("before"))
    first.stop()
    wait_until(lambda: not played.processes)
    start(stdin_only_at_end=way == "one by one", **ports)
    assert host.change(SET, Text(text="y"), call=call()) == (Text(text="y"), 8)
    assert played.executed == ["set before", "set a"]


@both_ways
def test_host_that_restarts_in_the_middle_of_an_act(way, start, connect, played):
    """The journal says started and nobody knows the end; it is not begun again."""
    first = start(stdin_only_at_end=way == "one by one")
    ports = {"port": first.port, "http_port": first.http_port}
    host = connect(first, tls=way != "sealed")
    played.acts["set"] = lambda process, asked: process.wait(threading.Event())
    changing = Background(host.change, SET, Text(text="x"), call=call())
    wait_until(lambda: bool(played.received))
    first.stop()
    start(stdin_only_at_end=way == "one by one", **ports)
    assert isinstance(changing.outcome(), OutcomeUnknown)
    assert played.executed == []


def kill_at(played, count):
    """Every process is killed in the middle of its call, `count` times."""
    killed: list[str] = []

    def die(process, asked):
        if len(killed) < count:
            killed.append(asked["operation"])
            process.output.write("stderr", b"Killed by somebody.")
            process.signal("terminate")
            process.check()
        return asked["arguments"]

    played.acts.update(echo=die, set=die)
    return killed


def test_killed_process_costs_a_question_nothing(host, played):
    kill_at(played, 2)
    assert host.ask(ECHO, Text(text="x")).text == "x"


@both_ways
def test_killed_process_leaves_a_change_unknown(host, played):
    kill_at(played, 1)
    with pytest.raises(OutcomeUnknown, match="set was done on host hv01"):
        host.change(SET, Text(text="x"), call=call())
    assert played.executed == []


def test_question_that_kills_every_process_is_given_up_with_the_reason(host, played):
    killed = kill_at(played, 1000)
    with pytest.raises(Unreachable, match=r"PowerShell ended with exit code 1.*Killed by somebody"):
        host.ask(ECHO, Text())
    assert len(killed) <= 5


def test_process_that_dies_between_two_calls(host, played):
    host.change(SET, Text(text="x"), call=call("before"))
    for process in list(played.processes):
        process.signal("terminate")
    wait_until(lambda: not played.processes)
    assert host.change(SET, Text(text="y"), call=call())[0].text == "y"
    assert played.executed == ["set before", "set a"]


# what a refusal is worth after a lost answer


def lose_first_answer(played, faults, *refusals):
    """The first send is lost after the host took it; each further one is refused."""

    def lose(process, asked):
        process.output.drop_reply()
        played.before_journal["set"] = list(refusals)
        return asked["arguments"]

    played.acts["set"] = lose


@pytest.mark.parametrize("identifier", ["RevisionStale", "TurnedBack", "RecordMissing"])
def test_refusal_before_the_journal_proves_nothing_about_an_earlier_send(host, played, faults, identifier):
    lose_first_answer(played, faults, PlayedRefusal(identifier))
    with pytest.raises(OutcomeUnknown, match=identifier):
        host.change(SET, Text(), call=call())


@pytest.mark.parametrize("identifier", ["InvalidArgument", "OperationMismatch"])
def test_refusal_that_holds_for_every_send_is_believed(host, played, faults, identifier):
    lose_first_answer(played, faults, PlayedRefusal(identifier))
    with pytest.raises(HostRefused) as caught:
        host.change(SET, Text(), call=call())
    assert caught.value.facts.id == identifier


def test_refusal_of_a_new_attempt_is_believed(host, played, faults):
    lose_first_answer(played, faults, PlayedRefusal("NoSpace", volume="D:\\"))
    with pytest.raises(HostRefused) as caught:
        host.change(SET, Text(), call=call())
    assert caught.value.facts.id == "NoSpace"


def test_stale_revision_of_a_first_send_is_a_refusal(host, played):
    played.before_journal["set"] = [PlayedRefusal("RevisionStale")]
    with pytest.raises(HostRefused):
        host.change(SET, Text(), call=call())


def test_busy_host_is_asked_again(host, played):
    played.before_journal["set"] = [PlayedRefusal("Busy"), PlayedRefusal("Busy")]
    played.before_journal["echo"] = [PlayedRefusal("Busy")]
    assert host.change(SET, Text(text="x"), call=call())[0].text == "x"
    assert host.ask(ECHO, Text(text="x")).text == "x"


def test_host_that_stays_busy_is_refused_at_the_time_limit(host, played):
    played.before_journal["set"] = [PlayedRefusal("Busy") for _ in range(100)]
    began = time.monotonic()
    with pytest.raises(HostRefused) as caught:
        host.change(QUICK_SET, Text(), call=call())
    assert caught.value.facts.id == "Busy"
    assert caught.value.retryable
    assert 1 <= time.monotonic() - began < SET.time_limit_seconds / 2


def test_host_that_stays_busy_after_a_lost_answer_is_unknown(host, played, faults):
    lose_first_answer(played, faults, *(PlayedRefusal("Busy") for _ in range(100)))
    with pytest.raises(OutcomeUnknown):
        host.change(QUICK_SET, Text(), call=call())


def passing(times):
    return [PlayedRefusal("HostFailed", retryable=True) for _ in range(times)]


def test_question_that_fails_for_a_passing_reason_is_asked_again(host, played):
    played.before_journal["echo"] = passing(MOST_FAILED_ANSWERS)
    assert host.ask(ECHO, Text(text="x")).text == "x"


def test_question_that_goes_on_failing_is_given_up(host, played):
    played.before_journal["echo"] = passing(100)
    with pytest.raises(HostRefused):
        host.ask(ECHO, Text())
    assert len(played.received) == 1 + MOST_FAILED_ANSWERS


def test_act_that_failed_is_not_done_again_by_itself(host, played):
    played.before_journal["set"] = passing(1)
    with pytest.raises(HostRefused):
        host.change(SET, Text(), call=call())
    assert len(played.received) == 1


def test_nothing_is_left_behind_after_all_that(host, endpoint, played, faults):
    kill_at(played, 1)
    host.ask(ECHO, Text())
    faults.plan("Send", BEFORE, AFTER)
    host.ask(ECHO, Text())
    faults.plan("Receive", AFTER, BEFORE)
    host.ask(ECHO, Text())
    host.close()
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=30) == 0
