"""File systems of the volumes that take a VM's files. Pure functions.

FAT, FAT32 and exFAT have no access lists, by which a VM is let in to its disks, and FAT32 no files beyond 4 GiB. What is
neither NTFS nor ReFS nor either of them below a Cluster Shared Volume is refused, an answer that is missing too.
"""

from __future__ import annotations

from collections.abc import Iterator

from qsm.facts.hosts import VolumeFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import name_key
from qsm.facts.states import LIVE_STATES
from qsm.judgement.room import volume_of

_TAKEN = ("NTFS", "REFS", "CSVFS", "CSVFS_NTFS", "CSVFS_REFS")
"""As Win32_Volume.FileSystem and Get-Volume report them, in upper case."""


def about_target_volume(volume: VolumeFacts | None, *, host: str) -> Iterator[str]:
    """Against the volume of the target folder. None: there is none, which has reasons of its own."""
    if volume is not None and (why := _unsuited(volume, host=host)):
        yield f"{why}. Choose a target folder on such a volume, or format this one anew"


def about_source_volumes(vm: VMFacts, *, host: str) -> Iterator[str]:
    """Against the volumes on which a checkpoint puts differencing disks. One that is not reported has no room either."""
    if vm.state not in LIVE_STATES:
        return
    files = (file.path for disk in vm.disks for file in disk.chain)
    volumes = {volume.root: volume for path in files if (volume := volume_of(path, vm.volumes)) is not None}
    for volume in volumes.values():
        if why := _unsuited(volume, host=host):
            yield f"{why}. Move its disks to such a volume with Move-VMStorage, or shut the VM down"


def _unsuited(volume: VolumeFacts, *, host: str) -> str:
    if name_key(volume.file_system) in _TAKEN:
        return ""
    found = f"has the file system {volume.file_system}" if volume.file_system else "does not report its file system"
    return f"volume {volume.root} of host {host} {found}; a VM's files need NTFS or ReFS"
