"""A played host behind the lab's endpoint, and the product's `Host` in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from endpoints import ScriptedFaults, endpoints_of
from pydantic import SecretStr
from session_engine import PlayedHost
from session_harness import LIMITS, PASSWORD, USER
from waiting import wait_until

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
def way() -> str:
    """ "tls": NTLM over TLS; "sealed": NTLM that seals over HTTP; "one by one": input arrives at its end only."""
    return "tls"


@dataclass
class PlayedWorld:
    """One host and its client."""

    played: PlayedHost
    faults: ScriptedFaults
    endpoint: Endpoint
    host: Host


@pytest.fixture(scope="session")
def one_by_one(endpoint_settings: EndpointSettings, authority: LabCA) -> Iterator[PlayedWorld]:
    """A warm host of this kind for all tests: to find out its kind takes a second."""
    played, faults = PlayedHost(), ScriptedFaults()
    with Endpoint(replace(endpoint_settings, stdin_only_at_end=True), played, faults) as endpoint:
        host = Host("hv01", host_settings(endpoint, authority), limits=LIMITS)
        host.warm_up()
        yield PlayedWorld(played, faults, endpoint, host)
        host.close()


@pytest.fixture
def played(way: str, request: pytest.FixtureRequest) -> Iterator[PlayedHost]:
    played = request.getfixturevalue("one_by_one").played if way == "one by one" else PlayedHost()
    wait_until(lambda: not played.processes)
    played.reset()
    yield played
    wait_until(lambda: not played.processes)


@pytest.fixture
def faults(way: str, request: pytest.FixtureRequest) -> ScriptedFaults:
    if way != "one by one":
        return ScriptedFaults()
    shared: ScriptedFaults = request.getfixturevalue("one_by_one").faults
    shared.reset()
    return shared


@pytest.fixture
def start(
    endpoint_settings: EndpointSettings, played: PlayedHost, faults: ScriptedFaults
) -> Iterator[Callable[..., Endpoint]]:
    """Starts an endpoint with the common settings and the changes given."""
    with endpoints_of(endpoint_settings, played, faults) as start_endpoint:
        yield start_endpoint


@pytest.fixture
def endpoint(way: str, request: pytest.FixtureRequest, played: PlayedHost, faults: ScriptedFaults) -> Endpoint:
    if way == "one by one":
        return request.getfixturevalue("one_by_one").endpoint  # type: ignore[no-any-return]
    return request.getfixturevalue("start")()  # type: ignore[no-any-return]


def host_settings(endpoint: Endpoint | None, authority: LabCA, **options: Any) -> HostSettings:
    """The product's settings for an endpoint."""
    defaults: dict[str, Any] = {
        "address": "127.0.1.1",
        "user": USER,
        "password": SecretStr(PASSWORD),
        "ca_file": authority.certificate,
    }
    if endpoint is not None:
        defaults["port"] = endpoint.port if options.get("tls", True) else endpoint.http_port
    return HostSettings(**{**defaults, **options})


@pytest.fixture
def connect(authority: LabCA, start: Callable[..., Endpoint]) -> Iterator[Callable[..., Host]]:
    """The product's host for an endpoint; NTLM over TLS unless told otherwise. Ended before the endpoints are."""
    hosts: list[Host] = []

    def connect_to(endpoint: Endpoint | None, *, limits: dict[str, int] | None = None, **options: Any) -> Host:
        settings = host_settings(endpoint, authority, **options)
        host = Host("hv01", settings, limits=LIMITS.model_copy(update=limits or {}))
        hosts.append(host)
        return host

    yield connect_to
    for host in hosts:
        host.close()


@pytest.fixture
def host(endpoint: Endpoint, connect: Callable[..., Host]) -> Host:
    return connect(endpoint)


@pytest.fixture
def warm_host(way: str, request: pytest.FixtureRequest, endpoint: Endpoint, connect: Callable[..., Host]) -> Host:
    if way == "one by one":
        return request.getfixturevalue("one_by_one").host  # type: ignore[no-any-return]
    host: Host = connect(endpoint, tls=way != "sealed")
    host.warm_up()
    return host
