"""The lab's own levers on its processes: JSON lines over a Unix socket in the process's folder.

A test must cut the power, fill a volume or set a fault on a host that runs in another process, and must not reach it by
the product's way. So each process of the lab listens on a socket of its own. Its path may be longer than the 108 bytes
that the kernel takes, hence the way over a descriptor of the folder.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SOCKET_NAME = "control.sock"
CONNECT_SECONDS = 10.0


class ControlError(Exception):
    """A process of the lab cannot be reached, or refused; the text says which."""


class ControlServer:
    """Answers on a folder's socket. Handlers take keyword arguments and give what JSON can hold."""

    def __init__(self, folder: Path, handlers: Mapping[str, Callable[..., Any]]) -> None:
        self._handlers = handlers
        path = folder / SOCKET_NAME
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(folder) as name:
            self._listener.bind(name)
        path.chmod(0o600)
        self._listener.listen()

    def start(self) -> None:
        """Answer in threads of its own until the process ends."""
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def _accept(self) -> None:
        while True:
            connected, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connected,), name="control", daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        with connected, suppress(OSError), connected.makefile("rb") as lines:
            for line in lines:
                connected.sendall(json.dumps(self._answer(line)).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"ok": True, "result": self._handlers[asked["command"]](**asked["arguments"])}
        except Exception as error:  # the asker gets every error, whatever it is
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def ask(folder: Path, command: str, *, limit_seconds: float | None = 120.0, **arguments: Any) -> Any:
    """Ask the process of a folder. Raises ControlError."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
            connected.settimeout(CONNECT_SECONDS)
            with _short(folder) as name:
                connected.connect(name)
            connected.settimeout(limit_seconds)
            connected.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            with connected.makefile("rb") as lines:
                line = lines.readline()
    except OSError as error:
        raise ControlError(f"The process of {folder} cannot be asked for {command!r}: {error}.") from error
    if not line:
        raise ControlError(f"The process of {folder} ended while it was asked for {command!r}.")
    answer = json.loads(line)
    if not answer["ok"]:
        raise ControlError(f"{folder.name}: {command}: {answer['error']}")
    return answer["result"]


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)
