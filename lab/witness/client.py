"""How the rest of the lab reaches the witness: to start it, to ask it, and (a guest) to tell it.

A guest tells each write before it begins the next, and does not wait for an answer: a round trip per write would make
the witness part of every guest's speed. It runs on only while it is heard; a write nobody can witness proves nothing.
"""

import json
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lab.guest.guest import BlockTable, CompletedWrite
from lab.process.children import start_child
from lab.witness.ledger import WitnessFinding, WitnessFindingKind
from lab.witness.wire import (
    JSON_FRAME,
    TABLES_FRAME,
    Frame,
    WireError,
    encode,
    encode_json,
    encode_write,
    pack_tables,
    take_frames,
    unpack_tables,
)

Address = tuple[str, int]
TIME_LIMIT_SECONDS = 10.0


class WitnessError(Exception):
    """The witness cannot be reached, or cannot answer; the text says which."""


@dataclass(frozen=True)
class Lifetime:
    """One incarnation of a VM, from its registration to its end. Times are seconds since 1970."""

    incarnation: int
    host_name: str
    restored: bool
    """Whether it came from a saved state (else: from cold, by reading its disks)."""
    parent_incarnation: int | None
    saved_state_id: str | None
    registered_at: float
    first_write_at: float | None
    last_write_at: float | None
    acknowledged_writes: int
    continues_from: int
    """The sequence number that its memory (or its disks) ended with."""
    last_sequence: int
    ended_at: float | None
    """None: it runs."""
    ended_how: str | None
    """"saved", "shut down" or "lost" (killed, or its host was)."""
    saved_as: str | None
    """The id of the saved state that it ended in."""


@dataclass(frozen=True)
class WitnessedWindow:
    """The last time in which a guest did not answer. Times are seconds since 1970."""

    last_write_at: float | None
    ended_at: float | None
    running_again_at: float
    first_write_at: float | None
    seconds: float
    """From the last acknowledged write to the moment in which the guest ran again."""
    restored: bool
    from_host: str
    to_host: str


@dataclass(frozen=True)
class WitnessTable:
    """What every block of every disk of a VM holds, by one source."""

    vm_id: str
    incarnation: int | None
    last_sequence: int
    tables: Mapping[str, BlockTable]
    """Per slot."""


class WitnessProcess:
    """A running witness. Started by `start`, ended by `stop`; it dies with the process that started it."""

    def __init__(self, process: subprocess.Popen[bytes], address: Address) -> None:
        self._process = process
        self.address = address
        self.client = WitnessClient(address)

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start a witness that keeps its journal in `folder` (and reads the one that is there).

        Raises WitnessError where it does not come up; its own words are in `folder`/witness.log.
        """
        folder.mkdir(parents=True, exist_ok=True)
        reading, writing = os.pipe()
        log_file = folder / "witness.log"
        process = start_child(
            "lab.witness.witness", [str(folder), str(writing)], log_file=log_file, pass_file_descriptors=[writing]
        )
        os.close(writing)
        with os.fdopen(reading) as port_file:
            port = port_file.readline().strip()
        if not port:
            process.wait()
            raise WitnessError(f"The witness did not start; see {log_file}.")
        return cls(process, ("127.0.0.1", int(port)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it. The journal stays."""
        self._process.terminate()
        self._process.wait()


