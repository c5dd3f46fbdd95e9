"""Endpoints on loopback with the echo engine behind them, and unmodified clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from background import Background
from endpoints import ScriptedFaults, endpoints_of
from pydantic import SecretStr
from waiting import DEADLINE_SECONDS, wait_until
from winrm import Protocol
from winrm_echo_engine import EchoEngine
from winrm_harness import PASSWORD

from lab.winrm.certificates import LabCA
from lab.winrm.endpoint import Endpoint
from lab.winrm.settings import EndpointSettings


@pytest.fixture
def receive_in_background(faults: ScriptedFaults) -> Callable[..., Background]:
    """Start a Receive, and return when it has reached the host."""

    def start_receive(protocol: Protocol, shell: str, command: str) -> Background:
        before = faults.counts["Receive"]
        background = Background(protocol.get_command_output_raw, shell, command)
        wait_until(lambda: faults.counts["Receive"] > before)
        return background

    return start_receive


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabCA:
    return LabCA.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def settings(authority: LabCA) -> EndpointSettings:
    pair = authority.issue_server("hosta", ["127.0.1.1", "localhost"])
    return EndpointSettings(
        machine_name="HOSTA",
        server_certificate=pair.certificate,
        server_key=pair.key,
        accounts={"Administrator": SecretStr(PASSWORD), "operator@lab.test": SecretStr("other")},
        address="127.0.1.1",
        http_port=0,
        client_ca=authority.certificate,
        certificate_mapping={"administrator@lab.test": "Administrator"},
        allow_basic=True,
    )


@pytest.fixture
def engine() -> Iterator[EchoEngine]:
    engine = EchoEngine()
    yield engine
    for thread in engine.threads:
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive(), "a program outlived its host"


@pytest.fixture
def faults() -> ScriptedFaults:
    return ScriptedFaults()


@pytest.fixture
def start(settings: EndpointSettings, engine: EchoEngine, faults: ScriptedFaults) -> Iterator[Callable[..., Endpoint]]:
    """Start an endpoint with the common settings and the changes given."""
    with endpoints_of(settings, engine, faults) as start_endpoint:
        yield start_endpoint


@pytest.fixture
def endpoint(start: Callable[..., Endpoint]) -> Endpoint:
    return start()


@pytest.fixture
def connect(authority: LabCA) -> Iterator[Callable[..., Protocol]]:
    """An unmodified pywinrm; Basic over TLS unless told otherwise."""
    protocols = []

    def connect_to(endpoint: Endpoint, *, plain_http: bool = False, **options: Any) -> Protocol:
        options = {
            "transport": "basic",
            "username": "Administrator",
            "password": PASSWORD,
            "ca_trust_path": str(authority.certificate),
            "server_cert_validation": "validate",
            "proxy": None,
            "operation_timeout_sec": 10,
            "read_timeout_sec": 15,
            **options,
        }
        protocol = Protocol(endpoint.http_url if plain_http else endpoint.url, **options)
        protocols.append(protocol)
        return protocol

    yield connect_to
    for protocol in protocols:
        protocol.transport.close_session()


@pytest.fixture
def certificate_files(authority: LabCA) -> dict[str, Path]:
    pair = authority.issue_client("administrator@lab.test")
    return {"cert_pem": str(pair.certificate), "cert_key_pem": str(pair.key)}
