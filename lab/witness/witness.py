"""The witness: outside both hosts, it hears every acknowledged write of every VM.

Hosts can be killed, cut off and tricked into running a VM twice; then whatever they know dies with them or is part of
the trouble. The witness is a process of its own that no host can reach but over TCP. It keeps what it hears in a
journal that survives its own end, and judges by its own clock alone.

It also keeps a gate per VM: a guest that registers while its gate is closed writes nothing until the gate opens. So
the disks of a VM that was moved can be compared block by block in the only moment in which that is possible: when the
guest runs, and has not written yet. The wait does not count as time off line, since the guest has registered.
"""

import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.process.dying_with_parent import die_with_parent
from lab.witness import questions
from lab.witness.journal import JOURNAL_NAME, WitnessJournal
from lab.witness.ledger import INCARNATION, LOST, WitnessedVM
from lab.witness.wire import (
    ACKNOWLEDGEMENTS_FRAME,
    JSON_FRAME,
    TABLES_FRAME,
    Frame,
    WireError,
    encode,
    encode_json,
    pack_tables,
    take_frames,
)

PAUSE_SECONDS = 0.002
"""Between two looks at all connections: a little later, and far fewer wake-ups at thousands of writes a second."""
RECEIVE_BYTES = 1 << 20


class Clock:
    """Seconds since 1970 that never step, whatever happens to the machine's wall clock."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the time."""
        return time.monotonic() + self._offset


