"""How one lab host's WinRM service is configured, by the names that `winrm get winrm/config` uses where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

ChannelBinding = Literal["none", "relaxed", "strict"]


@dataclass(frozen=True)
class Quotas:
    """Limits of the service; the defaults are those of Windows Server 2012 and later."""

    max_shells_per_user: int = 30
    max_processes_per_shell: int = 25
    max_concurrent_operations_per_user: int = 1500
    max_envelope_kb: int = 500
    """MaxEnvelopeSizekb: the largest request taken and the largest answer given, in KiB; at least 32."""
    max_timeout_ms: int = 60_000
    """MaxTimeoutms: caps the client's OperationTimeout."""
    shell_idle_timeout_seconds: float = 7200
    """A shell without any request for this long is closed with its commands, unless its Create asked for less."""


@dataclass(frozen=True)
class EndpointSettings:
    """Everything an endpoint must know at its start."""

    machine_name: str
    """Name of the host in faults and in the NTLM challenge."""
    server_certificate: Path
    """PEM of the HTTPS listener's certificate."""
    server_key: Path
    """PEM of its private key."""
    accounts: Mapping[str, SecretStr]
    """Account name (plain, DOMAIN\\user or user@domain) to password."""
    address: str = "127.0.0.1"
    port: int = 0
    """HTTPS port; 0 takes a free one."""
    http_port: int | None = None
    """Port of the plain HTTP listener; 0 takes a free one, None has no such listener."""
    client_ca: Path | None = None
    """PEM of the CA whose client certificates are believed; None: client certificates are not asked for."""
    certificate_mapping: Mapping[str, str] = field(default_factory=dict)
    """User principal name in a client certificate to account name, as WSMan:\\localhost\\ClientCertificate maps it."""
    asks_certificate_late: bool = False
    """The certificate is asked for after the handshake, once a request claims to have one (RFC 8446 4.6.2), as hosts
    with TLS 1.3 do (2022 and later; github.com/diyan/pywinrm issue 376). A client that did not offer that is cut off."""
    allow_basic: bool = False
    allow_unencrypted: bool = False
    """AllowUnencrypted: plain messages, and Basic, over plain HTTP."""
    channel_binding: ChannelBinding = "relaxed"
    """CbtHardeningLevel for NTLM over HTTPS. None: not looked at. Relaxed: a binding may be missing but not be wrong.
    Strict: it must be there and be right."""
    idle_connection_seconds: int = 120
    """Seconds after which a connection without a request is closed (120 is the default of http.sys)."""
    stdin_only_at_end: bool = False
    """Model of hosts that hand input to the process only once it is complete."""
    quotas: Quotas = field(default_factory=Quotas)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.certificate_mapping.values()) - set(self.accounts))
        if unknown:
            raise ValueError(f"certificate_mapping names accounts that do not exist: {', '.join(unknown)}")
        awkward = sorted(name for name in self.accounts if not name or ":" in name or "\n" in name)
        if awkward:
            raise ValueError(f"account names may not be empty nor hold a colon or a line break: {awkward}")
        if self.quotas.max_envelope_kb < 32:
            raise ValueError(f"max_envelope_kb is {self.quotas.max_envelope_kb}; [MS-WSMV] 2.2.4.10 allows 32 or more")