class WitnessClient:
    """Asks the witness. Every question is one connection, so that a client may be shared and is never stale.

    All methods raise WitnessError where the witness does not answer, or knows no such VM.
    """

    def __init__(self, address: Address) -> None:
        self.address = address

    def now(self) -> float:
        """Return the witness's time, to be used as a bound in the questions."""
        return float(self._ask("now"))

    def virtual_machines(self) -> list[str]:
        """Return the ids of all VMs that ever registered."""
        return list(self._ask("virtual_machines"))

    def acknowledged(self, vm_id: str, *, since: float = 0.0, until: float | None = None) -> dict[str, int]:
        """Return how many writes were acknowledged per slot after `since` and not after `until` (None: now)."""
        return dict(self._ask("acknowledged", vm_id=vm_id, since=since, until=until))

    def last_acknowledged_at(self, vm_id: str, *, before: float | None = None) -> float | None:
        """Return when the last write up to a moment was acknowledged."""
        answer = self._ask("last_acknowledged_at", vm_id=vm_id, before=before)
        return None if answer is None else float(answer)

    def lifetimes(self, vm_id: str) -> list[Lifetime]:
        """Return all incarnations of a VM in the order in which they registered."""
        return [Lifetime(**each) for each in self._ask("lifetimes", vm_id=vm_id)]

    def findings(self, vm_id: str | None = None) -> list[WitnessFinding]:
        """Return all that is wrong with one VM, or with all: two lives of one VM, contents nobody acknowledged."""
        return [
            WitnessFinding(WitnessFindingKind(each["kind"]), each["vm_id"], text=each["text"])
            for each in self._ask("findings", vm_id=vm_id)
        ]

    def offline_window(self, vm_id: str) -> WitnessedWindow:
        """Return the last time in which the guest did not answer."""
        return WitnessedWindow(**self._ask("offline_window", vm_id=vm_id))

    def acknowledged_table(self, vm_id: str) -> WitnessTable:
        """Return what every block of every disk must hold by all acknowledged writes."""
        return self._ask_tables("tables", vm_id)

    def restored_memory(self, vm_id: str) -> WitnessTable:
        """Return what the last restored guest found in its memory, before it wrote anything."""
        return self._ask_tables("memory", vm_id)

    def close_gate(self, vm_id: str) -> None:
        """From now on a guest of this VM that starts or is restored writes nothing until the gate opens."""
        self._ask("set_gate", vm_id=vm_id, closed=True)

    def open_gate(self, vm_id: str) -> None:
        """Let the guest write, and all later ones."""
        self._ask("set_gate", vm_id=vm_id, closed=False)

    def _ask(self, question: str, **arguments: Any) -> Any:
        frame = self._exchange(question, arguments)
        answer = json.loads(frame.contents) if frame.kind == JSON_FRAME else {}
        if "answer" not in answer:
            raise WitnessError(f"The witness cannot answer {question!r}: {answer.get('error')}")
        return answer["answer"]

    def _ask_tables(self, question: str, vm_id: str) -> WitnessTable:
        frame = self._exchange(question, {"vm_id": vm_id})
        if frame.kind != TABLES_FRAME:
            raise WitnessError(f"The witness cannot answer {question!r}: {json.loads(frame.contents).get('error')}")
        facts, tables = unpack_tables(frame.contents)
        return WitnessTable(tables=tables, **facts)

    def _exchange(self, question: str, arguments: Mapping[str, Any]) -> Frame:
        with _connect(self.address) as connected:
            try:
                connected.sendall(encode_json({"question": question, **arguments}))
                return next(_frames(connected))
            except (OSError, WireError, StopIteration) as error:
                raise WitnessError(f"The witness at {self.address} did not answer {question!r}: {error}.") from error


class GuestLink:
    """A guest's line to the witness."""

    def __init__(self, address: Address, *, on_gate_open: Callable[[], None], on_loss: Callable[[], None]) -> None:
        """Connect. Raises WitnessError. The callbacks come from a thread of the link."""
        self._socket = _connect(address)
        self._incoming = _frames(self._socket)
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


def _connect(address: Address) -> socket.socket:
    try:
        connected = socket.create_connection(address, timeout=TIME_LIMIT_SECONDS)
    except OSError as error:
        raise WitnessError(f"The witness at {address[0]}:{address[1]} cannot be reached: {error}.") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def _frames(connected: socket.socket) -> Iterator[Frame]:
    received = bytearray()
    while data := connected.recv(1 << 20):
        received += data
        yield from take_frames(received)
