"""A played host behind the lab's endpoint, and the product's `Host` in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from session_engine import PlayedHost
from session_harness import LIMITS, PASSWORD, USER, ScriptedFaults, wait_until

from lab.winrm.certificates import LabCA
from lab.winrm.endpoint import Endpoint
from lab.winrm.settings import EndpointSettings
from qsm.hosts.host import Host
from qsm.settings import HostSettings


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabCA:
    return LabCA.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def endpoint_settings(authority: LabCA) -> EndpointSettings:
    pair = authority.issue_server("hosta", ["127.0.1.1"])
    return EndpointSettings(
        machine_name="HOSTA",
        server_certificate=pair.certificate,
        server_key=pair.key,
        accounts={USER: SecretStr(PASSWORD)},
        address="127.0.1.1",
        http_port=0,
        client_ca=authority.certificate,
        certificate_mapping={"administrator@lab.test": USER},
        allow_basic=True,
    )


@pytest.fixture
def played() -> Iterator[PlayedHost]:
    played = PlayedHost()
    yield played
    wait_until(lambda: not played.processes)


@pytest.fixture
def faults() -> ScriptedFaults:
    return ScriptedFaults()


@pytest.fixture
def start(
    endpoint_settings: EndpointSettings, played: PlayedHost, faults: ScriptedFaults
) -> Iterator[Callable[..., Endpoint]]:
    """Starts an endpoint with the common settings and the changes given."""
    endpoints: list[Endpoint] = []

    def start_endpoint(**changes: Any) -> Endpoint:
        endpoint = Endpoint(replace(endpoint_settings, **changes), played, faults)
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
def connect(authority: LabCA, start: Callable[..., Endpoint]) -> Iterator[Callable[..., Host]]:
    """The product's host for an endpoint; NTLM over TLS unless told otherwise. Ended before the endpoints are."""
    hosts: list[Host] = []

    def connect_to(endpoint: Endpoint, *, limits: dict[str, int] | None = None, **options: Any) -> Host:
        defaults: dict[str, Any] = {
            "address": "127.0.1.1",
            "user": USER,
            "password": SecretStr(PASSWORD),
            "ca_file": authority.certificate,
        }
        if "port" not in options:
            defaults["port"] = endpoint.port if options.get("tls", True) else endpoint.http_port
        settings = HostSettings(**{**defaults, **options})
        host = Host("hv01", settings, limits=LIMITS.model_copy(update=limits or {}))
        hosts.append(host)
        return host

    yield connect_to
    for host in hosts:
        host.close()


@pytest.fixture
def host(endpoint: Endpoint, connect: Callable[..., Host]) -> Host:
    return connect(endpoint)


@pytest.fixture(params=["tls", "sealed", "one by one"])
def any_host(request: pytest.FixtureRequest, start: Callable[..., Endpoint], connect: Callable[..., Host]) -> Host:
    """NTLM over TLS; NTLM that seals over HTTP; a host where input arrives at its end only. Warm already."""
    endpoint = start(stdin_only_at_end=request.param == "one by one")
    host: Host = connect(endpoint, tls=request.param != "sealed")
    host.warm_up()
    return host
