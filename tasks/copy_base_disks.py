"""Task: copy base disk."""

from __future__ import annotations

from qsm.steps.copy_base_disks import copy_base_disk
from tasks.phase_task import phase_task

copy_base_disk_task = phase_task(copy_base_disk, "copy base disk", run_name="copy base disk {slot}")
