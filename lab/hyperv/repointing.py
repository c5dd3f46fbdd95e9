r"""The disks of a planned VM that Compare-VM and Import-VM point at their files by themselves.

If `root\Virtual Hard Disks` holds a file of the name of every disk, those of the checkpoints too, the module takes it for
the folder of this VM's disks, and points each of them into it: at once, and again with each `-CompatibilityReport`, Import-VM
included. A path that was set by hand in between is overruled (fact book of the module, section 6, steps 3 to 6).
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterator
from dataclasses import replace

from lab.hyperv import configuration as files
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import Core
from lab.hyperv.machine import Machine
from lab.hyperv.model import HardDiskDrive


def destination(core: Core, machine: Machine) -> str | None:
    """The folder that is taken for the disks' own (step 4); a VM without disks has any that is there."""
    root = ntpath.dirname(ntpath.dirname(machine.configuration_file))
    folder = ntpath.join(root, files.DISKS_FOLDER)
    if not core.platform.files.is_folder(folder):
        return None
    there = all(core.platform.files.is_file(_within(folder, each.path)) for each in _drives(machine.configuration))
    return folder if there else None


def repoint(core: Core, machine: Machine, folder: str | None) -> None:
    """Step 6. Without a folder nothing happens."""
    found = machine.configuration
    if folder is None or all(each.path == _within(folder, each.path) for each in _drives(found)):
        return

    def moved(drives: tuple[HardDiskDrive, ...]) -> tuple[HardDiskDrive, ...]:
        return tuple(replace(each, path=_within(folder, each.path)) if each.path else each for each in drives)

    snapshots = tuple(replace(each, hard_drives=moved(each.hard_drives)) for each in found.snapshots)
    core.change(machine, replace(found, hard_drives=moved(found.hard_drives), snapshots=snapshots))


def _within(folder: str, path: str) -> str:
    return ntpath.join(folder, ntpath.basename(path))


def _drives(found: Configuration) -> Iterator[HardDiskDrive]:
    kept = (drive for snapshot in found.snapshots for drive in snapshot.hard_drives)
    yield from (drive for drive in (*found.hard_drives, *kept) if drive.path)
