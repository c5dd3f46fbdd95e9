r"""Get-WmiObject and Invoke-WmiMethod: the classes of root\cimv2 and root\virtualization\v2 that are asked for.

A row is a dictionary of properties; a filter is compared with them as text, so that a class needs no code for it. A class,
a namespace or a method that is not here is refused as WMI refuses one that Windows lacks.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from lab.engines.powershell.cmdlets import CmdletCall, CmdletError, Given, cmdlet
from lab.engines.powershell.shapes import shape, uint64
from lab.engines.powershell.wmi_associations import associated
from lab.engines.powershell.wmi_hyperv import ROWS as HYPERV_ROWS
from lab.engines.powershell.wmi_hyperv import invoke, system_path
from lab.engines.powershell.wmi_numbers import wmi_time
from lab.platform.paths import SYSTEM_VOLUME
from qsm.facts.names import same_name

Row = dict[str, Any]
CONDITION = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|(\w+))")


def _operating_system(call: CmdletCall, filters: Row) -> Iterator[Row]:
    settings = call.host.platform.accounts.settings
    running = sum(vm.memory_assigned_bytes for vm in call.host.hyperv.get_vms())
    yield {
        "Caption": settings.os_caption,
        "BuildNumber": str(settings.os_build),
        "FreePhysicalMemory": uint64(max(0, settings.memory_bytes - running) // 1024),
        "SystemDrive": SYSTEM_VOLUME.rstrip("\\"),
        "LastBootUpTime": wmi_time(call.host.platform.accounts.boot_time_ticks),
    }


def _computer_system(call: CmdletCall, filters: Row) -> Iterator[Row]:
    settings = call.host.platform.accounts.settings
    yield {
        "Name": settings.computer_name,
        "DNSHostName": settings.computer_name,
        "Domain": settings.dns_domain if settings.domain else "WORKGROUP",
        "PartOfDomain": settings.domain is not None,
    }


def _nt_domain(call: CmdletCall, filters: Row) -> Iterator[Row]:
    settings = call.host.platform.accounts.settings
    yield {"DomainName": None, "DnsForestName": None}
    if settings.domain:
        yield {"DomainName": settings.domain, "DnsForestName": settings.dns_domain}


def _processor(call: CmdletCall, filters: Row) -> Iterator[Row]:
    settings = call.host.platform.accounts.settings
    yield {"Manufacturer": settings.processor_vendor, "Name": settings.processor_name}


def _service(call: CmdletCall, filters: Row) -> Iterator[Row]:
    settings = call.host.platform.accounts.settings
    yield {"Name": "BITS", "StartMode": settings.bits_start_mode}
    if settings.cluster:
        yield {"Name": "ClusSvc", "StartMode": "Auto"}


def _cluster(call: CmdletCall, filters: Row) -> Iterator[Row]:
    cluster = call.host.platform.accounts.settings.cluster
    if cluster is None:
        raise _refusal("Invalid namespace")
    if not call.host.platform.accounts.settings.cluster_runs:
        raise _refusal("Generic failure")
    yield {"Name": cluster}


def _user_account(call: CmdletCall, filters: Row) -> Iterator[Row]:
    domain, name = str(filters.get("Domain", "")), str(filters.get("Name", ""))
    sid = call.host.platform.accounts.resolve(f"{domain}\\{name}")
    if sid is not None:
        yield {"Domain": domain, "Name": name, "SID": sid}


def _device(root: str) -> str:
    return f"\\\\?\\Volume{{{uuid.uuid5(uuid.NAMESPACE_URL, root.upper())}}}\\"


def _volume(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for volume in call.host.platform.files.volumes.all():
        yield {
            "Name": volume.root,
            "DeviceID": _device(volume.root),
            "FreeSpace": uint64(volume.free_bytes),
            "Capacity": uint64(volume.capacity_bytes),
            "FileSystem": volume.file_system,
            "DriveType": 3,
        }


def _mount_point(call: CmdletCall, filters: Row) -> Iterator[Row]:
    def quoted(text: str) -> str:
        return text.replace("\\", "\\\\")

    for volume in call.host.platform.files.volumes.all():
        yield {
            "Directory": f'Win32_Directory.Name="{quoted(volume.root)}"',
            "Volume": f'Win32_Volume.DeviceID="{quoted(_device(volume.root))}"',
        }


CIMV2: dict[str, Callable[[CmdletCall, Row], Iterator[Row]]] = {
    "Win32_OperatingSystem": _operating_system,
    "Win32_ComputerSystem": _computer_system,
    "Win32_NTDomain": _nt_domain,
    "Win32_Processor": _processor,
    "Win32_Service": _service,
    "Win32_UserAccount": _user_account,
    "Win32_Volume": _volume,
    "Win32_MountPoint": _mount_point,
}
NAMESPACES: dict[str, dict[str, Callable[[CmdletCall, Row], Iterator[Row]]]] = {
    r"root\cimv2": CIMV2,
    r"root\mscluster": {"MSCluster_Cluster": _cluster},
    r"root\virtualization\v2": HYPERV_ROWS,
}


def _refusal(text: str) -> CmdletError:
    return CmdletError(text, error_id="GetWMIManagementException", category="InvalidType")


def _conditions(text: str) -> Row:
    """Read `A='x' AND B='y'`. Raises CmdletError for any other filter."""
    parts = [CONDITION.fullmatch(part.strip()) for part in re.split(r"\s+AND\s+", text, flags=re.IGNORECASE)]
    if not all(parts):
        raise CmdletError(f"The lab cannot filter by {text}.", error_id="NotImplemented", category="NotImplemented")
    found = {}
    for part in parts:
        if part is not None:
            found[part[1]] = next(value for value in part.groups()[1:] if value is not None).replace("\\\\", "\\")
    return found


@cmdlet("Get-WmiObject", "Namespace", "Class", "Filter", "Query")
def get_wmi_object(call: CmdletCall, given: Given) -> Iterator[Any]:
    namespace = str(given.get("Namespace", r"root\cimv2"))
    classes = NAMESPACES.get(namespace.lower())
    if classes is None:
        raise _refusal(f"Invalid namespace '{namespace}'")
    if "Query" in given:
        yield from associated(call, str(given["Query"]))
        return
    name = str(given["Class"])
    rows = classes.get(name)
    if rows is None:
        raise _refusal(f"Invalid class '{name}'")
    filters = _conditions(str(given["Filter"])) if given.get("Filter") else {}
    for row in rows(call, filters):
        if all(same_name(str(row.get(key)), str(value)) for key, value in filters.items()):
            yield wmi_object(call, namespace, name, row)


def wmi_object(call: CmdletCall, namespace: str, name: str, row: Row) -> dict[str, Any]:
    """System.Management.ManagementObject, with the path by which methods find it again."""
    relative = f'{name}.Name="{row.get("Name", "")}"'
    if name.endswith("ComputerSystem") and name.startswith("Msvm"):
        relative = system_path(name, str(row["Name"]))
    path = f"\\\\{call.host.name}\\{namespace}:{relative}"
    properties = {"__CLASS": name, "__RELPATH": relative, "__PATH": path, **row}
    types = (f"System.Management.ManagementObject#{namespace}\\{name}", "System.Management.ManagementObject")
    return shape(types, properties, ref={"wmi_class": name, "system_name": row.get("SystemName")})


@cmdlet("Invoke-WmiMethod", "InputObject", "Name", "ArgumentList")
def invoke_wmi_method(call: CmdletCall, given: Given) -> Iterator[Any]:
    arguments = given.get("ArgumentList", [])
    values = arguments if isinstance(arguments, list) else [arguments]
    yield invoke(call, given["InputObject"], str(given["Name"]), values)
