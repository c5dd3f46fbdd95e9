"""The record of a migration on a host, and its journal: what decides who may run the VM."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.plan.stored import StoredPlan


class OperationOutcome(Frozen):
    """One entry of the migration's journal on a host."""

    operation: str
    subject: str
    attempt: int
    state: Literal["started", "done", "refused", "failed"] = Field(
        description="refused: nothing was changed; failed: something may have; started, no end: unknown"
    )
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
    role: Literal["source", "target"]
    peer: str
    by: str
    created_utc: str
    revision: int
    epoch: int
    owner: Literal["source", "handed over", "none", "may start", "target"]
    direction: Literal["forward", "back"]
    step: str = Field(description="the last operation that changed the record")
    end: Literal["", "home", "forward", "held"]
    end_text: str
    plan: StoredPlan
