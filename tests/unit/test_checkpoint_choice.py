"""Which checkpoint is taken: the VM's own setting holds, unless another is asked for, and that is said beforehand."""

from __future__ import annotations

import pytest
from sample_facts import vm

from qsm.judgement.checkpoints import about_checkpoint, choose_checkpoint
from qsm.plan.checkpoint_choice import CheckpointChoice

AUTO, PRODUCTION, STANDARD = CheckpointChoice.AUTO, CheckpointChoice.PRODUCTION, CheckpointChoice.STANDARD


@pytest.mark.parametrize(
    ("own", "choice", "taken", "departs"),
    [
        ("Production", AUTO, "Production", False),
        ("ProductionOnly", AUTO, "ProductionOnly", False),
        ("Standard", AUTO, "Standard", False),
        ("Production", PRODUCTION, "ProductionOnly", False),
        ("ProductionOnly", PRODUCTION, "ProductionOnly", False),
        ("Standard", PRODUCTION, "ProductionOnly", True),
        ("Production", STANDARD, "Standard", False),
        ("ProductionOnly", STANDARD, "Standard", True),
        ("Standard", STANDARD, "Standard", False),
    ],
)
def test_the_type(own: str, choice: CheckpointChoice, taken: str, departs: bool) -> None:
    found, reasons = choose_checkpoint(vm(checkpoint_type=own), choice)
    assert (found, reasons) == (taken, [])
    notes = list(about_checkpoint(vm(checkpoint_type=own), found))
    assert len(notes) == (2 if departs else 1)
    assert ("memory is written to a disk of the source" in notes[0]) == (taken != "ProductionOnly")
    assert ("backup" in notes[0]) == (taken != "Standard")
    if departs:
        assert f"own setting is CheckpointType {own}" in notes[1]


def test_a_host_that_knows_no_types() -> None:
    old = vm(checkpoint_type=None)
    assert choose_checkpoint(old, AUTO) == choose_checkpoint(old, STANDARD) == (None, [])
    taken, (reason,) = choose_checkpoint(old, PRODUCTION)
    assert taken is None
    assert "knows no production checkpoints" in reason
    (note,) = about_checkpoint(old, None)
    assert "gets a standard checkpoint" in note


def test_a_vm_that_stands_still_gets_none() -> None:
    assert list(about_checkpoint(vm(state="Off"), choose_checkpoint(vm(state="Off"), AUTO)[0])) == []
    assert choose_checkpoint(vm(state="Off", checkpoint_type=None), PRODUCTION)[1] == []
