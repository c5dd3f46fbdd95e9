"""Who is believed and who is not: passwords are offered once, certificates are proof, and nothing secret is told."""

from __future__ import annotations

import logging
import socket
import traceback

import pytest
import requests
from background import Background
from pydantic import SecretStr
from session_harness import ECHO, LIMITS, PASSWORD, SET, USER, Text, Wiretap, call
from waiting import wait_until
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.transport import HAVE_KERBEROS

from lab.winrm.certificates import LabCA
from qsm.errors import CredentialsRejected, HostNotTrusted, OutcomeUnknown, QsmError, Refused, SettingsError
from qsm.hosts.winrm_errors import (
    FaultError,
    GoneError,
    InputBusyError,
    LostError,
    NotExecutedError,
    QuotaError,
    translate,
)
from qsm.hosts.winrm_session import WinRMSession
from qsm.hosts.winrm_transport import Logon
from qsm.settings import HostSettings


@pytest.fixture
def tap(endpoint):
    """Ears between client and host, on plain HTTP where headers can be read."""
    tap = Wiretap(("127.0.1.1", endpoint.http_port))
    with tap.listening() as port:
        tap.port = port
        yield tap


WRONG = SecretStr("wrong-Wörd-8")


def test_wrong_password_is_tried_once_and_by_nobody_else(tap, endpoint, connect, played):
    host = connect(endpoint, tls=False, port=tap.port, password=WRONG)
    with pytest.raises(CredentialsRejected, match="rejected the credentials of user Administrator"):
        host.change(SET, Text(), call=call())
    assert tap.logons == 1
    for outcome in [Background(host.ask, ECHO, Text()).outcome() for _ in range(3)]:
        assert type(outcome) is CredentialsRejected
    assert tap.logons == 1
    assert played.started == []
    host.close()


def test_refusal_that_somebody_keeps_holds_no_connection(endpoint, connect):
    for options in ({"tls": False}, {}, {"transport": "basic"}):
        with pytest.raises(CredentialsRejected) as kept:
            connect(endpoint, password=WRONG, **options).ask(ECHO, Text())
        wait_until(lambda: endpoint.connection_count == 0)
        assert kept.value.__traceback__ is not None


def test_wrong_password_of_many_threads_at_once_is_tried_once(tap, endpoint, connect):
    host = connect(endpoint, tls=False, port=tap.port, password=WRONG)
    calls = [Background(host.ask, ECHO, Text()) for _ in range(8)]
    assert {type(answered.outcome()) for answered in calls} == {CredentialsRejected}
    assert tap.logons == 1
    host.close()


def test_password_that_is_changed_while_threads_are_warm_is_tried_few_times(tap, endpoint, connect, start, played):
    host = connect(endpoint, tls=False, port=tap.port)
    played.acts["echo"] = lambda process, asked: process.wait_seconds(0.2) or asked["arguments"]
    for answered in [Background(host.ask, ECHO, Text()) for _ in range(4)]:
        answered.outcome()
    assert len(played.processes) > 1
    before = tap.logons
    ports = {"port": endpoint.port, "http_port": endpoint.http_port}
    endpoint.stop()
    start(accounts={USER: SecretStr("changed")}, **ports)
    calls = [Background(host.ask, ECHO, Text()) for _ in range(4)]
    assert {type(answered.outcome()) for answered in calls} == {CredentialsRejected}
    assert tap.logons - before == 1 + len(Logon.PAUSES)
    host.close()


def test_password_that_is_changed_under_a_call_does_not_say_that_nothing_happened(endpoint, connect, start, played):
    host = connect(endpoint)
    host.warm_up()
    played.acts["set"] = lambda process, asked: process.wait_seconds(30)
    changing = Background(host.change, SET, Text(), call=call())
    wait_until(lambda: bool(played.received))
    port = endpoint.port
    endpoint.stop()
    start(accounts={USER: SecretStr("changed")}, port=port)
    outcome = changing.outcome()
    assert type(outcome) is OutcomeUnknown
    assert "rejected the credentials" in str(outcome)


@pytest.mark.parametrize("transport", ["basic", "certificate"])
def test_other_transports(endpoint, connect, authority, transport):
    options = {"transport": transport}
    if transport == "certificate":
        pair = authority.issue_client("administrator@lab.test")
        options |= {
            "certificate_file": pair.certificate,
            "certificate_key_file": pair.key,
            "user": "",
            "password": None,
        }
    assert connect(endpoint, **options).ask(ECHO, Text(text="x")).text == "x"


def test_wrong_password_for_basic_is_offered_once(endpoint, connect, faults):
    host = connect(endpoint, transport="basic", password=WRONG)
    for _ in range(2):
        with pytest.raises(CredentialsRejected):
            host.ask(ECHO, Text())
        assert faults.counts["Connect"] == 1


