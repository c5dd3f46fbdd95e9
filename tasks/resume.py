"""Task: resume."""

from __future__ import annotations

from qsm.phases.resume import resume
from tasks.phase_task import phase_task

resume_task = phase_task(resume, "resume", retried=False)
