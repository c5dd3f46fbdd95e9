"""A door before a server on this machine: closed at a chosen moment, the server is away for those who go through it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class Door:
    """Passes TCP connections on to a port of this machine until it is shut."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_shut = False
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def shut(self) -> None:
        """Breaks every connection; new ones are refused."""
        with self._lock:
            self._is_shut = True
            ends, self._ends = [self._listener, *self._ends], []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self) -> None:
        while True:
            try:
                outer, _ = self._listener.accept()
                inner = socket.create_connection(("127.0.0.1", self._behind))
            except OSError:
                return
            with self._lock:
                if self._is_shut:
                    outer.close()
                    inner.close()
                    return
                self._ends += [outer, inner]
            for here, there in ((outer, inner), (inner, outer)):
                threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(1 << 16):
                there.sendall(data)
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
