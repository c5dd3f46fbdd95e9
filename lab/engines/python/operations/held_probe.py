"""The probe of `check hosts`, held open by the process that made it as Hyper-V holds the frozen disk of a running VM."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable

from lab.engines.python.operations.calls import OperationCall
from lab.host.windows_process import WindowsProcess, current_process
from lab.platform.open_files import Access

_held: dict[str, tuple[WindowsProcess, Callable[[], None]]] = {}
"""By migration: the process that holds its probe, and what lets go of it."""


def hold(call: OperationCall, path: str) -> None:
    """Open it for reading, so that others may only read: in the table of the host, and for programs of this machine."""
    process = current_process()
    if process is None:
        raise LookupError("the lab itself holds no probe")
    table = call.host.platform.open_files
    handle = table.open(path, access=Access.READ, share=Access.READ, holder=process.name)
    descriptor = os.open(call.host.platform.files.host_path(path), os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)

    def close() -> None:
        if _held.pop(call.migration_id, None) is not None:
            os.close(descriptor)
            table.close(handle)

    _held[call.migration_id] = process, close
    process.at_end.append(close)


def let_go(call: OperationCall) -> None:
    """Close the probe of this migration, if this process holds it."""
    process, close = _held.get(call.migration_id, (None, None))
    if close is not None and process is current_process():
        close()
