"""Memory and processors of the target, to the byte and to the piece."""

from __future__ import annotations

from typing import Any

import pytest

from qsm.facts.hosts import HostFacts
from qsm.facts.machines import VMFacts
from qsm.judgement.capacity import lacks, memory_to_start
from qsm.plan.plan import TransferMode


def vm(**facts: Any) -> VMFacts:
    usual = {"state": "Running", "memory_assigned_bytes": 3000, "memory_startup_bytes": 2000, "processor_count": 4}
    return VMFacts.model_construct(name="sql", **{**usual, **facts})


def target(*, memory: int = 1 << 40, processors: int = 64) -> HostFacts:
    return HostFacts.model_construct(memory_free_bytes=memory, logical_processors=processors)


@pytest.mark.parametrize(
    ("facts", "transfer", "needed"),
    [
        ({}, TransferMode.SAVE, 3000),
        ({"memory_assigned_bytes": 1000}, TransferMode.SAVE, 2000),
        ({"state": "Paused"}, TransferMode.SAVE, 3000),
        ({}, TransferMode.SHUTDOWN, 2000),
        ({"state": "Off", "memory_assigned_bytes": 0}, TransferMode.NONE, 0),
        ({"state": "Saved", "memory_assigned_bytes": 0}, TransferMode.NONE, 0),
    ],
)
def test_memory_of_a_vm_that_is_started(facts: dict[str, Any], transfer: TransferMode, needed: int) -> None:
    assert memory_to_start(vm(**facts), transfer=transfer) == needed
    assert list(lacks(vm(**facts), target(memory=needed), host="hv02", transfer=transfer)) == []
    if needed:
        (reason,) = lacks(vm(**facts), target(memory=needed - 1), host="hv02", transfer=transfer)
        assert f"host hv02 has {needed - 1:,} bytes of memory free; VM sql needs {needed:,} to start" in reason


@pytest.mark.parametrize("state", ["Running", "Off"])
def test_processors(state: str) -> None:
    assert list(lacks(vm(state=state), target(processors=4), host="hv02", transfer=TransferMode.SAVE)) == []
    (reason,) = lacks(vm(state=state), target(processors=3), host="hv02", transfer=TransferMode.SAVE)
    assert "host hv02 has 3 logical processors; VM sql has 4" in reason


def test_processors_of_a_host_whose_hyperv_does_not_answer_are_not_judged() -> None:
    assert list(lacks(vm(), target(processors=0), host="hv02", transfer=TransferMode.SAVE)) == []
