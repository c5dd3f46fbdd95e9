"""Faults that a client must be able to tell apart, and the limits of the service."""

from __future__ import annotations

import time

import pytest
import requests
from waiting import DEADLINE_SECONDS, wait_until
from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError
from winrm_harness import PASSWORD, SHELL, TRANSFER, envelope, parse_xml, raw_post

from lab.winrm.settings import Quotas

NO_SUCH_ID = "00000000-0000-0000-0000-000000000000"


def fault_code(call, *arguments, **options):
    with pytest.raises(WSManFaultError) as caught:
        call(*arguments, **options)
    return caught.value.wsman_fault_code, caught.value.fault_subcode


def test_unknown_shell(endpoint, connect):
    protocol = connect(endpoint)
    expected = (2150858843, "w:InvalidSelectors")
    assert fault_code(protocol.run_command, NO_SUCH_ID, "echo") == expected
    assert fault_code(protocol.get_command_output_raw, NO_SUCH_ID, NO_SUCH_ID) == expected
    assert fault_code(protocol.send_command_input, NO_SUCH_ID, NO_SUCH_ID, b"x") == expected
    assert fault_code(protocol.cleanup_command, NO_SUCH_ID, NO_SUCH_ID) == expected
    assert fault_code(protocol.close_shell, NO_SUCH_ID) == expected


def test_unknown_command(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    expected = (2150858843, "w:InvalidSelectors")
    assert fault_code(protocol.get_command_output_raw, shell, NO_SUCH_ID) == expected
    assert fault_code(protocol.send_command_input, shell, NO_SUCH_ID, b"x") == expected
    assert fault_code(protocol.cleanup_command, shell, NO_SUCH_ID) == expected


def test_shell_of_somebody_else(endpoint, connect):
    shell = connect(endpoint).open_shell()
    other = connect(endpoint, username="operator@lab.test", password="other")
    assert fault_code(other.run_command, shell, "echo") == (5, "w:AccessDenied")
    assert fault_code(other.close_shell, shell) == (5, "w:AccessDenied")


def test_shells_do_not_outlive_the_host(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    endpoint.stop()
    endpoint.start()
    again = connect(endpoint)
    assert fault_code(again.run_command, shell, "echo") == (2150858843, "w:InvalidSelectors")


def test_input_for_a_command_that_ended_or_whose_input_was_closed(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    ended = protocol.run_command(shell, "echo", ["x"])
    protocol.get_command_output(shell, ended)
    assert fault_code(protocol.send_command_input, shell, ended, b"x")[0] == 109
    sleeping = protocol.run_command(shell, "sleep")
    protocol.send_command_input(shell, sleeping, b"x", end=True)
    assert fault_code(protocol.send_command_input, shell, sleeping, b"x")[0] == 109


def test_silence_is_reported_at_the_operation_timeout(endpoint, connect):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=60)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "sleep")
    began = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert 0.9 < time.monotonic() - began < 60


def test_operation_timeout_is_capped_by_the_host(start, connect):
    protocol = connect(start(quotas=Quotas(max_timeout_ms=500)), operation_timeout_sec=60, read_timeout_sec=90)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "sleep")
    began = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert 0.4 < time.monotonic() - began < 60


def test_pending_receive_ends_when_the_shell_is_deleted(endpoint, connect, receive_in_background):
    waiting, deleting = connect(endpoint), connect(endpoint)
    shell = waiting.open_shell()
    command = waiting.run_command(shell, "sleep")
    receive = receive_in_background(waiting, shell, command)
    deleting.close_shell(shell)
    assert receive.outcome().wsman_fault_code == 995


def test_too_many_shells_of_one_user(start, connect):
    endpoint = start(quotas=Quotas(max_shells_per_user=2))
    protocol = connect(endpoint)
    first, _ = protocol.open_shell(), protocol.open_shell()
    assert fault_code(protocol.open_shell) == (2150859173, "w:QuotaLimit")
    connect(endpoint, username="operator@lab.test", password="other").open_shell()
    protocol.close_shell(first)
    protocol.open_shell()


