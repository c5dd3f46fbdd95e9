"""The endpoint as a thing to start and stop, its certificates, and its configuration."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import SecretStr
from waiting import DEADLINE_SECONDS, wait_until

from lab.winrm.certificates import LabCA, end_point_binding, user_principal_name
from lab.winrm.connections import Connection, ConnectionProtocol
from lab.winrm.endpoint import Endpoint
from lab.winrm.settings import Quotas


def test_stop_leaves_nothing_behind(settings, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    threads_before = set(threading.enumerate())
    descriptors_before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        endpoint = Endpoint(settings, engine)
        endpoint.start()
        port = endpoint.port
        with socket.create_connection(
            ("127.0.1.1", port), timeout=DEADLINE_SECONDS
        ) as half_open:  # never says a word of TLS
            endpoint.stop()
            assert half_open.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.1.1", port), timeout=DEADLINE_SECONDS)
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= threads_before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors_before


def test_accounts_are_nobody_elses(settings, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Endpoint(replace(settings, accounts={"a": SecretStr("Clear-Text")}, certificate_mapping={}), engine):
        assert list(tmp_path.iterdir()) == []
        assert "NTLM_USER_FILE" not in os.environ


def test_taken_port_is_an_error_of_start(start, settings, engine):
    taken = start().port
    endpoint = Endpoint(replace(settings, port=taken), engine)
    with pytest.raises(OSError, match="in use"):
        endpoint.start()
    endpoint.stop()


def test_unusable_certificate_is_an_error_of_start(settings, engine, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    endpoint = Endpoint(replace(settings, server_key=tmp_path / "empty.pem"), engine)
    with pytest.raises(ssl.SSLError):
        endpoint.start()
    endpoint.stop()


def test_endpoint_that_does_not_run_says_so(settings, engine):
    endpoint = Endpoint(settings, engine)
    for ask in (lambda: endpoint.port, endpoint.drop_connections, lambda: setattr(endpoint, "frozen", True)):
        with pytest.raises(ValueError, match="HOSTA does not run"):
            ask()
    endpoint.frozen = False
    endpoint.stop()
    with Endpoint(replace(settings, http_port=None), engine) as running:
        with pytest.raises(ValueError, match="no plain HTTP listener"):
            _ = running.http_port
        with pytest.raises(ValueError, match="runs already"):
            running.start()


def test_same_port_after_a_restart(start):
    first = start()
    port = first.port
    first.stop()
    assert start(port=port).port == port


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"accounts": {"a:b": SecretStr("x")}, "certificate_mapping": {}}, "colon"),
        ({"certificate_mapping": {"x@y": "nobody"}}, "do not exist: nobody"),
        ({"quotas": Quotas(max_envelope_kb=31)}, "32 or more"),
    ],
)
def test_settings_that_cannot_work(settings, changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(settings, **changes)


def test_every_request_finds_its_connection(start, connect, monkeypatch):
    """uvicorn's class is subclassed beyond its promises; this is the test that notices a change of it."""
    seen = []
    made = ConnectionProtocol.connection_made

    def note(self, transport):
        made(self, transport)
        seen.append(self.app_state["connection"])

    monkeypatch.setattr(ConnectionProtocol, "connection_made", note)
    endpoint = start()
    protocol = connect(endpoint, transport="ntlm")
    protocol.open_shell()
    (connection,) = seen
    assert isinstance(connection, Connection)
    assert (connection.caller.user, connection.client_address) == ("Administrator", "127.0.0.1")
    assert connection.is_encrypted
    endpoint.drop_connections()
    wait_until(lambda: endpoint.connection_count == 0)


# certificates


def test_authority_uses_again_what_it_has(tmp_path):
    first = LabCA.create(tmp_path / "ca").issue_server("host.lab", ["127.0.1.1"])
    before = {path: path.read_bytes() for path in (tmp_path / "ca").iterdir()}
    again = LabCA.create(tmp_path / "ca")
    assert again.issue_server("host.lab", ["127.0.1.1"]) == first
    assert {path: path.read_bytes() for path in (tmp_path / "ca").iterdir()} == before
    again.issue_server("host.lab", ["127.0.1.1", "127.0.1.2"])
    assert first.certificate.read_bytes() != before[first.certificate]


def test_new_root_means_new_certificates(tmp_path):
    issued = LabCA.create(tmp_path).issue_server("host", []).certificate
    before = issued.read_bytes()
    (tmp_path / "ca.pem").unlink()
    LabCA.create(tmp_path).issue_server("host", [])
    assert issued.read_bytes() != before


def test_keys_are_private(tmp_path):
    authority = LabCA.create(tmp_path / "ca")
    authority.issue_server("host", [])
    authority.issue_client("admin@lab")
    keys = list((tmp_path / "ca").glob("*-key.pem"))
    assert len(keys) == 3
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)


def test_server_certificate_holds_names_and_addresses(tmp_path):
    pair = LabCA.create(tmp_path).issue_server("host.lab", ["127.0.1.1", "localhost", "::1"])
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["host.lab", "localhost"]
    assert [str(value) for value in names.get_values_for_type(x509.IPAddress)] == ["127.0.1.1", "::1"]
    assert end_point_binding(pair.certificate.read_bytes()).startswith(b"tls-server-end-point:")


def test_client_certificate_names_its_user(tmp_path):
    authority = LabCA.create(tmp_path)
    client = authority.issue_client("admin@lab.test").certificate.read_bytes()
    server = authority.issue_server("host", []).certificate.read_bytes()
    assert user_principal_name(ssl.PEM_cert_to_DER_cert(client.decode())) == "admin@lab.test"
    assert user_principal_name(ssl.PEM_cert_to_DER_cert(server.decode())) is None
    with pytest.raises(ValueError, match="127"):
        authority.issue_client("x" * 128)
