"""Hyper-V of one lab host: the rules that its cmdlets obey.

A migration is made of what Hyper-V refuses as much as of what it does: a disk it keeps locked, a saved state it will
not restore, a planned VM left over from a killed attempt. So the rules stand here once, at the level of the cmdlets,
and every engine of the lab acts through them. All files are real: disks through `lab.disks`, running VMs as processes
through `lab.vm.process`. What must survive a power cut is on the host's volumes and in the state folder.

Methods are named like the cmdlets, and are called from several threads. A cmdlet that Windows leaves working after its
return (a merge) does so here. A VM that is busy refuses a second change, as on Windows. What a VM has open stands in the
platform's table of open files, which everybody who opens a file on the host asks.

    core.py                  the VMs, the lock, who is busy, what is registered; held_files.py: what they hold open
    machine_cmdlets.py       asking for VMs; building.py makes them, changing.py and networking.py change them
    lookup.py, wildcards.py  what Get-VM -Id finds, and how names are compared
    arranging.py             what no cmdlet does to a VM and the world does
    appearances.py           what is told of VMs that is not so
    power.py, host_power.py  start, stop, save, pause; boot and shutdown; vm_processes.py makes what runs
    guest_shutdown.py        Stop-VM, and the component that shuts a guest down
    checkpoints.py           taking and removing checkpoints; merging.py folds disks in the background
    exporting.py, importing.py, compatibility.py   a VM between hosts
    virtual_disks.py         the VHD cmdlets, over chains.py; vhd_paths.py: which file their -Path means
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.hyperv import checkpoints, compatibility, exporting, importing, lookup, virtual_disks
from lab.hyperv.appearances import Appearances
from lab.hyperv.core import Core
from lab.hyperv.errors import ERROR_INVALID_PARAMETER, ErrorCategory, HyperVError
from lab.hyperv.guest_shutdown import GuestShutdown
from lab.hyperv.host_power import HostPower
from lab.hyperv.lookup import SeenMachines
from lab.hyperv.machine_cmdlets import MachineCmdlets
from lab.hyperv.merging import MergeJob, Merges
from lab.hyperv.model import (
    CompatibilityReport,
    ShutdownComponent,
    VirtualHardDisk,
    VirtualMachine,
    VMHost,
    VMSnapshot,
)
from lab.hyperv.power import Power
from lab.hyperv.service_errors import raises_hyperv_errors
from lab.hyperv.timing import Timing
from lab.platform.platform import Platform
from qsm.facts.states import VMState


class HyperV(MachineCmdlets, Appearances):
    """Hyper-V of one host. Every method raises HyperVError for what Windows refuses, and changes nothing then."""

    def __init__(
        self,
        host: VMHost,
        state_folder: Path,
        *,
        platform: Platform,
        witness: tuple[str, int] | None,
        timing: Timing | None = None,
    ) -> None:
        """Read what the folder holds; nothing starts before `boot`."""
        self._core = Core(host, state_folder, platform=platform, witness=witness, timing=timing or Timing())
        self._merges = Merges(self._core)
        self._power = Power(self._core, self._merges)
        self._guest_shutdown = GuestShutdown(self._core, self._power)
        self._host_power = HostPower(self._core, self._merges, self._power, self._guest_shutdown)

    # --- the host

    @raises_hyperv_errors
    def boot(self) -> None:
        """The service starts: automatic starts and interrupted merges begin, in threads of their own."""
        self._host_power.boot()

    def shut_down_host(self) -> None:
        """The host is shut down orderly: every VM by its AutomaticStopAction. Nothing works afterwards."""
        self._host_power.shut_down()

    def close(self) -> None:
        """End everything as a power cut does: VM processes are killed, nothing is saved. Nothing works afterwards."""
        self._host_power.close()

    def free_memory_bytes(self) -> int:
        """Memory of the host that no VM has."""
        return self._core.free_memory_bytes()

    @raises_hyperv_errors
    def get_vm_state(self, vm_id: str) -> VMState:
        """Return the state that a cmdlet asks for itself before it changes it."""
        return self._core.find(vm_id).shown_state

    @property
    def object_age_seconds(self) -> float:
        """How long processes take what they know of a VM for new."""
        return self._core.timing.object_age_seconds

    def get_vm_process_id(self, vm_id: str) -> int | None:
        """Return the id of the VM's process (vmwp.exe on Windows); None if there is none."""
        process = self._core.find(vm_id).process
        return None if process is None else process.pid

    def get_merge_jobs(self) -> tuple[MergeJob, ...]:
        """Msvm_ConcreteJob of JobType 50: merges that go on, those after Remove-VM too."""
        return self._merges.jobs()

    # --- virtual disks

    @raises_hyperv_errors
    def new_vhd(
        self, path: str, *, size_bytes: int = 0, dynamic: bool = True, parent_path: str | None = None
    ) -> VirtualHardDisk:
        """New-VHD. The format is the path's extension; with a parent: a differencing disk of the parent's size."""
        return virtual_disks.new_vhd(self._core, path, size_bytes=size_bytes, dynamic=dynamic, parent_path=parent_path)

    @raises_hyperv_errors
    def get_vhd(self, path: str) -> VirtualHardDisk:
        """Get-VHD of one file; its parents are asked for by their own path."""
        return virtual_disks.get_vhd(self._core, path)

    @raises_hyperv_errors
    def set_vhd(self, path: str, *, parent_path: str) -> None:
        """Set-VHD -ParentPath. A parent that is another disk is refused without a number, an altered one (VHD) by 0xC03A000F."""
        virtual_disks.set_vhd(self._core, path, parent_path=parent_path)

    @raises_hyperv_errors
    def test_vhd(self, path: str) -> None:
        """Test-VHD: returns if the whole chain can be used, else raises with the HRESULT of what is wrong."""
        virtual_disks.test_vhd(self._core, path)

    @raises_hyperv_errors
    def merge_vhd(
        self,
        path: str,
        *,
        destination_path: str,
        progress: virtual_disks.Progress | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        """Merge-VHD -Force: fold everything from `path` down to the destination into it; takes until it is done.

        Refused while any file of the chain is attached. The children's files stay, and can no longer be used. Broken off
        (no space, `should_stop` with 0x800704C7, end of the process), the same call goes on where it stood. `progress`
        gets bytes done and in all, for each child anew.
        """
        virtual_disks.merge_vhd(
            self._core, path, destination_path=destination_path, progress=progress, should_stop=should_stop
        )

    # --- states

    @raises_hyperv_errors
    def start_vm(self, vm_id: str) -> VirtualMachine:
        """Start-VM: from cold, or from the saved state. A Paused VM goes on. A running one: nothing happens."""
        checkpoints.before_start(self._core, vm_id)
        return self._power.start(vm_id)

    @raises_hyperv_errors
    def stop_vm(self, vm_id: str, *, turn_off: bool = False, force: bool = False) -> VirtualMachine:
        """Stop-VM: shut the guest down, or cut its power; with `force` also where it cannot be shut down."""
        if turn_off:
            return self._power.turn_off(vm_id)
        self._guest_shutdown.stop(vm_id, force=force)
        checkpoints.after_stop(self._core, vm_id)
        return self.get_vm(vm_id)

    @raises_hyperv_errors
    def get_shutdown_component(self, vm_id: str) -> ShutdownComponent | None:
        """Msvm_ShutdownComponent of a VM."""
        return self._guest_shutdown.component(vm_id)

    @raises_hyperv_errors
    def initiate_shutdown(self, vm_id: str, *, force: bool) -> None:
        """Msvm_ShutdownComponent.InitiateShutdown: the guest goes down after this has returned, or does not."""
        self._guest_shutdown.initiate(vm_id, force=force)

    @raises_hyperv_errors
    def save_vm(self, vm_id: str) -> VirtualMachine:
        """Save-VM, of a Running or Paused VM. On failure (no space) the VM goes on."""
        return self._power.save(vm_id)

    @raises_hyperv_errors
    def suspend_vm(self, vm_id: str) -> VirtualMachine:
        """Suspend-VM."""
        return self._power.suspend(vm_id)

    @raises_hyperv_errors
    def resume_vm(self, vm_id: str) -> VirtualMachine:
        """Resume-VM, also of one that Hyper-V paused."""
        return self._power.resume(vm_id)

    # --- checkpoints

    @raises_hyperv_errors
    def checkpoint_vm(
        self, vm_id: str, *, snapshot_name: str, before_naming: Callable[[], None] = lambda: None
    ) -> VMSnapshot:
        """Checkpoint-VM, of the type set on the VM. `before_naming` is called between its two jobs."""
        return checkpoints.checkpoint(self._core, vm_id, snapshot_name=snapshot_name, before_naming=before_naming)

    @raises_hyperv_errors
    def remove_vm_snapshot(self, vm_id: str, snapshot_id: str) -> None:
        """Remove-VMSnapshot: returns before the merge has ended, which goes on live or off."""
        checkpoints.remove_snapshot(self._core, vm_id, snapshot_id)

    @raises_hyperv_errors
    def add_foreign_snapshot(self, vm_id: str, name: str, *, snapshot_type: str = "Recovery") -> VMSnapshot:
        """Not a cmdlet: a checkpoint as a backup program leaves it. Removed, it merges like any other."""
        return checkpoints.create(self._core, vm_id, snapshot_name=name, snapshot_type=snapshot_type)

    # --- moving

    @raises_hyperv_errors
    def export_system_definition(
        self,
        vm_id: str,
        export_directory: str,
        *,
        copy_snapshot_configuration: int,
        copy_vm_runtime_information: bool,
        disable_differential_of_ignored_storage: bool,
        copy_vm_storage: bool = False,
        create_vm_export_subdirectory: bool = True,
    ) -> tuple[str, ...]:
        """ExportSystemDefinition; waits for the job. Only of a VM that is off or saved.

        Returns the files written, the configuration first. From build 16299 on Hyper-V makes a differencing disk for
        each disk that is not copied, unless `disable_differential_of_ignored_storage`; earlier ones ignore it.
        """
        return exporting.export(
            self._core,
            vm_id,
            export_directory,
            copy_snapshot_configuration=copy_snapshot_configuration,
            copy_vm_runtime_information=copy_vm_runtime_information,
            copy_vm_storage=copy_vm_storage,
            create_vm_export_subdirectory=create_vm_export_subdirectory,
            disable_differential_of_ignored_storage=disable_differential_of_ignored_storage,
        )

    @raises_hyperv_errors
    def compare_vm(self, path: str, *, register: bool = True, seen: SeenMachines | None = None) -> CompatibilityReport:
        """Compare-VM -Path -Register: registers a planned VM and tells what is wrong with it here.

        Raises if a VM with that id is here (0x800700B7), or the file is in use by a planned VM of it left over
        (0x80070020). Without `register` Windows would copy the VM's files; the lab does not. `seen`: by what process.
        """
        if not register:
            what = f"{self._core.host.name} imports virtual machines in place only (-Register)."
            raise HyperVError(ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what)
        if seen is not None:
            lookup.refuse_ghost(self._core, path, seen)
        return importing.compare(self._core, path)

    @raises_hyperv_errors
    def compare_vm_again(self, report: CompatibilityReport) -> CompatibilityReport:
        """Compare-VM -CompatibilityReport."""
        return importing.compare_again(self._core, report)

    @raises_hyperv_errors
    def import_vm(self, report: CompatibilityReport) -> VirtualMachine:
        """Import-VM -CompatibilityReport: the planned VM becomes a real one. Fails while findings are left."""
        return importing.import_vm(self._core, report)

    @raises_hyperv_errors
    def remove_vm(self, vm_id: str) -> None:
        """Remove-VM -Force, of a VM that is off or saved, or planned.

        Planned: as if never compared. Real: configuration, saved state and checkpoints go, disk files stay, and what the
        checkpoints left is merged into them after this returned (`get_merge_jobs`).
        """
        importing.remove(self._core, self._merges, vm_id)

    @raises_hyperv_errors
    def get_system_compatibility_info(self, vm_id: str) -> bytes:
        """GetSystemCompatibilityInfo: an opaque value for `check_system_compatibility_info` on another host."""
        return compatibility.describe(self._core, self._core.find(vm_id))

    @raises_hyperv_errors
    def check_system_compatibility_info(self, info: bytes) -> tuple[int, tuple[str, ...]]:
        """CheckSystemCompatibilityInfo: 0 compatible or 32784 not, and the reasons."""
        return compatibility.check(self._core, info)
