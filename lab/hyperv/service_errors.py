"""One kind of error for whoever calls a cmdlet.

Below the cmdlets lie disks, processes and a file system, each with errors of its own; on Windows a caller sees one
exception with an HRESULT. So every cmdlet is wrapped once, here.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from lab.disks import DiskError
from lab.hyperv.errors import (
    ERROR_ACCESS_DENIED,
    ERROR_DISK_FULL,
    ERROR_FILE_NOT_FOUND,
    ERROR_SHARING_VIOLATION,
    ErrorCategory,
    HyperVError,
)
from lab.platform.errors import PlatformError
from lab.vm.process import VirtualMachineError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_CATEGORIES = {
    ERROR_ACCESS_DENIED: ErrorCategory.ACCESS_DENIED,
    ERROR_SHARING_VIOLATION: ErrorCategory.OBJECT_IN_USE,
}
_HRESULTS = {errno.ENOSPC: ERROR_DISK_FULL, errno.ENOENT: ERROR_FILE_NOT_FOUND}


def raises_hyperv_errors(cmdlet: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Have a cmdlet raise HyperVError for what goes wrong below it."""

    @wraps(cmdlet)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return cmdlet(*args, **kwargs)
        except (DiskError, PlatformError) as error:
            raise _error(error.hresult, error.message) from error
        except VirtualMachineError as error:
            raise _error(None, f"{error}") from error
        except OSError as error:
            raise _error(_HRESULTS.get(error.errno or 0), f"{error}") from error

    return wrapped


def _error(hresult: int | None, message: str) -> HyperVError:
    return HyperVError(hresult, _CATEGORIES.get(hresult or 0, ErrorCategory.OPERATION_FAILED), message)
