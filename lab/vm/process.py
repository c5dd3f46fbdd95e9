"""The VM's process, seen from its host.

On a real host every running VM is a process of its own (vmwp.exe): it alone holds the disk chain open, it can be killed
without the host, and it cannot outlive the host. A VM that were only an object in the host's process could do none of
that, and no test could kill it in the middle of a write. So a VM here is a child process, told what to do over a
socket pair; the process group and the kernel's parent-death signal end it with its host.

The host keeps what the VM cannot know: how much room is left on a volume. The VM asks each time a disk file must grow.
"""

import itertools
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lab.guest.workload import Workload
from lab.process.children import start_child
from lab.process.message_lines import MessageLines

COMMAND_LIMIT_SECONDS = 60.0
SAVE_LIMIT_SECONDS = 1800.0


class VirtualMachineError(Exception):
    """A VM's process refused, failed or is gone; the text says which VM, on which host, and why."""


@dataclass(frozen=True)
class DiskAttachment:
    """A disk chain at a place in the VM."""

    slot: str
    """The place: "SCSI 0:1", "IDE 0:0"."""
    leaf: Path
    """The file that the VM writes to."""
    parents: tuple[Path, ...] = ()
    """The files below it, the leaf's parent first."""

    def as_message(self) -> dict[str, Any]:
        """Return it as it travels to the VM's process."""
        return {"slot": self.slot, "leaf": str(self.leaf), "parents": [str(parent) for parent in self.parents]}


@dataclass(frozen=True)
class VirtualMachineStatus:
    """What a VM's process says of itself."""

    state: str
    """"Running", "Paused", "PausedCritical" (a disk cannot go on: see last_error) or "Off" (there is no process)."""
    guest_running: bool
    """Whether the guest has started up, as a heartbeat would tell."""
    acknowledged: Mapping[str, int]
    """Writes acknowledged per slot since this process began."""
    incarnation: int | None
    sequence: int | None
    """Number of the guest's last write."""
    waits_for: tuple[str, ...]
    """Why the guest does not write at the moment; empty while it writes."""
    last_error: str | None


OFF = VirtualMachineStatus("Off", False, {}, None, None, (), None)


