r"""One host of a laboratory, as tests and commands hold it: make VMs, break things, look behind the curtain.

    host = laboratory.host("hv01")
    vm = host.create_vm("web", disks=[LabDisk(size_bytes=256 << 20)], state="Running")
    host.set_fault(Fault("Save-VM", FaultAction.KILL_HOST, FaultPlace.CMDLET, FaultMoment.AFTER))
    host.power_off(); host.boot()

Nothing here is a way for the product: that is WinRM alone.
"""

from __future__ import annotations

import ntpath
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from lab.guest.workload import Workload
from lab.host.faults import Fault
from lab.host.tally import Kind, Spent
from lab.platform.accounts import Accounts, WindowsFacts
from lab.platform.directory import HostDirectory
from lab.platform.files import FileSystem
from lab.platform.volumes import Volumes
from lab.process import control
from lab.settings import LabSettings

MIB = 1 << 20
VMState = Literal["Running", "Off", "Saved", "Paused"]
DEFAULT_WORKLOAD = Workload(
    writes_per_second=200, working_set_blocks=512, hot_set_share=0.8, hot_set_blocks=64, memory_bytes=16 * MIB
)


@dataclass(frozen=True)
class LabDisk:
    """A disk of a VM to make."""

    size_bytes: int = 64 * MIB
    format: Literal["VHD", "VHDX"] = "VHDX"
    dynamic: bool = True
    """False: fixed."""
    slot: str = ""
    """Empty: the next free one on SCSI 0."""
    path: str = ""
    r"""Empty: `<folder>\<name of the VM>\<name>-<number>.<extension>`."""
    file: Path | None = None
    """A disk file of one's own, which is copied; its extension says the format."""
    disk_number: int | None = None
    """A physical disk of the host is passed through, and there is no file."""
    shared: bool = False
    """A shared VHDX: it supports persistent reservations."""


@dataclass(frozen=True)
class LabAdapter:
    """A network adapter of a VM to make."""

    switch_name: str | None = "LAN"
    name: str = "Network Adapter"
    vlan_id: int = 0
    """0: untagged."""
    mac_address: str = ""
    """Empty: a dynamic one, which the host makes at the first start."""
    dynamic_mac: bool = True


WITH_A_PROCESS = ("Running", "Paused", "PausedCritical")


