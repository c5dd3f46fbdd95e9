"""One unit of copying: files of one share, fetched by the target, watched from both sides until they are verified.

Base disks, differencing disks, saved memory and exported configuration all go this way. While it runs, each poll asks
the target how far it is and, every few seconds, the source whether the world still is as it was: the share there, the
host not rebooted, the VM in its state, no alien checkpoint, enough room for the differencing disks that grow.
"""

from __future__ import annotations

import ntpath
import time
from dataclasses import dataclass

from qsm.acts.watching import watch_source
from qsm.errors import Failed, HostFailed
from qsm.facts.files import FileFacts
from qsm.facts.states import ENDED_WORK, WorkState
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.judgement import room
from qsm.migration.migration import Migration
from qsm.migration.progress import CopyProgressed
from qsm.migration.waiting import wait_for

WATCH_SECONDS = 2.0


@dataclass(frozen=True)
class Unit:
    """What is copied together: a number, a name for people, the source folder and the files with their destinations."""

    number: int
    what: str
    share: int
    folder: str
    files: tuple[tuple[FileFacts, str], ...]

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.length_bytes for file, _ in self.files)


def disk_unit(migration: Migration, slot: str, layer: int) -> Unit:
    """The unit that copies one file of a disk's chain; the layer is its place there, 0 for the base.

    Raises BrokenChain, and Failed for a file outside the folders that preflight saw.
    """
    link = migration.chain(slot).files[layer]
    share = migration.plan.share_of(link.file.path)
    if share is None:
        raise Failed(
            f"File {link.file.path} of disk {slot} on host {migration.source.name} lies in a folder that held no file of VM"
            f" {migration.plan.vm_name} before the migration. The folder is not shared, so the file cannot be copied."
        )
    kind = "base disk" if layer == 0 else "differencing disk"
    return Unit(
        number=migration.plan.work_number(slot, layer),
        what=f"{kind} {ntpath.basename(link.file.path)}",
        share=share,
        folder=migration.plan.shared_folders[share],
        files=((link.file, link.target_path),),
    )


def copy_unit(migration: Migration, unit: Unit, *, wait_seconds: float) -> int:
    """Copies and verifies; returns the bytes. Raises HostFailed (CopyFailed, CopyAltered, NoSpace), Failed, Stopped."""
    migration.check_stop()
    share = open_share(migration, unit)
    root = f"\\\\{migration.plan.source_smb_name}\\{share}\\"
    files = tuple(
        m.CopyFile(
            source=root + file.path[len(unit.folder.rstrip("\\")) + 1 :],
            destination=destination,
            length_bytes=file.length_bytes,
            last_write_ticks=file.last_write_ticks,
        )
        for file, destination in unit.files
    )
    migration.target.change_anew(
        operations.start_copy,
        m.StartCopyArguments(number=unit.number, files=files, reserve_bytes=migration.plan.reserve_bytes),
        about=str(unit.number),
    )
    _wait(migration, unit, share, wait_seconds=wait_seconds)
    return unit.total_bytes


def open_share(migration: Migration, unit: Unit) -> str:
    """The share of the unit's folder, with a read grant on each of its files."""
    result = migration.source.change_anew(
        operations.open_share,
        m.OpenShareArguments(
            number=unit.share,
            folder=unit.folder,
            files=tuple(file.path for file, _ in unit.files),
            account=migration.plan.target_account,
        ),
        about=f"{unit.share}/{unit.number}",
    )
    return result.share.name


def _wait(migration: Migration, unit: Unit, share: str, *, wait_seconds: float) -> None:
    """Until the copy has ended well; the world is looked at meanwhile."""
    stall = migration.settings.limits.copy_stall_seconds
    began = watched_at = time.monotonic()

    def look() -> m.GetCopyResult:
        nonlocal watched_at
        state = migration.target.ask(
            operations.get_copy, m.WorkArguments(number=unit.number), wait_seconds=wait_seconds
        )
        if state.state not in ENDED_WORK and time.monotonic() - watched_at > WATCH_SECONDS:
            watched_at = time.monotonic()
            watch_source(migration, shares=(share,))
        return state

    def is_over(state: m.GetCopyResult) -> bool:
        done = _copied_bytes(state)
        rate = done / max(time.monotonic() - began, 0.001)
        migration.progress.tell(CopyProgressed(unit.what, done, unit.total_bytes, rate))
        return _has_ended_well(migration, unit, state)

    def too_late(state: m.GetCopyResult) -> str:
        states = ", ".join(sorted({file.job_state for file in state.files})) or "no job"
        return (
            f"The copy of {unit.what} from {migration.source.name} to {migration.target.name} has moved no byte for"
            f" {stall} s (BITS: {states}). Check the link and TCP 445 between the hosts."
        )

    wait_for(
        look,
        is_over=is_over,
        limit_seconds=stall,
        moved=_copied_bytes,
        pause_seconds=0,
        check_stop=migration.check_stop,
        too_late=too_late,
    )


def _copied_bytes(state: m.GetCopyResult) -> int:
    return sum(file.bytes_transferred for file in state.files)


def _has_ended_well(migration: Migration, unit: Unit, state: m.GetCopyResult) -> bool:
    """False while it is under way. Raises HostFailed or Failed when it ended otherwise, or room runs short."""
    if state.state is WorkState.DONE:
        return True
    if state.error is not None:
        raise HostFailed(migration.target.name, "start_copy", state.error)
    if state.state in ENDED_WORK:
        raise Failed(
            f"The copy of {unit.what} to host {migration.target.name} ended as {state.state}; the host reported no reason."
        )
    if state.volume is not None:
        host = migration.target.name
        demands = room.of_copy(state.volume, host=host, what=f"the copy of {unit.what}")
        room.require(demands, {host: [state.volume]}, migration.plan)
    return False
