"""Lost connections, lost replies and silence, as a client meets them; and the way back."""

from __future__ import annotations

import time

import pytest
import requests
from waiting import wait_until
from winrm.exceptions import WinRMTransportError, WSManFaultError

from lab.winrm.fault_hooks import WireFault

LOST = requests.exceptions.ConnectionError


@pytest.fixture(params=["basic", "ntlm"])
def connection(request):
    """Both kinds of connection: authenticated per request, and sealed."""
    return {"basic": {}, "ntlm": {"transport": "ntlm", "plain_http": True}}[request.param]


@pytest.fixture
def protocol(connection, endpoint, connect):
    return connect(endpoint, operation_timeout_sec=2, read_timeout_sec=3, **connection)


@pytest.fixture
def persistent(protocol):
    return start_cat(protocol)


def start_cat(protocol):
    shell = protocol.open_shell()
    return shell, protocol.run_command(shell, "cat", console_mode_stdin=False)


def test_idle_connection_is_closed_and_sealing_is_broken_until_the_session_is_closed(start, connect):
    endpoint = start(idle_connection_seconds=1)
    protocol = connect(endpoint, transport="ntlm", plain_http=True)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    wait_until(lambda: endpoint.connection_count == 0)
    for _ in range(3):
        with pytest.raises(WinRMTransportError) as caught:
            protocol.send_command_input(shell, command, b"never arrives\n")
        assert caught.value.code == 400
    protocol.transport.close_session()
    protocol.send_command_input(shell, command, b"arrives\n")
    assert protocol.get_command_output_raw(shell, command)[0] == b"arrives\n"


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
def test_idle_connection_without_sealing_is_simply_opened_again(start, connect, transport):
    endpoint = start(idle_connection_seconds=1)
    protocol = connect(endpoint, transport=transport)
    shell = protocol.open_shell()
    wait_until(lambda: endpoint.connection_count == 0)
    protocol.run_command(shell, "echo")


def test_connection_dropped_before_input_was_taken(protocol, persistent, faults, engine):
    shell, command = persistent
    faults.plan("Send", WireFault.DROP_BEFORE)
    with pytest.raises(LOST):
        protocol.send_command_input(shell, command, b"lost\n")
    protocol.transport.close_session()
    protocol.send_command_input(shell, command, b"again\n")
    assert protocol.get_command_output_raw(shell, command)[0] == b"again\n"
    assert engine.log == ["start cat", "stdin 6 end=False"]


def test_connection_dropped_after_input_was_taken(protocol, persistent, faults, engine):
    shell, command = persistent
    faults.plan("Send", WireFault.DROP_AFTER)
    with pytest.raises(LOST):
        protocol.send_command_input(shell, command, b"taken\n")
    protocol.transport.close_session()
    assert protocol.get_command_output_raw(shell, command)[0] == b"taken\n"
    assert engine.log == ["start cat", "stdin 6 end=False"]


def test_connection_dropped_around_the_start_of_a_command(protocol, faults, engine):
    shell = protocol.open_shell()
    faults.plan("Command", WireFault.DROP_BEFORE, WireFault.DROP_AFTER)
    for expected in ([], ["start echo"]):
        with pytest.raises(LOST):
            protocol.run_command(shell, "echo", ["x"])
        assert engine.log == expected
        protocol.transport.close_session()


def test_faults_see_what_they_judge(protocol, persistent, faults):
    shell, command = persistent
    protocol.send_command_input(shell, command, b'{"operation": "survey"}\n')
    infos = dict(faults.asked)
    assert infos["Command"].command_line == "cat"
    assert infos["Send"].data == b'{"operation": "survey"}\n'
    assert (infos["Send"].user, infos["Send"].shell_id, infos["Send"].command_id) == ("Administrator", shell, command)


def test_reply_lost_by_the_engine_is_lost_for_good(protocol, persistent):
    shell, command = persistent
    protocol.send_command_input(shell, command, b"lose this\n")
    with pytest.raises(LOST):
        protocol.get_command_output_raw(shell, command)
    protocol.transport.close_session()
    protocol.send_command_input(shell, command, b"and go on\n")
    assert protocol.get_command_output_raw(shell, command)[0] == b"and go on\n"


