"""A guest's line to the witness.

A guest tells each write before it begins the next, and does not wait for an answer: a round trip per write would make
the witness part of every guest's speed. It runs on only while it is heard; a write nobody can witness proves nothing.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lab.guest.guest import BlockTable, CompletedWrite
from lab.witness.connection import TIME_LIMIT_SECONDS, Address, WitnessError, connect, frames_from
from lab.witness.wire import (
    TABLES_FRAME,
    WireError,
    encode,
    encode_json,
    encode_write,
    pack_tables,
)


class GuestLink:
    """A guest's line to the witness."""

    def __init__(self, address: Address, *, on_gate_open: Callable[[], None], on_loss: Callable[[], None]) -> None:
        """Connect. Raises WitnessError. The callbacks come from a thread of the link."""
        self._socket = connect(address)
        self._incoming = frames_from(self._socket)
        self._on_gate_open, self._on_loss = on_gate_open, on_loss

    def register(self, facts: Mapping[str, Any], tables: Mapping[str, BlockTable]) -> bool:
        """Tell that a new incarnation runs, then what it knows of its disks; return whether it may write now.

        The registration goes first: it is the moment in which the guest counts as running. Raises WitnessError.
        """
        try:
            self._socket.sendall(encode_json({"register": facts}))
            answer = json.loads(next(self._incoming).contents)
            contents = pack_tables({"incarnation": facts["incarnation"]}, tables)
            self._socket.sendall(encode(TABLES_FRAME, contents))
        except (OSError, WireError, StopIteration) as error:
            self._socket.close()
            raise WitnessError(f"The witness did not take the registration: {error!r}.") from error
        self._socket.settimeout(None)
        limit = struct.pack("@ll", int(TIME_LIMIT_SECONDS), 0)  # struct timeval, socket(7): for sending only
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        threading.Thread(target=self._listen, name="hears-the-witness", daemon=True).start()
        return not answer["gate_closed"]

    def acknowledge(self, write: CompletedWrite) -> None:
        """Tell one completed write. Raises WitnessError."""
        self._say(encode_write(write))

    def say_goodbye(self, how: str, *, saved_as: str | None = None) -> None:
        """Tell that this incarnation has ended: "saved" (with the id of the saved state) or "shut down"."""
        self._say(encode_json({"end": {"how": how, "saved_as": saved_as}}))

    def close(self) -> None:
        """Hang up; what was said arrives, and the socket is closed when the witness has hung up too."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def _say(self, frame: bytes) -> None:
        try:
            self._socket.sendall(frame)
        except OSError as error:
            raise WitnessError(f"The witness does not hear the guest any more: {error}.") from error

    def _listen(self) -> None:
        with suppress(OSError, WireError):
            for frame in self._incoming:
                if not json.loads(frame.contents)["gate_closed"]:
                    self._on_gate_open()
        self._socket.close()
        self._on_loss()
