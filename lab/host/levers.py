"""The levers of a lab host: what a laboratory may do to it and no client can.

Making VMs, breaking things and looking behind the curtain are not part of what a host offers over WinRM, and must not
become it. Here they are, behind the host's control socket, with values that JSON can hold.
"""

from __future__ import annotations

import dataclasses
import enum
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.guest.workload import Workload
from lab.host.faults import Fault
from lab.host.running import RunningHost
from lab.hyperv.model import DeviceKind, VlanSetting, VMSecurity
from lab.hyperv.new_vm import NewAdapter, NewDisk, NewVM
from lab.platform.paths import parent
from qsm.facts.states import CheckpointType, StartAction, StopAction, VMOperationalStatus

ENUMERATIONS: dict[str, Callable[[str], enum.Enum]] = {
    "automatic_start_action": StartAction,
    "automatic_stop_action": StopAction,
    "checkpoint_type": CheckpointType,
    "busy_with": VMOperationalStatus,
}


class HostLevers:
    """The handlers of one host's control socket."""

    def __init__(self, host: RunningHost, *, over: threading.Event) -> None:
        """`over` is set to have the host shut down in order."""
        self._host = host
        self._over = over

    def handlers(self) -> dict[str, Callable[..., Any]]:
        """Return the levers by name."""
        return {
            "shut_down": self.shut_down,
            "create_vm": self.create_vm,
            "hyperv": self.hyperv,
            "set_fault": self.set_fault,
            "clear_faults": self._host.faults.clear,
            "faults": self._host.faults.list,
            "drop_connections": self._host.endpoint.drop_connections,
            "tasks": self.tasks,
            "powershell": self.powershell,
        }

    def shut_down(self) -> None:
        """Have the host go down in order; the process ends after that."""
        self._over.set()

    def set_fault(self, **fault: Any) -> int:
        """Arm a fault; returns its number."""
        return self._host.faults.set(Fault.from_json(fault))

    def tasks(self) -> list[dict[str, Any]]:
        """All scheduled tasks, with their last results."""
        return [dataclasses.asdict(task) for task in self._host.platform.tasks.get_scheduled_task()]

    def powershell(self) -> dict[str, dict[str, Any]]:
        """What PowerShell processes have cost so far, by what they were started for."""
        return {kind: dataclasses.asdict(spent) for kind, spent in self._host.tally.spent().items()}

    def hyperv(self, method: str, **arguments: Any) -> Any:
        """Call a cmdlet of the host as somebody who sits at it: without faults, and not over the wire."""
        if method.startswith("_"):
            raise ValueError(f"{method} is no cmdlet")
        told = {name: _value(name, value) for name, value in arguments.items()}
        return to_json(getattr(self._host.hyperv, method)(**told))

    def create_vm(self, vm: Mapping[str, Any], disks: list[Mapping[str, Any]], state: str) -> dict[str, Any]:
        """Make disk files and a VM with them, and bring it to a state. Returns the VM."""
        hyperv = self._host.hyperv
        for disk in disks:
            if disk["disk_number"] is None:
                self._make_disk(disk)
        settings = {
            **vm,
            "workload": Workload(**vm["workload"]),
            "disks": tuple(_new_disk(disk) for disk in disks),
            "adapters": tuple(NewAdapter(**{**each, "vlan": VlanSetting(**each["vlan"])}) for each in vm["adapters"]),
            "dvd_paths": tuple(vm["dvd_paths"]),
            **{key: _value(key, vm[key]) for key in ENUMERATIONS if key in vm},
        }
        made = hyperv.new_vm(NewVM(**settings))
        if state != "Off":
            hyperv.start_vm(made.vm_id)
        if state == "Saved":
            hyperv.save_vm(made.vm_id)
        if state == "Paused":
            hyperv.suspend_vm(made.vm_id)
        return dict(to_json(hyperv.get_vm(made.vm_id)))

    def _make_disk(self, disk: Mapping[str, Any]) -> None:
        """Make a new disk, or put a copy of somebody's own file in its place."""
        files, path, file = self._host.platform.files, disk["path"], disk["file"]
        if not files.exists(parent(path)):  # the root of a volume is there already
            files.make_folder(parent(path))
        if file is None:
            self._host.hyperv.new_vhd(path, size_bytes=disk["size_bytes"], dynamic=disk["dynamic"])
            return
        files.require_room(path, Path(file).stat().st_size)
        if files.exists(path):
            raise FileExistsError(path)
        shutil.copyfile(file, files.host_path(path))


def _new_disk(disk: Mapping[str, Any]) -> NewDisk:
    """The disk as Hyper-V attaches it: a file, or a physical disk by its number."""
    number = disk["disk_number"]
    path = disk["path"] if number is None else ""
    return NewDisk(slot=disk["slot"], path=path, disk_number=number, support_persistent_reservations=disk["shared"])


def _value(name: str, value: Any) -> Any:
    """Return an argument as Hyper-V's methods take it."""
    if value is None:
        return None
    if name in ENUMERATIONS:
        return ENUMERATIONS[name](value)
    if name == "devices":
        return {DeviceKind(kind): tuple(devices) for kind, devices in value.items()}
    if name == "security":
        return VMSecurity(**value)
    if name == "vlan":
        return VlanSetting(**value)
    return value


def to_json(value: Any) -> Any:
    """Return a value of the host model as JSON can hold it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_json({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return value
