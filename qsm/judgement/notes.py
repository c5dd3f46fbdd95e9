"""What speaks against nothing and an administrator should still know before a VM is moved. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from qsm.facts.machines import VMFacts
from qsm.plan.plan import TransferMode


def about_move(vm: VMFacts, *, target: str, transfer: TransferMode) -> Iterator[str]:
    """A sentence for each thing of the VM that may be otherwise on the target."""
    yield from _addresses(vm, target=target, transfer=transfer)
    for path in (path for disk in vm.disks for path in disk.change_tracking[:1]):
        yield (
            f"The change tracking that backups of VM {vm.name} use ({path}) is not copied, and a merge on host {target} changes"
            " disks without it. The first backup of the VM there must be a full one."
        )
    for path in vm.dvd_paths:
        yield (
            f"The image {path} in a DVD drive of VM {vm.name} is not copied. The drive keeps it if host"
            f" {target} finds a file of that path when the VM is imported, and is emptied otherwise; the report says which."
        )


def _addresses(vm: VMFacts, *, target: str, transfer: TransferMode) -> Iterator[str]:
    """Microsoft's words on the pool of a host: a dynamic address from outside of it is made anew at a cold start, one that
    comes back with saved memory stays. An address of zeros was never given."""
    moment = (
        "when this migration starts the VM there"
        if transfer is TransferMode.SHUTDOWN
        else "the next time that the VM is started there from off"
    )
    for adapter in vm.adapters:
        if adapter.dynamic_mac and adapter.mac_address.strip("0:-"):
            yield (
                f"Adapter '{adapter.name}' of VM {vm.name} has a dynamic MAC address, {adapter.mac_address}. Host"
                f" {target} makes a new one {moment}, unless the address lies in the pool of that host. To keep it, make it"
                f" static while the VM is off: Set-VMNetworkAdapter -StaticMacAddress {adapter.mac_address}."
            )
