"""Task: clean up."""

from __future__ import annotations

from qsm.steps.clean_up import clean_up
from tasks.phase_task import phase_task

clean_up_task = phase_task(clean_up, "clean up")
