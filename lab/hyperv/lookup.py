"""What one process with the module Hyper-V finds by an id, and what it takes for there.

The module keeps a proxy of each VM that the process has seen (fact book of the module, 2.1 to 2.3 and 2.8). `Get-VM -Id`
looks among the proxies of real VMs, then among those of planned ones, then asks the host: so it gives planned VMs too, and
a planned VM that somebody removed behind the module's back comes back as a *ghost*, in the process that saw it. So does one
that another process has imported meanwhile. The summary of a real VM is asked for anew each time, so real ones leave none.
"""

from __future__ import annotations

import ntpath

from lab.hyperv.core import Core, normal_id
from lab.hyperv.errors import ErrorCategory, HyperVError
from lab.hyperv.model import VirtualMachine


class SeenMachines:
    """The VMs that one process holds proxies of."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._real: set[str] = set()
        self._planned: dict[str, VirtualMachine] = {}

    def note(self, vm: VirtualMachine) -> VirtualMachine:
        """A cmdlet hands this VM out."""
        if vm.planned:
            self._planned[vm.vm_id] = vm
        else:
            self._real.add(vm.vm_id)
        return vm

    def forget(self, vm_id: str) -> None:
        """Remove-VM takes the proxies away with the VM (2.12)."""
        self._real.discard(normal_id(vm_id))
        self._planned.pop(normal_id(vm_id), None)

    def knows_real(self, vm_id: str) -> bool:
        """Whether there is a proxy of a real VM."""
        return vm_id in self._real

    def planned(self, vm_id: str) -> VirtualMachine | None:
        """The planned VM as it was last seen."""
        return self._planned.get(vm_id)


def by_id(core: Core, vm_id: str, seen: SeenMachines) -> VirtualMachine:
    """Get-VM -Id. Raises HyperVError: ObjectNotFound, or what the host's version says of an id that nobody has (2.2, 14)."""
    core.require_service()
    key = normal_id(vm_id)
    with core.lock:
        here = core.machines.get(key)
    remembered = seen.planned(key) if core.host.id_finds_planned else None
    if here is not None and not here.storage_lost:
        finds = core.host.id_finds_planned if here.planned else seen.knows_real(key) or remembered is None
        if finds:
            return seen.note(core.show(here))
    if remembered is not None:
        return remembered
    what = f"Hyper-V was unable to find a virtual machine with id {vm_id} on {core.host.name}."
    raise HyperVError(None, ErrorCategory(core.host.absent_id), what)


def refuse_ghost(core: Core, configuration: str, seen: SeenMachines) -> None:
    """Compare-VM -Register removes a planned VM of that id first, and stumbles over one that only the process remembers.

    So it ends with -ErrorAction Stop (fact book, section 6, step 2). Raises ObjectNotFound.
    """
    key = normal_id(ntpath.splitext(ntpath.basename(configuration))[0])
    here = core.machines.get(key)
    if seen.planned(key) is not None and (here is None or not here.planned):
        what = f"The planned virtual machine {key} on {core.host.name} cannot be removed: the object was not found."
        raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)
