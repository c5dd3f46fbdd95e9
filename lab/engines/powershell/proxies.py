"""What one PowerShell process remembers of Hyper-V's objects.

The module keeps one proxy per object and process, whatever cmdlet asked, and reads it anew only when it was read more than
5 s ago (fact book, 2.8, 2.9, 2.16). Properties and each list are read by themselves. Little empties them before: a change of
the VM's state, Remove-VMSnapshot its lists, a setting that was written what was written, Remove-VM all (2.12). A checkpoint,
an import and an export empty nothing. What was deleted meanwhile goes on with its old values (2.10).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from lab.hyperv import ErrorCategory, HyperVError
from lab.hyperv.model import VirtualMachine
from qsm.facts.states import CRITICAL_STATES, VMState

Part = Literal["properties", "drives", "adapters", "snapshots"]
LISTS: tuple[Part, ...] = ("drives", "adapters", "snapshots")


class Proxies:
    """The proxies of one process."""

    def __init__(self) -> None:
        self._read: dict[tuple[Part, str], tuple[float, VirtualMachine]] = {}

    def of(self, part: Part, vm_id: str, read: Callable[[], VirtualMachine], *, age_seconds: float) -> VirtualMachine:
        """Return a VM as its proxy shows that part of it. Raises what `read` raises where there is no proxy."""
        at, seen = self._read.get((part, vm_id), (0.0, None))
        try:
            now = read()
        except HyperVError as error:
            if seen is None or error.category is not ErrorCategory.OBJECT_NOT_FOUND:
                raise
            return seen
        if seen is not None and seen.planned == now.planned and time.monotonic() - at <= age_seconds:
            return seen
        self._read[part, vm_id] = (time.monotonic(), now)
        return now

    def vm(self, now: VirtualMachine, *, age_seconds: float) -> VirtualMachine:
        """Return what Get-VM gives: the summary is asked for each time (2.11), the rest comes from the proxy."""
        seen = self.of("properties", now.vm_id, lambda: now, age_seconds=age_seconds)
        drives = self._young("drives", now, age_seconds=age_seconds)
        return replace(
            seen,
            state=_with_health_of(seen.state, now.state),
            uptime_seconds=now.uptime_seconds,
            memory_assigned_bytes=now.memory_assigned_bytes,
            replication_mode=now.replication_mode,
            hard_drives=drives.hard_drives,
            dvd_drives=drives.dvd_drives,
            network_adapters=self._young("adapters", now, age_seconds=age_seconds).network_adapters,
        )

    def _young(self, part: Part, now: VirtualMachine, *, age_seconds: float) -> VirtualMachine:
        """A list of the VM's object that nobody has read yet: it is not remembered by that."""
        at, seen = self._read.get((part, now.vm_id), (0.0, None))
        return seen if seen is not None and time.monotonic() - at <= age_seconds else now

    def forget(self, vm_id: str, *parts: Part) -> None:
        """Empty these parts of a VM; all of them if none is named."""
        for part in parts or ("properties", *LISTS):
            self._read.pop((part, vm_id), None)


def _with_health_of(state: VMState, now: VMState) -> VMState:
    """The state is the proxy's, whether it is critical the summary's (fact book, 3)."""
    if now not in CRITICAL_STATES or state in CRITICAL_STATES:
        return state
    return VMState(f"{state}Critical")
