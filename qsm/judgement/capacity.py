"""Memory and processors of the target: whether a VM can be started there. Asked in preflight, and again before the save.

Found only at the start, a lack of either would cost the whole outage: the VM would be copied, saved, imported, and sent
home again.
"""

from __future__ import annotations

from collections.abc import Iterator

from qsm.facts.hosts import HostFacts
from qsm.facts.machines import VMFacts
from qsm.facts.states import LIVE_STATES
from qsm.plan.plan import TransferMode


def memory_to_start(vm: VMFacts, *, transfer: TransferMode) -> int:
    """Bytes that the target must have free: saved memory comes back as large as it was, an empty start takes less."""
    if vm.state not in LIVE_STATES:  # it is not started, and stays as it is
        return 0
    return (
        max(vm.memory_assigned_bytes, vm.memory_startup_bytes)
        if transfer is TransferMode.SAVE
        else vm.memory_startup_bytes
    )


def lacks(vm: VMFacts, target: HostFacts, *, host: str, transfer: TransferMode) -> Iterator[str]:
    """A clause for each thing that the target has too little of."""
    memory = memory_to_start(vm, transfer=transfer)
    if target.memory_free_bytes < memory:
        kind = "the memory assigned to it now" if memory > vm.memory_startup_bytes else "its startup memory"
        yield (
            f"host {host} has {target.memory_free_bytes:,} bytes of memory free; VM {vm.name} needs {memory:,} to start"
            f" ({kind}). Shut down or move other VMs of that host, or choose another target"
        )
    if 0 < target.logical_processors < vm.processor_count:  # 0: Hyper-V does not answer, a reason of its own
        yield (
            f"host {host} has {target.logical_processors} logical processors; VM {vm.name} has {vm.processor_count}"
            " virtual ones. Take some away from the VM while it is off, or choose another target"
        )
