"""A connection to the witness, from either side of the question: guests tell, others ask."""

import socket
from collections.abc import Iterator

from lab.witness.wire import (
    Frame,
    take_frames,
)

Address = tuple[str, int]
TIME_LIMIT_SECONDS = 10.0


class WitnessError(Exception):
    """The witness cannot be reached, or cannot answer; the text says which."""


def connect(address: Address) -> socket.socket:
    """Connect. Raises WitnessError."""
    try:
        connected = socket.create_connection(address, timeout=TIME_LIMIT_SECONDS)
    except OSError as error:
        raise WitnessError(f"The witness at {address[0]}:{address[1]} cannot be reached: {error}.") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def frames_from(connected: socket.socket) -> Iterator[Frame]:
    """Yield frames as they arrive, until the witness hangs up. Raises OSError, WireError."""
    received = bytearray()
    while data := connected.recv(1 << 20):
        received += data
        yield from take_frames(received)
