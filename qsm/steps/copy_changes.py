"""Copy what the offline window must carry: what our checkpoints added to each disk, and the exported
configuration with the saved memory.

The configuration is exported without storage and without checkpoints; the target merges before it imports, so the
imported VM knows only its base disks. Files keep their names and their places relative to the VM's folder.
"""

from __future__ import annotations

import ntpath

from qsm.acts.copying import Unit, copy_unit, disk_unit
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.plan.names import CONFIGURATION_NUMBER

POLL_SECONDS = 5.0


@step
def copy_change(migration: Migration, slot: str) -> int:
    """Copies the differencing disks of that slot; 0 for a VM without checkpoint.

    One that was copied before is left alone by the target. Raises as `disk_unit` and `copy_unit` do.
    """
    chain = migration.chain(slot)
    units = [disk_unit(migration, slot, layer) for layer in range(len(chain.own), len(chain.files))]
    return sum(copy_unit(migration, unit, wait_seconds=POLL_SECONDS) for unit in units)


@step
def copy_configuration(migration: Migration) -> int:
    """Exports the configuration and copies it with the saved memory; returns the bytes."""
    plan = migration.plan
    exported = migration.source.change(operations.export_configuration, m.VMArguments(vm_id=plan.vm_id))
    folder = export_root(exported)
    unit = Unit(
        CONFIGURATION_NUMBER,
        "configuration and saved memory",
        len(plan.shared_folders),
        folder,
        tuple((file, target_of(migration, exported, file.path)) for file in exported.files),
    )
    return copy_unit(migration, unit, wait_seconds=POLL_SECONDS)


def export_root(exported: m.ExportResult) -> str:
    r"""The exported VM's folder: the one that holds `Virtual Machines\<id>.vmcx`."""
    return ntpath.dirname(ntpath.dirname(exported.configuration))


def target_of(migration: Migration, exported: m.ExportResult, path: str) -> str:
    """Where an exported file goes on the target: the same place below the target folder."""
    return ntpath.join(migration.plan.target_folder, ntpath.relpath(path, export_root(exported)))
