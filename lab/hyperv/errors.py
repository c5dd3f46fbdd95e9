"""How Hyper-V refuses.

A refusal that is told in other words on the lab than on Windows hides bugs in the reader of the error. So every error
has the category that the cmdlets give (`VirtualizationException.ErrorIdentifier`), the HRESULT where Microsoft
documents one, and the return code of the WMI method where that is the documented answer. Where the HRESULT stands in what
a caller sees is the affair of each engine: cmdlets write it into their text alone, jobs of WMI into their description.
"""

from __future__ import annotations

import enum

ERROR_FILE_NOT_FOUND = 0x80070002  # winerror.h, here and below
ERROR_PATH_NOT_FOUND = 0x80070003
ERROR_ACCESS_DENIED = 0x80070005
ERROR_NOT_ENOUGH_MEMORY = 0x8007000E
ERROR_SHARING_VIOLATION = 0x80070020
ERROR_FILE_EXISTS = 0x80070050
ERROR_INVALID_PARAMETER = 0x80070057
ERROR_DISK_FULL = 0x80070070
ERROR_ALREADY_EXISTS = 0x800700B7
ERROR_INVALID_ADDRESS = 0x800701E7

RETURN_FAILED = 32768  # Msvm_VirtualSystemManagementService.ExportSystemDefinition, "Return value"; here and below
RETURN_ACCESS_DENIED = 32769
RETURN_NOT_SUPPORTED = 32770
RETURN_INVALID_PARAMETER = 32773
RETURN_IN_USE = 32774
RETURN_INVALID_STATE = 32775
RETURN_NOT_COMPATIBLE = 32784  # CheckSystemCompatibilityInfo, "Return value"
RETURN_PARENT_ID_MISMATCH = 32791  # VM/ServerSideErrorCode.cs, here and below
RETURN_NOT_FOUND = 32789  # VM/ServerSideErrorCode.cs of the decompiled module


class ErrorCategory(enum.StrEnum):
    """Names of `VirtualizationException.ErrorIdentifier`."""

    OBJECT_NOT_FOUND = "ObjectNotFound"
    INVALID_PARAMETER = "InvalidParameter"
    INVALID_STATE = "InvalidState"
    OBJECT_IN_USE = "ObjectInUse"
    ACCESS_DENIED = "AccessDenied"
    OPERATION_FAILED = "OperationFailed"
    UNSPECIFIED = "Unspecified"


RETURN_CODES = {
    ErrorCategory.ACCESS_DENIED: RETURN_ACCESS_DENIED,
    ErrorCategory.INVALID_PARAMETER: RETURN_INVALID_PARAMETER,
    ErrorCategory.OBJECT_IN_USE: RETURN_IN_USE,
    ErrorCategory.INVALID_STATE: RETURN_INVALID_STATE,
    ErrorCategory.OBJECT_NOT_FOUND: RETURN_NOT_FOUND,
}
"""What the module makes these identifiers of, read backwards (HP/ExceptionHelper.cs)."""


class HyperVError(Exception):
    """Hyper-V refused, or failed. The message names the VM or file, the host, and how things stand.

    `hresult` is None where Windows documents none for the case. `return_code` is what WMI answers for it, as the return
    value of a method or the ErrorCode of its job: 327xx, by the category unless one is documented.
    `by_module`: the module itself refuses, and not the service; then a failed operation is one of category InvalidOperation.
    """

    def __init__(
        self,
        hresult: int | None,
        category: ErrorCategory,
        message: str,
        *,
        return_code: int | None = None,
        by_module: bool = False,
    ) -> None:
        self.hresult = None if hresult is None else int(hresult)
        self.category = category
        self.message = message
        self.return_code = RETURN_CODES.get(category, RETURN_FAILED) if return_code is None else return_code
        self.refused_at_once = return_code is not None
        """Whether a WMI method answers so itself, instead of starting a job that fails."""
        self.by_module = by_module
        super().__init__(message if self.hresult is None else f"{message} (0x{self.hresult:08X})")