class LabHost:
    """One host. All methods raise ControlError where the host is off, or refuses."""

    def __init__(self, lab_folder: Path, settings: LabSettings, name: str) -> None:
        self._lab_folder = lab_folder
        self._plan = settings.host(name)
        self.name = self._plan.name
        self.address = settings.address(name)
        self.folder = lab_folder / self.name
        self.files = FileSystem(self.folder)
        """The host's files; `files.host_path` is the way to the real ones."""

    # --- power

    def boot(self) -> None:
        """Switch it on and wait until it answers."""
        control.ask(self._lab_folder, "boot", name=self.name)

    def power_off(self) -> None:
        """Cut its power: at this instant it and its VMs are gone."""
        control.ask(self._lab_folder, "power_off", name=self.name)

    def shut_down(self) -> None:
        """Let it go down in order: each VM by its AutomaticStopAction."""
        control.ask(self._lab_folder, "shut_down", name=self.name)

    def wait_until_off(self) -> None:
        """Wait until it is off because a fault cut its power; then it can boot."""
        control.ask(self._lab_folder, "wait_until_off", name=self.name, limit_seconds=None)

    def reboot(self, *, orderly: bool = True) -> None:
        """Restart it, in order or by a power cut."""
        (self.shut_down if orderly else self.power_off)()
        self.boot()

    def freeze(self) -> None:
        """Stop it, with its VMs, where it is: it answers nothing and does nothing."""
        control.ask(self._lab_folder, "freeze", name=self.name)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        control.ask(self._lab_folder, "thaw", name=self.name)

    # --- VMs

    def create_vm(
        self,
        name: str,
        *,
        disks: Sequence[LabDisk] = (LabDisk(),),
        adapters: Sequence[LabAdapter] = (LabAdapter(),),
        workload: Workload = DEFAULT_WORKLOAD,
        memory_bytes: int = 0,
        state: VMState = "Running",
        folder: str = r"D:\VMs",
        **settings: Any,
    ) -> dict[str, Any]:
        """Make a VM with its disks, and bring it to a state. Returns what Get-VM shows; `vm_id` is its id.

        `settings` are further fields of `lab.hyperv.new_vm.NewVM`.
        """
        memory = memory_bytes or workload.memory_bytes
        vm = {
            "name": name,
            "path": folder,
            "workload": asdict(replace(workload, memory_bytes=memory)),
            "adapters": [_adapter(adapter) for adapter in adapters],
            "dvd_paths": [],
            **settings,
        }
        files = [self._disk(name, folder, number, disk) for number, disk in enumerate(disks)]
        return dict(self._ask("create_vm", vm=vm, disks=files, state=state))

    def _disk(self, vm_name: str, folder: str, number: int, disk: LabDisk) -> dict[str, Any]:
        extension = disk.file.suffix.lower() if disk.file else f".{disk.format.lower()}"
        path = disk.path or ntpath.join(folder, vm_name, f"{vm_name}-{number}{extension}")
        return {
            "slot": disk.slot or f"SCSI 0:{number}",
            "path": path,
            "size_bytes": disk.size_bytes,
            "dynamic": disk.dynamic,
            "file": None if disk.file is None else str(disk.file.resolve()),
            "disk_number": disk.disk_number,
            "shared": disk.shared,
        }

    def vms(self) -> list[dict[str, Any]]:
        """All VMs as Get-VM shows them."""
        return list(self.hyperv("get_vms"))

    def planned_vms(self) -> list[dict[str, Any]]:
        """All planned VMs."""
        return list(self.hyperv("get_planned_vms"))

    def vm(self, vm_id: str) -> dict[str, Any]:
        """One VM."""
        return dict(self.hyperv("get_vm", vm_id=vm_id))

    def turn_off(self, vm_ids: Collection[str] | None = None) -> None:
        """Turn off the VMs that have a process: of these ids, or all."""
        for vm in self.vms():
            if vm["state"] in WITH_A_PROCESS and (vm_ids is None or vm["vm_id"] in vm_ids):
                self.hyperv("stop_vm", vm_id=vm["vm_id"], turn_off=True)

    def hyperv(self, method: str, **arguments: Any) -> Any:
        """Call any method of `lab.hyperv.HyperV` as somebody who sits at the host; enumerations by their names."""
        return self._ask("hyperv", method=method, **arguments)

    def disk_paths(self, vm_id: str) -> dict[str, Path]:
        """The real files of a VM's disks (leaves), by slot."""
        drives = self.vm(vm_id)["hard_drives"]
        return {drive["slot"]: self.files.host_path(drive["path"]) for drive in drives if drive["path"]}

    # --- faults

    def set_fault(self, fault: Fault) -> int:
        """Arm a fault; returns its number."""
        return int(self._ask("set_fault", **fault.to_json()))

    def clear_faults(self) -> None:
        """Clear all faults; what hangs by them goes on."""
        self._ask("clear_faults")

    def faults(self) -> list[dict[str, Any]]:
        """All armed faults with how often each was seen and has acted."""
        return list(self._ask("faults"))

    def drop_connections(self) -> None:
        """Close all WinRM connections now."""
        self._ask("drop_connections")

    def tasks(self) -> list[dict[str, Any]]:
        """All scheduled tasks."""
        return list(self._ask("tasks"))

    def powershell(self) -> dict[Kind, Spent]:
        """What its PowerShell processes have cost since it was switched on: for its endpoint, and for its tasks."""
        return {kind: Spent(**spent) for kind, spent in self._ask("powershell").items()}

    # --- what can be set whether it is on or off

    def set_free_bytes(self, root: str, free_bytes: int) -> None:
        """Size a volume so that just this much is free now."""
        Volumes(self.folder).set_free(root, free_bytes)

    def set_volume_size(self, root: str, capacity_bytes: int) -> None:
        """Size a volume."""
        Volumes(self.folder).set_capacity(root, capacity_bytes)

    @property
    def facts(self) -> WindowsFacts:
        """What the host says of itself."""
        return self._accounts().settings

    def change_facts(self, **changes: Any) -> None:
        """Change what the host says of itself, by field of `lab.platform.accounts.WindowsFacts`."""
        self._accounts().change(**changes)

    def _accounts(self) -> Accounts:
        return Accounts(self.folder, directory=HostDirectory(self._lab_folder))

    def _ask(self, command: str, **arguments: Any) -> Any:
        return control.ask(self.folder, command, **arguments)


def _adapter(adapter: LabAdapter) -> dict[str, Any]:
    vlan = {"operation_mode": "Access", "access_vlan_id": adapter.vlan_id} if adapter.vlan_id else {}
    return {
        "name": adapter.name,
        "switch_name": adapter.switch_name,
        "vlan": vlan,
        "mac_address": adapter.mac_address,
        "dynamic_mac_address_enabled": adapter.dynamic_mac,
    }
