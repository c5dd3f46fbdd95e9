r"""ASSOCIATORS OF in root\virtualization\v2: the associations that are asked for, each with its one form of a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lab.engines.powershell.cmdlets import CmdletCall, CmdletError
from lab.engines.powershell.shapes import shape
from lab.engines.powershell.wmi_hyperv import Row, disk_files
from lab.engines.powershell.wmi_numbers import SNAPSHOT_KINDS, wmi_time

FIRST_BUILD_WITH_DIFFERENTIAL = 16299
_ID = "([0-9A-Fa-f-]{36})"
_SYSTEM = f'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="{_ID}"'
_SETTINGS = f'Msvm_VirtualSystemSettingData.InstanceID="Microsoft:{_ID}"'


def _query(of: str, association: str, result: str) -> re.Pattern[str]:
    where = rf"WHERE AssocClass\s*=\s*{association} ResultClass\s*=\s*{result}"
    return re.compile(re.escape("ASSOCIATORS OF {") + of.replace(".", r"\.") + re.escape("} ") + where)


def _export_settings(call: CmdletCall, vm_id: str) -> Iterator[Any]:
    """A VM's settings of an export."""
    call.host.hyperv.get_vm(vm_id)
    properties: Row = {
        "CopySnapshotConfiguration": 0,
        "CopyVmRuntimeInformation": False,
        "CopyVmStorage": True,
        "CreateVmExportSubdirectory": True,
    }
    if call.host.hyperv.get_vm_host().os_build >= FIRST_BUILD_WITH_DIFFERENTIAL:
        properties["DisableDifferentialOfIgnoredStorage"] = False
    types = ("System.Management.ManagementObject", "System.Management.ManagementObject")
    yield {**shape(types, properties), "$embedded": "Msvm_VirtualSystemExportSettingData"}


def _disk_files(call: CmdletCall, vm_id: str) -> Iterator[Any]:
    """The files in a VM's drives, as they are at this moment."""
    for row in disk_files(call.host.hyperv.get_vm(vm_id)):
        yield shape("System.Management.ManagementObject", row)


def _snapshots(call: CmdletCall, vm_id: str) -> Iterator[Any]:
    """A VM's checkpoints, as they are at this moment and in no order."""
    for each in reversed(call.host.hyperv.get_vm_snapshot(vm_id)):
        properties: Row = {
            "InstanceID": f"Microsoft:{each.snapshot_id.upper()}",
            "ElementName": each.name,
            "VirtualSystemType": f"Microsoft:Hyper-V:Snapshot:{SNAPSHOT_KINDS[each.snapshot_type]}",
            "CreationTime": wmi_time(each.creation_time_ticks),
        }
        if call.host.hyperv.get_vm_host().automatic_checkpoints_known:
            properties["IsAutomaticSnapshot"] = each.is_automatic
        yield shape("System.Management.ManagementObject", properties)


ASSOCIATIONS: tuple[tuple[re.Pattern[str], Callable[[CmdletCall, str], Iterator[Any]]], ...] = (
    (_query(_SYSTEM, "Msvm_SystemExportSettingData", "Msvm_VirtualSystemExportSettingData"), _export_settings),
    (_query(_SYSTEM, "Msvm_SnapshotOfVirtualSystem", "Msvm_VirtualSystemSettingData"), _snapshots),
    (_query(_SETTINGS, "Msvm_VirtualSystemSettingDataComponent", "Msvm_StorageAllocationSettingData"), _disk_files),
)


def associated(call: CmdletCall, query: str) -> Iterator[Any]:
    """Answer a query. Raises CmdletError for one that is not here."""
    for form, answer in ASSOCIATIONS:
        if found := form.fullmatch(query):
            return answer(call, found[1])
    raise CmdletError(
        f"The lab does not answer the query {query}", error_id="NotImplemented", category="NotImplemented"
    )
