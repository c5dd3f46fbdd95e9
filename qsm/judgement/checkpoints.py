"""Which type of checkpoint is taken, and what that costs. Pure functions.

The rule of whoever set up the VM holds: where it allows production checkpoints only, or standard ones, so it is. Another
type is taken only if it is asked for, and then the plan says so beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from qsm.facts.machines import VMFacts
from qsm.facts.states import LIVE_STATES, CheckpointType
from qsm.plan.checkpoint_choice import CheckpointChoice

Taken = Literal[CheckpointType.PRODUCTION, CheckpointType.PRODUCTION_ONLY, CheckpointType.STANDARD]

STANDARD_COSTS = "the guest's memory is written to a disk of the source, and nothing runs in the guest"
PRODUCTION_COSTS = (
    "no memory is written, and the guest's VSS (in Linux its file-system freeze) runs, which applications may take for a"
    " backup: that can break the chain of the customer's own backups"
)


def choose_checkpoint(vm: VMFacts, choice: CheckpointChoice) -> tuple[Taken | None, list[str]]:
    """The type to take, None where the host knows none; and the reasons against it."""
    own = vm.checkpoint_type
    if own is None:
        reason = "its host knows no production checkpoints (before Windows Server 2016); use checkpoint type 'auto'"
        return None, [reason] if choice is CheckpointChoice.PRODUCTION and vm.state in LIVE_STATES else []
    if choice is CheckpointChoice.PRODUCTION:
        return CheckpointType.PRODUCTION_ONLY, []
    if choice is CheckpointChoice.STANDARD or own is CheckpointType.STANDARD:
        return CheckpointType.STANDARD, []
    return CheckpointType.PRODUCTION_ONLY if own is CheckpointType.PRODUCTION_ONLY else CheckpointType.PRODUCTION, []


def about_checkpoint(vm: VMFacts, taken: Taken | None) -> Iterator[str]:
    """What an administrator should know of the checkpoint before it is taken."""
    if vm.state not in LIVE_STATES:
        return
    if taken is None or taken is CheckpointType.STANDARD:
        yield f"VM {vm.name} gets a standard checkpoint: {STANDARD_COSTS}."
    elif taken is CheckpointType.PRODUCTION_ONLY:
        yield (
            f"VM {vm.name} gets a production checkpoint: {PRODUCTION_COSTS}. If the guest cannot make one, the migration"
            " ends and the VM runs on."
        )
    else:
        yield (
            f"VM {vm.name} gets a production checkpoint: {PRODUCTION_COSTS}. If the guest cannot make one, Hyper-V takes a"
            f" standard one: {STANDARD_COSTS}."
        )
    own = vm.checkpoint_type
    if own in (CheckpointType.PRODUCTION_ONLY, CheckpointType.STANDARD) and taken is not own:
        yield (
            f"The VM's own setting is CheckpointType {own}. As asked for, it is {taken} for this one checkpoint, and is set"
            " back at once."
        )
