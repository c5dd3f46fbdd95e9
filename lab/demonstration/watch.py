"""Watches the demonstration from outside: what the guest wrote and when, and what lies on the target before it goes on.

The target's disks can be compared only while the guest there runs and has not written yet, and nobody tells when that
is: it comes in the middle of the migration. So the witness keeps the gate closed for the guest's next life, a thread
waits for that life to register on the target, compares every block, and opens the gate; the migration goes on meanwhile.
What else is needed is noted at moments that whoever runs the migration tells.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from lab.demonstration.plan import SOURCE, TARGET, DemoVM, vm_on, wrong_adapters
from lab.demonstration.verdict import ChangesFile, Comparison, Evidence
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import verify_disks
from lab.laboratory import Laboratory
from lab.witness.client import Lifetime, WitnessedWindow
from lab.witness.connection import WitnessError

POLL_SECONDS = 0.1
FIRST_WRITES_SECONDS = 60.0
COMPARE_SECONDS = 900.0


@dataclass(frozen=True)
class Opened:
    """The comparison, and when the gate was opened after it (by the witness's clock)."""

    comparison: Comparison
    at: float


class Watch:
    """One demonstration, watched. `begin`, tell the moments, `end`."""

    def __init__(self, laboratory: Laboratory, vm: DemoVM, *, say: Callable[[str], None]) -> None:
        self._source, self._target = laboratory.host(SOURCE), laboratory.host(TARGET)
        self._names = (self._source.facts.computer_name, self._target.facts.computer_name)
        self._witness = laboratory.witness
        self._vm = vm
        self._say = say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._compare_when_restored, name="compares the target's disks")
        self._opened: Opened | None = None
        self._failure: Exception | None = None
        self._base_copy: tuple[float, float] = (0.0, 0.0)
        self._changes: dict[str, ChangesFile] = {}

    def begin(self) -> None:
        """Close the gate for the guest's next life, and wait for that in a thread."""
        self._witness.close_gate(self._vm.vm_id)
        self._thread.start()

    def wait_for_writes(self) -> None:
        """Return when the guest has written to each of its disks. Raises WitnessError if it does not."""
        self._wait_for_writes(since=0.0)

    # --- moments, told by who runs the migration

    def base_copy_began(self) -> None:
        """The first base disk begins to be copied; later calls change nothing."""
        if not self._base_copy[0]:
            self._base_copy = (self._witness.now(), 0.0)

    def base_copy_ended(self) -> None:
        """A base disk is copied; the last one counts."""
        self._base_copy = (self._base_copy[0], self._witness.now())

    def source_goes(self) -> None:
        """The VM is handed over, and its files on the source are as the save left them: look at each AVHDX."""
        for slot, path in self._source.disk_paths(self._vm.vm_id).items():
            if path.suffix.lower() in (".avhdx", ".avhd"):
                with FlatReader(path) as reader:
                    self._changes[slot] = ChangesFile(path.name, path.stat().st_size, reader.own_bytes())

    # --- the end

    def end(self) -> None:
        """The migration is over: wait for the comparison (if the guest came), and for the writes after it."""
        if not self._came():
            self._over.set()
        self._thread.join(COMPARE_SECONDS)
        self._witness.open_gate(self._vm.vm_id)
        if self._failure is not None:
            raise self._failure
        if self._opened is not None:
            with suppress(WitnessError):  # then the evidence says that it wrote nothing
                self._wait_for_writes(since=self._opened.at)

    def evidence(self, left_over: Mapping[str, tuple[str, ...]]) -> Evidence:
        """Return all that was seen."""
        vm_id, witness = self._vm.vm_id, self._witness
        moved = vm_on(self._target, vm_id)
        window = self._window()
        return Evidence(
            slots=self._vm.slots,
            source_name=self._names[0],
            target_name=self._names[1],
            writes_during_base_copy=witness.acknowledged(vm_id, since=self._base_copy[0], until=self._base_copy[1]),
            writes_in_last_second=self._last_second(window),
            writes_after_resume=witness.acknowledged(vm_id, since=self._opened.at) if self._opened else {},
            changes=dict(self._changes),
            comparison=self._opened.comparison if self._opened else None,
            lives=tuple(witness.lifetimes(vm_id)),
            witness_findings=tuple(witness.findings(vm_id)),
            witness_window=window,
            left_over=left_over,
            network=wrong_adapters(moved) if moved else ("the VM is not on the target",),
            adapters=len(moved["network_adapters"]) if moved else 0,
        )

    def _window(self) -> WitnessedWindow | None:
        with suppress(WitnessError):  # it had one life only
            return self._witness.offline_window(self._vm.vm_id)
        return None

    def _last_second(self, window: WitnessedWindow | None) -> dict[str, int]:
        if window is None or window.last_write_at is None:
            return {}
        until = window.last_write_at
        return self._witness.acknowledged(self._vm.vm_id, since=until - 1.0, until=until)

    # --- the thread

    def _compare_when_restored(self) -> None:
        try:
            while not self._came():
                if self._over.wait(POLL_SECONDS):
                    return
            self._opened = self._compare()
        except Exception as error:  # told by `end`, in the thread that can act on it
            self._failure = error

    def _came(self) -> Lifetime | None:
        lives = self._witness.lifetimes(self._vm.vm_id)
        return next((life for life in lives if life.restored and life.host_name == self._names[1]), None)

    def _compare(self) -> Opened:
        self._say("the restored guest waits at the target; every block of its disks is compared with the witness")
        began = time.monotonic()
        table = self._witness.acknowledged_table(self._vm.vm_id)
        memory = self._witness.restored_memory(self._vm.vm_id)
        with ExitStack() as stack:
            paths = self._target.disk_paths(self._vm.vm_id)
            readers = {slot: stack.enter_context(FlatReader(path)) for slot, path in paths.items()}
            verification = verify_disks(readers, table, memory=memory)
            sizes = {slot: reader.size_bytes for slot, reader in readers.items()}
        seconds = time.monotonic() - began
        life = self._came()
        comparison = Comparison(verification, sizes, seconds, life.acknowledged_writes if life else 0)
        blocks = sum(verification.blocks_compared.values())
        self._say(
            f"{blocks:,} blocks compared in {seconds:.1f} s, {len(verification.findings)} differences; the guest goes on"
        )
        opened_at = self._witness.now()
        self._witness.open_gate(self._vm.vm_id)
        return Opened(comparison, opened_at)

    def _wait_for_writes(self, *, since: float) -> None:
        deadline = time.monotonic() + FIRST_WRITES_SECONDS
        while True:
            with suppress(WitnessError):  # before it registers, nobody knows of it
                counts = self._witness.acknowledged(self._vm.vm_id, since=since)
                if all(counts.get(slot, 0) > 0 for slot in self._vm.slots):
                    return
            if time.monotonic() > deadline:
                raise WitnessError(
                    f"VM {self._vm.name} has not written to each of its disks within {FIRST_WRITES_SECONDS:.0f} s."
                )
            time.sleep(POLL_SECONDS)
