"""Prepare the target's copy of a disk: what our checkpoints added onto the VM's own file by identity, chain tested, merged.

Only the target's copy is written; the source's chain stays whole until clean-up, so going home needs no copy back. A
file that is not the one the differencing disk was made on is refused by identity, never overruled.
"""

from __future__ import annotations

import time

from qsm.errors import HostFailed, TimeRanOut
from qsm.facts.files import DiskFile
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step

POLL_SECONDS = 5.0


@step
def prepare_disk(migration: Migration, slot: str) -> DiskFile:
    """The merged disk on the target. Raises HostFailed (DiskChainBroken, MergeFailed, NoSpace), TimeRanOut, Stopped."""
    plan = migration.plan
    chain = migration.chain(slot)
    number = plan.work_number(slot, 0)
    migration.target.change(
        operations.start_merge,
        m.StartMergeArguments(
            number=number,
            base=chain.foot.target_path,
            children=tuple(link.target_path for link in chain.added),
            base_length_bytes=chain.foot.file.length_bytes,
            base_content_identity=chain.foot.file.content_identity,
            reserve_bytes=plan.reserve_bytes,
        ),
        subject=f"{number}/{migration.next_attempt(f'merge {number}')}",
    )
    return _wait(migration, number, slot)


def _wait(migration: Migration, number: int, slot: str) -> DiskFile:
    limit = time.monotonic() + migration.settings.limits.merge_seconds
    while True:
        migration.check_stop()
        state = migration.target.ask(operations.get_merge, m.WorkArguments(number=number), wait_seconds=POLL_SECONDS)
        if state.state == "Done" and state.disk is not None:
            return state.disk
        if state.error is not None:
            raise HostFailed(migration.target.name, "start_merge", state.error)
        if state.state in ("Failed", "Stopped") or time.monotonic() > limit:
            raise TimeRanOut(
                f"The merge of disk {slot} of VM {migration.plan.vm_name} on host {migration.target.name} did not end well"
                f" (state {state.state}, {state.stage} {state.percent} %). The source's disks are whole."
            )
