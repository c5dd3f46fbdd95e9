"""Hosts that stay silent, processes that do, and services that give no more: every wait ends, and says what is certain."""

from __future__ import annotations

import threading
import time

import pytest
from background import Background
from session_harness import (
    ECHO,
    GIVES_UP_SOON,
    LIMITS,
    PASSWORD,
    QUICK_ECHO,
    QUICK_SET,
    SET,
    USER,
    Text,
    call,
    shells_open,
)
from waiting import wait_until
from winrm import Protocol

from lab.winrm.fault_hooks import WireFault
from lab.winrm.settings import Quotas
from qsm.errors import OutcomeUnknown, Refused, Unreachable


@pytest.fixture
def free_port(start):
    """A port where nobody listens."""
    endpoint = start()
    port = endpoint.port
    endpoint.stop()
    return port


@pytest.fixture
def working(played):
    """Calls that work until they may end."""
    may_end = threading.Event()

    def work(process, asked):
        process.wait(may_end)
        return asked["arguments"]

    played.acts.update(set=work, echo=work)
    yield may_end
    may_end.set()


def seconds_of(act, *arguments, error, **options):
    began = time.monotonic()
    with pytest.raises(error) as caught:
        act(*arguments, **options)
    assert type(caught.value) is error
    return time.monotonic() - began, str(caught.value)


def test_host_that_is_down(free_port, connect, played):
    host = connect(None, port=free_port, limits=GIVES_UP_SOON)
    asking = Background(host.ask, ECHO, Text())
    seconds, text = seconds_of(host.change, SET, Text(), call=call(), error=Unreachable)
    assert 2 <= seconds < SET.time_limit_seconds
    assert "Host hv01 does not answer: no connection to 127.0.1.1" in text
    assert "refused" in text
    assert type(asking.outcome()) is Unreachable
    assert played.started == []


def test_host_that_went_down_before_a_call_was_sent_executed_nothing(endpoint, connect, played):
    host = connect(endpoint, limits=GIVES_UP_SOON)
    host.warm_up()
    endpoint.stop()
    seconds, _ = seconds_of(host.change, SET, Text(), call=call(), error=Unreachable)
    assert 2 <= seconds < SET.time_limit_seconds
    assert played.received == []


def test_host_that_goes_down_under_a_call(endpoint, connect, played, working):
    host = connect(endpoint, limits=GIVES_UP_SOON)
    host.warm_up()
    asking = Background(host.ask, ECHO, Text())
    wait_until(lambda: len(played.received) == 1)
    changing = Background(host.change, SET, Text(), call=call())
    wait_until(lambda: len(played.received) == 2)
    endpoint.stop()
    began = time.monotonic()
    assert type(asking.outcome()) is Unreachable
    outcome = changing.outcome()
    assert time.monotonic() - began < SET.time_limit_seconds / 2
    assert isinstance(outcome, OutcomeUnknown)
    assert "set was done on host hv01" in str(outcome)


def test_host_that_answers_nothing_any_more(endpoint, connect, played):
    host = connect(endpoint, limits=GIVES_UP_SOON)
    host.warm_up()
    endpoint.frozen = True
    try:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            host.change(SET, Text(), call=call())
        assert 2 <= time.monotonic() - began < SET.time_limit_seconds
    finally:
        endpoint.frozen = False


def test_silent_process_has_its_own_time_limit_and_is_not_ended(endpoint, connect, played, working):
    host = connect(endpoint)
    host.warm_up()
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="no answer came within the time limit"):
        host.change(QUICK_SET, Text(), call=call())
    assert 1 <= time.monotonic() - began < LIMITS.unreachable_seconds
    (silent,) = played.processes
    host.close()
    assert not silent.ended.is_set(), "an act was cut short"
    working.set()
    wait_until(lambda: played.executed == ["set a"])
    endpoint.stop()


def test_silent_process_that_finished_meanwhile_is_ended_by_close(endpoint, connect, played, working):
    host = connect(endpoint)
    with pytest.raises(OutcomeUnknown):
        host.change(QUICK_SET, Text(), call=call())
    working.set()
    wait_until(lambda: played.executed == ["set a"])
    host.close()
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=30) == 0


