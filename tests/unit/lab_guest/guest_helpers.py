"""Disks in plain files and in chains, a VM in a process, and a quick workload."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from waiting import wait_until

from lab.disks.files import create_child
from lab.guest.blocks import BLOCK_BYTES
from lab.guest.workload import Workload
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import Verification, verify_disks
from lab.vm.process import DiskAttachment, VirtualMachineProcess
from lab.witness.process import WitnessProcess

VM_ID = "5f0c2a4e-6a1d-4b8f-9c3e-0d1e2f3a4b5c"
QUICK = Workload(
    writes_per_second=400, working_set_blocks=64, hot_set_share=0.5, hot_set_blocks=8, memory_bytes=1 << 20
)


class PlainDisk:
    """A raw disk image: the file is the disk."""

    def __init__(self, path: Path, *, blocks: int = 256) -> None:
        self.path = path
        self.size_bytes = blocks * BLOCK_BYTES
        if not path.exists():
            path.write_bytes(bytes(self.size_bytes))

    def read(self, offset: int, length: int, /) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def write(self, offset: int, data: bytes, /) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(data)


@dataclass
class MachineDisk:
    """The files of one disk of a VM, the leaf first."""

    slot: str
    files: list[Path]

    def attachment(self) -> DiskAttachment:
        return DiskAttachment(self.slot, self.files[0], tuple(self.files[1:]))

    def add_child(self) -> None:
        """Make a differencing disk; the VM's guest stands still meanwhile."""
        base = self.files[0]
        child = base.with_name(f"{base.stem}+{len(self.files)}.avhdx")
        create_child(child, parent=base, parent_windows_path=f"C:\\VMs\\{base.name}", relative_path=None)
        self.files.insert(0, child)

    def copied_to(self, folder: Path) -> "MachineDisk":
        """Copy all files, and return the disk they make there."""
        return MachineDisk(self.slot, [Path(shutil.copy(file, folder / file.name)) for file in self.files])


@dataclass
class GuestMachine:
    """A VM of the tests: its disks, and the process while there is one."""

    folder: Path
    disks: list[MachineDisk]
    witness: WitnessProcess
    host_name: str = "host-1"
    workload: Workload = QUICK
    allow_growth: Callable[[Path, int], bool] | None = None
    states: list[tuple[str, str | None]] = field(default_factory=list)
    process: VirtualMachineProcess | None = None

    @property
    def running(self) -> VirtualMachineProcess:
        assert self.process is not None
        return self.process

    def start(self, saved_state: Path | None = None) -> VirtualMachineProcess:
        """Start it, and return when the guest runs."""
        self.process = VirtualMachineProcess.start(
            vm_id=VM_ID,
            host_name=self.host_name,
            disks=[disk.attachment() for disk in self.disks],
            workload=self.workload,
            witness=self.witness.address,
            saved_state=saved_state,
            folder_for_log=self.folder,
            allow_growth=self.allow_growth,
            on_state_change=lambda state, reason: self.states.append((state, reason)),
        )
        wait_until(lambda: self.running.status().guest_running, what="a running guest")
        return self.process

    def wait_for_writes(self, count: int = 20) -> None:
        """Return when each disk has seen so many more writes."""
        before = self.running.status().acknowledged
        wait_until(
            lambda: all(now - before[slot] >= count for slot, now in self.running.status().acknowledged.items()),
            what=f"{count} more writes on each disk",
        )

    def checkpoint(self) -> None:
        """What a host does for a checkpoint."""
        with self.running.standing_still():
            for disk in self.disks:
                disk.add_child()
            self.running.switch_disks([disk.attachment() for disk in self.disks])

    def verify(self, *, memory: bool = True, after_crash: bool = False) -> Verification:
        """Compare all disks, and the memory of a restored guest, with the witness."""
        readers = {disk.slot: FlatReader(disk.files[0]) for disk in self.disks}
        try:
            return verify_disks(
                readers,
                self.witness.client.acknowledged_table(VM_ID),
                memory=self.witness.client.restored_memory(VM_ID) if memory else None,
                after_crash=after_crash,
            )
        finally:
            for reader in readers.values():
                reader.close()

    def end(self) -> None:
        """Leave no process behind."""
        if self.process is not None:
            self.process.turn_off()
