"""Objects as Windows' cmdlets hand them out: type names, property names and enumerations of the modules.

What travels to a PowerShell process is JSON, which has no types; so each value says its own. `{"$type", "$ref",
"properties"}` becomes an object with that type name, `{"$enum": [type, name]}` a member of an enumeration, and so on
(StandIns.ps1). `$ref` comes back when the object is given to a cmdlet.
"""

from __future__ import annotations

from typing import Any

from lab.host.model import HostModel
from lab.hyperv.model import (
    CompatibilityReport,
    DvdDrive,
    HardDiskDrive,
    NetworkAdapter,
    VirtualHardDisk,
    VirtualMachine,
    VlanSetting,
    VMSnapshot,
    VMSwitch,
)
from lab.hyperv.slots import parse
from qsm.facts.states import VMOperationalStatus

HYPERV = "Microsoft.HyperV.PowerShell."
APPLYING_SNAPSHOT = "32769"


def shape(
    types: str | tuple[str, ...], properties: dict[str, Any], *, ref: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An object. The first type name is its own, others are those it derives from."""
    names = (types,) if isinstance(types, str) else types
    return {"$type": list(names), "$ref": ref or {}, "properties": properties}


def enum(type_name: str, member: str) -> dict[str, Any]:
    """A member of an enumeration."""
    return {"$enum": [type_name, str(member)]}


def guid(text: str) -> dict[str, Any]:
    """A System.Guid."""
    return {"$guid": text}


def uint64(number: int) -> dict[str, Any]:
    """A System.UInt64, which JSON in PowerShell does not hold whole."""
    return {"$uint64": str(number)}


def seconds(number: float) -> dict[str, Any]:
    """A System.TimeSpan."""
    return {"$seconds": number}


def vm(host: HostModel, found: VirtualMachine) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VirtualMachine."""
    properties: dict[str, Any] = {
        "Id": guid(found.vm_id),
        "VMId": guid(found.vm_id),
        "Name": found.name,
        "VMName": found.name,
        "ComputerName": host.name,
        "State": enum(HYPERV + "VMState", found.state),
        "VirtualMachineType": enum(
            HYPERV + "VirtualMachineType", "PlannedVirtualMachine" if found.planned else "RealizedVirtualMachine"
        ),
        "OperationalStatus": [_operational_status(status) for status in found.operational_status],
        "Generation": found.generation,
        "Version": found.version,
        "Path": found.path,
        "ConfigurationLocation": found.configuration_location,
        "SnapshotFileLocation": found.snapshot_file_location,
        "SmartPagingFilePath": found.smart_paging_file_path,
        "Uptime": seconds(found.uptime_seconds),
        "MemoryAssigned": found.memory_assigned_bytes,
        "MemoryStartup": found.memory_startup_bytes,
        "MemoryMinimum": found.memory_minimum_bytes,
        "MemoryMaximum": found.memory_maximum_bytes,
        "DynamicMemoryEnabled": found.dynamic_memory_enabled,
        "ProcessorCount": found.processor_count,
        "AutomaticStartAction": enum(HYPERV + "StartAction", found.automatic_start_action),
        "AutomaticStartDelay": found.automatic_start_delay_seconds,
        "AutomaticStopAction": enum(HYPERV + "StopAction", found.automatic_stop_action),
        "IsClustered": found.is_clustered,
        "ReplicationMode": enum(HYPERV + "VMReplicationMode", found.replication_mode),
        "Notes": found.notes,
        "HardDrives": [hard_drive(drive) for drive in found.hard_drives],
        "DVDDrives": [dvd_drive(drive) for drive in found.dvd_drives],
        "NetworkAdapters": [adapter(each, vm_name=found.name) for each in found.network_adapters],
    }
    if found.automatic_checkpoints_enabled is not None:
        properties["AutomaticCheckpointsEnabled"] = found.automatic_checkpoints_enabled
    if found.checkpoint_type is not None:
        properties["CheckpointType"] = enum(HYPERV + "CheckpointType", found.checkpoint_type)
    types = (HYPERV + "VirtualMachine", HYPERV + "VirtualMachineBase")
    return shape(types, properties, ref={"vm_id": found.vm_id})


def _operational_status(status: VMOperationalStatus) -> dict[str, Any]:
    """The cmdlets' enumeration has 23769 where the host says 32769, so that applying a checkpoint has no name (section 3)."""
    told = APPLYING_SNAPSHOT if status is VMOperationalStatus.APPLYING_SNAPSHOT else status
    return enum(HYPERV + "VMOperationalStatus", told)


def _place(drive: HardDiskDrive | DvdDrive) -> dict[str, Any]:
    kind, _, place = parse(drive.slot)
    return {
        "Id": drive.drive_id,
        "VMId": guid(drive.vm_id),
        "ControllerType": enum(HYPERV + "ControllerType", kind),
        "ControllerNumber": drive.controller_number,
        "ControllerLocation": place,
    }


def hard_drive(drive: HardDiskDrive) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.HardDiskDrive."""
    properties = {
        **_place(drive),
        "Path": drive.path if drive.disk_number is None else f"Disk {drive.disk_number}",
        "DiskNumber": drive.disk_number,
        "SupportPersistentReservations": drive.support_persistent_reservations,
    }
    return shape(HYPERV + "HardDiskDrive", properties, ref={"vm_id": drive.vm_id, "drive_id": drive.drive_id})


def dvd_drive(drive: DvdDrive) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.DvdDrive."""
    properties = {**_place(drive), "Path": drive.path}
    return shape(HYPERV + "DvdDrive", properties, ref={"vm_id": drive.vm_id, "drive_id": drive.drive_id})


def vlan(setting: VlanSetting) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VMNetworkAdapterVlanSetting."""
    return shape(
        HYPERV + "VMNetworkAdapterVlanSetting",
        {
            "OperationMode": enum(HYPERV + "VMNetworkAdapterVlanMode", setting.operation_mode),
            "AccessVlanId": setting.access_vlan_id,
            "NativeVlanId": setting.native_vlan_id,
            "AllowedVlanIdListString": setting.allowed_vlan_ids,
            "PrimaryVlanId": setting.primary_vlan_id,
            "SecondaryVlanId": setting.secondary_vlan_id,
        },
    )


def adapter(each: NetworkAdapter, *, vm_name: str) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VMNetworkAdapter."""
    properties = {
        "Id": each.adapter_id,
        "VMId": guid(each.vm_id),
        "VMName": vm_name,
        "IsManagementOs": False,
        "Name": each.name,
        "MacAddress": each.mac_address,
        "DynamicMacAddressEnabled": each.dynamic_mac_address_enabled,
        "IsLegacy": each.is_legacy,
        "SwitchName": {"$throws": "The object was not found."} if each.switch_gone else each.switch_name,
        "Connected": each.switch_name is not None,
        "VlanSetting": vlan(each.vlan),
        "IovWeight": each.iov_weight,
    }
    types = (HYPERV + "VMNetworkAdapter", HYPERV + "VMNetworkAdapterBase")
    return shape(types, properties, ref={"vm_id": each.vm_id, "adapter_id": each.adapter_id})


def snapshot(each: VMSnapshot) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VMSnapshot."""
    properties = {
        "Id": guid(each.snapshot_id),
        "VMId": guid(each.vm_id),
        "Name": each.name,
        "SnapshotType": enum(HYPERV + "SnapshotType", each.snapshot_type),
        "ParentSnapshotId": None if each.parent_snapshot_id is None else guid(each.parent_snapshot_id),
    }
    types = (HYPERV + "VMSnapshot", HYPERV + "VirtualMachineBase")
    return shape(types, properties, ref={"vm_id": each.vm_id, "snapshot_id": each.snapshot_id})


def report(host: HostModel, found: CompatibilityReport, *, number: int) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VMCompatibilityReport."""
    incompatibilities = [
        shape(
            HYPERV + "VMCompatibilityError",
            {
                "MessageId": each.message_id,
                "Message": each.message,
                "Source": _source(host, each.source, vm_name=found.vm.name),
            },
        )
        for each in found.incompatibilities
    ]
    properties = {
        "VM": vm(host, found.vm),
        "OperationType": enum(HYPERV + "OperationType", "ImportVirtualMachine"),
        "Destination": host.name,
        "Path": found.path,
        "SnapshotPath": found.snapshot_path,
        "VhdDestinationPath": found.vhd_destination_path,
        "VhdSourcePath": None,
        "Incompatibilities": incompatibilities,
    }
    return shape(HYPERV + "VMCompatibilityReport", properties, ref={"report": number})


def _source(host: HostModel, source: Any, *, vm_name: str) -> dict[str, Any]:
    if isinstance(source, HardDiskDrive):
        return hard_drive(source)
    if isinstance(source, DvdDrive):
        return dvd_drive(source)
    if isinstance(source, NetworkAdapter):
        return adapter(source, vm_name=vm_name)
    return vm(host, source)


def switch(each: VMSwitch) -> dict[str, Any]:
    """Microsoft.HyperV.PowerShell.VMSwitch."""
    properties = {
        "Name": each.name,
        "Id": guid(each.switch_id),
        "SwitchType": enum(HYPERV + "VMSwitchType", each.switch_type),
    }
    return shape(HYPERV + "VMSwitch", properties, ref={"switch_id": each.switch_id})


def virtual_disk(host: HostModel, disk: VirtualHardDisk) -> dict[str, Any]:
    """Microsoft.Vhd.PowerShell.VirtualHardDisk."""
    properties = {
        "ComputerName": host.name,
        "Path": disk.path,
        "VhdFormat": enum("Microsoft.Vhd.PowerShell.VhdFormat", disk.vhd_format),
        "VhdType": enum("Microsoft.Vhd.PowerShell.VhdType", disk.vhd_type),
        "FileSize": uint64(disk.file_size_bytes),
        "Size": uint64(disk.size_bytes),
        "BlockSize": disk.block_size_bytes,
        "ParentPath": disk.parent_path or "",
        "DiskIdentifier": disk.disk_identifier.upper(),
        "Attached": disk.attached,
    }
    return shape("Microsoft.Vhd.PowerShell.VirtualHardDisk", properties)
