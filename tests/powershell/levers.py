"""What a test does to the host and its VM: make it, have cmdlets fail or hang, have the host tell what is not so."""

from __future__ import annotations

import ntpath
import secrets
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from two_hosts import ACCOUNT, Hosts
from waiting import DEADLINE_SECONDS, wait_until

from lab.disks import DiskFormat, DiskKind, create_disk
from lab.guest.workload import Workload
from lab.host.cmdlets import NAMES
from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.hyperv.model import HardDiskDrive, VirtualMachine, VlanSetting
from lab.hyperv.new_vm import NewAdapter, NewDisk, NewVM
from lab.platform.bits import BitsJob
from lab.platform.identity import SYSTEM, Identity
from lab.platform.tasks import NoRunner, TaskProcess, ThreadProcess
from qsm.facts.states import CheckpointType, VMState

NAME = "Bücher [1]"
MEBIBYTE = 1 << 20
QUIET = Workload(writes_per_second=5, working_set_blocks=16, hot_set_share=0.5, hot_set_blocks=4, memory_bytes=MEBIBYTE)
CHANGING = sorted({name for name in NAMES.values() if not name.startswith(("Get", "Test", "Msvm"))})
NEVER = 1 << 30


class Hanging:
    """A runner of tasks whose actions write nothing, and run until they are ended."""

    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        return ThreadProcess(lambda stop: int(stop.wait()), name=command_line)


