"""Task: import VM."""

from __future__ import annotations

from qsm.steps.import_vm import import_vm
from tasks.phase_task import phase_task

import_vm_task = phase_task(import_vm, "import VM")
