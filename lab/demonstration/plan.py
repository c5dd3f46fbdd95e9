"""The demonstration's laboratory: a VM that writes all the time, neighbours that must not notice, and a slow link.

On an idle machine a copy over loopback is over before the guest has written anything, and then a migration that loses
every change looks right. So the link between the hosts is as slow as it takes for the base copy to last a while, and
the guest writes to all its disks meanwhile. Other VMs live on both hosts, to be found untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lab.engines import ENGINES
from lab.guest.workload import Workload
from lab.host.handle import LabAdapter, LabDisk, LabHost
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

MIB = 1 << 20
SOURCE, TARGET = "hv01", "hv02"
SOURCE_SWITCH, TARGET_SWITCH, VLAN_ID = "LAN", "Production", 42
VM_NAME = "sql-01"
TARGET_FOLDER = r"D:\VMs\sql-01"
NEIGHBOURS = ((SOURCE, "dc-01"), (TARGET, "web-01"))


@dataclass(frozen=True)
class DemoPlan:
    """What is shown. Raises ValueError for what cannot be."""

    disks: int = 2
    disk_bytes: int | None = None
    """Of every disk; None: 1 GiB, growing, and 512 MiB, fixed, in turn."""
    link_bytes_per_second: int = 25 * MIB
    memory_bytes: int = 256 * MIB
    engine: str = ENGINES[0]
    workload: Workload = field(
        default_factory=lambda: Workload(
            writes_per_second=400, working_set_blocks=4096, hot_set_share=0.8, hot_set_blocks=512, memory_bytes=0
        )
    )

    def __post_init__(self) -> None:
        if not 1 <= self.disks <= 16:
            raise ValueError(f"a VM of the demonstration has 1 to 16 disks, not {self.disks}")
        if self.disk_bytes is not None and (self.disk_bytes < 16 * MIB or self.disk_bytes % MIB):
            raise ValueError(f"a disk has a whole number of MiB, at least 16; {self.disk_bytes} bytes were asked for")
        if self.link_bytes_per_second < MIB:
            raise ValueError("the link carries at least 1 MiB per second")
        if self.memory_bytes < MIB:
            raise ValueError("the VM has at least 1 MiB of memory")
        if self.engine not in ENGINES:
            raise ValueError(f"engine {self.engine!r} is not known; there is: {', '.join(ENGINES)}")

    def disk(self, number: int) -> LabDisk:
        """One of the VM's disks: the first grows as it is written to, the second has its full size, and so on."""
        dynamic = number % 2 == 0
        default_bytes = 1024 * MIB if dynamic else 512 * MIB
        return LabDisk(size_bytes=self.disk_bytes or default_bytes, dynamic=dynamic)

    def settings(self) -> LabSettings:
        """The two hosts."""
        hosts = (HostPlan(name=SOURCE, switches=(SOURCE_SWITCH,)), HostPlan(name=TARGET, switches=(TARGET_SWITCH,)))
        return LabSettings.model_validate({"hosts": hosts, "engine": self.engine})


@dataclass(frozen=True)
class DemoVM:
    """The VM that is moved."""

    vm_id: str
    name: str
    slots: tuple[str, ...]


def prepare(laboratory: Laboratory, plan: DemoPlan) -> DemoVM:
    """Limit the link, and make the VM (it runs and writes when this returns) and its neighbours."""
    source, target = laboratory.host(SOURCE), laboratory.host(TARGET)
    laboratory.links.set_rate(
        source.facts.computer_name, target.facts.computer_name, bytes_per_second=plan.link_bytes_per_second
    )
    for host, name in NEIGHBOURS:
        laboratory.host(host).create_vm(name, state="Off", adapters=())
    made = source.create_vm(
        VM_NAME,
        disks=[plan.disk(number) for number in range(plan.disks)],
        adapters=[LabAdapter(switch_name=SOURCE_SWITCH, vlan_id=VLAN_ID)],
        workload=plan.workload,
        memory_bytes=plan.memory_bytes,
    )
    return DemoVM(str(made["vm_id"]), VM_NAME, tuple(drive["slot"] for drive in made["hard_drives"]))


def vm_on(host: LabHost, vm_id: str) -> dict[str, Any] | None:
    """Return the VM as the host's Hyper-V knows it, None where it does not."""
    return next((vm for vm in host.vms() if vm["vm_id"] == vm_id), None)


def wrong_adapters(vm: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with the moved VM's network: another switch, another VLAN."""
    wanted: tuple[str, Literal["Access"], int] = (TARGET_SWITCH, "Access", VLAN_ID)
    wrong = []
    for adapter in vm["network_adapters"]:
        found = (adapter["switch_name"], adapter["vlan"]["operation_mode"], adapter["vlan"]["access_vlan_id"])
        if found != wanted:
            wrong.append(f"adapter {adapter['name']} is on {found}, planned was {wanted}")
    return tuple(wrong)
