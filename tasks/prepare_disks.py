"""Task: prepare disk."""

from __future__ import annotations

from qsm.steps.prepare_disks import prepare_disk
from tasks.phase_task import phase_task

prepare_disk_task = phase_task(prepare_disk, "prepare disk", run_name="prepare disk {slot}")
