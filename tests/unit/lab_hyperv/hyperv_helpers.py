"""A lab host with Hyper-V, VMs with small real disks, and the witness as judge."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from waiting import wait_until

from lab.guest.workload import Workload
from lab.hyperv import INSTANT, HyperV, HyperVError, Timing, vm_host
from lab.hyperv.model import VirtualMachine, VMHost
from lab.hyperv.new_vm import NewAdapter, NewDisk, NewVM
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import Verification, verify_disks
from lab.platform.accounts import WindowsFacts
from lab.platform.platform import Platform
from lab.witness.connection import WitnessError
from lab.witness.process import WitnessProcess
from qsm.facts.states import CheckpointType, VMState

MEBIBYTE = 1 << 20
QUICK = Workload(
    writes_per_second=400, working_set_blocks=64, hot_set_share=0.5, hot_set_blocks=8, memory_bytes=MEBIBYTE
)
SLOTS = ("SCSI 0:0", "SCSI 0:1")
FOLDER = r"D:\VMs\Web"


@contextmanager
def refused(*, hresult: int | None = None, match: str | None = None) -> Iterator[pytest.ExceptionInfo[HyperVError]]:
    """Expect a HyperVError with that HRESULT."""
    with pytest.raises(HyperVError, match=match) as caught:
        yield caught
    assert caught.value.hresult == hresult, f"{caught.value}"


@dataclass
class HyperVHost:
    """One lab host; `reboot` is what a power cut and a boot leave of it."""

    folder: Path
    name: str
    witness: WitnessProcess
    timing: Timing = INSTANT
    host_changes: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lab_folder = self.folder / self.name
        settings = WindowsFacts.model_validate({"computer_name": self.name, **self.settings})
        Platform.create(lab_folder, settings=settings, volumes={"D:\\": 1 << 30})
        self.switch_on()

    @property
    def settings(self) -> dict[str, object]:
        """Facts of Windows that a test changed."""
        return {key: value for key, value in self.host_changes.items() if key in WindowsFacts.model_fields}

    def switch_on(self) -> None:
        """What the host's folder says, without starting anything."""
        self.platform = Platform(self.folder / self.name, lab_folder=self.folder)
        changes = {key: value for key, value in self.host_changes.items() if key in VMHost.__dataclass_fields__}
        self.hyperv = HyperV(
            replace(vm_host(self.platform), **changes),  # type: ignore[arg-type]
            self.folder / self.name / "hyperv",
            platform=self.platform,
            witness=self.witness.address,
            timing=self.timing,
        )

    def power_cut(self) -> None:
        """Everything ends where it stands."""
        self.hyperv.close()

    def reboot(self) -> None:
        """A power cut, and a boot from what is on disk."""
        self.power_cut()
        self.switch_on()
        self.hyperv.boot()

    def threads(self) -> list[str]:
        """Names of the threads that are at work."""
        return [thread.name for thread in threading.enumerate()]

    # --- VMs

    def make_vm(self, **changes: object) -> VirtualMachine:
        """A VM 'Web' with two disks of 16 MiB and one adapter on switch 'LAN'."""
        self.platform.files.make_folder(FOLDER)
        if not any(switch.name == "LAN" for switch in self.hyperv.get_vm_switch()):
            self.hyperv.new_vm_switch("LAN")
        if "disks" not in changes:
            changes["disks"] = tuple(NewDisk(slot, self.make_disk(f"disk{n}.vhdx")) for n, slot in enumerate(SLOTS))
        wanted = NewVM(
            name="Web",
            path=r"D:\VMs",
            workload=QUICK,
            adapters=(NewAdapter(switch_name="LAN"),),
        )
        return self.hyperv.new_vm(replace(wanted, **changes))  # type: ignore[arg-type]

    def make_disk(self, name: str, *, size_bytes: int = 16 * MEBIBYTE, dynamic: bool = True) -> str:
        return self.hyperv.new_vhd(f"{FOLDER}\\{name}", size_bytes=size_bytes, dynamic=dynamic).path

    def running_vm(self, **changes: object) -> VirtualMachine:
        vm = self.make_vm(**changes)
        self.hyperv.start_vm(vm.vm_id)
        self.wait_for_writes(vm.vm_id)
        return self.hyperv.get_vm(vm.vm_id)

    def state(self, vm_id: str) -> VMState:
        return self.hyperv.get_vm(vm_id).state

    def writes(self, vm_id: str) -> int:
        """Writes that the witness heard; 0 before the guest registered."""
        if vm_id not in self.witness.client.virtual_machines():
            return 0
        return sum(self.witness.client.acknowledged(vm_id).values())

    def has_told_its_memory(self, vm_id: str) -> bool:
        """Whether the witness has heard all of a restored guest's memory."""
        try:
            self.witness.client.restored_memory(vm_id)
        except WitnessError:
            return False
        return True

    def wait_for_writes(self, vm_id: str, count: int = 20) -> None:
        before = self.writes(vm_id)
        wait_until(lambda: self.writes(vm_id) >= before + count, what=f"{count} more writes")

    def wait_for_merges(self, vm_id: str) -> None:
        wait_until(lambda: not self.hyperv.get_merge_jobs() and self.is_merged(vm_id), what="merged disks")

    def is_merged(self, vm_id: str) -> bool:
        vm = self.hyperv.get_vm(vm_id)
        assert not vm.failure, vm.failure
        paths = [drive.path for drive in vm.hard_drives]
        return not any(path.lower().endswith((".avhd", ".avhdx")) for path in paths) and not self.differencing_files()

    def differencing_files(self) -> list[str]:
        files = self.platform.files.list("D:\\", recursive=True)
        return [each.path for each in files if each.path.lower().endswith((".avhd", ".avhdx"))]

    def paths(self, vm_id: str) -> list[str]:
        return [drive.path for drive in self.hyperv.get_vm(vm_id).hard_drives]

    def exists(self, path: str) -> bool:
        return self.platform.files.exists(path)

    def copy(self, path: str, other: HyperVHost, destination: str) -> None:
        """Copy a file to another host, as it is."""
        other.platform.files.make_folder(destination.rpartition("\\")[0])
        shutil.copy2(self.platform.files.host_path(path), other.platform.files.host_path(destination))

    def verify(self, vm_id: str, *, memory: bool = False, after_crash: bool = False) -> Verification:
        """Compare all disks of a VM that stands still with what the witness heard."""
        readers = {
            drive.slot: FlatReader(self.platform.files.host_path(drive.path))
            for drive in self.hyperv.get_vm(vm_id).hard_drives
        }
        try:
            return verify_disks(
                readers,
                self.witness.client.acknowledged_table(vm_id),
                memory=self.witness.client.restored_memory(vm_id) if memory else None,
                after_crash=after_crash,
            )
        finally:
            for reader in readers.values():
                reader.close()


__all__ = ["FOLDER", "MEBIBYTE", "QUICK", "SLOTS", "CheckpointType", "HyperVHost", "refused", "wait_until"]
