"""Task: take checkpoint."""

from __future__ import annotations

from qsm.steps.take_checkpoint import take_checkpoint
from tasks.phase_task import phase_task

take_checkpoint_task = phase_task(take_checkpoint, "take checkpoint", retried=False)