def test_process_that_says_nothing_to_a_question_is_ended(endpoint, connect, played, working):
    host = connect(endpoint)
    with pytest.raises(Unreachable, match="no answer came within the time limit"):
        host.ask(QUICK_ECHO, Text())
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=30) == 0


def test_other_calls_go_on_beside_a_silent_one(host, played, working):
    host.warm_up()
    silent = Background(host.change, SET, Text(), call=call())
    wait_until(lambda: bool(played.received))
    played.acts.pop("echo")
    assert host.ask(ECHO, Text(text="x")).text == "x"
    working.set()
    assert silent.outcome()[1] == 8


def test_input_that_a_host_never_takes(endpoint, connect, played, faults):
    host = connect(endpoint, limits={"unreachable_seconds": 1})
    host.warm_up()
    faults.plan("Send", *[WireFault.BUSY] * 1000)
    seconds, text = seconds_of(host.change, SET, Text(), call=call(), error=Unreachable)
    assert "(170)" in text
    assert 1 <= seconds < SET.time_limit_seconds
    assert played.received == []


# quotas


@pytest.fixture
def other_client(start):
    """Opens shells of the same user, as another program would."""
    protocols = []

    def open_shells(endpoint, count):
        protocol = Protocol(
            endpoint.url,
            transport="basic",
            username=USER,
            password=PASSWORD,
            server_cert_validation="ignore",
            proxy=None,
        )
        protocols.append(protocol)
        shells = [protocol.open_shell() for _ in range(count)]
        return lambda: [protocol.close_shell(shell, close_session=False) for shell in shells]

    yield open_shells
    for protocol in protocols:
        protocol.transport.close_session()


def test_shells_used_up_by_others_are_told_with_the_quota(start, connect, other_client, played, faults):
    endpoint = start(quotas=Quotas(max_shells_per_user=2))
    other_client(endpoint, 2)
    host = connect(endpoint, limits=GIVES_UP_SOON)
    seconds, text = seconds_of(host.change, SET, Text(), call=call(), error=Refused)
    assert 2 <= seconds < SET.time_limit_seconds
    assert "gives the tool's account no further remote shell" in text
    assert "maximum number of 2 concurrent shells" in text
    assert faults.counts["Create"] < 20
    assert played.started == []


def test_shells_that_others_give_back_are_used(start, connect, other_client):
    endpoint = start(quotas=Quotas(max_shells_per_user=2))
    give_back = other_client(endpoint, 2)
    host = connect(endpoint, limits={"unreachable_seconds": 10})
    asking = Background(host.ask, ECHO, Text(text="x"))
    wait_until(lambda: asking.waited(0.3))
    give_back()
    assert asking.outcome().text == "x"


@pytest.mark.parametrize("at_its_end", [False, True])
def test_threads_share_the_few_shells_that_a_host_gives(start, connect, played, at_its_end):
    endpoint = start(quotas=Quotas(max_shells_per_user=3), stdin_only_at_end=at_its_end)
    host = connect(endpoint, limits={**GIVES_UP_SOON, "stdin_probe_seconds": 1})

    def slowly(process, asked):
        process.wait_seconds(0.8)
        return asked["arguments"]

    played.acts["echo"] = slowly
    calls = [Background(host.ask, ECHO, Text(number=number)) for number in range(9)]
    assert [answered.outcome().number for answered in calls] == list(range(9))
    assert len([name for name in played.started if name == "serve"]) <= 3
    host.close()
    assert shells_open(endpoint, quota=3) == 0


def test_operations_used_up_are_waited_for(start, connect, played):
    endpoint = start(quotas=Quotas(max_concurrent_operations_per_user=1))
    host = connect(endpoint, limits={"unreachable_seconds": 10})
    host.warm_up()
    calls = [Background(host.change, SET, Text(number=n), call=call(str(n))) for n in range(3)]
    assert sorted(answered.outcome()[0].number for answered in calls) == [0, 1, 2]
    assert sorted(played.executed) == ["set 0", "set 1", "set 2"]


def test_smallest_envelope_is_refused_with_the_name_of_the_setting(start, connect):
    host = connect(start(quotas=Quotas(max_envelope_kb=32)))
    with pytest.raises(Refused, match="MaxEnvelopeSizekb"):
        host.ask(ECHO, Text(text="x" * 100_000))