def test_channel_binding_of_a_strict_host(start, connect):
    assert connect(start(channel_binding="strict")).ask(ECHO, Text(text="x")).text == "x"


def test_address_of_the_newer_kind(start, connect, authority):
    if not socket.has_ipv6:
        pytest.skip("needs IPv6 on loopback")
    pair = authority.issue_server("hostc", ["::1"])
    endpoint = start(address="::1", server_certificate=pair.certificate, server_key=pair.key)
    assert connect(endpoint, address="::1").ask(ECHO, Text(text="x")).text == "x"
    assert connect(endpoint, address="::1", tls=False).ask(ECHO, Text(text="x")).text == "x"


# certificates


def test_certificate_of_an_unknown_authority(endpoint, connect, played, tmp_path, faults):
    other = LabCA.create(tmp_path / "other")
    host = connect(endpoint, ca_file=other.certificate)
    with pytest.raises(HostNotTrusted, match=r"certificate at 127.0.1.1:\d+ was not accepted.*ca_file") as caught:
        host.change(SET, Text(), call=call())
    assert "Host hv01" in str(caught.value)
    assert faults.counts["Create"] == 0
    assert faults.counts["Connect"] <= 1  # never tried again
    assert played.started == []


def test_certificate_without_ca_file_is_judged_by_the_systems_authorities(endpoint, connect):
    with pytest.raises(HostNotTrusted):
        connect(endpoint, ca_file=None).ask(ECHO, Text())


def test_certificate_of_another_host(start, connect, authority):
    pair = authority.issue_server("hostb", ["127.0.1.9"])
    host = connect(start(server_certificate=pair.certificate, server_key=pair.key))
    with pytest.raises(HostNotTrusted, match=r"127\.0\.1\.1"):
        host.ask(ECHO, Text())


def test_certificate_is_not_looked_at_where_that_was_asked(endpoint, connect):
    assert connect(endpoint, ca_file=None, verify_tls=False).ask(ECHO, Text(text="x")).text == "x"


def test_another_certificate_under_a_call_does_not_say_that_nothing_happened(
    endpoint, connect, start, played, tmp_path
):
    host = connect(endpoint)
    host.warm_up()
    played.acts["set"] = lambda process, asked: process.wait_seconds(30)
    changing = Background(host.change, SET, Text(), call=call())
    wait_until(lambda: bool(played.received))
    port = endpoint.port
    endpoint.stop()
    pair = LabCA.create(tmp_path / "other").issue_server("hosta", ["127.0.1.1"])
    start(server_certificate=pair.certificate, server_key=pair.key, port=port)
    assert type(changing.outcome()) is OutcomeUnknown


@pytest.mark.parametrize("verify_tls", [True, False])
def test_host_with_tls_1_3_asks_for_the_certificate_after_the_handshake(start, connect, authority, verify_tls):
    pair = authority.issue_client("administrator@lab.test")
    options = {"transport": "certificate", "certificate_file": pair.certificate, "certificate_key_file": pair.key}
    host = connect(start(asks_certificate_late=True), verify_tls=verify_tls, **options)
    assert host.ask(ECHO, Text(text="x")).text == "x"
    host.change(SET, Text(text="y"), call=call())


def test_certificate_that_tls_1_3_asks_for_and_that_is_not_mapped(start, connect, authority):
    pair = authority.issue_client("stranger@lab.test")
    options = {"transport": "certificate", "certificate_file": pair.certificate, "certificate_key_file": pair.key}
    with pytest.raises(CredentialsRejected):
        connect(start(asks_certificate_late=True), **options).ask(ECHO, Text())


# the environment


def test_environment_has_no_say(endpoint, connect, monkeypatch, tmp_path, authority):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.1.1:9")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(LabCA.create(tmp_path / "other").certificate))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.1.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("no_proxy", "")
    assert connect(endpoint).ask(ECHO, Text(text="x")).text == "x"
    assert connect(endpoint, tls=False).ask(ECHO, Text(text="x")).text == "x"
    pair = authority.issue_client("administrator@lab.test")
    by_certificate = connect(
        endpoint, transport="certificate", certificate_file=pair.certificate, certificate_key_file=pair.key
    )
    assert by_certificate.ask(ECHO, Text(text="x")).text == "x"


# secrets


def assert_unreadable(tap):
    heard = b"".join(tap.heard)
    assert b"HTTP-SPNEGO-session-encrypted" in heard
    for secret in (b"Envelope", b"the text of a call", PASSWORD.encode(), PASSWORD.encode("utf-16-le")):
        assert secret not in heard


