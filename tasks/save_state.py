"""Task: save state."""

from __future__ import annotations

from qsm.steps.save_state import save_state
from tasks.phase_task import phase_task

save_state_task = phase_task(save_state, "save state", retried=False)
