"""Copy the base disks while the VM runs: one unit per disk, side by side.

A base is frozen by the checkpoint (or its VM stands still), so a plain copy is whole. That it stayed frozen is proved
again right before the save: length, time and identity of each.
"""

from __future__ import annotations

import ntpath

from qsm.acts.copying import Unit, copy_unit
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.plan.plan import PlannedDisk


def base_unit(migration: Migration, disk: PlannedDisk) -> Unit:
    """The unit that copies one base disk."""
    folder = migration.plan.shared_folders[disk.share]
    what = f"base disk {ntpath.basename(disk.base.path)}"
    return Unit(disk.index, what, disk.share, folder, ((migration.frozen_base(disk.slot), disk.target_path),))


@step
def copy_base_disk(migration: Migration, slot: str) -> int:
    """Copies the base of the disk in that slot; returns its bytes. Raises as `copy_unit` does."""
    return copy_unit(
        migration, base_unit(migration, migration.plan.disk(slot)), wait_seconds=migration.settings.poll_seconds
    )
