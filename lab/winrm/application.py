"""One HTTP request after the other: authenticate, unseal, execute, seal, answer.

Trouble: the order of these steps is what clients and faults depend on. Nothing may be executed before the
sender is proved and the message is whole, and a broken wire must break on a known side of the act. Answer:
this file is that order; it holds nothing but it. What the operations do is in `operations.py`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from lab.winrm import sealing, soap_faults, uris
from lab.winrm.authentication import Authenticator, Verdict
from lab.winrm.connections import Connection, ConnectionKeeper
from lab.winrm.engine import Caller
from lab.winrm.fault_hooks import EndpointFaults, RequestInfo, WireFault
from lab.winrm.messages import UnreadableError, fault_response, parse_request
from lab.winrm.operations import Operations, ReplyLostError, WsmanOperation, read_operation
from lab.winrm.settings import EndpointSettings
from lab.winrm.soap_faults import SoapFault

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_ENVELOPES_READ = 4
"""Bodies up to this many envelopes are read to the end, to be refused by a fault; a longer one loses its connection."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    challenges: list[str] = field(default_factory=list)
    """Values for WWW-Authenticate."""


class Application(ConnectionKeeper):
    """The ASGI application of both listeners. All of it runs in the endpoint's event loop."""

    def __init__(
        self,
        settings: EndpointSettings,
        *,
        authenticator: Authenticator,
        operations: Operations,
        faults: EndpointFaults,
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._operations = operations
        self._faults = faults
        self._released = asyncio.Event()
        self._closing = False
        self.connections: set[Connection] = set()

    # connections

    def connection_opened(self, connection: Connection) -> None:
        self.connections.add(connection)
        if self._closing or self._faults.decide("Connect", RequestInfo()) is not WireFault.PASS:
            connection.abort()

    def connection_closed(self, connection: Connection) -> None:
        self.connections.discard(connection)

    def drop_connections(self) -> None:
        for connection in list(self.connections):
            connection.abort()

    def close(self) -> None:
        """The host goes down: nobody comes in any more, and what is held is given up, not executed."""
        self._closing = True
        self.release_stalled()
        self.drop_connections()

    def release_stalled(self) -> None:
        """Let every request go on that is held now; later ones are held again."""
        self._released.set()
        self._released = asyncio.Event()

    # one request

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        connection: Connection = scope["state"]["connection"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await self._read_body(receive)
        answer: HttpAnswer | None = None
        if (scope["method"], scope["path"].rstrip("/")) != ("POST", "/wsman"):
            answer = HttpAnswer(404)
        elif body is not None:
            answer = await self._handle(connection, headers, body)
        if answer is not None:
            await _answer(answer, send)
        else:
            connection.abort()
            await connection.lost.wait()  # on a living connection uvicorn would answer 500 by itself

    async def _read_body(self, receive: Receive) -> bytes | None:
        """The whole body; None if the client left before its end, or if it is beyond all measure."""
        body = bytearray()
        while len(body) <= self._settings.quotas.max_envelope_kb * 1024 * _ENVELOPES_READ:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message["body"]
            if not message.get("more_body"):
                return bytes(body)
        return None

    async def _handle(self, connection: Connection, headers: dict[str, str], body: bytes) -> HttpAnswer | None:
        """The answer, or None to close the connection without one."""
        authorization = headers.get("authorization")
        if self._settings.asks_certificate_late and authorization == uris.MUTUAL_CERTIFICATE_PROFILE:
            try:
                await connection.ask_for_certificate()
            except (ssl.SSLError, TimeoutError) as error:
                logger.info("no certificate from %s: %s", connection.client_address, error)
                return None
        verdict = self._authenticator.judge(connection, authorization)
        if verdict.caller is not None and authorization is not None:
            action = self._faults.decide("Logon", RequestInfo(user=verdict.caller.user))
            if action is WireFault.REFUSE_LOGON:
                verdict = self._authenticator.refuse(connection)
        if verdict.caller is None:
            return HttpAnswer(401, challenges=verdict.challenges)
        if not body:  # pywinrm and pypsrp authenticate with an empty request before they seal
            return HttpAnswer(200, challenges=verdict.challenges)
        content_type = headers.get("content-type", "")
        try:
            if not sealing.is_sealed(content_type):
                return await self._handle_plain(connection, verdict, body)
            return await self._handle_sealed(connection, verdict, body)
        except (UnreadableError, sealing.BrokenSealError) as error:
            logger.info("request of %s cannot be read: %s", verdict.caller.user, error)
            return HttpAnswer(400, challenges=verdict.challenges)

    async def _handle_plain(self, connection: Connection, verdict: Verdict, envelope: bytes) -> HttpAnswer | None:
        if not connection.is_encrypted and not self._settings.allow_unencrypted:
            return HttpAnswer(500, challenges=verdict.challenges)
        outcome = await self._execute(connection, verdict, envelope)
        if outcome is None:
            return None
        status, answer = outcome
        return HttpAnswer(status, answer, uris.SOAP_CONTENT_TYPE, verdict.challenges)

    async def _handle_sealed(self, connection: Connection, verdict: Verdict, body: bytes) -> HttpAnswer | None:
        context = connection.context
        if context is None:
            raise sealing.BrokenSealError("sealed, but this connection has no session key")
        outcome = await self._execute(connection, verdict, sealing.unseal(context, body))
        if outcome is None:
            return None
        status, answer = outcome
        return HttpAnswer(status, sealing.seal(context, answer), sealing.CONTENT_TYPE, verdict.challenges)

    async def _execute(self, connection: Connection, verdict: Verdict, envelope: bytes) -> tuple[int, bytes] | None:
        """HTTP status and envelope of the answer; None to close the connection without one. Faults are answers."""
        if verdict.caller is None:
            raise ValueError("a request that nobody vouches for must not be executed")
        message_id = None
        try:
            if len(envelope) > self._settings.quotas.max_envelope_kb * 1024:
                raise soap_faults.request_too_large(self._settings.quotas.max_envelope_kb)
            request = parse_request(envelope)
            message_id = request.message_id
            operation = read_operation(request, verdict.caller)
        except SoapFault as fault:
            return 500, self._fault(fault, message_id)
        return await self._execute_over_this_wire(operation, verdict.caller, connection)

    async def _execute_over_this_wire(
        self, operation: WsmanOperation, caller: Caller, connection: Connection
    ) -> tuple[int, bytes] | None:
        """Ask the faults once, and let the wire break on the side of the act that they name."""
        action = self._faults.decide(operation.name, operation.info)
        if action is WireFault.DROP_BEFORE:
            return None
        if action is WireFault.BUSY:
            return 500, self._fault(soap_faults.busy(), operation.request.message_id)
        if action is WireFault.STALL_BEFORE:
            await self._released.wait()
            if self._closing:
                return None
        try:
            answer = 200, await self._operations.execute(operation, caller, connection)
        except ReplyLostError:
            return None
        except SoapFault as fault:
            answer = 500, self._fault(fault, operation.request.message_id)
        if action is WireFault.STALL_AFTER:
            await self._released.wait()
        return None if action is WireFault.DROP_AFTER else answer

    def _fault(self, fault: SoapFault, message_id: str | None) -> bytes:
        return fault_response(fault, message_id=message_id, machine_name=self._settings.machine_name)


async def _answer(answer: HttpAnswer, send: Send) -> None:
    headers = [
        ("content-length", str(len(answer.body))),
        ("server", "Microsoft-HTTPAPI/2.0"),
        ("date", formatdate(usegmt=True)),
    ]
    headers += [("www-authenticate", challenge) for challenge in answer.challenges]
    if answer.content_type is not None:
        headers.append(("content-type", answer.content_type))
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})