def test_too_many_processes_in_one_shell(start, connect):
    protocol = connect(start(quotas=Quotas(max_processes_per_shell=2)))
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "sleep")
    protocol.run_command(shell, "sleep")
    assert fault_code(protocol.run_command, shell, "echo") == (2150859241, "w:QuotaLimit")
    protocol.cleanup_command(shell, command)
    protocol.get_command_output(shell, command)
    protocol.run_command(shell, "echo")


def test_too_many_operations_of_one_user(start, connect, receive_in_background):
    endpoint = start(quotas=Quotas(max_concurrent_operations_per_user=1))
    waiting, other = connect(endpoint), connect(endpoint)
    shell = waiting.open_shell()
    command = waiting.run_command(shell, "cat", console_mode_stdin=False)
    receive = receive_in_background(waiting, shell, command)
    assert fault_code(other.open_shell) == (2150859174, "w:QuotaLimit")
    endpoint.drop_connections()
    assert isinstance(receive.outcome(), requests.exceptions.ConnectionError)


def test_operations_are_counted_only_while_they_run(start, connect):
    protocol = connect(start(quotas=Quotas(max_concurrent_operations_per_user=1)))
    for _ in range(3):
        fault_code(protocol.run_command, NO_SUCH_ID, "echo")
    protocol.open_shell()


def test_request_beyond_the_envelope_limit(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    protocol.send_command_input(shell, command, b"x" * 380_000)
    assert fault_code(protocol.send_command_input, shell, command, b"x" * 400_000)[1] == "w:EncodingLimit"
    with pytest.raises(requests.exceptions.ConnectionError):  # not even read to its end
        protocol.send_command_input(shell, command, b"x" * 6_000_000)


def test_sealed_request_beyond_the_limit_leaves_the_connection_usable(endpoint, connect):
    protocol = connect(endpoint, transport="ntlm", plain_http=True)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    assert fault_code(protocol.send_command_input, shell, command, b"x" * 400_000)[1] == "w:EncodingLimit"
    protocol.send_command_input(shell, command, b"fits\n")
    assert protocol.get_command_output_raw(shell, command)[0] == b"fits\n"


def test_idle_shell_is_closed_with_its_commands(endpoint, connect, engine):
    protocol = connect(endpoint)
    shell, kept = protocol.open_shell(idle_timeout="PT0.3S"), protocol.open_shell()
    protocol.run_command(shell, "sleep")
    wait_until(lambda: engine.log[-1] == "signal terminate")
    assert fault_code(protocol.run_command, shell, "echo")[0] == 2150858843
    protocol.run_command(kept, "echo")


def test_pending_receive_keeps_a_shell_from_being_idle(endpoint, connect):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=5)
    shell = protocol.open_shell(idle_timeout="PT0.5S")
    command = protocol.run_command(shell, "sleep")
    with pytest.raises(WinRMOperationTimeoutError):  # lasts a second
        protocol.get_command_output_raw(shell, command)
    protocol.cleanup_command(shell, command)


def test_failure_of_the_engine_is_a_fault_and_frees_the_place(start, connect):
    protocol = connect(start(quotas=Quotas(max_processes_per_shell=1)))
    shell = protocol.open_shell()
    assert fault_code(protocol.run_command, shell, "broken") == (1359, "w:InternalError")
    protocol.run_command(shell, "echo")


# SOAP written by hand


@pytest.fixture
def post(endpoint, authority):
    with requests.Session() as session:
        session.verify, session.auth = str(authority.certificate), ("Administrator", PASSWORD)
        yield lambda body, **options: raw_post(session, endpoint.url, body, **options)


