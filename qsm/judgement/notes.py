"""What speaks against nothing and an administrator should still know before a VM is moved. Pure functions.

What becomes of its MAC addresses: `qsm.judgement.addresses`.
"""

from __future__ import annotations

from collections.abc import Iterator

from qsm.facts.machines import VMFacts
from qsm.facts.names import one_of
from qsm.facts.states import GuestProduct
from qsm.hosts import messages as m


def about_move(vm: VMFacts, place: m.TestTargetResult, *, target: str) -> Iterator[str]:
    """A sentence for each thing of the VM that may be otherwise on the target.

    Domain controllers: "Virtualized Domain Controller Architecture" and "Safely virtualizing AD DS", Microsoft Learn. One
    that does not run does not say what it is.
    """
    if vm.guest_product is GuestProduct.DOMAIN_CONTROLLER:
        yield (
            f"VM {vm.name} is a domain controller. The import gives it a new VM-GenerationID, which it takes for a restore"
            " from a backup: it drops its RID pool, replicates under a new invocation id and fetches SYSVOL from another"
            f" domain controller. Let another one run until VM {vm.name} has done so; without one SYSVOL stays away until"
            " it is made authoritative by hand."
        )
    for adapter in vm.adapters:
        if adapter.switch_gone:
            yield (
                f"Adapter '{adapter.name}' of VM {vm.name} is connected to a virtual switch that its host no longer has, so"
                f" that it has no network. On host {target} it is left unconnected."
            )
    for path in (path for disk in vm.disks for path in disk.change_tracking[:1]):
        yield (
            f"The change tracking that backups of VM {vm.name} use ({path}) is not copied, and a merge on host {target} changes"
            " disks without it. The first backup of the VM there must be a full one."
        )
    for path in vm.dvd_paths:
        if one_of(path, place.missing_images):
            becomes = f"Host {target} has no file of that path: the drive will be empty there, unless you put one there first."
        else:
            becomes = f"Host {target} has a file of that path: the drive keeps it, whatever is in that file."
        yield f"The image {path} in a DVD drive of VM {vm.name} is not copied. {becomes}"
