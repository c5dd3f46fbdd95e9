"""Copy what the VM had before the migration while it runs: one unit per file, the disks side by side.

These files are frozen by the checkpoint (or the VM stands still), so a plain copy is whole. That they stayed frozen is proved
again right before the save: length, time and identity of each.
"""

from __future__ import annotations

from qsm.acts.copying import copy_unit, disk_unit
from qsm.migration.migration import Migration
from qsm.migration.progress import step


@step
def copy_base_disk(migration: Migration, slot: str) -> int:
    """Copies the VM's own files of the disk in that slot; returns their bytes. Raises as `disk_unit` and `copy_unit` do."""
    layers = range(len(migration.chain(slot).own))
    poll = migration.settings.poll_seconds
    return sum(copy_unit(migration, disk_unit(migration, slot, layer), wait_seconds=poll) for layer in layers)
