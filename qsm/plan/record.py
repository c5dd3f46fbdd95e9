"""The record of a migration on a host, and its journal: what decides who may run the VM."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.plan.ending import End
from qsm.plan.stored import StoredPlan


class AttemptState(StrEnum):
    """What became of an attempt at an operation; started without an end: nobody knows."""

    STARTED = "started"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Role(StrEnum):
    """A host's part in a migration."""

    SOURCE = "source"
    TARGET = "target"


class Owner(StrEnum):
    """Who may run the VM, as one host's record says; the source's record knows the first two, the target's the others."""

    SOURCE = "source"
    HANDED_OVER = "handed over"
    NONE = "none"
    MAY_START = "may start"
    TARGET = "target"


class Direction(StrEnum):
    """Whether a migration may still go on: once back, always back."""

    FORWARD = "forward"
    BACK = "back"


class OperationOutcome(Frozen):
    """One entry of the migration's journal on a host."""

    operation: str
    subject: str
    attempt: int
    state: AttemptState
    at_utc: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class Record(Frozen):
    """record.json: what decides who may run the VM, the same on both hosts but for role and owner."""

    schema_version: Literal[1]
    migration_id: str
    vm_id: str
    vm_name: str
    role: Role
    peer: str
    by: str
    created_utc: str
    revision: int
    epoch: int
    owner: Owner
    direction: Direction
    step: str = Field(description="the last operation that changed the record")
    end: End | Literal[""] = Field(description="empty: not ended")
    end_text: str
    plan: StoredPlan

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do; one that is held is not at its end."""
        return self.end in (End.HOME, End.FORWARD)
