"""Import the VM on the target: compare, re-point disks and switches, compare again, import; all in one call there.

The VM keeps its id, so that its files' access rights, backup and monitoring follow it. It stands still after this, and
what its disks look like now is the proof later that it has not run.
"""

from __future__ import annotations

from qsm.errors import Failed
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.steps.copy_changes import target_of


@step
def import_vm(migration: Migration) -> m.ImportVMResult:
    """The imported VM. Raises HostRefused (VMExists, ImportIncompatible), HostFailed, Failed."""
    plan = migration.plan
    saved = migration.source.result(operations.save_vm)
    exported = migration.source.result(operations.export_configuration)
    if saved is None or exported is None:
        raise Failed(f"VM {plan.vm_name} was not saved and exported by this migration; nothing was imported.")
    was = {disk.slot: disk.path for disk in saved.disks}
    migration.check_stop()
    imported = migration.target.change(
        operations.import_vm,
        m.ImportVMArguments(
            vm_id=plan.vm_id,
            configuration=target_of(migration, exported, exported.configuration),
            folder=plan.target_folder,
            disks=tuple(m.ImportDisk(slot=disk.slot, path=disk.target_path, was=was[disk.slot]) for disk in plan.disks),
            switches=plan.switches,
            pinned=plan.pinned,
            expected_state=saved.state,
        ),
    )
    if imported.repaired:
        name = migration.target.name
        migration.note(f"Host {name} changed VM {plan.vm_name} at its import: {'; '.join(imported.repaired)}.")
    return imported
