"""The virtual switches of a host, and the adapters of VMs that are connected to them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from lab.hyperv import addresses
from lab.hyperv.core import Core
from lab.hyperv.errors import (
    ERROR_ALREADY_EXISTS,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.model import NetworkAdapter, VirtualMachine, VlanSetting, VMSwitch
from lab.hyperv.wildcards import fits
from qsm.facts.names import same_name
from qsm.facts.states import VMOperationalStatus, VMState


def find_switch(core: Core, name: str) -> VMSwitch | None:
    """Return the switch of that name (case ignored), if there is one."""
    return next((each for each in core.record.switches if same_name(each.name, name)), None)


def switch_by_pattern(core: Core, pattern: str) -> VMSwitch:
    """The switch that -SwitchName means. Raises HyperVError if the pattern fits none, or several (section 10)."""
    found = [each for each in core.record.switches if fits(pattern, each.name)]
    if not found:
        what = f"Hyper-V was unable to find a virtual switch with name '{pattern}' on {core.host.name}."
        raise HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
    if len(found) > 1:
        what = f"'{pattern}' means more than one virtual switch of {core.host.name}: {[each.name for each in found]}."
        raise HyperVError(None, ErrorCategory.OPERATION_FAILED, what, by_module=True)
    return found[0]


def switch_by_id(core: Core, switch_id: str) -> VMSwitch:
    """The switch that an object is of. Raises HyperVError if it is gone."""
    for each in core.record.switches:
        if each.switch_id == switch_id:
            return each
    what = f"The virtual switch {switch_id} is not there any more on {core.host.name}."
    raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)


def new_switch(core: Core, name: str, *, switch_type: str) -> VMSwitch:
    """New-VMSwitch."""
    with core.changed:
        if not name or find_switch(core, name) is not None:
            what = f"A virtual switch '{name}' cannot be made on {core.host.name}: the name is empty or taken."
            raise HyperVError(ERROR_ALREADY_EXISTS, ErrorCategory.INVALID_PARAMETER, what)
        switch = VMSwitch(name, str(uuid.uuid4()), switch_type)
        core.set_record(replace(core.record, switches=(*core.record.switches, switch)))
    return switch


def remove_switch(core: Core, name: str) -> None:
    """Remove-VMSwitch. Adapters that are connected to it keep naming it (section 10)."""
    with core.changed:
        switch = find_switch(core, name)
        if switch is None:
            what = f"There is no virtual switch '{name}' on {core.host.name}."
            raise HyperVError(None, ErrorCategory.OBJECT_NOT_FOUND, what)
        core.set_record(replace(core.record, switches=tuple(s for s in core.record.switches if s is not switch)))


def change_adapter(
    core: Core, vm_id: str, adapter_id: str, *, switch: VMSwitch | None = None, vlan: VlanSetting | None = None,
    disconnect: bool = False,
) -> VirtualMachine:  # fmt: skip
    """Connect-, Disconnect-VMNetworkAdapter and Set-VMNetworkAdapterVlan: in any state."""
    with core.changed:
        machine = core.find(vm_id)
        adapter = _adapter(core, machine, adapter_id)
        name = None if disconnect else switch.name if switch is not None else adapter.switch_name
        _replace(core, machine, adapter, replace(adapter, switch_name=name, vlan=vlan or adapter.vlan))
    return core.show(machine)


def set_static_address(core: Core, vm_id: str, adapter_id: str, *, address: str) -> VirtualMachine:
    """Set-VMNetworkAdapter -StaticMacAddress, of a planned VM too.

    Refused unless it is off. What Windows says of one that has saved memory is documented nowhere; the lab refuses it.
    """
    given = addresses.plain(address)
    states = (VMState.OFF,)
    with core.occupied(vm_id, VMOperationalStatus.MODIFYING_UP_VIRTUAL_MACHINE, states=states, planned=True) as machine:
        adapter = _adapter(core, machine, adapter_id)
        _replace(core, machine, adapter, replace(adapter, mac_address=given, dynamic_mac_address_enabled=False))
    return core.show(machine)


def _adapter(core: Core, machine: Machine, adapter_id: str) -> NetworkAdapter:
    for adapter in machine.configuration.network_adapters:
        if adapter.adapter_id == adapter_id:
            return adapter
    raise core.error(None, ErrorCategory.OBJECT_NOT_FOUND, machine, f"It has no network adapter {adapter_id}.")


def _replace(core: Core, machine: Machine, adapter: NetworkAdapter, changed: NetworkAdapter) -> None:
    found = machine.configuration
    adapters = tuple(changed if each is adapter else each for each in found.network_adapters)
    core.change(machine, replace(found, network_adapters=adapters))
