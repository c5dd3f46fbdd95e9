"""JSON messages, one a line, over a socket between a parent and its child."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any


class MessageLines:
    """Iterate to read; `send` may be used from several threads."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._reading = connected.makefile("rb")
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield messages until the other side is gone."""
        try:
            for line in self._reading:
                if line.endswith(b"\n"):
                    yield json.loads(line)
        except OSError:
            return

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message. Raises OSError where the other side is gone."""
        with self._lock:
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """Hang up."""
        self._reading.close()
        self._socket.close()
