r"""Length of each path that a migration writes, against MAX_PATH. Pure functions.

Found only at the copy, a path that is too long would cost the migration; that of a differencing disk or of the saved
memory comes up inside the offline window. BITS takes no ``\\?\`` and no path beyond MAX_PATH (Microsoft's documentation
of ``IBackgroundCopyJob::AddFile``), whatever the file system could.

Assumed, for no document says so: Hyper-V names a differencing disk after the file that it freezes, with ``_``, a GUID and
``.avhdx`` or ``.avhd`` (seen in the instance names of its performance counters); before configuration version 6.2 a saved
state lies in a folder of the VM's id.
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qsm.facts.machines import VMFacts
from qsm.facts.paths import LONGEST_FILE_PATH, LONGEST_FOLDER_PATH, signs
from qsm.facts.states import LIVE_STATES
from qsm.judgement.placement import configuration_files, created_folders
from qsm.plan.plan import PlannedDisk

_GUID = "<GUID>"
_GUID_SIGNS = 36


@dataclass(frozen=True)
class Written:
    """A path that is to be. `repair`: what shortens it."""

    host: str
    what: str
    path: str
    repair: str
    folder: bool = False

    @property
    def excess(self) -> int:
        """Signs too many, 0 or less if it fits."""
        length = signs(self.path.replace(_GUID, _GUID_SIGNS * "0"))
        return length - (LONGEST_FOLDER_PATH if self.folder else LONGEST_FILE_PATH)

    def __str__(self) -> str:
        limit = LONGEST_FOLDER_PATH if self.folder else LONGEST_FILE_PATH
        return (
            f"{self.what} would have a path of {limit + self.excess} signs on host {self.host}, {self.excess} more than"
            f" the {limit} that Windows takes for a {'folder' if self.folder else 'file'}: {self.path}. {self.repair}"
        )


def differencing_disk(path: str) -> str:
    """The file that a checkpoint adds beside a disk's file, with the text ``<GUID>`` for its 36 signs."""
    stem, extension = ntpath.splitext(path)
    return f"{stem}_{_GUID}{'.avhd' if extension.lower() in ('.vhd', '.avhd') else '.avhdx'}"


def too_long(
    vm: VMFacts, disks: Sequence[PlannedDisk], folder: str, export_folder: str, *, source: str, target: str
) -> Iterator[str]:
    """A clause for each path of the migration that Windows does not take."""
    everything = [*_on_source(vm, export_folder, host=source), *_on_target(vm, disks, folder, host=target)]
    yield from (str(path) for path in everything if path.excess > 0)


def _on_source(vm: VMFacts, export_folder: str, *, host: str) -> Iterator[Written]:
    if vm.state in LIVE_STATES:
        repair = "Move the disk to a shorter folder with Move-VMStorage"
        for disk in (disk for disk in vm.disks if disk.chain):
            yield Written(host, f"the differencing disk of {disk.slot}", differencing_disk(disk.chain[0].path), repair)
    repair = "Mount the volume at a shorter path"
    for path in _configuration(vm, export_folder):
        yield Written(host, "its exported configuration", path, repair)


def _on_target(vm: VMFacts, disks: Iterable[PlannedDisk], folder: str, *, host: str) -> Iterator[Written]:
    repair = "Choose a shorter target folder"
    disks = tuple(disks)
    for disk in disks:
        for link in disk.chain.files:
            yield Written(host, f"the copy of disk {disk.slot}", link.target_path, repair)
        if vm.state in LIVE_STATES:
            path = differencing_disk(disk.chain.leaf.target_path)
            yield Written(host, f"the copy of the differencing disk of {disk.slot}", path, repair)
    for path in _configuration(vm, folder):
        yield Written(host, "its configuration", path, repair)
    below = created_folders(folder, disks, vm_id=vm.vm_id, exists=False)
    id_folder = ntpath.join(folder, "Virtual Machines", vm.vm_id.upper())
    for path in (path for path in below if path != id_folder or not _binary(vm)):
        yield Written(host, "a folder of its files", path, repair, folder=True)


def _configuration(vm: VMFacts, folder: str) -> tuple[str, ...]:
    """The files of its configuration and saved state that this VM has or will have there."""
    binary, text = configuration_files(folder, vm_id=vm.vm_id)
    return binary if _binary(vm) else text


def _binary(vm: VMFacts) -> bool:
    """Whether the configuration is a .vmcx. A version that cannot be read counts as none, whose paths are longer."""
    parts = vm.version.split(".")
    return all(part.isdecimal() for part in parts) and tuple(int(part) for part in parts) >= (6, 2)
