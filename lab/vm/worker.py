"""The VM's process, seen from inside: the machine around the guest.

A checkpoint, a save or a pause must never fall into the middle of a write, and a guest must never write to a file that
somebody else holds. So one thread owns guest and disks: it takes a command, or makes one write, and never both. A
second thread only reads what the host says; it answers status questions and passes everything else on.
"""

import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from lab.guest.blocks import BLOCK_BYTES
from lab.guest.guest import Guest, GuestMemory, boot, draw_incarnation
from lab.guest.saved_memory import SavedMemory, read_saved_memory, write_saved_memory
from lab.guest.workload import Workload
from lab.process.dying_with_parent import die_with_parent
from lab.process.message_lines import MessageLines
from lab.vm.disks import AttachedDisks, Attachments
from lab.witness.connection import WitnessError
from lab.witness.guest_link import GuestLink

CATCH_UP_SECONDS = 0.1
"""A guest that was held up makes good at most this much of its rate."""

# Why a guest does not write.
PAUSED = "resuming"
CRITICAL = "a disk that can go on"
HELD = "the end of a checkpoint or merge"
GATE = "the gate of the witness"
UNHEARD = "a witness that hears it"


class Worker:
    """The machine: chains, guest, line to the witness, and what the host wants."""

    def __init__(self, lines: MessageLines) -> None:
        self._lines = lines
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._growth_answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._guest: Guest | None = None
        self._link: GuestLink | None = None
        self._waits_for: set[str] = set()
        self._acknowledged: dict[str, int] = {}
        self._last_error: str | None = None
        self._ended = False
        self._next_write_at = 0.0

    # What the listening thread does

    def listen(self) -> None:
        """Read what the host says; without a host there is no VM."""
        for message in self._lines:
            if "allowed" in message:
                self._growth_answers.put(message["allowed"])
            elif message["command"] == "status":
                self._lines.send({"number": message["number"], "result": self._status()})
            else:
                self._commands.put(partial(self._obey, message))
        os._exit(1)

    def _status(self) -> dict[str, Any]:
        memory = self._guest.memory if self._guest else None
        return {
            "state": self._state(),
            "guest_running": memory is not None,
            "acknowledged": dict(self._acknowledged),
            "incarnation": memory.incarnation if memory else None,
            "sequence": memory.sequence if memory else None,
            "waits_for": sorted(self._waits_for),
            "last_error": self._last_error,
        }

    def _state(self) -> str:
        return "PausedCritical" if CRITICAL in self._waits_for else "Paused" if PAUSED in self._waits_for else "Running"

    # What the owning thread does

    def run(self) -> None:
        """Take commands and write, until the end."""
        while not self._ended:
            act = self._next_act()
            act()

    def _next_act(self) -> Callable[[], None]:
        rate = self._guest.memory.workload.writes_per_second if self._guest and self._guest.slots else 0
        if rate == 0 or self._waits_for:
            return self._commands.get()
        now = time.monotonic()
        self._next_write_at = max(self._next_write_at, now - CATCH_UP_SECONDS)
        try:
            return self._commands.get(timeout=max(0.0, self._next_write_at - now))
        except queue.Empty:
            self._next_write_at += 1 / rate
            return self._write

    def _obey(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"number": message["number"]}
        try:
            answer["result"] = getattr(self, f"do_{message['command']}")(**message["arguments"])
        except Exception as error:  # the host is told, and decides
            traceback.print_exc()
            answer["error"] = f"{error}"
        with suppress(OSError):
            self._lines.send(answer)

    def _write(self) -> None:
        assert self._guest is not None
        try:
            write = self._guest.write_once()
        except Exception as error:  # as Hyper-V does, whatever is wrong with the disk
            self._turn_critical(error)
            return
        if self._link is not None:
            try:
                self._link.acknowledge(write)
            except WitnessError as error:
                self._lose_witness(str(error))
                return
        slot = self._guest.slots[write.slot_index]
        self._acknowledged[slot] = self._acknowledged.get(slot, 0) + 1

    def _turn_critical(self, error: Exception) -> None:
        traceback.print_exc()
        self._last_error = f"{error}"
        self._waits_for.add(CRITICAL)
        with suppress(OSError):
            self._lines.send({"state": self._state(), "reason": self._last_error})

    def _lose_witness(self, reason: str) -> None:
        self._last_error = reason
        self._waits_for.add(UNHEARD)

    def _allow_growth(self, leaf: Path, extra_bytes: int) -> bool:
        self._lines.send({"growth": str(leaf), "extra_bytes": extra_bytes})
        return self._growth_answers.get()

    # Commands; the names are those of `VirtualMachineProcess`

    def do_start(
        self,
        *,
        vm_id: str,
        host_name: str,
        disks: Attachments,
        workload: dict[str, Any],
        witness: Sequence[Any] | None,
        saved_state: str | None,
    ) -> None:
        """Open everything, and have the guest start up as the next act."""
        self._vm_id, self._host_name = vm_id, host_name
        try:
            saved = None if saved_state is None else read_saved_memory(Path(saved_state))
            self._disks = AttachedDisks(disks, allow_growth=self._allow_growth)
            self._disks.open()
            if saved is not None:
                self._check_memory(saved.memory)
            if witness is not None:
                self._link = GuestLink(
                    (str(witness[0]), int(witness[1])),
                    on_gate_open=lambda: self._commands.put(lambda: self._waits_for.discard(GATE)),
                    on_loss=lambda: self._commands.put(lambda: self._lose_witness("the witness has hung up")),
                )
        except Exception:
            self._ended = True
            raise
        self._commands.put(lambda: self._start_up(Workload(**workload), saved))

    def _check_memory(self, memory: GuestMemory) -> None:
        known = {slot: len(table) * BLOCK_BYTES for slot, table in memory.tables.items()}
        found = {slot: disk.size_bytes for slot, disk in self._disks.items()}
        if memory.vm_id != self._vm_id or known != found:
            raise ValueError(
                f"the saved state is of VM {memory.vm_id} with the disks {known}; this is VM {self._vm_id} with {found}"
            )

    def _start_up(self, workload: Workload, saved: SavedMemory | None) -> None:
        """The guest's own start: registered before its first write, and running from then on."""
        try:
            memory = saved.memory if saved else boot(self._vm_id, self._disks, workload=workload)
            parent = memory.incarnation if saved else None
            memory.incarnation = draw_incarnation()
            if self._link is not None and not self._register(memory, saved, parent=parent):
                self._waits_for.add(GATE)
            self._guest = Guest(memory, self._disks)
            self._acknowledged = dict.fromkeys(self._guest.slots, 0)
        except Exception as error:  # a guest that does not come up: the VM runs, its heartbeat is missing
            traceback.print_exc()
            self._last_error = f"the guest did not start up: {error}"

    def _register(self, memory: GuestMemory, saved: SavedMemory | None, *, parent: int | None) -> bool:
        assert self._link is not None
        facts = {
            "vm_id": memory.vm_id,
            "host_name": self._host_name,
            "incarnation": memory.incarnation,
            "restored": saved is not None,
            "parent_incarnation": parent,
            "saved_state_id": saved.saved_state_id if saved else None,
            "continues_from": memory.sequence,
            "slots": list(memory.tables),
        }
        return self._link.register(facts, memory.tables)

    def do_pause(self) -> None:
        """Stand still."""
        self._waits_for.add(PAUSED)

    def do_resume(self) -> None:
        """Go on, also after a disk could not."""
        if HELD not in self._waits_for:
            self._disks.open()
        self._waits_for -= {PAUSED, CRITICAL}

    def do_hold(self) -> None:
        """Stand still and let go of the files."""
        self._disks.close()
        self._waits_for.add(HELD)

    def do_release(self) -> None:
        """Take the files up again and go on."""
        self._waits_for.discard(HELD)
        try:
            self._disks.open()
        except Exception as error:
            self._turn_critical(error)
            raise

    def do_switch_disks(self, *, disks: Attachments) -> None:
        """Go on with other files."""
        self._disks.replace(disks)

    def do_save(self, *, path: str, memory_bytes: int | None) -> None:
        """Write the memory and end."""
        if self._guest is None:
            raise ValueError(f"the guest has not started up yet ({self._last_error or 'it is reading its disks'})")
        memory = self._guest.memory
        self._disks.flush()
        size = memory.workload.memory_bytes if memory_bytes is None else memory_bytes
        self._end("saved", saved_as=write_saved_memory(Path(path), memory, memory_bytes=size))

    def do_shutdown(self) -> None:
        """End; the memory is gone."""
        self._disks.flush()
        self._end("shut down")

    def _end(self, how: str, *, saved_as: str | None = None) -> None:
        self._ended = True
        self._disks.close()
        if self._link is not None and self._guest is not None and UNHEARD not in self._waits_for:
            with suppress(WitnessError):  # then it goes on believing that the guest was killed
                self._link.say_goodbye(how, saved_as=saved_as)
                self._link.close()


def main() -> None:
    """Run a VM: parent's process id, descriptor of the socket to it, VM's id (for people who list processes)."""
    die_with_parent(int(sys.argv[1]))
    lines = MessageLines(socket.socket(fileno=int(sys.argv[2])))
    worker = Worker(lines)
    threading.Thread(target=worker.listen, name="hears-the-host", daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()
