"""MAC addresses of a VM that is moved: which are made static, and what an administrator should know. Pure functions.

A host makes a dynamic address anew when the VM is started from off with one from outside of the host's range, or with one
that another VM has; one that comes back with saved memory stays until then; a static one never changes (B. Armstrong,
"Hyper-V and Dynamic MAC Address Regeneration", blogs.msdn.microsoft.com/virtual_pc_guy, 14 May 2010). An address is made
static only of a VM that comes without memory, since nobody says what becomes of saved memory then, and only if no other
adapter of the target has it, since a start with a static address that another VM uses is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from qsm.facts.hosts import HostFacts, MacRange
from qsm.facts.machines import Adapter, AddressUse, PinnedAddress, VMFacts
from qsm.facts.states import VMState
from qsm.hosts import messages as m
from qsm.plan.pin_mac import PinMac
from qsm.plan.plan import TransferMode


def is_given(adapter: Adapter) -> bool:
    """Whether the adapter has an address: a dynamic one is zeros until the VM is started first."""
    return bool(adapter.mac_address.strip("0:-"))


def choose_pinned(
    vm: VMFacts, wanted: PinMac, *, transfer: TransferMode, target_facts: HostFacts, place: m.TestTargetResult
) -> tuple[PinnedAddress, ...]:
    """The adapters whose address the target makes static."""
    if wanted is PinMac.OFF or _brings_memory(vm, transfer):
        return ()
    if wanted is PinMac.AUTO and transfer is not TransferMode.SHUTDOWN:
        return ()
    return tuple(
        PinnedAddress(adapter_id=adapter.adapter_id, mac_address=adapter.mac_address)
        for adapter in vm.adapters
        if adapter.dynamic_mac
        and is_given(adapter)
        and _use_of(adapter, place) is None
        and (wanted is PinMac.ON or not _stays(adapter, target_facts.mac_range))
    )


def about(
    vm: VMFacts,
    pinned: tuple[PinnedAddress, ...],
    *,
    target: str,
    transfer: TransferMode,
    target_facts: HostFacts,
    place: m.TestTargetResult,
) -> Iterator[str]:
    """A sentence for each address that is made static, may change, or is in use on the target already."""
    ids = {each.adapter_id for each in pinned}
    if place.mac_addresses_in_use is None and any(is_given(adapter) for adapter in vm.adapters):
        yield f"Host {target} did not say whether adapters there have a MAC address of VM {vm.name} already."
    for adapter in vm.adapters:
        has = f"Adapter '{adapter.name}' of VM {vm.name} has"
        kind = f"{'dynamic' if adapter.dynamic_mac else 'static'} MAC address"
        if not is_given(adapter):
            continue
        if (use := _use_of(adapter, place)) is not None:
            yield f"{has} the {kind} {adapter.mac_address}, and so has {_owner(use, target)}. {_two(adapter, target)}"
        elif adapter.adapter_id in ids:
            yield f"{has} a {kind}, {adapter.mac_address}. Host {target} makes it static at the import, so that it stays."
        elif adapter.dynamic_mac and not _stays(adapter, target_facts.mac_range):
            yield (
                f"{has} a {kind}, {adapter.mac_address}. Host {target} makes a new one {_moment(transfer)},"
                f" {_why(target_facts.mac_range)}. {_advice(vm, adapter, transfer)}"
            )


def _brings_memory(vm: VMFacts, transfer: TransferMode) -> bool:
    return transfer is TransferMode.SAVE or (transfer is TransferMode.NONE and vm.state is not VMState.OFF)


def _use_of(adapter: Adapter, place: m.TestTargetResult) -> AddressUse | None:
    uses = place.mac_addresses_in_use or ()
    return next((use for use in uses if _digits(use.mac_address) == _digits(adapter.mac_address)), None)


def _stays(adapter: Adapter, mac_range: MacRange | None) -> bool:
    """Whether the target keeps the address, as far as its range says. Nobody knows that without one."""
    if mac_range is None:
        return False
    return _digits(mac_range.minimum) <= _digits(adapter.mac_address) <= _digits(mac_range.maximum)


def _digits(address: str) -> str:
    return address.replace("-", "").replace(":", "").upper()


def _moment(transfer: TransferMode) -> str:
    if transfer is TransferMode.SHUTDOWN:
        return "when this migration starts the VM there"
    return "the next time that the VM is started there from off"


def _why(mac_range: MacRange | None) -> str:
    if mac_range is None:
        return "unless the address lies in the range of that host"
    return f"since the address lies outside of its range, {mac_range.minimum} to {mac_range.maximum}"


def _advice(vm: VMFacts, adapter: Adapter, transfer: TransferMode) -> str:
    if _brings_memory(vm, transfer):
        return (
            "To keep it, make it static while the VM is off:"
            f" Set-VMNetworkAdapter -StaticMacAddress {adapter.mac_address}."
        )
    return "To keep it, ask for static addresses: pin_mac 'on' (--pin-mac on)."


def _owner(use: AddressUse, target: str) -> str:
    whose = f"of host {target} itself" if use.vm_name is None else f"of VM {use.vm_name} on host {target}"
    return f"adapter '{use.adapter_name}' {whose}"


def _two(adapter: Adapter, target: str) -> str:
    if adapter.dynamic_mac:
        return f"While both run, host {target} makes a new one; so it is not made static."
    return f"While both run, the network does not tell them apart, and host {target} may refuse to start the VM."
