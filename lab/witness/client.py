"""How the witness is asked, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.guest.guest import BlockTable
from lab.witness.connection import Address, WitnessError, connect, frames_from
from lab.witness.ledger import WitnessFinding, WitnessFindingKind
from lab.witness.wire import (
    JSON_FRAME,
    TABLES_FRAME,
    Frame,
    WireError,
    encode_json,
    unpack_tables,
)


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
        with connect(self.address) as connected:
            try:
                connected.sendall(encode_json({"question": question, **arguments}))
                return next(frames_from(connected))
            except (OSError, WireError, StopIteration) as error:
                raise WitnessError(f"The witness at {self.address} did not answer {question!r}: {error}.") from error