def test_reply_lost_under_a_pending_receive(endpoint, connect, protocol, persistent, receive_in_background):
    receive = receive_in_background(protocol, *persistent)
    connect(endpoint).send_command_input(*persistent, b"lose this\n")
    assert isinstance(receive.outcome(), LOST)


def test_end_of_a_command_survives_a_lost_reply(protocol, persistent):
    shell, command = persistent
    protocol.send_command_input(shell, command, b"lose this\n", end=True)
    with pytest.raises(LOST):
        protocol.get_command_output_raw(shell, command)
    protocol.transport.close_session()
    assert protocol.get_command_output(shell, command) == (b"", b"", 0)


def test_client_that_left_takes_no_output_with_it(endpoint, connect, protocol, persistent, receive_in_background):
    receive = receive_in_background(protocol, *persistent)
    endpoint.drop_connections()
    assert isinstance(receive.outcome(), LOST)
    other = connect(endpoint)
    other.send_command_input(*persistent, b"kept\n")
    assert other.get_command_output_raw(*persistent)[0] == b"kept\n"


def test_host_that_drops_every_new_connection(endpoint, connect, faults):
    faults.plan("Connect", *[WireFault.DROP_BEFORE] * 2)
    for _ in range(2):
        with pytest.raises(LOST):
            connect(endpoint).open_shell()
    connect(endpoint).open_shell()


def test_host_that_is_down_refuses(endpoint, connect):
    protocol = connect(endpoint)
    protocol.open_shell()
    endpoint.stop()
    with pytest.raises(LOST):
        protocol.open_shell()


def test_frozen_host_is_silent_and_executes_late(endpoint, connect, engine):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=2)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    endpoint.frozen = True
    with pytest.raises(requests.exceptions.ReadTimeout):
        protocol.send_command_input(shell, command, b"late\n")
    protocol.transport.close_session()
    assert engine.log == ["start cat"]
    endpoint.frozen = False
    wait_until(lambda: engine.log == ["start cat", "stdin 5 end=False"])
    assert protocol.get_command_output_raw(shell, command)[0] == b"late\n"


@pytest.mark.parametrize("action", [WireFault.STALL_BEFORE, WireFault.STALL_AFTER])
def test_stalled_request(endpoint, connect, faults, engine, action):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=2)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    faults.plan("Send", action)
    with pytest.raises(requests.exceptions.ReadTimeout):
        protocol.send_command_input(shell, command, b"stalled\n")
    assert ("stdin 8 end=False" in engine.log) == (action is WireFault.STALL_AFTER)
    endpoint.release_stalled()
    wait_until(lambda: "stdin 8 end=False" in engine.log)


def test_stalled_request_is_not_executed_when_the_host_goes_down(endpoint, connect, faults, engine):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=2)
    shell = protocol.open_shell()
    faults.plan("Command", WireFault.STALL_BEFORE)
    with pytest.raises(requests.exceptions.ReadTimeout):
        protocol.run_command(shell, "echo", ["x"])
    endpoint.stop()
    assert engine.log == []


def test_busy_host(protocol, persistent, faults, engine):
    shell, command = persistent
    faults.plan("Send", WireFault.BUSY)
    with pytest.raises(WSManFaultError) as caught:
        protocol.send_command_input(shell, command, b"x\n")
    assert caught.value.wsman_fault_code == 170
    assert engine.log == ["start cat"]


def test_stop_with_a_pending_receive_and_a_frozen_loop(endpoint, connection, connect, receive_in_background):
    protocol = connect(endpoint, operation_timeout_sec=60, read_timeout_sec=90, **connection)
    receive = receive_in_background(protocol, *start_cat(protocol))
    endpoint.frozen = True
    began = time.monotonic()
    endpoint.stop()
    assert time.monotonic() - began < 30  # and not at the end of the Receive's time
    assert isinstance(receive.outcome(), requests.exceptions.RequestException)


def test_faults_may_steer_the_endpoint_from_its_own_thread(endpoint, connect, faults, engine):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=2)
    shell = protocol.open_shell()
    faults.reactions["Command"] = endpoint.drop_connections
    with pytest.raises(LOST):
        protocol.run_command(shell, "echo", ["x"])
    wait_until(lambda: engine.log == ["start echo"])
    faults.reactions["Command"] = lambda: setattr(endpoint, "frozen", True)
    with pytest.raises(requests.exceptions.ReadTimeout):
        protocol.run_command(shell, "echo", ["x"])
    endpoint.frozen = False
