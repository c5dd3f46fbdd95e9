"""pywinrm's HTTP half, without its surprises.

As it comes, pywinrm asks the environment for proxies and certificates; it offers a wrong password once per thread, which
locks accounts; and where a first connection fails before it is sealed, the next message goes out unsealed. So here a
session exists only after its logon, plain HTTP without sealing does not exist, and `Logon` lets one thread at a time
prove who it is, and nobody after a refusal.

Sources: pywinrm 0.5.0 transport.py, requests_ntlm 1.3.0; [MS-WSMV] 2.2.9.1 for sealed messages.
"""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_ntlm import HttpNtlmAuth
from winrm.exceptions import InvalidCredentialsError
from winrm.protocol import Protocol
from winrm.transport import HAVE_KERBEROS, Transport

from qsm.errors import CredentialsRejected, SettingsError
from qsm.settings import HostSettings


class Logon:
    """One account on one host, shared by all threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while somebody proves who it is."""
        self.rejected = False

    def check(self, host: str, user: str) -> None:
        """Raises CredentialsRejected if the host has rejected them before."""
        if self.rejected:
            raise CredentialsRejected(host, user)


class _GuardedNtlmAuth(HttpNtlmAuth):
    """NTLM that stops for good at the first refusal, also where a connection was replaced unseen."""

    def __init__(self, username: str, password: str, logon: Logon) -> None:
        super().__init__(username, password)
        self._logon = logon

    def response_hook(self, r: requests.Response, **kwargs: Any) -> requests.Response:
        """See HttpNtlmAuth; called with every answer, and 401 is the call to prove who one is."""
        if r.status_code != requests.codes.unauthorized:
            return super().response_hook(r, **kwargs)
        with self._logon.lock:
            if self._logon.rejected:
                return r
            answer = super().response_hook(r, **kwargs)
            self._logon.rejected = answer.status_code == requests.codes.unauthorized
            return answer


class _GuardedTransport(Transport):
    """A transport whose session is logged on, sealed where it must be, and untouched by the environment."""

    def __init__(self, *, logon: Logon, **options: Any) -> None:
        super().__init__(**options)
        self._logon = logon

    def build_session(self) -> requests.Session:
        """See Transport. A session that could not log on is not kept: pywinrm would use it without seal."""
        if self.session is not None:
            return self.session
        self.encryption = None
        try:
            session = super().build_session()  # over HTTP this calls setup_encryption
            if self.encryption is None:
                self._guard(session)
                self._log_on(session)
        except BaseException:
            self.close_session()
            raise
        return session

    def close_session(self) -> None:
        """See Transport. urllib3 2 closes connections only when nothing refers to them any more, so an error may hold one."""
        for adapter in self.session.adapters.values() if self.session else ():
            pools = adapter.poolmanager.pools if isinstance(adapter, HTTPAdapter) else {}
            for key in pools.keys():  # noqa: SIM118 - no mapping to iterate over, but urllib3's own container
                pools[key].close()
        super().close_session()

    def setup_encryption(self, session: requests.Session) -> None:
        """See Transport: logs on with an empty message and takes the key from there."""
        self._guard(session)
        super().setup_encryption(session)

    def _guard(self, session: requests.Session) -> None:
        session.trust_env = False
        if isinstance(session.auth, HttpNtlmAuth):
            session.auth = _GuardedNtlmAuth(self.username or "", self.password or "", self._logon)

    def _log_on(self, session: requests.Session) -> None:
        """Authenticates the connection with an empty message, so that no long Receive is part of a logon."""
        if not isinstance(session.auth, HttpNtlmAuth):
            return
        request = session.prepare_request(requests.Request("POST", self.endpoint))
        with session.send(request, timeout=self.read_timeout_sec) as answer:
            status = answer.status_code
        if status == requests.codes.unauthorized:
            raise InvalidCredentialsError("the specified credentials were rejected by the server")


def open_protocol(name: str, settings: HostSettings, *, logon: Logon, receive_seconds: int) -> Protocol:
    """A pywinrm protocol for a host; nothing is sent yet. Raises SettingsError."""
    if settings.transport == "kerberos" and not HAVE_KERBEROS:
        problem = "kerberos needs this package's extra of that name: pip install 'quick-storage-migration[kerberos]'"
        raise SettingsError(f"hosts.{name}.transport", problem, origin="configuration")
    options: dict[str, Any] = {
        "endpoint": f"{'https' if settings.tls else 'http'}://{_in_url(settings.address)}:{settings.port}/wsman",
        "username": settings.user or None,
        "password": _password(name, settings),
        "service": "HTTP",
        "server_cert_validation": "validate" if settings.verify_tls else "ignore",
        "ca_trust_path": _existing(name, "ca_file", settings.ca_file) or _system_authorities(),
        "cert_pem": _existing(name, "certificate_file", settings.certificate_file),
        "cert_key_pem": _existing(name, "certificate_key_file", settings.certificate_key_file),
        "message_encryption": "auto" if settings.tls else "always",
        "read_timeout_sec": receive_seconds + 1,
        "proxy": None,
    }
    protocol = Protocol(transport=settings.transport, operation_timeout_sec=receive_seconds, **options)
    protocol.transport = _GuardedTransport(logon=logon, auth_method=settings.transport, **options)
    return protocol


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _password(name: str, settings: HostSettings) -> str:
    try:
        return settings.secret().get_secret_value()
    except (ValueError, OSError) as error:
        raise SettingsError(f"hosts.{name}.password", str(error), origin="configuration") from None


def _existing(name: str, key: str, path: Path | None) -> str | None:
    if path is not None and not path.is_file():
        raise SettingsError(f"hosts.{name}.{key}", f"there is no file {path}", origin="configuration")
    return None if path is None else str(path)


def _system_authorities() -> str | None:
    """The system's bundle or folder of trusted CAs; None where it has neither: requests' own bundle."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath
