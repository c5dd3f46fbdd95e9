"""Every way of proving who one is, and what is refused."""

from __future__ import annotations

import base64
import re
import tempfile

import pytest
import requests
import spnego
from pydantic import SecretStr
from test_winrm_commands import run
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError
from winrm_harness import raw_post

from lab.winrm.certificates import LabCA
from lab.winrm.ntlm import NtlmAccounts


@pytest.mark.parametrize("name", ["Administrator", "ADMINISTRATOR", r"HOSTA\administrator", r".\Administrator"])
@pytest.mark.parametrize("plain_http", [False, True])
def test_ntlm_accepts_a_local_account_by_each_of_its_names(endpoint, connect, name, plain_http):
    protocol = connect(endpoint, transport="ntlm", username=name, plain_http=plain_http)
    assert run(protocol, "whoami")[0] == b"Administrator by ntlm"


def test_ntlm_accepts_a_user_principal_name(endpoint, connect):
    protocol = connect(endpoint, transport="ntlm", username="operator@LAB.test", password="other")
    assert run(protocol, "whoami")[0] == b"operator@lab.test by ntlm"


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
@pytest.mark.parametrize("username", ["Administrator", "nobody"])
def test_wrong_password_and_unknown_user_are_refused_alike(endpoint, connect, engine, transport, username):
    protocol = connect(endpoint, transport=transport, username=username, password="wrong")
    with pytest.raises(InvalidCredentialsError):
        protocol.open_shell()


def test_certificate_is_mapped_to_its_account(endpoint, connect, certificate_files):
    protocol = connect(endpoint, transport="certificate", username=None, password=None, **certificate_files)
    assert run(protocol, "whoami")[0] == b"Administrator by certificate"


def test_certificate_without_a_mapping_is_refused(endpoint, connect, authority):
    pair = authority.issue_client("stranger@lab.test")
    protocol = connect(endpoint, transport="certificate", cert_pem=str(pair.certificate), cert_key_pem=str(pair.key))
    with pytest.raises(InvalidCredentialsError):
        protocol.open_shell()


def test_certificate_of_another_authority_does_not_get_through_tls(endpoint, connect, tmp_path):
    pair = LabCA.create(tmp_path / "other").issue_client("administrator@lab.test")
    protocol = connect(endpoint, transport="certificate", cert_pem=str(pair.certificate), cert_key_pem=str(pair.key))
    with pytest.raises(requests.exceptions.ConnectionError):
        protocol.open_shell()


def test_client_of_another_authority_does_not_trust_the_host(endpoint, connect, tmp_path):
    stranger = LabCA.create(tmp_path / "other").certificate
    with pytest.raises(requests.exceptions.SSLError):
        connect(endpoint, ca_trust_path=str(stranger)).open_shell()


@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_sealed_messages_over_plain_http(endpoint, connect, encryption):
    protocol = connect(endpoint, plain_http=True, transport="ntlm", message_encryption=encryption)
    assert run(protocol, "blob", ["300000"])[0] == b"x" * 300_000


def test_sealed_messages_inside_tls(endpoint, connect):
    protocol = connect(endpoint, transport="ntlm", message_encryption="always")
    assert run(protocol, "echo", ["x"])[0] == b"x\r\n"


def test_unsealed_messages_over_plain_http_are_refused(endpoint, connect):
    protocol = connect(endpoint, plain_http=True, transport="ntlm", message_encryption="never")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.open_shell()
    assert caught.value.code == 500


def test_unsealed_messages_and_basic_over_plain_http_where_the_host_allows_them(start, connect):
    endpoint = start(allow_unencrypted=True)
    ntlm = connect(endpoint, plain_http=True, transport="ntlm", message_encryption="never")
    assert run(ntlm, "whoami")[0] == b"Administrator by ntlm"
    assert run(connect(endpoint, plain_http=True, transport="plaintext"), "whoami")[0] == b"Administrator by basic"


def test_basic_is_off_over_plain_http_and_where_the_host_does_not_allow_it(start, endpoint, connect):
    with pytest.raises(InvalidCredentialsError):
        connect(endpoint, plain_http=True, transport="plaintext").open_shell()
    with pytest.raises(InvalidCredentialsError):
        connect(start(allow_basic=False)).open_shell()


