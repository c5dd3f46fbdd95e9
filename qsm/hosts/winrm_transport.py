"""pywinrm's HTTP half, without its surprises.

As it comes, pywinrm asks the environment for proxies and certificates; it offers a wrong password once per thread, which
locks accounts; and where a first connection fails before it is sealed, the next message goes out unsealed. So here a
session exists only after its logon, plain HTTP without sealing does not exist, and `Logon` lets one thread at a time
prove who it is, and says whether and when anybody may after a refusal.

Sources: pywinrm 0.5.0 transport.py, requests_ntlm 1.3.0; [MS-WSMV] 2.2.9.1 for sealed messages.
"""

from __future__ import annotations

import ssl
import threading
import time
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
    """One account on one host, shared by all threads: who may try to log on, and when.

    Credentials that this host has never accepted are tried once: each attempt counts against the account's lockout
    threshold. Those that it has accepted are right, or were a moment ago, and the usual reasons of a refusal pass: a
    domain controller that does not answer, a secure channel that is being renewed. They are tried again, few times and
    spaced. That locks no account: against the lockout counts a wrong password, and not one that was right before, as
    after a change of the password in the middle of a run (a domain does not count the two passwords before the present
    one: "Password history check (N-2)" of the documents on account lockout).
    """

    PAUSES = (1.0, 2.0, 4.0)
    """Before each further attempt, in units of `limits.logon_pause_seconds`: three at most, then it is over."""

    def __init__(self, *, pause_seconds: float) -> None:
        self.lock = threading.Lock()
        """Held while somebody proves who it is."""
        self.rejected = False
        self._unit = pause_seconds
        self.has_worked = False
        self._refused = 0
        self._not_before = 0.0

    def check(self, host: str, user: str) -> None:
        """Raises CredentialsRejected if the host has rejected them for good."""
        if self.rejected:
            raise self.error(host, user)

    def error(self, host: str, user: str) -> CredentialsRejected:
        """The error for what became of the attempts."""
        return CredentialsRejected(host, user, attempts=max(self._refused, 1), worked_before=self.has_worked)

    @property
    def is_due(self) -> bool:
        """Whether an attempt may be made now."""
        return not self.rejected and time.monotonic() >= self._not_before

    def wait(self) -> None:
        """Until an attempt may be made."""
        time.sleep(max(0.0, self._not_before - time.monotonic()))

    def accepted(self) -> None:
        """The host has let the account in."""
        self.has_worked, self._refused, self._not_before = True, 0, 0.0

    def refused(self) -> None:
        """The host has refused an attempt. Said again before the next one is due, it is the same attempt."""
        if not self.is_due:
            return
        self._refused += 1
        if not self.has_worked or self._refused > len(self.PAUSES):
            self.rejected = True
        else:
            self._not_before = time.monotonic() + self._unit * self.PAUSES[self._refused - 1]

    def try_once_more(self) -> None:
        """After the last attempt, on a new occasion: one more, if they have worked before."""
        if self.rejected and self.has_worked:
            self.rejected = False
            self._refused = len(self.PAUSES)
            self._not_before = time.monotonic() + self._unit * self.PAUSES[-1]


class _GuardedNtlmAuth(HttpNtlmAuth):
    """NTLM that tries only when it may, also where a connection was replaced unseen."""

    def __init__(self, username: str, password: str, logon: Logon) -> None:
        super().__init__(username, password)
        self._logon = logon

    def response_hook(self, r: requests.Response, **kwargs: Any) -> requests.Response:
        """See HttpNtlmAuth; called with every answer, and 401 is the call to prove who one is."""
        if r.status_code != requests.codes.unauthorized:
            return super().response_hook(r, **kwargs)
        with self._logon.lock:
            if not self._logon.is_due:
                return r
            try:
                answer = super().response_hook(r, **kwargs)
            except PermissionError:  # no challenge to the offer
                self._logon.refused()
                raise
            if answer.status_code == requests.codes.unauthorized:
                self._logon.refused()
            else:
                self._logon.accepted()
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
