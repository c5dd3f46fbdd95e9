"""What lab hosts say to each other in place of SMB: messages, and the proof of who is calling.

Trouble: the real protocol is large and brings nothing to the lab; what matters is who may read which bytes of a file.
Answer: JSON messages with their length before them, and after a read's answer that many raw bytes. The caller proves
itself by an HMAC with the password of its computer account over a number that the server drew for this connection.

Requests: ``{"op": "open", "share", "path"}`` -> ``{"file", "length", "ticks"}``; ``{"op": "read", "file", "offset",
"count"}`` -> ``{"count", "length", "ticks"}`` and the bytes; ``{"op": "close", "file"}`` -> ``{}``. An error is
``{"error": {"hresult", "message"}}``. Offsets are 64-bit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
from typing import Any

from lab.platform.errors import NETWORK_NAME_DELETED, PlatformError
from qsm.facts.names import name_key

_LENGTH = struct.Struct(">I")
LONGEST_MESSAGE_BYTES = 64 << 10
LONGEST_READ_BYTES = 8 << 20


def proof(secret: bytes, challenge: str, server_name: str) -> str:
    """What only the owner of the secret can answer to the challenge of that server."""
    return hmac.new(secret, f"{challenge}|{name_key(server_name)}".encode(), hashlib.sha256).hexdigest()


def send_message(connection: socket.socket, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive_message(connection: socket.socket) -> dict[str, Any]:
    """NETWORK_NAME_DELETED if the other side is gone or talks nonsense; OSError and TimeoutError of the socket."""
    (length,) = _LENGTH.unpack(_receive_exactly(connection, _LENGTH.size))
    if length > LONGEST_MESSAGE_BYTES:
        raise gone("the peer sent a message of an impossible length")
    message = json.loads(_receive_exactly(connection, length))
    if not isinstance(message, dict):
        raise gone("the peer sent no object")
    return message


def error_message(error: PlatformError) -> dict[str, Any]:
    return {"error": {"hresult": error.hresult, "message": error.message}}


def raise_error(message: dict[str, Any]) -> dict[str, Any]:
    """The message itself, unless it is an error: that is raised here as it was there."""
    if "error" in message:
        raise PlatformError(message["error"]["hresult"], message["error"]["message"])
    return message


def gone(why: str) -> PlatformError:
    return PlatformError(NETWORK_NAME_DELETED, f"The specified network name is no longer available: {why}.")


def _receive_exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise gone("the connection was closed")
        data += part
    return bytes(data)
