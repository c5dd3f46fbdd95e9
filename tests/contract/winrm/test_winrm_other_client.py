"""pypsrp, an independent client, against the same endpoint."""

from __future__ import annotations

import pytest
from pypsrp.client import Client
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm_echo_engine import CONTROL_C_EXIT
from winrm_harness import PASSWORD


@pytest.fixture(params=["https negotiate", "https ntlm", "https basic", "http negotiate", "http ntlm"])
def options(request, endpoint, authority):
    scheme, auth = request.param.split()
    return {
        "server": "127.0.1.1",
        "port": endpoint.port if scheme == "https" else endpoint.http_port,
        "ssl": scheme == "https",
        "auth": auth,
        "username": "Administrator",
        "password": PASSWORD,
        "cert_validation": str(authority.certificate),
        "no_proxy": True,
    }


def test_execute_cmd(options):
    with Client(**options) as client:
        assert client.execute_cmd("echo hello") == ("hello\r\n", "", 0)
        assert client.execute_cmd("complain 7") == ("", "something is wrong\r\n", 7)
        assert client.execute_cmd("env NAME", environment={"NAME": "value"}) == ("value", "", 0)


def test_process_with_input_and_signal(options):
    with WSMan(**options) as wsman, WinRS(wsman, codepage=65001) as shell:
        process = Process(shell, "cat")
        process.begin_invoke()
        process.send(b"one\n", end=False)
        process.poll_invoke()
        assert process.stdout == b"one\n"
        process.send(b"two\n", end=True)
        process.end_invoke()
        assert (process.stdout, process.rc) == (b"one\ntwo\n", 0)
        process.signal(SignalCode.CTRL_C)
        sleeping = Process(shell, "sleep", ["long"])
        sleeping.begin_invoke()
        sleeping.signal(SignalCode.CTRL_C)
        sleeping.end_invoke()
        assert sleeping.rc == CONTROL_C_EXIT


def test_large_output(options):
    with Client(**options) as client:
        assert client.execute_cmd("blob 400000") == ("x" * 400_000, "", 0)


@pytest.fixture
def basic(endpoint, authority):
    with WSMan(
        "127.0.1.1",
        port=endpoint.port,
        auth="basic",
        username="Administrator",
        password=PASSWORD,
        cert_validation=str(authority.certificate),
        no_proxy=True,
    ) as wsman:
        yield wsman


def test_limits_of_the_host_can_be_asked(basic):
    basic.update_max_payload_size()
    assert basic.max_envelope_size == 500 * 1024


def test_shell_can_be_asked(basic):
    with WinRS(basic) as shell:
        state = shell._get_shell()
    assert (state["Owner"], state["IdleTimeOut"]) == ("Administrator", "PT7200.000S")


def test_identifiers_may_be_chosen_by_the_client(basic):
    identifier = "11111111-2222-3333-4444-555555555555"
    with WinRS(basic, id=identifier) as shell:
        assert shell.id == identifier
        shell.command("sleep", None, command_id=identifier)
        with pytest.raises(WSManFaultError) as caught:
            shell.command("sleep", None, command_id=identifier)
        assert caught.value.code == 2150858803
        with pytest.raises(WSManFaultError) as caught:
            shell.command("sleep", None, command_id="no guid")
        assert caught.value.code == 2150858817


def test_certificate(endpoint, authority, certificate_files):
    with (
        WSMan(
            "127.0.1.1",
            port=endpoint.port,
            auth="certificate",
            certificate_pem=certificate_files["cert_pem"],
            certificate_key_pem=certificate_files["cert_key_pem"],
            cert_validation=str(authority.certificate),
            no_proxy=True,
        ) as wsman,
        WinRS(wsman) as shell,
    ):
        process = Process(shell, "whoami")
        process.invoke()
        assert process.stdout == b"Administrator by certificate"


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
@pytest.mark.parametrize("send", [True, False])
def test_strict_channel_binding(start, authority, auth, send):
    endpoint = start(channel_binding="strict")
    with WSMan(
        "127.0.1.1",
        port=endpoint.port,
        auth=auth,
        username="Administrator",
        password=PASSWORD,
        cert_validation=str(authority.certificate),
        negotiate_send_cbt=send,
        no_proxy=True,
    ) as wsman:
        shell = WinRS(wsman)
        if send:
            shell.open()
            shell.close()
        else:
            with pytest.raises(AuthenticationError):
                shell.open()


def test_wrong_password(options):
    with WSMan(**{**options, "password": "wrong"}) as wsman, pytest.raises(AuthenticationError):
        WinRS(wsman).open()
