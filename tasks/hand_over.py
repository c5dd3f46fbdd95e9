"""Task: hand over."""

from __future__ import annotations

from qsm.steps.hand_over import hand_over
from tasks.phase_task import phase_task

hand_over_task = phase_task(hand_over, "hand over", retried=False)