def test_nothing_readable_on_a_wire_without_tls(tap, endpoint, connect):
    host = connect(endpoint, tls=False, port=tap.port)
    host.change(SET, Text(text="the text of a call"), call=call())
    endpoint.drop_connections()
    host.ask(ECHO, Text(text="the text of a call"))
    host.close()
    assert_unreadable(tap)


def test_connection_that_fails_before_it_is_sealed_is_not_used_without_a_seal(tap):
    tap.refuse = 1
    settings = HostSettings(address="127.0.1.1", port=tap.port, tls=False, user=USER, password=SecretStr(PASSWORD))
    session = WinRMSession("hv01", settings, LIMITS)
    with pytest.raises(NotExecutedError):
        session.start("probe")
    session.start("probe")
    session.stop()
    assert tap.refuse == 0
    assert_unreadable(tap)


def test_host_that_takes_no_seal_gets_no_message(endpoint, connect):
    """Sealing cannot be switched off by a setting, and no other transport is allowed over HTTP."""
    with pytest.raises(ValueError, match="basic without tls"):
        connect(endpoint, transport="basic", tls=False)


def test_secrets_are_not_told(endpoint, connect, start, caplog):
    caplog.set_level(logging.DEBUG)
    host = connect(endpoint)
    host.ask(ECHO, Text())
    told = [repr(host), repr(host.settings), repr(vars(host)), repr(host._pool._idle), repr(vars(host._pool._idle[0]))]
    for transport in ("ntlm", "basic"):
        with pytest.raises(CredentialsRejected) as caught:
            connect(endpoint, password=WRONG, transport=transport).ask(ECHO, Text())
        told += ["".join(traceback.format_exception(caught.value)), repr(caught.value)]
    port = endpoint.port
    endpoint.stop()
    with pytest.raises(QsmError) as down:
        connect(None, port=port, limits={"unreachable_seconds": 1}).ask(ECHO, Text())
    told += ["".join(traceback.format_exception(down.value)), caplog.text]
    for secret in (PASSWORD, WRONG.get_secret_value()):
        assert not [text for text in told if secret in text]


# settings


@pytest.mark.parametrize("key", ["ca_file", "certificate_file", "certificate_key_file", "password"])
def test_files_that_are_not_there_are_named(connect, authority, tmp_path, key):
    pair = authority.issue_client("administrator@lab.test")
    options = {"port": 1}
    if key.startswith("certificate"):
        options |= {"transport": "certificate", "certificate_file": pair.certificate, "certificate_key_file": pair.key}
    if key == "password":
        options |= {"password": None, "password_file": tmp_path / "missing"}
    else:
        options |= {key: tmp_path / "missing"}
    with pytest.raises(SettingsError, match=rf"hosts\.hv01\.{key}.*missing"):
        connect(None, **options).ask(ECHO, Text())


@pytest.mark.skipif(HAVE_KERBEROS, reason="needs an installation without the extra kerberos")
def test_kerberos_without_its_library_is_told_at_once(connect):
    with pytest.raises(SettingsError, match=r"hosts\.hv01\.transport.*extra"):
        connect(None, port=1, transport="kerberos").ask(ECHO, Text())


# what the exceptions of the libraries mean


def fault(code, subcode="w:InternalError"):
    return WSManFaultError(500, "m", "r", "Some reason. ", fault_subcode=subcode, wsman_fault_code=code)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidCredentialsError("no"), CredentialsRejected),
        (PermissionError("Access denied: Server did not respond with NTLM challenge token"), CredentialsRejected),
        (fault(2150858843, "w:InvalidSelectors"), GoneError),
        (fault(995), GoneError),
        (fault(109), GoneError),
        (fault(170), InputBusyError),
        (fault(2150859173, "w:QuotaLimit"), QuotaError),
        (fault(2150859179, "wsman:QuotaLimit"), QuotaError),
        (fault(5, "w:AccessDenied"), Refused),
        (fault(2150858790, "w:EncodingLimit"), Refused),
        (fault(1359), FaultError),
        (WinRMOperationTimeoutError(), LostError),
        (WinRMTransportError("http", 400, ""), NotExecutedError),
        (WinRMTransportError("http", 404, ""), NotExecutedError),
        (WinRMTransportError("http", 500, ""), NotExecutedError),
        (WinRMTransportError("http", 500, "<html>"), LostError),
        (WinRMTransportError("http", 502, ""), LostError),
        (requests.exceptions.ReadTimeout("slow"), LostError),
        (requests.exceptions.SSLError("EOF occurred in violation of protocol"), LostError),
        (KeyError("Content-Type"), LostError),
        (StopIteration(), LostError),
    ],
)
def test_what_an_error_means(error, kind):
    assert type(translate(error, host="hv01", address="127.0.1.1:5986", user=USER)) is kind
