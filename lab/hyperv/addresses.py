"""MAC addresses of adapters: the range from which a host makes dynamic ones, and when it makes one anew.

B. Armstrong, "Hyper-V and Dynamic MAC Address Regeneration" (blogs.msdn.microsoft.com/virtual_pc_guy, 14 May 2010): a
dynamic address is made anew when the VM is turned on with one outside of the host's range, or with one that another VM has;
a VM that goes on from saved memory keeps an address from outside until it is turned on the next time; a static address
never changes. Microsoft's KB 2804678: by default the range is 00-15-5D, the last two octets of the host's IP address, and
00 to FF; a host whose range is used up starts nothing ("Attempt to access invalid address"), and the same is reported of
a static address that another VM uses. A VM that was never started shows zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.hyperv.core import Core
from lab.hyperv.errors import ERROR_INVALID_ADDRESS, ErrorCategory, HyperVError
from lab.hyperv.machine import Machine
from lab.hyperv.model import NetworkAdapter
from qsm.facts.states import VMState

NEVER_GIVEN = "000000000000"
INVALID_ADDRESS = "Attempt to access invalid address."


def at_start(core: Core, machine: Machine) -> tuple[NetworkAdapter, ...]:
    """The adapters of a VM that is about to run, with the addresses it will have. Raises HyperVError."""
    found = machine.configuration
    used = set(_used_by_others(core, machine))

    def started(adapter: NetworkAdapter) -> NetworkAdapter:
        kept = found.saved is not None or _is_inside(core, adapter.mac_address)
        if kept and adapter.mac_address not in used:
            return adapter
        return replace(adapter, mac_address=_next_free(core, machine))

    return tuple(started(each) if each.dynamic_mac_address_enabled else each for each in found.network_adapters)


def refuse_static_twice(core: Core, machine: Machine) -> None:
    """Raise HyperVError where a static address of the VM is one that a running VM of the host has."""
    used = set(_used_by_others(core, machine))
    for adapter in machine.configuration.network_adapters:
        if not adapter.dynamic_mac_address_enabled and adapter.mac_address in used:
            what = f"{INVALID_ADDRESS} ({adapter.name}, {adapter.mac_address})"
            raise core.error(ERROR_INVALID_ADDRESS, ErrorCategory.OPERATION_FAILED, machine, what)


def plain(address: str) -> str:
    """An address as the cmdlets show it: twelve hex digits. Raises HyperVError (InvalidParameter) for anything else."""
    digits = address.replace("-", "").replace(":", "").upper()
    if len(digits) != len(NEVER_GIVEN) or set(digits) - set("0123456789ABCDEF"):
        raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, f"'{address}' is no MAC address.")
    return digits


def _is_inside(core: Core, address: str) -> bool:
    return core.host.mac_address_minimum <= address <= core.host.mac_address_maximum


def _used_by_others(core: Core, machine: Machine) -> Iterator[str]:
    with core.lock:
        for other in core.machines.values():
            if other is not machine and (other.process is not None or other.state is VMState.STARTING):
                yield from (adapter.mac_address for adapter in other.configuration.network_adapters)


def _next_free(core: Core, machine: Machine) -> str:
    """The next address of the range that no VM here has, counted on from the last one that was given."""
    with core.changed:
        known = {
            adapter.mac_address for each in core.machines.values() for adapter in each.configuration.network_adapters
        }
        first, last = int(core.host.mac_address_minimum, 16), int(core.host.mac_address_maximum, 16)
        given = int(core.record.last_mac_address or "0", 16)
        after = given + 1 if first <= given < last else first
        for number in (*range(after, last + 1), *range(first, after)):
            address = f"{number:012X}"
            if address not in known:
                core.set_record(replace(core.record, last_mac_address=address))
                return address
    raise core.error(ERROR_INVALID_ADDRESS, ErrorCategory.OPERATION_FAILED, machine, INVALID_ADDRESS)
