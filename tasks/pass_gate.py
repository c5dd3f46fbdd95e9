"""Task: pass the gate, before the copy and before the cutover."""

from __future__ import annotations

from qsm.steps.pass_gate import pass_gate
from tasks.phase_task import phase_task

pass_gate_task = phase_task(pass_gate, "gate", run_name="gate: {purpose}")
