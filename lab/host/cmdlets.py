"""Faults around cmdlets.

A test that says "the host dies after `Save-VM`" must mean the same moment for every engine. So the cmdlets of Hyper-V
are called through a thin cover that knows each one's name on Windows, asks for faults before and after, and lets a
process that has been ended go no further. The Windows half of the host asks by itself (`lab.platform.hooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, cast

from lab.host.faults import CmdletFaultError, FaultMoment, Faults
from lab.host.windows_process import current_is_ended, current_process
from lab.hyperv import ErrorCategory, HyperV, HyperVError
from lab.platform.errors import PlatformError
from lab.platform.hooks import Moment

NAMES = {
    "get_vm_host": "Get-VMHost",
    "get_vm_switch": "Get-VMSwitch",
    "get_vms": "Get-VM",
    "get_planned_vms": "Msvm_PlannedComputerSystem",
    "get_vm": "Get-VM",
    "get_vm_by_name": "Get-VM",
    "get_vm_by_id": "Get-VM",
    "get_vm_network_adapters": "Get-VMNetworkAdapter",
    "get_guest_items": "Msvm_KvpExchangeComponent",
    "get_vm_security": "Get-VMSecurity",
    "get_vm_snapshot": "Get-VMSnapshot",
    "set_vm": "Set-VM",
    "set_vm_hard_disk_drive": "Set-VMHardDiskDrive",
    "set_vm_dvd_drive": "Set-VMDvdDrive",
    "connect_vm_network_adapter": "Connect-VMNetworkAdapter",
    "disconnect_vm_network_adapter": "Disconnect-VMNetworkAdapter",
    "set_vm_network_adapter": "Set-VMNetworkAdapter",
    "set_vm_network_adapter_vlan": "Set-VMNetworkAdapterVlan",
    "remove_vm_saved_state": "Remove-VMSavedState",
    "remove_vm": "Remove-VM",
    "get_vhd": "Get-VHD",
    "set_vhd": "Set-VHD",
    "test_vhd": "Test-VHD",
    "merge_vhd": "Merge-VHD",
    "start_vm": "Start-VM",
    "stop_vm": "Stop-VM",
    "get_shutdown_component": "Msvm_ShutdownComponent",
    "initiate_shutdown": "InitiateShutdown",
    "save_vm": "Save-VM",
    "suspend_vm": "Suspend-VM",
    "resume_vm": "Resume-VM",
    "checkpoint_vm": "Checkpoint-VM",
    "remove_vm_snapshot": "Remove-VMSnapshot",
    "export_system_definition": "ExportSystemDefinition",
    "compare_vm": "Compare-VM",
    "compare_vm_again": "Compare-VM",
    "import_vm": "Import-VM",
    "get_system_compatibility_info": "GetSystemCompatibilityInfo",
    "check_system_compatibility_info": "CheckSystemCompatibilityInfo",
}
"""Methods of HyperV that are cmdlets (or WMI methods), and their names on Windows."""

SECOND_JOBS = {"Checkpoint-VM": ("before_naming", "ModifySystemSettings")}
"""Cmdlets that begin a second job when the first has ended: where the method calls out between them, and the fault's name."""


class PlatformFaults:
    """Faults as the Windows half asks for them."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def at(self, cmdlet_name: str, moment: Moment) -> None:
        """Raises PlatformError for a failure, ProcessEnded for an end."""
        try:
            at_cmdlet(self._faults, cmdlet_name, FaultMoment(moment))
        except CmdletFaultError as error:
            raise PlatformError(error.hresult, error.message) from error


def with_faults(hyperv: HyperV, faults: Faults) -> HyperV:
    """Return Hyper-V as the host's processes see it."""
    return cast(HyperV, _Cover(hyperv, faults))


def at_cmdlet(faults: Faults, name: str, moment: FaultMoment) -> None:
    """Let a fault act, and end here what has been ended. Raises CmdletFaultError, ProcessEnded."""
    process = current_process()
    if process is None:
        return
    process.check()
    faults.at_cmdlet(name, moment, ended=current_is_ended)


class _Cover:
    def __init__(self, hyperv: HyperV, faults: Faults) -> None:
        self._hyperv = hyperv
        self._faults = faults

    def __getattr__(self, method: str) -> Any:
        inner: Callable[..., Any] = getattr(self._hyperv, method)
        name = NAMES.get(method)
        return inner if name is None else self._covered(inner, name)

    def _covered(self, inner: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(inner)
        def cmdlet(*arguments: Any, **named: Any) -> Any:
            self._at(name, FaultMoment.BEFORE)
            if name in SECOND_JOBS:
                hook, job = SECOND_JOBS[name]
                named[hook] = partial(self._at, job, FaultMoment.BEFORE)
            result = inner(*arguments, **named)
            self._at(name, FaultMoment.AFTER)
            return result

        return cmdlet

    def _at(self, name: str, moment: FaultMoment) -> None:
        try:
            at_cmdlet(self._faults, name, moment)
        except CmdletFaultError as error:
            raise HyperVError(error.hresult, ErrorCategory.OPERATION_FAILED, error.message) from error