@pytest.mark.parametrize(
    ("level", "send_cbt", "accepted"),
    [
        ("none", True, True),
        ("none", False, True),
        ("relaxed", True, True),
        ("relaxed", False, True),
        ("strict", True, True),
        ("strict", False, False),
    ],
)
@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_channel_binding(start, connect, level, send_cbt, accepted, encryption):
    endpoint = start(channel_binding=level)
    protocol = connect(endpoint, transport="ntlm", send_cbt=send_cbt, message_encryption=encryption)
    if accepted:
        assert run(protocol, "whoami")[0] == b"Administrator by ntlm"
    else:
        with pytest.raises(InvalidCredentialsError):
            protocol.open_shell()


@pytest.mark.parametrize(("level", "status"), [("none", 200), ("relaxed", 401), ("strict", 401)])
def test_binding_to_another_channel_is_what_a_relay_would_send(start, authority, level, status):
    """An attacker in the middle forwards the victim's tokens: they are bound to the attacker's own certificate."""
    bindings = spnego.channel_bindings.GssChannelBindings(application_data=b"tls-server-end-point:" + b"\1" * 32)
    assert _handshake(start(channel_binding=level), authority, bindings) == status


def _handshake(endpoint, authority, bindings):
    client = spnego.client(
        "Administrator",
        "pass:Wörd",
        channel_bindings=bindings,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )
    with requests.Session() as session:
        session.verify = str(authority.certificate)
        challenge = raw_post(session, endpoint.url, b"", token=client.step())
        assert challenge.status_code == 401
        answer = re.fullmatch("Negotiate (.+)", challenge.headers["WWW-Authenticate"])
        return raw_post(session, endpoint.url, b"", token=client.step(base64.b64decode(answer[1]))).status_code


def test_challenge_names_the_lab_host(endpoint, authority):
    client = spnego.client("a", "b", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    with requests.Session() as session:
        session.verify = str(authority.certificate)
        challenge = raw_post(session, endpoint.url, b"", token=client.step())
    token = base64.b64decode(challenge.headers["WWW-Authenticate"].removeprefix("Negotiate "))
    assert "HOSTA".encode("utf-16-le") in token


def test_offer_depends_on_the_channel(endpoint, authority):
    with requests.Session() as session:
        session.verify = str(authority.certificate)
        tls, plain = raw_post(session, endpoint.url, b""), raw_post(session, endpoint.http_url, b"")
    assert (tls.status_code, tls.headers["WWW-Authenticate"]) == (401, 'Negotiate, Basic realm="WSMAN"')
    assert (plain.status_code, plain.headers["WWW-Authenticate"]) == (401, "Negotiate")


@pytest.mark.parametrize("header", ["Negotiate !!", "Negotiate AAAA", "Negotiate", "Basic !!", "Basic YQ==", "X"])
def test_nonsense_instead_of_credentials_is_refused(endpoint, authority, header):
    with requests.Session() as session:
        session.verify = str(authority.certificate)
        assert raw_post(session, endpoint.url, b"", headers={"Authorization": header}).status_code == 401


def test_two_hosts_in_one_process_keep_their_accounts_apart(start, settings, connect):
    start_b = start(machine_name="HOSTB", accounts={"Administrator": SecretStr("of b")}, certificate_mapping={})
    protocol_a, protocol_b = connect(start(), transport="ntlm"), connect(start_b, transport="ntlm", password="of b")
    assert run(protocol_a, "whoami")[0] == run(protocol_b, "whoami")[0] == b"Administrator by ntlm"
    with pytest.raises(InvalidCredentialsError):
        connect(start_b, transport="ntlm").open_shell()


def test_accounts_lie_in_no_folder(tmp_path, monkeypatch):
    """A host that loses its power removes nothing, so there must be nothing to remove."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    accounts = NtlmAccounts({"administrator": SecretStr("secret")}, machine_name="HV01")
    content = accounts.path.read_text("utf-8")
    assert r"HV01\administrator:0:" in content
    assert "secret" not in content
    assert list(tmp_path.iterdir()) == []
    accounts.remove()
