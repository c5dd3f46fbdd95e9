"""Disk chains of a host, by their Windows paths.

A child names its parent by a Windows path, absolute and relative; the files lie in folders of another system. So the
chain is walked here, one file after the other, and what comes out are both names of each file, the leaf first.
"""

from __future__ import annotations

import itertools
import ntpath
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from lab.disks import DiskError, DiskFormat, DiskInfo, Hresult, read_info, test_chain
from lab.hyperv.core import Core
from lab.hyperv.held_files import HELD_FILE, SHARED_FILE, OpenMode
from lab.hyperv.machine import Machine
from lab.hyperv.model import HardDiskDrive
from lab.platform.attributes import UNFIT_FOR_DISKS
from lab.vm.process import DiskAttachment
from qsm.facts.names import same_name, same_path

LONGEST_CHAIN = 256
FULL_CONTROL = "FullControl"
READ = "Read"


class ChainFile(NamedTuple):
    """One file of a chain."""

    path: str
    """Windows path, spelled as on the disk."""
    host_path: Path
    info: DiskInfo


Chain = tuple[ChainFile, ...]
"""The leaf first, the base last."""


def read_chain(core: Core, path: str) -> Chain:
    """Walk from a file to its base. Raises DiskError: 0x80070002 (no such file), 0xC03A000D (no parent), 18 (cycle)."""
    chain = [read_file(core, path)]
    while (parent := parent_path(core, chain[-1])) is not None:
        if len(chain) >= LONGEST_CHAIN or any(same_path(parent, each.path) for each in chain):
            raise DiskError(Hresult.CHAIN_CYCLE_DETECTED, f"The chain of {path} comes back to {parent}.")
        chain.append(read_file(core, parent))
    return tuple(chain)


def read_file(core: Core, path: str) -> ChainFile:
    """Ask one file, also while a VM uses it. Raises DiskError."""
    full_path = core.platform.files.full_path(path)
    host_path = core.host_path(full_path)
    if not host_path.is_file():
        raise DiskError(Hresult.FILE_NOT_FOUND, f"There is no file '{full_path}' on {core.host.name}.")
    require_plain(core, full_path)
    return ChainFile(full_path, host_path, read_info(host_path))


def require_plain(core: Core, path: str) -> None:
    """Raise DiskError 0xC03A001A for a file that NTFS keeps, or would keep, in a form that no virtual disk may have."""
    if found := core.platform.files.attributes.of(path) & UNFIT_FOR_DISKS:
        rule = "Virtual hard disk files must be uncompressed and unencrypted and must not be sparse"
        raise DiskError(Hresult.LIMITATION, f"{rule}: '{path}' is {', '.join(sorted(found))}.")


def parent_path(core: Core, child: ChainFile) -> str | None:
    """Find a child's parent: by its relative locator, then by the absolute one. None for a disk without parent.

    Raises DiskError 0xC03A000D if neither leads to a file.
    """
    relative, absolute = child.info.parent_relative_path, child.info.parent_windows_path
    if relative is None and absolute is None:
        return None
    beside = ntpath.normpath(ntpath.join(ntpath.dirname(child.path), relative)) if relative else None
    for candidate in (beside, absolute):
        if candidate and core.platform.files.is_file(candidate):
            return core.platform.files.full_path(candidate)
    raise DiskError(
        Hresult.PARENT_NOT_FOUND, f"The parent of '{child.path}' is not on {core.host.name}: {absolute or beside}."
    )


def is_merged(child: ChainFile, parent: ChainFile) -> bool:
    """Whether a merge of the child into the parent is complete: the parent then has the child's identity."""
    if child.info.format is DiskFormat.VHDX:
        return child.info.content_identity == parent.info.content_identity
    return child.info.disk_identifier == parent.info.disk_identifier


def is_among(path: str, paths: Iterable[str]) -> bool:
    """Whether a file is one of these."""
    return any(same_path(path, each) for each in paths)


def test(chain: Chain) -> None:
    """Check every file and every link. Raises DiskError."""
    parents = {child.host_path: parent.host_path for child, parent in itertools.pairwise(chain)}
    test_chain(chain[0].host_path, resolve=lambda info: parents[info.path])


def attachment(slot: str, chain: Chain) -> DiskAttachment:
    """Return a chain as a VM's process takes it."""
    return DiskAttachment(slot, chain[0].host_path, tuple(each.host_path for each in chain[1:]))


def file_drives(machine: Machine) -> tuple[HardDiskDrive, ...]:
    """Return the VM's disks that are files."""
    return tuple(drive for drive in machine.configuration.hard_drives if drive.path)


def handles(machine: Machine, chains: Iterable[Chain]) -> dict[str, OpenMode]:
    """Return what a running VM holds open: leaves and guest state for itself alone, parents for all to read."""
    wanted = dict.fromkeys(machine.files_of_guest_state(), HELD_FILE)
    for chain in chains:
        wanted |= {each.path: SHARED_FILE for each in chain[1:]}
        wanted[chain[0].path] = HELD_FILE
    return wanted


def grant_access(core: Core, machine: Machine, chain: Sequence[ChainFile]) -> None:
    """Write the VM's entries on a disk's files, as attaching a disk does: the leaf to write, its parents to read."""
    for each, right in zip(chain, [FULL_CONTROL] + [READ] * (len(chain) - 1), strict=True):
        if not core.platform.acl.grants(each.path, machine.account, right):
            core.platform.acl.grant(each.path, machine.account, right)


def relative_to(child: str, parent: str) -> str | None:
    """Return the parent's path as seen from the child's folder; None on another drive."""
    if not same_name(ntpath.splitdrive(child)[0], ntpath.splitdrive(parent)[0]):
        return None
    relative = ntpath.relpath(parent, ntpath.dirname(child))
    return relative if relative.startswith("..") else f".\\{relative}"
