r"""root\virtualization\v2: what Hyper-V tells by WMI alone, and the methods that have no cmdlet.

Arguments of a method come in the alphabetical order of their names, which is what Invoke-WmiMethod -ArgumentList wants.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from lab.engines.powershell import wmi_numbers
from lab.engines.powershell.cmdlets import CmdletCall, CmdletError, WmiJob, in_background, reference
from lab.engines.powershell.error_records import text_of
from lab.engines.powershell.shapes import shape
from lab.hyperv import HyperVError
from lab.hyperv.model import VirtualMachine
from qsm.facts.names import same_name
from qsm.facts.states import CRITICAL_STATES, VMState

Row = dict[str, Any]
NAMESPACE = r"root\virtualization\v2"
JOB_COMPLETED, JOB_EXCEPTION = 7, 10  # Msvm_ConcreteJob.JobState
STARTED = 4096  # "Method Parameters Checked - Job Started"
SHUTDOWN = "Msvm_ShutdownComponent"
PROMPT_SECONDS = 0.5
"""A method that was refused by then answers so itself; else it has started a job."""


def system_path(name: str, vm_id: str) -> str:
    """Relative path of a computer system."""
    return f'{name}.CreationClassName="{name}",Name="{vm_id.upper()}"'


def _computers(call: CmdletCall, filters: Row) -> Iterator[Row]:
    """The host itself is among them. A caller who may not ask, or a service that stands, gives an empty list (1.1)."""
    if not call.host.hyperv.service_answers:
        return
    yield {"Name": call.host.name, "ElementName": call.host.name, "Caption": "Hosting Computer System"}
    for vm in call.host.hyperv.get_vms():
        yield {"Name": vm.vm_id.upper(), "ElementName": vm.name, "Caption": "Virtual Machine", **_condition(vm)}
    for lost in call.host.hyperv.get_unreadable_vms():
        if lost.listed:
            yield {"Name": lost.vm_id.upper(), "ElementName": lost.name, "Caption": "Virtual Machine"}


def _condition(vm: VirtualMachine) -> Row:
    """State, health and status of a VM at this moment: WMI remembers nothing."""
    critical = vm.state in CRITICAL_STATES
    state = VMState(vm.state.removesuffix("Critical")) if critical else vm.state
    return {
        "EnabledState": wmi_numbers.ENABLED_STATES[state],
        "HealthState": wmi_numbers.CRITICAL_FAILURE if critical else wmi_numbers.HEALTHY,
        "OperationalStatus": [wmi_numbers.OPERATIONAL_STATUSES[status] for status in vm.operational_status],
    }


def _planned(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for vm in call.host.hyperv.get_planned_vms() if call.host.hyperv.service_answers else ():
        yield {"Name": vm.vm_id.upper(), "ElementName": vm.name, "Caption": "Planned Virtual Machine", **_condition(vm)}


def _all(call: CmdletCall) -> tuple[VirtualMachine, ...]:
    hyperv = call.host.hyperv
    return (*hyperv.get_vms(), *hyperv.get_planned_vms()) if hyperv.service_answers else ()


def _settings(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for vm in _all(call):
        yield {
            "InstanceID": f"Microsoft:{vm.vm_id.upper()}",
            "ElementName": vm.name,
            "VirtualSystemIdentifier": vm.vm_id.upper(),
            "VirtualSystemType": f"Microsoft:Hyper-V:System:{'Planned' if vm.planned else 'Realized'}",
            "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
            "ConfigurationDataRoot": vm.configuration_location,
            "SnapshotDataRoot": vm.snapshot_file_location,
            "SuspendDataRoot": vm.configuration_location,
            "SwapFileDataRoot": vm.smart_paging_file_path,
            "Version": vm.version,
            **_checkpoint_settings(vm),
        }


def _checkpoint_settings(vm: VirtualMachine) -> Row:
    """What versions of Windows that have it say of checkpoints."""
    row: Row = {}
    if vm.checkpoint_type is not None:
        row["UserSnapshotType"] = wmi_numbers.USER_SNAPSHOT_TYPES[vm.checkpoint_type]
    if vm.automatic_checkpoints_enabled is not None:
        row["AutomaticSnapshotsEnabled"] = vm.automatic_checkpoints_enabled
    return row


def _storage(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for vm in _all(call):
        yield from disk_files(vm)


def disk_files(vm: VirtualMachine) -> Iterator[Row]:
    """Msvm_StorageAllocationSettingData of a VM: the file in each drive, by the id of the drive but for its last letter."""
    for drive in vm.hard_drives:
        if drive.path:
            yield {
                "InstanceID": drive.drive_id.removesuffix("D") + "L",
                "ResourceSubType": "Microsoft:Hyper-V:Virtual Hard Disk",
                "HostResource": [drive.path],
            }


def _guest_items(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for vm in call.host.hyperv.get_vms():
        if same_name(vm.vm_id, str(filters.get("SystemName", vm.vm_id))):
            items = call.host.hyperv.get_guest_items(vm.vm_id)
            yield {
                "SystemName": vm.vm_id.upper(),
                "GuestIntrinsicExchangeItems": [_embedded_item(name, data) for name, data in items.items()],
            }


def _embedded_item(name: str, data: str) -> str:
    values = {"Data": data, "Name": name}
    told = "".join(
        f'<PROPERTY NAME="{key}" TYPE="string"><VALUE>{escape(value)}</VALUE></PROPERTY>'
        for key, value in values.items()
    )
    return f'<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">{told}</INSTANCE>'


def _jobs(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for job in list(call.memory.wmi_jobs.values()):
        yield {
            "InstanceID": job.instance_id,
            "JobState": job.state,
            "ErrorCode": job.error_code,
            "ErrorDescription": job.error_text,
            "ErrorSummaryDescription": f"The operation '{job.name}' failed." if job.error_text else "",
        }


def _storage_jobs(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for merge in call.host.hyperv.get_merge_jobs():
        percent = 100 * merge.done_bytes // max(1, merge.total_bytes)
        yield {"JobState": 4, "Child": merge.child, "Parent": merge.parent, "PercentComplete": percent}
    for child, percent in list(call.memory.merges.items()):
        yield {"JobState": 4, "Child": child, "Parent": "", "PercentComplete": percent}


def _shutdown_components(call: CmdletCall, filters: Row) -> Iterator[Row]:
    for vm in call.host.hyperv.get_vms():
        component = call.host.hyperv.get_shutdown_component(vm.vm_id)
        if component is not None:
            yield {
                "SystemName": vm.vm_id.upper(),
                "EnabledState": wmi_numbers.ENABLED if component.enabled else wmi_numbers.DISABLED,
                "OperationalStatus": [wmi_numbers.INTEGRATION_STATUSES[component.status]],
            }


def _named(name: str) -> Callable[[CmdletCall, Row], Iterator[Row]]:
    def rows(call: CmdletCall, filters: Row) -> Iterator[Row]:
        yield {"Name": name}

    return rows


ROWS: dict[str, Callable[[CmdletCall, Row], Iterator[Row]]] = {
    "Msvm_ComputerSystem": _computers,
    "Msvm_PlannedComputerSystem": _planned,
    "Msvm_VirtualSystemSettingData": _settings,
    "Msvm_StorageAllocationSettingData": _storage,
    "Msvm_KvpExchangeComponent": _guest_items,
    "Msvm_ConcreteJob": _jobs,
    "Msvm_StorageJob": _storage_jobs,
    SHUTDOWN: _shutdown_components,
    "Msvm_VirtualSystemManagementService": _named("vmms"),
    "Msvm_VirtualSystemMigrationService": _named("vmms"),
}


def invoke(call: CmdletCall, system: Any, name: str, values: list[Any]) -> Any:
    """Call a method. Raises CmdletError for one that is not here."""
    of_class = str(reference(system, "wmi_class"))
    known = METHODS.get((of_class, name))
    if known is None:
        raise CmdletError(
            f"Invalid method {name}", error_id="InvokeWMIManagementException", category="InvalidOperation"
        )
    method, count = known
    if len(values) != count:
        raise CmdletError(f"Invalid parameter: {name} takes {count}", error_id="InvokeWMIManagementException")
    if of_class == SHUTDOWN:
        values = [reference(system, "system_name"), *values]
    try:
        return shape("System.Management.ManagementBaseObject#\\__PARAMETERS", method(call, *values))
    except HyperVError as error:
        return shape("System.Management.ManagementBaseObject#\\__PARAMETERS", {"ReturnValue": error.return_code})


def _id(path: str) -> str:
    found = re.search(r'Name="([0-9A-Fa-f-]{36})"', path)
    if found is None:
        raise CmdletError("Invalid object path", error_id="InvokeWMIManagementException", category="InvalidArgument")
    return found[1].lower()


def _describe(call: CmdletCall, system: str) -> Row:
    info = call.host.hyperv.get_system_compatibility_info(_id(system))
    return {"ReturnValue": 0, "CompatibilityInfo": {"$bytes": base64.b64encode(info).decode("ascii")}}


def _check(call: CmdletCall, info: Any) -> Row:
    if not isinstance(info, dict) or "$bytes" not in info:
        raise CmdletError("Type mismatch: byte[]", error_id="InvokeWMIManagementException", category="InvalidArgument")
    code, reasons = call.host.hyperv.check_system_compatibility_info(base64.b64decode(info["$bytes"]))
    texts = [
        f'<INSTANCE CLASSNAME="Msvm_Error"><PROPERTY NAME="Message" TYPE="string"><VALUE>{escape(reason)}</VALUE>'
        "</PROPERTY></INSTANCE>"
        for reason in reasons
    ]
    return {"ReturnValue": code, "Reasons": texts}


def _shut_down(call: CmdletCall, system_name: str, force: Any, reason: Any) -> Row:
    call.host.hyperv.initiate_shutdown(system_name, force=bool(force))
    return {"ReturnValue": 0}


def _destroy(call: CmdletCall, system: str) -> Row:
    call.host.hyperv.remove_vm(_id(system))
    return {"ReturnValue": 0}


def _export(call: CmdletCall, system: str, folder: str, text: str) -> Row:
    instance = ElementTree.fromstring(text)  # noqa: S314  (our own stand-in wrote it)
    told = {each.attrib["NAME"]: each.findtext("VALUE", "") for each in instance.iter("PROPERTY")}
    job = WmiJob(str(uuid.uuid4()).upper(), "ExportSystemDefinition")
    call.memory.wmi_jobs[job.instance_id] = job
    refused: list[HyperVError] = []

    def work() -> None:
        try:
            call.host.hyperv.export_system_definition(
                _id(system),
                folder,
                copy_snapshot_configuration=int(told["CopySnapshotConfiguration"]),
                copy_vm_runtime_information=told["CopyVmRuntimeInformation"] == "TRUE",
                copy_vm_storage=told["CopyVmStorage"] == "TRUE",
                create_vm_export_subdirectory=told["CreateVmExportSubdirectory"] == "TRUE",
                disable_differential_of_ignored_storage=told.get("DisableDifferentialOfIgnoredStorage") == "TRUE",
            )
            job.state = JOB_COMPLETED
        except HyperVError as error:
            refused.append(error)
            job.error_code, job.error_text = error.return_code, text_of(error)
            job.state = JOB_EXCEPTION
        finally:
            job.over.set()

    in_background(call, work, name="ExportSystemDefinition")
    if job.over.wait(PROMPT_SECONDS) and refused and refused[0].refused_at_once:
        raise refused[0]
    path = f'\\\\{call.host.name}\\{NAMESPACE}:Msvm_ConcreteJob.InstanceID="{job.instance_id}"'
    return {"ReturnValue": STARTED, "Job": path}


MANAGEMENT, MIGRATION = "Msvm_VirtualSystemManagementService", "Msvm_VirtualSystemMigrationService"
METHODS: dict[tuple[str, str], tuple[Callable[..., Row], int]] = {
    (MIGRATION, "GetSystemCompatibilityInfo"): (_describe, 1),
    (MIGRATION, "CheckSystemCompatibilityInfo"): (_check, 1),
    (SHUTDOWN, "InitiateShutdown"): (_shut_down, 2),
    (MANAGEMENT, "DestroySystem"): (_destroy, 1),
    (MANAGEMENT, "ExportSystemDefinition"): (_export, 3),
}
