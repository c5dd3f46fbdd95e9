"""What flow tests do with the laboratory: make VMs, migrate them, and look at both hosts and at every disk byte."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from waiting import wait_until

from lab.guest.workload import Workload
from lab.host.handle import LabAdapter, LabDisk, LabHost
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import verify_disks
from lab.laboratory import Laboratory
from lab.witness.connection import WitnessError
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.hosts.meter import Meter
from qsm.migration.migration import open_host
from qsm.plan.request import SwitchPair
from qsm.plan.state_transfer import StateTransfer
from qsm.report.report import Report
from qsm.settings import load_settings

LAB_ENGINE: Literal["python", "powershell"] = (
    "powershell" if os.environ.get("QSM_LAB_ENGINE") == "powershell" else "python"
)
"""What the hosts of flow and fault tests run on; `make test-all` takes both."""
MIB = 1 << 20
BUSY = Workload(
    writes_per_second=300, working_set_blocks=256, hot_set_share=0.5, hot_set_blocks=32, memory_bytes=8 * MIB
)
NAMED_RECORD = re.compile(
    r"\\QuickStorageMigration\\migrations\\[0-9T]+-[0-9a-f]{8}\\(record\.json|operations\\[0-9a-f]+\.json)$", re.I
)
MODULE = re.compile(r"\\QuickStorageMigration\\modules\\", re.I)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class TestVM:
    """A VM of one test."""

    __test__ = False
    name: str
    vm_id: str
    folder: str  # on the target
    state: str
    slots: tuple[str, ...]


class FlowLab:
    """The laboratory in the hands of one test."""

    def __init__(self, laboratory: Laboratory) -> None:
        self.laboratory = laboratory
        self.source: LabHost = laboratory.host("hv01")
        self.target: LabHost = laboratory.host("hv02")
        self.witness = laboratory.witness
        self._vms: list[TestVM] = []
        self._looking: dict[str, Host] = {}

    # --- making and moving

    def make_vm(
        self,
        *,
        disks: Sequence[LabDisk] = (LabDisk(size_bytes=16 * MIB), LabDisk(size_bytes=16 * MIB)),
        state: str = "Running",
        adapters: Sequence[LabAdapter] = (LabAdapter(vlan_id=42),),
        workload: Workload = BUSY,
        name: str = "",
        **settings: Any,
    ) -> TestVM:
        """A VM on the source; a running one has written to every disk when this returns."""
        name = name or f"vm-{next(_numbers)}"
        made = self.source.create_vm(
            name,
            disks=disks,
            adapters=adapters,
            workload=workload,
            state=state,
            folder=r"D:\VMs",
            **settings,  # type: ignore[arg-type]
        )
        slots = tuple(drive["slot"] for drive in made["hard_drives"])
        vm = TestVM(name, made["vm_id"], rf"D:\Moved\{name}", state, slots)
        self._vms.append(vm)
        if state == "Running":
            self.wait_for_writes(vm)
        return vm

    def make_neighbour(self, *, mac_address: str) -> None:
        """Somebody else's VM on the target, which is off."""
        made = self.target.create_vm(
            "neighbour",
            disks=[LabDisk(size_bytes=4 * MIB)],
            adapters=[LabAdapter(switch_name=None, mac_address=mac_address)],
            state="Off",
        )
        self._vms.append(TestVM("neighbour", made["vm_id"], "", "Off", ()))

    def wait_for_writes(self, vm: TestVM) -> None:
        """Until the guest has written to every disk from now on."""
        since = self.witness.now()

        def wrote() -> bool:
            try:
                counts = self.witness.acknowledged(vm.vm_id, since=since)
            except WitnessError:  # its guest has not registered yet
                return False
            return all(counts.get(slot, 0) > 0 for slot in vm.slots)

        wait_until(wrote, what=f"writes of {vm.name}")

    def migrate(self, vm: TestVM, **changes: Any) -> Report:
        """Runs the flow in this process. Raises what it raises."""
        from flows.migrate_vm import migrate_vm

        parameters: dict[str, Any] = {
            "vm": vm.vm_id,
            "source": "hv01",
            "target": "hv02",
            "target_folder": vm.folder,
            "switch_map": [SwitchPair(source="LAN", target="Production")],
            "state_transfer": StateTransfer.AUTO,
            "keep_source": False,
        }
        return Report.model_validate(migrate_vm(**{**parameters, **changes}))

    # --- looking

    def inventory(self, host: str) -> m.InventoryResult:
        """What design calls the inventory, asked over the wire."""
        return self.look(host).ask(operations.get_inventory, m.InventoryArguments(folders=("C:\\", "D:\\")))

    def look(self, host: str) -> Host:
        """A host as the product reaches it, over one connection per test."""
        if host not in self._looking:
            self._looking[host] = open_host(host, load_settings(), meter=Meter())
        return self._looking[host]

    def clean_inventory(self, host: str, *, without: TestVM | None = None) -> dict[str, Any]:
        """The inventory in a form to compare: without the module, named records, and the moved VM with its files."""
        found = self.inventory(host)
        gone = without.vm_id if without else "-"
        own = f"\\{without.name}\\".casefold() if without else "-"
        files = {
            entry.path.casefold(): entry.access
            for entry in found.files
            if not NAMED_RECORD.search(entry.path)
            and not MODULE.search(entry.path)
            and own not in entry.path.casefold()
        }
        return {
            "vms": sorted(vm.rsplit(" ", 1)[0] for vm in found.vms if not vm.startswith(gone)),
            "planned": sorted(found.planned_vms),
            "checkpoints": sorted(name for name in found.checkpoints if not name.startswith(gone)),
            "shares": sorted(found.shares),
            "tasks": sorted(found.tasks),
            "jobs": sorted(found.jobs),
            "files": files,
            "locks": sorted(lock.vm_id for lock in found.locks),
        }

    def files_of(self, host: LabHost, vm: TestVM) -> list[str]:
        """Paths of the VM's own files on a host, in lower case."""
        own = f"\\{vm.name}\\".casefold()
        return [entry.path.casefold() for entry in self.inventory(host.name).files if own in entry.path.casefold()]

    def contents(self, host: LabHost, vm: TestVM) -> dict[str, bytes]:
        """Every byte of every disk of a VM that stands still and has no checkpoint."""
        found = {slot: FlatReader(path) for slot, path in self._paths(host, vm).items()}
        return {slot: reader.read(0, reader.size_bytes) for slot, reader in found.items()}

    def state(self, host: LabHost, vm: TestVM) -> str | None:
        """The VM's state on a host; None if it is not there."""
        return next((str(found["state"]) for found in host.vms() if found["vm_id"] == vm.vm_id), None)

    def addresses(self, host: LabHost, vm: TestVM) -> list[str]:
        """The MAC address of each adapter of a VM."""
        return [adapter["mac_address"] for adapter in host.vm(vm.vm_id)["network_adapters"]]

    def assert_blocks_are_as_acknowledged(self, host: LabHost, vm: TestVM) -> None:
        """Every block of every disk against the witness, while the guest writes nothing."""
        readers = {slot: FlatReader(path) for slot, path in self._paths(host, vm).items()}
        verification = verify_disks(readers, self.witness.acknowledged_table(vm.vm_id))
        assert not verification.findings, verification.findings[:5]
        assert set(verification.blocks_compared) == set(vm.slots)
        assert all(count > 0 for count in verification.blocks_compared.values())

    def assert_never_ran_twice(self, vm: TestVM) -> None:
        """By the witness: no sequence acknowledged twice, no overlapping lives."""
        assert self.witness.findings(vm.vm_id) == []

    def assert_home(self, vm: TestVM, before: Sequence[dict[str, Any]]) -> None:
        """At the source in its state, nothing left over on either host, no write lost, never ran twice."""
        assert self.state(self.source, vm) == vm.state
        assert self.state(self.target, vm) is None
        assert [self.clean_inventory(host, without=vm) for host in ("hv01", "hv02")] == list(before)
        assert not [path for path in self.files_of(self.source, vm) if path.endswith((".avhd", ".avhdx"))]
        assert not self.files_of(self.target, vm)
        assert self.source.vm(vm.vm_id)["snapshots"] == []
        if vm.state == "Running":
            self.wait_for_writes(vm)
            self.source.hyperv("save_vm", vm_id=vm.vm_id)
        self.assert_blocks_are_as_acknowledged(self.source, vm)
        self.assert_never_ran_twice(vm)

    def before(self, vm: TestVM) -> list[dict[str, Any]]:
        """Both hosts before a migration, without the VM."""
        return [self.clean_inventory(host, without=vm) for host in ("hv01", "hv02")]

    def _paths(self, host: LabHost, vm: TestVM) -> dict[str, Path]:
        return host.disk_paths(vm.vm_id)

    def clear(self) -> None:
        """Clears faults and removes the VMs of this test from both hosts."""
        for looking in self._looking.values():
            looking.close()
        for host in (self.source, self.target):
            host.clear_faults()
            host.turn_off([vm.vm_id for vm in self._vms])