def _fault_of(answer):
    fault = parse_xml(answer.content).find(".//{http://schemas.microsoft.com/wbem/wsman/1/wsmanfault}WSManFault")
    return answer.status_code, int(fault.get("Code")), fault.get("Machine")


CREATE_BODY = "<q3:Shell><q3:InputStreams>stdin</q3:InputStreams></q3:Shell>"


def test_answer_relates_to_its_request_and_states_the_shell(post):
    answer = post(envelope(f"{TRANSFER}/Create", CREATE_BODY, message_id="uuid:Mixed-CASE &amp; odd"))
    text = answer.text
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/soap+xml;charset=UTF-8"
    assert "<a:RelatesTo>uuid:Mixed-CASE &amp; odd</a:RelatesTo>" in text
    assert f"<a:Action>{TRANSFER}/CreateResponse</a:Action>" in text
    for expected in ("<rsp:Owner>Administrator<", "<rsp:ClientIP>127.0.0.1<", "<rsp:IdleTimeOut>PT7200.000S<"):
        assert expected in text


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (envelope(f"{TRANSFER}/Put", CREATE_BODY), 2150858771),
        (envelope(f"{TRANSFER}/Create", CREATE_BODY, resource="http://elsewhere"), 2150858771),
        (envelope(f"{TRANSFER}/Create"), 2150858817),
        (envelope(f"{TRANSFER}/Create", CREATE_BODY, timeout="PT-1S"), 2150858767),
        (envelope(f"{TRANSFER}/Create", "<q3:Shell ShellId='x\"y'/>"), 2150858817),
        (envelope(f"{SHELL}/Receive", "<q3:Receive><q3:DesiredStream>stdout</q3:DesiredStream></q3:Receive>"), 87),
        (envelope(f"{SHELL}/Send", "<q3:Send/>"), 2150858817),
    ],
    ids=["action", "resource", "no body", "timeout", "bad identifier", "no command id", "no stream"],
)
def test_requests_that_are_wrong_in_themselves(post, request_bytes, code):
    assert _fault_of(post(request_bytes)) == (500, code, "HOSTA")


def test_client_that_can_take_less_than_the_protocol_demands(post):
    created = post(envelope(f"{TRANSFER}/Create", CREATE_BODY))
    shell = parse_xml(created.content).findtext(f".//{{{SHELL}}}ShellId")
    started = post(
        envelope(f"{SHELL}/Command", "<q3:CommandLine><q3:Command>sleep</q3:Command></q3:CommandLine>", shell_id=shell)
    )
    command = parse_xml(started.content).findtext(f".//{{{SHELL}}}CommandId")
    receive = f'<q3:Receive><q3:DesiredStream CommandId="{command}">stdout stderr</q3:DesiredStream></q3:Receive>'
    answer = post(envelope(f"{SHELL}/Receive", receive, shell_id=shell, max_envelope=4096))
    assert _fault_of(answer)[:2] == (500, 2150858805)


@pytest.mark.parametrize(
    "body", [b"no xml", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]>' + envelope(f"{TRANSFER}/Create", CREATE_BODY)]
)
def test_body_that_is_not_soap_is_a_bad_request(post, body):
    answer = post(body)
    assert (answer.status_code, answer.content) == (400, b"")


def test_only_the_service_path_exists(endpoint, authority):
    for url in (endpoint.url.removesuffix("/wsman"), endpoint.url + "/more"):
        answer = requests.post(url, data=b"x", verify=str(authority.certificate), timeout=DEADLINE_SECONDS)
        assert answer.status_code == 404


def test_seal_that_is_broken_is_a_bad_request(endpoint, connect):
    protocol = connect(endpoint, transport="ntlm", plain_http=True)
    protocol.open_shell()
    wrap = protocol.transport.encryption._build_message
    protocol.transport.encryption._build_message = lambda message, host: wrap(message, host)[:-1] + b"\0"
    with pytest.raises(WinRMTransportError) as caught:
        protocol.open_shell()
    assert caught.value.code == 400
