"""Error records as each module of Windows writes them, above all where the number of an error stands, if anywhere.

Trouble: whoever judges by numbers finds them in another place for each module, and for some errors nowhere; a stand-in that
sets an HRESULT on every exception hides that. Answer: what a cmdlet raised in the lab becomes a record here, by the rules
of the cmdlet's own module.

- Hyper-V and its VHD cmdlets: one class of exception without a number of its own (0x80131500); the number ends the text.
- Modules made of CIM classes (SmbShare, ScheduledTasks): the number is part of the error id, decimal or hexadecimal.
- BITS: a COMException that has the number.
- WMI: a ManagementException, which has none.

Sources: the decompiled Hyper-V module of Windows Server 2016 and later (HP/ExceptionHelper.cs, HP/VirtualizationException.cs)
and transcripts of errors (windows-powershell-docs#2128, Icinga#770, kbupdate#1). Of the module of 2012 R2 only transcripts
are known: its classes end with "Command", and its exceptions are subclasses.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.engines.powershell.cmdlets import CmdletError
from lab.hyperv import HyperVError
from lab.hyperv.errors import ErrorCategory
from lab.platform import errors
from lab.platform.errors import PlatformError

FIRST_BUILD_OF_MODULE_2 = 14393
VIRTUALIZATION_ERROR = "Microsoft.HyperV.PowerShell.VirtualizationException"
OF_MODULE_1 = {
    ErrorCategory.INVALID_PARAMETER: "Microsoft.HyperV.PowerShell.VirtualizationInvalidArgumentException",
}
FAILED_IN_MODULE_1 = "Microsoft.HyperV.PowerShell.VirtualizationOperationFailedException"
COM_ERROR = "System.Runtime.InteropServices.COMException"
CIM_ERROR = "Microsoft.Management.Infrastructure.CimException"
WMI_ERROR = "System.Management.ManagementException"
PLAIN_ERROR = "System.InvalidOperationException"
ACCESS_ERROR = "System.UnauthorizedAccessException"

VHD_CLASSES = {"Get-VHD": "GetVHD", "Set-VHD": "SetVhd", "Test-VHD": "TestVhd", "Merge-VHD": "MergeVhd"}
"""In mixed case, as Microsoft writes them."""
BITS_CLASSES = {"Start-BitsTransfer": "NewBitsTransferCommand"}
UTILITY_CLASSES = {
    "Get-Acl": "Microsoft.PowerShell.Commands.GetAclCommand",
    "Set-Acl": "Microsoft.PowerShell.Commands.SetAclCommand",
    "Get-WmiObject": "Microsoft.PowerShell.Commands.GetWmiObjectCommand",
    "Invoke-WmiMethod": "Microsoft.PowerShell.Commands.InvokeWmiMethod",
}

_VIRTUALIZATION_CATEGORIES = {
    ErrorCategory.OBJECT_NOT_FOUND: "ObjectNotFound",
    ErrorCategory.INVALID_PARAMETER: "InvalidArgument",
    ErrorCategory.INVALID_STATE: "InvalidOperation",
    ErrorCategory.OBJECT_IN_USE: "ResourceBusy",
    ErrorCategory.ACCESS_DENIED: "PermissionDenied",
    ErrorCategory.OPERATION_FAILED: "NotSpecified",
    ErrorCategory.UNSPECIFIED: "NotSpecified",
}
_TASK_CATEGORIES = {
    errors.FILE_NOT_FOUND: "ObjectNotFound",
    errors.PATH_NOT_FOUND: "ObjectNotFound",
    errors.ACCESS_DENIED: "PermissionDenied",
    errors.ALREADY_EXISTS: "ResourceExists",
}


@dataclass(frozen=True)
class ErrorRecord:
    """What a process makes its record of. `hresult` None: the exception keeps what its class sets."""

    id: str
    category: str
    message: str
    exception: str
    hresult: int | None = None


def record_of(name: str, error: HyperVError | PlatformError | CmdletError, *, build: int) -> ErrorRecord:
    """Return the record that cmdlet `name` writes for an error on a host of that build of Windows."""
    verb, _, noun = name.partition("-")
    if isinstance(error, CmdletError):
        return ErrorRecord(error.error_id, error.category, error.message, _exception_of(noun, error))
    if noun.startswith("Wmi"):
        return ErrorRecord(f"{verb}WMIManagementException", "InvalidOperation", error.message, WMI_ERROR)
    if isinstance(error, HyperVError) or noun.startswith("VM") or noun == "VHD":
        return _of_hyperv(error, build=build)
    if noun.startswith("Smb"):
        return ErrorRecord(f"Windows System Error {error.hresult & 0xFFFF}", "NotSpecified", error.message, CIM_ERROR)
    if noun.startswith("ScheduledTask"):
        category = _TASK_CATEGORIES.get(error.hresult, "NotSpecified")
        return ErrorRecord(f"HRESULT 0x{error.hresult:08x}", category, error.message, CIM_ERROR)
    if error.hresult == errors.ACCESS_DENIED and noun != "BitsTransfer":
        return ErrorRecord(ACCESS_ERROR, "PermissionDenied", error.message, ACCESS_ERROR)
    return ErrorRecord(COM_ERROR, "NotSpecified", error.message, COM_ERROR, error.hresult)


def class_of(name: str, *, build: int) -> str | None:
    """Return the class of a cmdlet, which its error ids end with; None for a function, whose own name stands there."""
    verb, _, noun = name.partition("-")
    ending = "" if build >= FIRST_BUILD_OF_MODULE_2 else "Command"
    if noun == "VHD":
        return f"Microsoft.Vhd.PowerShell.Cmdlets.{VHD_CLASSES[name]}{ending}"
    if noun.startswith("VM"):
        return f"Microsoft.HyperV.PowerShell.Commands.{verb}{noun}{ending}"
    if noun == "BitsTransfer":
        made = BITS_CLASSES.get(name, f"{verb}{noun}Command")
        return f"Microsoft.BackgroundIntelligentTransfer.Management.{made}"
    return UTILITY_CLASSES.get(name)


def _of_hyperv(error: HyperVError | PlatformError, *, build: int) -> ErrorRecord:
    category = error.category if isinstance(error, HyperVError) else ErrorCategory.OPERATION_FAILED
    exception = VIRTUALIZATION_ERROR if build >= FIRST_BUILD_OF_MODULE_2 else _exception_of_module_1(category)
    # "operation failed" is another category where the module says so itself, and not the service
    failed_here = isinstance(error, HyperVError) and error.by_module and category is ErrorCategory.OPERATION_FAILED
    kind = "InvalidOperation" if failed_here else _VIRTUALIZATION_CATEGORIES[category]
    return ErrorRecord(category.value, kind, text_of(error), exception)


def text_of(error: HyperVError | PlatformError) -> str:
    """Return an error as Hyper-V words it: its number, if it has one, in parentheses behind the sentence."""
    number = "" if error.hresult is None else f" (0x{error.hresult:08X})."
    return error.message if not number else error.message.removesuffix(".") + number


def _exception_of(noun: str, error: CmdletError) -> str:
    if noun.startswith(("VM", "VHD")):
        return VIRTUALIZATION_ERROR
    if noun.startswith("Wmi"):
        return WMI_ERROR
    return CIM_ERROR if noun.startswith(("Smb", "ScheduledTask")) else PLAIN_ERROR


def _exception_of_module_1(category: ErrorCategory) -> str:
    return OF_MODULE_1.get(category, FAILED_IN_MODULE_1)
