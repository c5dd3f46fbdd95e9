"""What an endpoint remembers of one TCP connection, and how it gets at it.

Trouble: NTLM's user and key belong to the connection, faults must close connections, and a pending Receive
must not take output for a client that has left; but ASGI shows requests only. Answer: uvicorn's protocol
class is subclassed at two methods, and every request finds its `Connection` in `scope["state"]`. That class
is not part of uvicorn's promises: its minor version is pinned, and a test fails loudly if the state does not
arrive.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod

import spnego
from uvicorn.protocols.http.h11_impl import H11Protocol

from lab.winrm.engine import Caller
from lab.winrm.ntlm import NtlmHandshake

_CERTIFICATE_SECONDS = 30


class Connection:
    """One TCP connection, in the event loop's thread."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.lost = asyncio.Event()
        """Set when the connection is gone, from whichever side."""
        self.caller: Caller | None = None
        """Who authenticated this connection, if NTLM has."""
        self.handshake: NtlmHandshake | None = None
        peer = transport.get_extra_info("peername")
        self.client_address: str = peer[0] if peer else "unknown"
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self._tls: ssl.SSLObject | None = tls
        self.is_encrypted = tls is not None

    @property
    def peer_certificate(self) -> bytes | None:
        """DER of the client's certificate, verified against the client CA by TLS; None while there is none."""
        return self._tls.getpeercert(binary_form=True) if self._tls else None

    async def ask_for_certificate(self) -> None:
        """Ask after the handshake and wait for what comes. Raises ssl.SSLError if the client never offered that.

        The interim answer carries the question to the client: asyncio sends nothing before there is something to write.
        """
        if self._tls is None or self.peer_certificate:
            return
        self._tls.verify_client_post_handshake()
        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async with asyncio.timeout(_CERTIFICATE_SECONDS):
            while not (self.peer_certificate or self.lost.is_set()):
                await asyncio.sleep(0.01)

    @property
    def context(self) -> spnego.ContextProxy | None:
        """The NTLM session that seals messages, once there is one."""
        return self.handshake.context if self.handshake and self.caller else None

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._transport.abort()


class ConnectionKeeper(ABC):
    """An ASGI application that is told of connections as they come and go."""

    @abstractmethod
    def connection_opened(self, connection: Connection) -> None:
        """After the TLS handshake, before any request."""

    @abstractmethod
    def connection_closed(self, connection: Connection) -> None:
        """Once per opened connection."""


class ConnectionProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with a `Connection` in every request's state."""

    connection: Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.connection = Connection(transport)
        self.app_state = {**self.app_state, "connection": self.connection}
        if not isinstance(self.app, ConnectionKeeper):
            raise TypeError(f"{self.app!r} does not keep connections, or uvicorn has wrapped it")
        self.app.connection_opened(self.connection)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection without waiting for the client, which TLS would do for half a minute."""
        super().timeout_keep_alive_handler()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lost.set()
        if isinstance(self.app, ConnectionKeeper):
            self.app.connection_closed(self.connection)
        super().connection_lost(exc)
