"""Many threads on one host, interrupts in the middle, and what is left behind: nothing."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from background import Background
from session_engine import PlayedRefusal
from session_harness import ECHO, SET, Text, call, every_way, shells_open
from waiting import wait_until

from lab.winrm.fault_hooks import WireFault
from lab.winrm.settings import Quotas
from qsm.errors import HostRefused


@pytest.fixture
def slow(played):
    """Every call takes a moment, so that threads meet."""

    def work(process, asked):
        process.wait_seconds(0.1)
        return asked["arguments"]

    played.acts.update(echo=work, set=work)


@every_way
def test_threads_call_side_by_side(warm_host, played, slow):
    calls = [Background(warm_host.ask, ECHO, Text(number=number)) for number in range(8)]
    assert [answered.outcome().number for answered in calls] == list(range(8))


def test_threads_that_come_together_find_out_once_what_the_host_is(host, played):
    calls = [Background(host.ask, ECHO, Text(number=number)) for number in range(8)]
    assert [answered.outcome().number for answered in calls] == list(range(8))
    assert played.started.count("probe") == 1
    assert played.started.count("install") == 1


def test_warm_sessions_are_used_again(host, played, slow, faults):
    for _ in range(3):
        calls = [Background(host.ask, ECHO, Text(number=number)) for number in range(4)]
        assert [answered.outcome().number for answered in calls] == list(range(4))
    assert played.started.count("serve") <= 4
    assert faults.counts["Create"] <= 4


@pytest.mark.parametrize("at_its_end", [False, True])
def test_nothing_is_left_after_calls_errors_and_losses(start, connect, played, faults, slow, at_its_end):
    endpoint = start(stdin_only_at_end=at_its_end, quotas=Quotas(max_shells_per_user=5))
    host = connect(endpoint)
    host.warm_up()
    for action in (WireFault.DROP_BEFORE, WireFault.DROP_AFTER, WireFault.BUSY):
        faults.plan("Send", action)
        faults.plan("Receive", action)
        calls = [Background(host.ask, ECHO, Text(number=number)) for number in range(6)]
        assert [answered.outcome().number for answered in calls] == list(range(6))
    played.before_journal["set"] = [PlayedRefusal("NotOwner", owner="target")]
    with pytest.raises(HostRefused):
        host.change(SET, Text(), call=call())
    host.close()
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=5) == 0
    wait_until(lambda: endpoint.connection_count == 0)


def test_session_that_is_in_use_at_close_is_ended_when_it_comes_back(endpoint, connect, played):
    host = connect(endpoint)
    may_end = threading.Event()
    played.acts["set"] = lambda process, asked: process.wait(may_end) or asked["arguments"]
    changing = Background(host.change, SET, Text(text="x"), call=call())
    wait_until(lambda: bool(played.received))
    host.close()
    may_end.set()
    assert changing.outcome() == (Text(text="x"), 8)
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=30) == 0


class StopError(BaseException):
    """What a cancelled run raises in the middle of a call."""


@pytest.fixture
def interrupt():
    """Raises StopError in this thread as soon as something is the case, wherever the thread is."""
    previous = signal.signal(signal.SIGUSR1, lambda *_: (_ for _ in ()).throw(StopError()))
    threads = []

    def when(condition):
        def watch():
            wait_until(condition)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

        threads.append(threading.Thread(target=watch))
        threads[-1].start()

    yield when
    for thread in threads:
        thread.join()
    signal.signal(signal.SIGUSR1, previous)


@pytest.mark.parametrize("way", ["tls", "sealed"])
def test_interrupted_call_leaves_its_process_to_its_act_and_no_broken_session(
    endpoint, connect, played, faults, interrupt, way
):
    host = connect(endpoint, tls=way == "tls")
    host.warm_up()
    may_end = threading.Event()
    played.acts["set"] = lambda process, asked: process.wait(may_end) or asked["arguments"]
    before = faults.counts["Receive"]
    interrupt(lambda: bool(played.received) and faults.counts["Receive"] > before)
    with pytest.raises(StopError):
        host.change(SET, Text(text="x"), call=call())
    (process,) = played.processes
    assert not process.ended.is_set()
    assert host.ask(ECHO, Text(text="y")).text == "y"
    may_end.set()
    wait_until(lambda: "set a" in played.executed)
    assert host.change(SET, Text(text="x"), call=call()) == (Text(text="x"), 8)
    assert played.executed.count("set a") == 1
    host.close()
    wait_until(lambda: not played.processes)
    assert shells_open(endpoint, quota=30) == 0


@pytest.mark.parametrize("request_name", ["Create", "Command", "Send"])
def test_interrupted_before_anything_was_said(endpoint, connect, played, faults, interrupt, request_name):
    host = connect(endpoint)
    faults.plan(request_name, WireFault.STALL_BEFORE)
    interrupt(lambda: faults.counts[request_name] > 0)
    with pytest.raises(StopError):
        host.ask(ECHO, Text())
    endpoint.release_stalled()
    assert host.ask(ECHO, Text(text="y")).text == "y"
    host.close()
    wait_until(lambda: not played.processes)
    left = shells_open(endpoint, quota=30)
    assert left == (
        1 if request_name == "Create" else 0
    )  # nobody was told the name of a shell that was made afterwards


def test_interrupted_while_the_host_is_busy(host, played, interrupt):
    host.warm_up()
    played.before_journal["set"] = [PlayedRefusal("Busy") for _ in range(100)]
    interrupt(lambda: len(played.received) > 2)
    began = time.monotonic()
    with pytest.raises(StopError):
        host.change(SET, Text(), call=call())
    assert time.monotonic() - began < SET.time_limit_seconds / 2
    played.before_journal.clear()
    assert host.change(SET, Text(), call=call())[1] == 8
