"""Who is asking: NTLM on the connection, Basic in each request, or the certificate of the TLS handshake.

Trouble: WinRM authenticates connections and not requests, a lost connection therefore takes its user and key
with it, and what is offered depends on whether the channel is encrypted. Answer: one place decides for each
request, from the connection it came over and the header it carries; everything that is not proved is answered
with 401.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field

from lab.winrm import uris
from lab.winrm.certificates import end_point_binding, user_principal_name
from lab.winrm.connections import Connection
from lab.winrm.engine import Caller
from lab.winrm.ntlm import LogonRefusedError, NtlmAccounts, NtlmHandshake
from lab.winrm.settings import EndpointSettings
from qsm.facts.names import same_name


@dataclass(frozen=True)
class Verdict:
    """What is known of a request's sender."""

    caller: Caller | None
    """None: answer 401."""
    challenges: list[str] = field(default_factory=list)
    """Values for WWW-Authenticate, also with an accepted request (SPNEGO's last token)."""


class Authenticator:
    """Judges requests; holds the accounts while the endpoint runs."""

    def __init__(self, settings: EndpointSettings) -> None:
        self._settings = settings
        self._accounts = NtlmAccounts(settings.accounts, machine_name=settings.machine_name)
        self._end_point = end_point_binding(settings.server_certificate.read_bytes())

    def close(self) -> None:
        self._accounts.remove()

    def judge(self, connection: Connection, authorization: str | None) -> Verdict:
        if authorization is None:
            return Verdict(connection.caller) if connection.caller else self.refuse(connection)
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "negotiate":
            return self._negotiate(connection, value)
        if scheme.lower() == "basic" and self._basic_is_offered(connection):
            return self._basic(connection, value)
        if authorization == uris.MUTUAL_CERTIFICATE_PROFILE and connection.peer_certificate:
            return self._certificate(connection, connection.peer_certificate)
        return self.refuse(connection)

    def refuse(self, connection: Connection) -> Verdict:
        """Nobody, and what may be tried; who had begun to prove who it is starts again."""
        connection.caller = connection.handshake = None
        offers = ["Negotiate"]
        if self._basic_is_offered(connection):
            offers.append('Basic realm="WSMAN"')
        return Verdict(None, offers)

    def _basic_is_offered(self, connection: Connection) -> bool:
        return self._settings.allow_basic and (connection.is_encrypted or self._settings.allow_unencrypted)

    def _negotiate(self, connection: Connection, value: str) -> Verdict:
        handshake = connection.handshake
        if handshake is None or handshake.user is not None:  # the first token, or the client starts again
            handshake = self._new_handshake(connection)
        connection.caller = None
        connection.handshake = handshake
        try:
            answer = handshake.step(base64.b64decode(value.strip(), validate=True))
        except (LogonRefusedError, binascii.Error):
            connection.handshake = None
            return self.refuse(connection)
        challenges = [f"Negotiate {base64.b64encode(answer).decode()}"] if answer else []
        if handshake.user is not None:
            connection.caller = Caller(handshake.user, "ntlm")
        return Verdict(connection.caller, challenges)

    def _new_handshake(self, connection: Connection) -> NtlmHandshake:
        return NtlmHandshake(
            self._accounts,
            channel_binding=self._settings.channel_binding,
            end_point=self._end_point if connection.is_encrypted else None,
        )

    def _basic(self, connection: Connection, value: str) -> Verdict:
        try:
            user, _, password = _text(base64.b64decode(value.strip(), validate=True)).partition(":")
        except binascii.Error:
            return self.refuse(connection)
        for account, expected in self._settings.accounts.items():
            if same_name(account, user) and hmac.compare_digest(
                expected.get_secret_value().encode(), password.encode()
            ):
                return Verdict(Caller(account, "basic"))
        return self.refuse(connection)

    def _certificate(self, connection: Connection, certificate_der: bytes) -> Verdict:
        account = self._settings.certificate_mapping.get(user_principal_name(certificate_der) or "")
        return Verdict(Caller(account, "certificate")) if account else self.refuse(connection)


def _text(credentials: bytes) -> str:
    """RFC 7617 section 2 leaves the encoding open: UTF-8 is new practice, Latin-1 what `requests` sends."""
    try:
        return credentials.decode()
    except UnicodeDecodeError:
        return credentials.decode("latin-1")
