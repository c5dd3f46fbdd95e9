"""Copy what the offline window must carry: each differencing disk, and the exported configuration with the saved memory.

The configuration is exported without storage and without checkpoints; the target merges before it imports, so the
imported VM knows only its base disks. Files keep their names and their places relative to the VM's folder.
"""

from __future__ import annotations

import ntpath

from qsm.acts.copying import CHANGES_NUMBER, CONFIGURATION_NUMBER, Unit, copy_unit
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step

POLL_SECONDS = 5.0


@step
def copy_change(migration: Migration, slot: str) -> int:
    """Copies the differencing disk of that slot; 0 for a VM without checkpoint. Raises as `copy_unit` does."""
    plan = migration.plan
    saved = migration.source.result(operations.save_vm)
    disk = plan.disk(slot)
    chain = next(d.chain for d in saved.disks if d.slot == slot) if saved else ()
    if len(chain) < 2:
        return 0
    leaf = chain[0]
    unit = Unit(
        CHANGES_NUMBER + disk.index,
        f"differencing disk {ntpath.basename(leaf.path)}",
        disk.share,
        plan.shared_folders[disk.share],
        ((leaf, disk.target_of(leaf.path)),),
    )
    return copy_unit(migration, unit, wait_seconds=POLL_SECONDS)


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
