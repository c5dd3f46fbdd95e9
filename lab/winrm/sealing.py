"""Sealed messages over plain HTTP ([MS-WSMV] 2.2.9.1): a SOAP envelope encrypted with the NTLM session key.

Trouble: the MIME frame looks standard but is not (headers are indented with a tab, the last part has no line
break before the boundary), and the cipher is a stream that loses its place for good with one wrong message.
Answer: the frame is taken apart and put together here byte by byte, and whoever gets `BrokenSealError` must
answer 400.
"""

from __future__ import annotations

import re
import struct

import spnego
import spnego.exceptions

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'

_BOUNDARY = b"--Encrypted Boundary"
_FRAME = re.compile(
    _BOUNDARY + rb"\r\n\s*Content-Type: [^\r]+\r\n\s*OriginalContent: [^\r]*Length=(?P<length>\d+)\r\n"
    rb"\s*"
    + _BOUNDARY
    + rb"\r\n\s*Content-Type: application/octet-stream\r\n(?P<sealed>.*)"
    + _BOUNDARY
    + rb"--(\r\n)?",
    re.DOTALL | re.IGNORECASE,
)


class BrokenSealError(Exception):
    """The body cannot be decrypted with this connection's key."""


def is_sealed(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/encrypted")


def unseal(context: spnego.ContextProxy, body: bytes) -> bytes:
    """The envelope inside `body`. Raises BrokenSealError; then the context is of no use any more."""
    frame = _FRAME.fullmatch(body)
    if frame is None or len(frame["sealed"]) < 4:
        raise BrokenSealError("not a frame of an encrypted message")
    (signature_length,) = struct.unpack_from("<I", frame["sealed"])
    signature, sealed = frame["sealed"][4 : 4 + signature_length], frame["sealed"][4 + signature_length :]
    try:
        plain = context.unwrap_winrm(signature, sealed)
    except (spnego.exceptions.SpnegoError, ValueError, struct.error) as error:
        raise BrokenSealError(str(error)) from error
    if len(plain) != int(frame["length"]):
        raise BrokenSealError(f"{len(plain)} bytes inside, {int(frame['length'])} announced")
    return plain


def seal(context: spnego.ContextProxy, envelope: bytes) -> bytes:
    """`envelope` sealed; must be sent in the order of sealing, since messages are numbered."""
    sealed = context.wrap_winrm(envelope)
    return b"".join(
        (
            _BOUNDARY + b"\r\n\tContent-Type: " + PROTOCOL.encode() + b"\r\n",
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(envelope)}\r\n".encode(),
            _BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data,
            _BOUNDARY + b"--\r\n",
        )
    )