class VirtualMachineProcess:
    """A running VM: made by `start`, ended by `save`, `shutdown` or `turn_off`. Safe to use from several threads."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        lines: MessageLines,
        *,
        name: str,
        grant: "GrowthRule",
        tell: "StateListener",
    ) -> None:
        self._process, self._lines, self._name = process, lines, name
        self._grant, self._tell = grant, tell
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._waiting_lock = threading.Lock()
        self._hung_up = False
        threading.Thread(target=self._listen, name=f"hears {name}", daemon=True).start()

    @classmethod
    def start(
        cls,
        *,
        vm_id: str,
        host_name: str,
        disks: Sequence[DiskAttachment],
        workload: Workload,
        witness: tuple[str, int] | None,
        saved_state: Path | None,
        folder_for_log: Path,
        allow_growth: "GrowthRule | None" = None,
        on_state_change: "StateListener | None" = None,
    ) -> Self:
        """Start a VM, from cold or from its saved state. The guest starts up on its own after that.

        A restored guest goes on with the workload that is in its memory, not with the one given here. Both callbacks
        come from threads of this object and must not wait for anybody who waits for this VM. Without `allow_growth`
        disk files may grow as they like.

        Raises VirtualMachineError, and nothing runs, where a disk chain cannot be opened, the saved state is damaged or
        is for other disks, or the witness cannot be reached.
        """
        ours, theirs = socket.socketpair()
        log_file = folder_for_log / f"{vm_id}.log"
        with theirs:
            process = start_child(
                "lab.vm.worker",
                [str(theirs.fileno()), vm_id],
                log_file=log_file,
                pass_file_descriptors=[theirs.fileno()],
            )
        machine = cls(
            process,
            MessageLines(ours),
            name=f"VM {vm_id} on {host_name}",
            grant=allow_growth or (lambda _leaf, _extra_bytes: True),
            tell=on_state_change or (lambda _state, _reason: None),
        )
        try:
            machine._command(
                "start",
                vm_id=vm_id,
                host_name=host_name,
                disks=[disk.as_message() for disk in disks],
                workload=asdict(workload),
                witness=witness,
                saved_state=None if saved_state is None else str(saved_state),
            )
        except VirtualMachineError:
            machine.turn_off()
            raise
        return machine

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Return whether the process is there."""
        return self._process.poll() is None

    def pause(self) -> None:
        """Suspend-VM: when this returns the guest stands still, its last write done."""
        self._command("pause")

    def resume(self) -> None:
        """Resume-VM, also out of PausedCritical: the write that could not be made is made again."""
        self._command("resume")

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Hold the guest, its writes done and flushed, as for the moment in which a checkpoint is made.

        What makes a child of the running VM's disk must do it in here: the disk's identity may change with its next
        write, and a child made before that would not fit. `switch_disks` works in here. The state stays what it was.
        """
        self._command("hold")
        try:
            yield
        finally:
            if self.alive():
                self._command("release")

    def switch_disks(self, disks: Sequence[DiskAttachment]) -> None:
        """Let the guest go on with other files in the same slots (after a checkpoint, or when a live merge ends).

        The guest stands still meanwhile. Raises VirtualMachineError where the new chains do not open or show another
        size; the VM then goes on with those it had.
        """
        self._command("switch_disks", disks=[disk.as_message() for disk in disks])

    def save(self, path: Path, *, memory_bytes: int | None = None) -> None:
        """Save-VM: write the guest's memory to `path` (as large as the VM's memory) and end the process.

        Raises VirtualMachineError where the file cannot be written (a full volume); the VM then goes on.
        """
        self._command("save", limit_seconds=SAVE_LIMIT_SECONDS, path=str(path), memory_bytes=memory_bytes)
        self._process.wait()

    def shutdown(self) -> None:
        """Shut the guest down and end the process; its memory is gone, all it wrote is in the disk files."""
        self._command("shutdown")
        self._process.wait()

    def turn_off(self) -> None:
        """Cut the VM's power: the process is killed where it stands."""
        self._process.kill()
        self._process.wait()

    def status(self) -> VirtualMachineStatus:
        """Ask the process; "Off" where there is none."""
        try:
            facts = self._command("status")
        except VirtualMachineError:
            if self.alive():
                raise
            return OFF
        return VirtualMachineStatus(**{**facts, "waits_for": tuple(facts["waits_for"])})

    def _command(self, command: str, *, limit_seconds: float = COMMAND_LIMIT_SECONDS, **arguments: Any) -> Any:
        number, answers = next(self._numbers), queue.SimpleQueue[dict[str, Any] | None]()
        with self._waiting_lock:
            if self._hung_up:
                raise VirtualMachineError(f"{self._name}: its process is gone; cannot {command}.")
            self._waiting[number] = answers
        with suppress(OSError):  # then the listening thread has ended, or ends, and says so to all who wait
            self._lines.send({"command": command, "number": number, "arguments": arguments})
        try:
            answer = answers.get(timeout=limit_seconds)
        except queue.Empty:
            raise VirtualMachineError(f"{self._name} did not {command} within {limit_seconds:.0f} s.") from None
        finally:
            self._waiting.pop(number, None)
        if answer is None:
            raise VirtualMachineError(f"{self._name}: its process ended before it answered {command!r}.")
        if "error" in answer:
            raise VirtualMachineError(f"{self._name} cannot {command}: {answer['error']}")
        return answer["result"]

    def _listen(self) -> None:
        for message in self._lines:
            if "growth" in message:
                threading.Thread(target=self._answer_growth, args=[message], daemon=True).start()
            elif "state" in message:
                self._tell(message["state"], message["reason"])
            elif (answers := self._waiting.get(message["number"])) is not None:
                answers.put(message)
        with self._waiting_lock:
            self._hung_up = True
            for answers in self._waiting.values():
                answers.put(None)
        self._lines.close()

    def _answer_growth(self, message: Mapping[str, Any]) -> None:
        allowed = self._grant(Path(message["growth"]), message["extra_bytes"])
        with suppress(OSError):  # the VM is gone, and needs no more room
            self._lines.send({"allowed": allowed})


GrowthRule = Callable[[Path, int], bool]
"""Called with a disk file and the bytes by which it must grow; False pauses the VM (PausedCritical)."""
StateListener = Callable[[str, str | None], None]
"""Called with a state that the VM took by itself, and why."""
