"""Endpoints on loopback with the echo engine behind them, and unmodified clients."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from waiting import DEADLINE_SECONDS, wait_until
from winrm import Protocol
from winrm_echo_engine import EchoEngine

from lab.winrm.certificates import LabCA
from lab.winrm.endpoint import Endpoint
from lab.winrm.fault_hooks import OperationName, RequestInfo, WireFault
from lab.winrm.settings import EndpointSettings

PASSWORD = "pass:Wörd"


class ScriptedFaults:
    """Plays the actions planned for an operation, one per request, and notes what was asked."""

    def __init__(self) -> None:
        self.planned: dict[str, list[WireFault]] = defaultdict(list)
        self.reactions: dict[str, Callable[[], None]] = {}
        self.asked: list[tuple[str, RequestInfo]] = []

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        self.asked.append((operation, info))
        if operation in self.reactions:
            self.reactions.pop(operation)()
        return self.planned[operation].pop(0) if self.planned[operation] else WireFault.PASS


class Background:
    """A call in a thread of its own."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._outcome: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=(call, arguments))
        self._thread.start()

    def _run(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            self._outcome.append(call(*arguments))
        except Exception as error:
            self._outcome.append(error)

    def outcome(self) -> Any:
        """What the call returned or raised."""
        self._thread.join(DEADLINE_SECONDS)
        assert self._outcome, "the call did not come back"
        return self._outcome[0]


@pytest.fixture
def receive_in_background(faults: ScriptedFaults) -> Callable[..., Background]:
    """Start a Receive, and return when it has reached the host."""

    def start_receive(protocol: Protocol, shell: str, command: str) -> Background:
        before = sum(operation == "Receive" for operation, _ in faults.asked)
        background = Background(protocol.get_command_output_raw, shell, command)
        wait_until(lambda: sum(operation == "Receive" for operation, _ in faults.asked) > before)
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
    endpoints = []

    def start_endpoint(**changes: Any) -> Endpoint:
        endpoint = Endpoint(replace(settings, **changes), engine, faults)
        endpoint.start()
        endpoints.append(endpoint)
        return endpoint

    yield start_endpoint
    for endpoint in endpoints:
        endpoint.stop()


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