class WitnessConnection:
    """One connection: of a guest once it has registered, else of somebody who asks."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.received = bytearray()
        self.vm_id: str | None = None
        self.incarnation: int | None = None
        self.open = True
        """Whether more may come."""
        self.closed = False

    def send(self, frame: bytes) -> None:
        """Send a frame; whoever does not take it within 10 seconds is cut off."""
        try:
            self.socket.settimeout(10)
            self.socket.sendall(frame)
            self.socket.settimeout(0)
        except OSError:
            self.open = False


class Witness:
    """The server. One thread; every look first hears what guests say, then answers."""

    def __init__(self, listener: socket.socket, journal: WitnessJournal) -> None:
        self.clock = Clock()
        self.journal = journal
        self.ledger = journal.ledger
        self.stopping = False
        self._selector = selectors.DefaultSelector()
        self._guests: dict[int, WitnessConnection] = {}
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, None)
        for life in self.ledger.lives.values():
            if life.ended_at is None:
                self._end(life.incarnation, how=LOST)

    def serve(self) -> None:
        """Hear and answer until `stopping`."""
        while not self.stopping:
            for key, _ in self._selector.select(timeout=0.5):
                if key.data is None:
                    self._accept()
                elif not key.data.closed:
                    self._hear(key.data)
            time.sleep(PAUSE_SECONDS)

    def _accept(self) -> None:
        connected, _ = self._listener.accept()
        connected.setblocking(False)
        self._selector.register(connected, selectors.EVENT_READ, WitnessConnection(connected))

    def _hear(self, connection: WitnessConnection) -> None:
        """Take in all that has arrived on one connection, up to its end."""
        try:
            while connection.open:
                data = connection.socket.recv(RECEIVE_BYTES)
                connection.open = bool(data)
                connection.received += data
                self._take(connection)
        except BlockingIOError:
            return
        except (OSError, WireError, ValueError, LookupError, TypeError, struct.error) as error:
            print(f"A connection is closed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            connection.open = False
        self._close(connection)

    def _take(self, connection: WitnessConnection) -> None:
        writes: list[bytes] = []
        for frame in take_frames(connection.received):
            if frame.kind == ACKNOWLEDGEMENTS_FRAME:
                writes.append(frame.contents)
                continue
            self._acknowledge(connection, writes)
            self._handle(connection, frame)
        self._acknowledge(connection, writes)

    def _acknowledge(self, connection: WitnessConnection, writes: list[bytes]) -> None:
        if writes:
            contents = INCARNATION.pack(self._incarnation_of(connection)) + b"".join(writes)
            self.journal.record(self.clock.now(), ACKNOWLEDGEMENTS_FRAME, contents=contents)
            writes.clear()

    def _handle(self, connection: WitnessConnection, frame: Frame) -> None:
        if frame.kind == TABLES_FRAME:
            self._incarnation_of(connection)
            self.journal.record(self.clock.now(), TABLES_FRAME, contents=frame.contents)
            return
        message = json.loads(frame.contents)
        if "register" in message:
            self._register(connection, message["register"])
        elif "end" in message:
            self._end(self._incarnation_of(connection), **message["end"])
            self._guests.pop(self._incarnation_of(connection), None)
            connection.incarnation = None
        else:
            connection.send(self._answer(**message))

    def _incarnation_of(self, connection: WitnessConnection) -> int:
        if connection.incarnation is None:
            raise WireError("Only a guest that has registered, and has not said goodbye, may say that.")
        return connection.incarnation

    def _register(self, connection: WitnessConnection, facts: dict[str, Any]) -> None:
        if connection.vm_id is not None:
            raise WireError("A guest registers once on each connection.")
        for other in list(self._guests.values()):
            if other.vm_id == facts["vm_id"]:
                self._hear(other)  # what it said before this moment counts before it
        self._event("register", **facts)
        connection.vm_id, connection.incarnation = facts["vm_id"], facts["incarnation"]
        self._guests[facts["incarnation"]] = connection
        connection.send(encode_json({"gate_closed": self.ledger.machines[facts["vm_id"]].gate_closed}))

    def _end(self, incarnation: int, **facts: Any) -> None:
        self._event("end", incarnation=incarnation, **facts)

    def _event(self, event: str, **facts: Any) -> None:
        contents = json.dumps({"event": event, **facts}).encode()
        self.journal.record(self.clock.now(), JSON_FRAME, contents=contents)

    def _close(self, connection: WitnessConnection) -> None:
        connection.closed = True
        self._selector.unregister(connection.socket)
        connection.socket.close()
        if connection.incarnation is not None:
            self._guests.pop(connection.incarnation, None)
            self._end(connection.incarnation, how=LOST)

    def _answer(self, *, question: str, **arguments: Any) -> bytes:
        try:
            if question in ("tables", "memory"):
                return encode(TABLES_FRAME, pack_tables(*getattr(questions, question)(self.ledger, **arguments)))
            return encode_json({"answer": self._questions()[question](**arguments)})
        except (questions.UnknownMachineError, KeyError, TypeError) as error:
            return encode_json({"error": str(error)})

    def _questions(self) -> dict[str, Callable[..., Any]]:
        asked = (
            questions.virtual_machines,
            questions.acknowledged,
            questions.last_acknowledged_at,
            questions.lifetimes,
            questions.findings,
            questions.offline_window,
        )
        bound = {each.__name__: self._bind(each) for each in asked}
        return {**bound, "now": self.clock.now, "set_gate": self._set_gate}

    def _bind(self, question: Callable[..., Any]) -> Callable[..., Any]:
        return lambda **arguments: question(self.ledger, **arguments)

    def _set_gate(self, *, vm_id: str, closed: bool) -> None:
        if self.ledger.machines.get(vm_id, WitnessedVM()).gate_closed != closed:
            self._event("gate", vm_id=vm_id, closed=closed)
        if not closed:
            for guest in self._guests.values():
                if guest.vm_id == vm_id:
                    guest.send(encode_json({"gate_closed": False}))


def main() -> None:
    """Run the witness: parent's process id (0: outlive it), folder of the journal, descriptor for the port."""
    parent, folder, port_descriptor = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    die_with_parent(parent)
    listener = socket.create_server(("127.0.0.1", 0))
    witness = Witness(listener, WitnessJournal(folder / JOURNAL_NAME))
    signal.signal(signal.SIGTERM, lambda *_: setattr(witness, "stopping", True))
    with os.fdopen(port_descriptor, "w") as port_file:
        port_file.write(f"{listener.getsockname()[1]}\n")
    witness.serve()


if __name__ == "__main__":
    main()
