"""The cutover: five steps between the save at the source and the VM running at the target."""

from __future__ import annotations

from qsm.migration import Migration
from tasks.copy_changes import copy_change_task, copy_configuration_task
from tasks.fan_out import per_disk
from tasks.import_vm import import_vm_task
from tasks.prepare_disks import prepare_disk_task
from tasks.resume import resume_task
from tasks.save_state import save_state_task


def cutover(migration: Migration) -> None:
    """Runs the five. Raises what they raise; the run settles it."""
    save_state_task(migration)
    per_disk(copy_change_task, migration, beside=(copy_configuration_task,))
    per_disk(prepare_disk_task, migration)
    import_vm_task(migration)
    resume_task(migration)