class Levers:
    """A host and one VM on it, whose id no other has."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts, self.host = hosts, hosts.host
        self.hyperv, self.platform = hosts.host.hyperv, hosts.host.platform
        self.vm_id = str(uuid.uuid4())
        self.folder = f"D:\\VMs\\{secrets.token_hex(4)}"
        self.disk = f"{self.folder}\\disk.vhdx"
        self._watched = {name: self.host.faults.set(fault(name, FaultAction.FAIL, skip=NEVER)) for name in CHANGING}
        self._faults: list[int] = []
        self._shown: dict[str, Any] = {}

    # --- the VM

    @property
    def account_sid(self) -> str:
        """Of the other host."""
        sid = self.platform.accounts.resolve(ACCOUNT)
        assert sid is not None
        return sid

    @property
    def vm(self) -> VirtualMachine:
        """The VM as it is."""
        return self.hyperv.get_vm(self.vm_id)

    def path(self, windows_path: str) -> Path:
        return self.host.path(windows_path)

    def make_disk(self, windows_path: str, *, kind: DiskKind = DiskKind.DYNAMIC) -> Path:
        path = self.path(windows_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        format = DiskFormat.VHD if path.suffix == ".vhd" else DiskFormat.VHDX
        create_disk(path, format=format, kind=kind, size_bytes=8 * MEBIBYTE)
        return path

    def make_vm(
        self, *, state: str = "Running", vlan: int = 0, dvd: str | None = None, switch: str = "LAN", **settings: Any
    ) -> None:
        if not self.path(self.disk).exists():
            self.make_disk(self.disk)
        vlan_setting = VlanSetting("Access", access_vlan_id=vlan) if vlan else VlanSetting()
        wanted = NewVM(
            name=NAME,
            path=self.folder,
            vm_id=self.vm_id,
            workload=QUIET,
            disks=(NewDisk("SCSI 0:0", self.disk),),
            adapters=(NewAdapter(switch_name=switch, vlan=vlan_setting),),
            dvd_paths=(dvd,),
            checkpoint_type=CheckpointType.PRODUCTION_ONLY,
            notes="old notes",
            version="9.0",  # without the .vmgs of later ones: the memory is the only file of its state
        )
        self.hyperv.new_vm(replace(wanted, **settings))
        if state == "Off":
            return
        self.hyperv.start_vm(self.vm_id)
        if state == "Saved":
            self.hyperv.save_vm(self.vm_id)
        if state == "Paused":
            self.hyperv.suspend_vm(self.vm_id)

    def make_saved_vm(self, **settings: Any) -> None:
        """A VM with memory that no guest can go on from."""
        self.make_vm(state="Off", **settings)
        self.hyperv.lay_saved_state(self.vm_id, b"memory")

    def show(self, **fields: Any) -> None:
        """Has the host tell something else of the VM than what is, by fields of `VirtualMachine`; without any, the truth."""
        if "state" in fields:
            fields["state"] = VMState(fields["state"])
        self._shown = {**self._shown, **fields} if fields else {}
        self.hyperv.show_vm_as(self.vm_id, **self._shown)

    def drive(self, path: str, slot: str = "SCSI 0:0", **fields: Any) -> HardDiskDrive:
        return HardDiskDrive(self.vm_id, slot, path, **fields)

    def plan_vm(self, folder: str, configuration: str = "") -> None:
        """A planned VM of ours in a folder, as Compare-VM leaves it; of a configuration, or of the VM itself, which goes."""
        found = configuration or self.vm.configuration_file
        content = self.path(found).read_bytes()
        if not configuration:
            self.hyperv.remove_vm(self.vm_id)
        place = self.platform.files.make_folder(f"{folder}\\Virtual Machines") + f"\\{ntpath.basename(found)}"
        self.path(place).write_bytes(content)
        self.hyperv.compare_vm(place)

    # --- faults

    def fail(self, cmdlet: str, hresult: int, **fields: Any) -> None:
        """Has a cmdlet fail, each time unless `times` says how often."""
        failing = fault(cmdlet, FaultAction.FAIL, hresult=hresult, **{"times": None, **fields})
        self._faults.append(self.host.faults.set(failing))

    def mend(self) -> None:
        """Ends that."""
        for number in self._faults:
            self.host.faults.clear(number)
        self._faults = []

    @contextmanager
    def hanging(self, cmdlet: str, moment: FaultMoment = FaultMoment.BEFORE, *, skip: int = 0) -> Iterator[Any]:
        """For the length of the block a cmdlet does not return; gives what waits until it was called."""
        number = self.host.faults.set(fault(cmdlet, FaultAction.HANG, moment=moment, skip=skip))
        try:
            yield lambda: wait_until(lambda: self.host.faults.acted(number), what=f"a call of {cmdlet}")
        finally:
            self.host.faults.clear(number)

    @contextmanager
    def meanwhile(
        self, cmdlet: str, act: Callable[[], object], moment: FaultMoment = FaultMoment.AFTER, *, skip: int = 0
    ) -> Iterator[None]:
        """In the block a cmdlet is called, and something happens on the host just after it (or before), unseen by its caller.

        After so many calls that are skipped. `run` itself calls Get-VM once."""
        with self.hanging(cmdlet, moment, skip=skip) as called, ThreadPoolExecutor(1) as thread:
            number = max(each["number"] for each in self.host.faults.list())

            def happen() -> None:
                called()
                try:
                    act()
                finally:
                    self.host.faults.clear(number)

            happened = thread.submit(happen)
            yield
            happened.result(DEADLINE_SECONDS)

    def calls(self) -> dict[str, int]:
        """The changing cmdlets of Hyper-V that were called, and how often."""
        seen = {each["number"]: each["seen"] for each in self.host.faults.list()}
        return {name: seen[number] for name, number in self._watched.items() if seen[number]}

    # --- tasks, jobs and volumes

    def tasks(self) -> list[str]:
        return [task.name for task in self.platform.tasks.get_scheduled_task()]

    def jobs(self) -> list[BitsJob]:
        return list(self.platform.bits.get_bits_transfer(caller=SYSTEM))

    def tasks_hang(self) -> None:
        """Tasks run, and write nothing."""
        self.platform.tasks.runner = Hanging()

    def tasks_do_not_start(self) -> None:
        """Tasks stay as they are when they are started."""
        self.platform.tasks.runner = NoRunner()

    def tasks_work(self) -> None:
        """As usual."""
        self.platform.tasks.runner = self.host.tasks

    def end_tasks(self) -> None:
        """Somebody ends all tasks."""
        for task in self.platform.tasks.get_scheduled_task():
            self.platform.tasks.stop_scheduled_task(task.name, path=task.path)

    def add_volume(self, root: str, free_bytes: int) -> None:
        self.platform.files.volumes.add(root, capacity_bytes=0)
        self.set_free(free_bytes, root)

    def set_free(self, free_bytes: int, root: str = "D:\\") -> None:
        self.platform.files.volumes.set_free(root, free_bytes)


def fault(cmdlet: str, action: FaultAction, **fields: Any) -> Fault:
    """A fault of a cmdlet."""
    return Fault(cmdlet, action, FaultPlace.CMDLET, **{"message": "kaputt", **fields})
