"""Tasks: copy changes, one per differencing disk, and one for configuration and saved memory."""

from __future__ import annotations

from qsm.steps.copy_changes import copy_change, copy_configuration
from tasks.phase_task import phase_task

copy_change_task = phase_task(copy_change, "copy change", run_name="copy change {slot}")
copy_configuration_task = phase_task(copy_configuration, "copy configuration")
