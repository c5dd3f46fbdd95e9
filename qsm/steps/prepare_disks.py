"""Prepare the target's copy of a disk: what our checkpoints added onto the VM's own file by identity, chain tested, merged.

Only the target's copy is written; the source's chain stays whole until clean-up, so going home needs no copy back. A
file that is not the one the differencing disk was made on is refused by identity, never overruled.
"""

from __future__ import annotations

from qsm.errors import HostFailed, TimeRanOut
from qsm.facts.files import DiskFile
from qsm.facts.states import ENDED_WORK, WorkState
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.waiting import wait_for

POLL_SECONDS = 5.0


@step
def prepare_disk(migration: Migration, slot: str) -> DiskFile:
    """The merged disk on the target. Raises HostFailed (DiskChainBroken, MergeFailed, NoSpace), TimeRanOut, Stopped."""
    plan = migration.plan
    chain = migration.chain(slot)
    number = plan.work_number(slot, 0)
    migration.target.change_anew(
        operations.start_merge,
        m.StartMergeArguments(
            number=number,
            base=chain.foot.target_path,
            children=tuple(link.target_path for link in chain.added),
            base_length_bytes=chain.foot.file.length_bytes,
            base_content_identity=chain.foot.file.content_identity,
            reserve_bytes=plan.reserve_bytes,
        ),
        about=str(number),
    )
    return _wait(migration, number, slot)


def _wait(migration: Migration, number: int, slot: str) -> DiskFile:
    def look() -> m.GetMergeResult:
        return migration.target.ask(operations.get_merge, m.WorkArguments(number=number), wait_seconds=POLL_SECONDS)

    def is_over(state: m.GetMergeResult) -> bool:
        if state.state is not WorkState.DONE and state.error is not None:
            raise HostFailed(migration.target.name, "start_merge", state.error)
        return state.state in ENDED_WORK

    def not_well(state: m.GetMergeResult) -> str:
        return (
            f"The merge of disk {slot} of VM {migration.plan.vm_name} on host {migration.target.name} did not end well"
            f" (state {state.state}, {state.stage} {state.percent} %). Only the copy was written: the disks on host"
            f" {migration.source.name} are as they were."
        )

    ended = wait_for(
        look,
        is_over=is_over,
        limit_seconds=migration.settings.limits.merge_seconds,
        pause_seconds=0,
        check_stop=migration.check_stop,
        too_late=not_well,
    )
    if ended.disk is None:
        raise TimeRanOut(not_well(ended))
    return ended.disk
