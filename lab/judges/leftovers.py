"""What a migration left behind on a host.

A share that stays open, a read grant on a disk, a task, a forgotten AVHDX: none of it stops the moved VM from running,
and nobody looks until it does harm. So two inventories of a host are compared whole: all that is there after the
migration, without the moved VM, must be what was there before it, without the moved VM. Only what is named here may
have come: the module, and the record and journal of this migration.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qsm.facts.files import FileEntry
from qsm.facts.names import path_key, same_path
from qsm.hosts.messages import InventoryResult

ROOT = "c:\\programdata\\quickstoragemigration\\"
CONFIGURATION_EXTENSIONS = (".vmcx", ".vmrs", ".vmgs", ".xml", ".bin", ".vsv")
"""Files of a VM that are named after its id: configuration, saved state and device states, guest state."""


@dataclass(frozen=True)
class PlaceOfVM:
    """Where the moved VM is on one host (its id and the files that are its own); nothing where it should not be."""

    vm_id: str = ""
    disk_paths: tuple[str, ...] = ()
    configuration_folder: str = ""
    r"""Usually `<folder of the VM>\Virtual Machines`."""

    def owns(self, path: str) -> bool:
        """Whether a file is the VM's."""
        if path_key(path) in {path_key(disk) for disk in self.disk_paths}:
            return True
        stem, extension = ntpath.splitext(ntpath.basename(path).lower())
        in_place = same_path(ntpath.dirname(path), self.configuration_folder)
        return bool(self.vm_id) and in_place and stem == self.vm_id and extension in CONFIGURATION_EXTENSIONS


@dataclass(frozen=True)
class HostInventory:
    """One host at one moment: what it told, where the VM was, and what really lies on its volumes."""

    told: InventoryResult
    place: PlaceOfVM
    files_on_disk: tuple[str, ...]
    """Windows paths, found without asking the host."""


def left_over(before: HostInventory, after: HostInventory, *, migration_id: str) -> tuple[str, ...]:
    """Return each difference in a sentence; none: the host is clean."""
    return (
        *_names("VM", _vms(before), _vms(after)),
        *_names("planned VM", before.told.planned_vms, after.told.planned_vms),
        *_names("checkpoint", before.told.checkpoints, after.told.checkpoints),
        *_names("share", before.told.shares, after.told.shares),
        *_names("scheduled task", before.told.tasks, after.told.tasks),
        *_names("BITS job", before.told.jobs, after.told.jobs),
        *_names("migration", before.told.migrations, (each for each in after.told.migrations if each != migration_id)),
        *(f"the lock of VM {lock.vm_name} by migration {lock.migration_id} is held" for lock in after.told.locks),
        *_files(before, after, migration_id=migration_id),
        *_untold(after),
    )


def _vms(inventory: HostInventory) -> list[str]:
    own = inventory.place.vm_id
    return [vm for vm in inventory.told.vms if not own or not vm.startswith(f"{own} ")]


def _names(what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    old, new = set(before), set(after)
    yield from (f"{what} {name} was not there before" for name in sorted(new - old))
    yield from (f"{what} {name} is gone" for name in sorted(old - new))


def _files(before: HostInventory, after: HostInventory, *, migration_id: str) -> Iterator[str]:
    old = {entry.path: entry for entry in before.told.files if not before.place.owns(entry.path)}
    new = {entry.path: entry for entry in after.told.files if not after.place.owns(entry.path)}
    module_or_record = _module_or_record(migration_id)
    for path in sorted(new.keys() - old.keys()):
        if not module_or_record.match(path):
            yield f"file {path} was not there before"
    yield from (f"file {path} is gone" for path in sorted(old.keys() - new.keys()))
    for path in sorted(old.keys() & new.keys()):
        yield from (f"file {path} has another {what} now" for what in _changed(old[path], new[path]))


def _changed(old: FileEntry, new: FileEntry) -> Iterator[str]:
    if old.length_bytes != new.length_bytes:
        yield f"length ({old.length_bytes} -> {new.length_bytes})"
    if old.last_write_ticks != new.last_write_ticks:
        yield "time"
    if old.access != new.access:
        yield f"access ({', '.join(old.access) or 'none'} -> {', '.join(new.access) or 'none'})"


def _module_or_record(migration_id: str) -> re.Pattern[str]:
    """The files that may stay: they are named, and nothing else below the tool's folder is."""
    migration = rf"migrations\\{re.escape(migration_id)}\\(record|operations\\[0-9a-f]{{64}})\.json"
    module = r"modules\\[0-9a-f]{64}\\.+"
    return re.compile(rf"{re.escape(ROOT)}({module}|{migration})\Z", re.IGNORECASE)


def _untold(after: HostInventory) -> Iterator[str]:
    """A host that does not tell of a file must not pass for clean."""
    told = {path_key(entry.path) for entry in after.told.files}
    for path in after.files_on_disk:
        if path_key(path) not in told:
            yield f"file {path} lies on the host, which does not tell of it"
