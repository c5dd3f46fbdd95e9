"""Merging differencing disks whose checkpoint is gone: in the background, live or off, across power cuts.

A merge changes the very disk a running guest reads, takes long, and may be broken off anywhere. So every step is one
that may be done twice: a differencing disk is folded into its parent (which shows the same contents at every moment), the
file above it is set on that parent, the configuration forgets it, its file goes. Whoever finds the steps half done, after
a stop or a boot, does them again from the first.

A running VM gets another differencing disk on top first: what is merged then no longer changes. When that one is small
enough the guest stands still for the moment its merge takes, and goes on with the base disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lab.disks import DiskError, Hresult
from lab.hyperv import chains
from lab.hyperv.checkpoints import (
    discard_files,
    hold_disks,
    move_to_children,
    new_children,
    standing_still,
    use_disks,
)
from lab.hyperv.configuration import Configuration
from lab.hyperv.core import Core
from lab.hyperv.held_files import HELD_FILE
from lab.hyperv.machine import Machine, Merging
from lab.hyperv.model import HardDiskDrive
from lab.hyperv.virtual_disks import NEW_FILE_BYTES, connect, merge_file
from lab.vm.process import VirtualMachineProcess
from qsm.facts.names import same_path
from qsm.facts.states import VMState

MOST_HELD_SECONDS = 0.3
"""A differencing disk that is merged so fast is merged while the guest stands still."""
MOST_ROUNDS = 4


@dataclass(frozen=True)
class MergeJob:
    """A merge that goes on (Msvm_ConcreteJob, JobType 50)."""

    vm_id: str
    child: str
    parent: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Link:
    """A differencing disk to fold into its parent."""

    child: str
    parent: str
    above: str | None
    """The file whose parent it is; None if it is the VM's leaf."""


class Merges:
    """The host's merges, one thread per VM that has any."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.merge_waiting = self.begin

    def begin(self, machine: Machine) -> None:
        """Start merging what waits to be merged, if anything, and remove files that are left over."""
        with self._core.changed:
            found = machine.configuration
            if machine.merging or found.merge_disabled or not (next_link(found) or found.leftover_files):
                return
            merging = Merging()
            merging.thread = threading.Thread(
                target=self._work, args=[machine, merging], name=f"merges {machine.holder}", daemon=True
            )
            machine.merging = merging
            self._core.touch()
            merging.thread.start()

    def interrupt(self, machine: Machine) -> None:
        """Stop a merge, and leave the disks as a VM can use them. Not under the lock."""
        merging = machine.merging
        if merging is not None and merging.thread is not None:
            merging.stop.set()
            merging.thread.join()
        self.settle(machine)

    def settle(self, machine: Machine) -> None:
        """Finish merges that were complete when something broke them off: until then the chain does not open."""
        while (link := next_link(machine.configuration)) is not None and self._is_complete(link):
            self._finish(machine, link)

    def clean_removed(self, machine: Machine) -> None:
        """Remove the own files of a VM that Remove-VM took away; without merges nothing is left of it then."""
        self._remove_leftover_files(machine)
        if next_link(machine.configuration) is None:
            self._core.forget_removed(machine)

    def jobs(self) -> tuple[MergeJob, ...]:
        """Return the merges that go on, those of removed VMs too."""
        with self._core.lock:
            machines = (*self._core.machines.values(), *self._core.removed)
            return tuple(
                MergeJob(each.vm_id, job.child, job.parent, job.done_bytes, job.total_bytes)
                for each in machines
                if (job := each.merging) is not None
            )

    def _is_complete(self, link: Link) -> bool:
        try:
            return chains.is_merged(chains.read_file(self._core, link.child), chains.read_file(self._core, link.parent))
        except DiskError:
            return False

    def _work(self, machine: Machine, merging: Merging) -> None:
        failure = ""
        try:
            self._merge_all(machine, merging)
            self._remove_leftover_files(machine)
        except DiskError as error:
            failure = "" if error.hresult == Hresult.CANCELLED else f"{error}"
        except Exception as error:  # it is told as the VM's failure; the merge is tried again at the next start or stop
            failure = f"{error}"
        with self._core.changed:
            machine.merging = None
            machine.merge_failure = f"Its disks could not be merged: {failure}" if failure else ""
            if not failure and machine.removed and next_link(machine.configuration) is None:
                self._core.forget_removed(machine)
            self._core.touch()

    def _merge_all(self, machine: Machine, merging: Merging) -> None:
        rounds = 0
        while not merging.stop.is_set() and (link := next_link(machine.configuration)) is not None:
            with self._core.lock:
                merging.child, merging.parent, merging.done_bytes, merging.total_bytes = link.child, link.parent, 0, 0
            process = machine.process
            if process is None:
                self._merge_off(machine, link, merging)
            elif link.above is None and self._may_hold(machine, link, rounds):
                self._merge_held(machine, link, merging, process)
            else:
                rounds += 1
                self._merge_live(machine, link, merging, process)

    def _may_hold(self, machine: Machine, link: Link, rounds: int) -> bool:
        """A guest that does not run misses nothing; another waits for a moment only, or for a file that never gets small."""
        changed_bytes = chains.read_file(self._core, link.child).info.file_bytes - NEW_FILE_BYTES
        small = changed_bytes <= MOST_HELD_SECONDS * self._core.timing.merge_bytes_per_second
        return small or rounds >= MOST_ROUNDS or machine.shown_state is not VMState.RUNNING

    def _merge_off(self, machine: Machine, link: Link, merging: Merging) -> None:
        files = [path for path in (link.child, link.parent, link.above) if path]
        with self._core.held.during(dict.fromkeys(files, HELD_FILE), holder=f"merge of {machine.holder}"):
            self._fold(link, merging)
            self._finish(machine, link)

    def _merge_held(self, machine: Machine, link: Link, merging: Merging, process: VirtualMachineProcess) -> None:
        running = machine.shown_state is VMState.RUNNING  # then what takes time on a real host was merged before
        with self._alone(machine, link), standing_still(process):
            self._fold(link, merging, paced=not running)
            self._finish(machine, link)

    def _merge_live(self, machine: Machine, link: Link, merging: Merging, process: VirtualMachineProcess) -> None:
        if link.above is None:
            drive = next(each for each in chains.file_drives(machine) if same_path(each.path, link.child))
            link = replace(link, above=self._put_on_top(machine, drive))
        with self._alone(machine, link):
            self._fold(link, merging, exclusive=False)
            with standing_still(process):
                self._finish(machine, link)

    def _put_on_top(self, machine: Machine, drive: HardDiskDrive) -> str:
        """Have the guest write to another file from now on."""
        child = new_children(self._core, machine)[drive.slot]
        former = machine.configuration
        self._core.change(machine, replace(former, leftover_files=(*former.leftover_files, child)))
        try:
            move_to_children(self._core, machine, {drive.slot: child}, former)
        except BaseException:
            discard_files(self._core, machine, [child])
            raise
        return child

    @contextmanager
    def _alone(self, machine: Machine, link: Link) -> Iterator[None]:
        """Let nobody else read the files that are merged. Raises PlatformError (sharing violation) if somebody does."""
        hold_disks(self._core, machine, alone=[link.child, link.parent])
        try:
            yield
        except BaseException:
            hold_disks(self._core, machine)
            raise

    def _fold(self, link: Link, merging: Merging, *, exclusive: bool = True, paced: bool = True) -> None:
        def tell(done_bytes: int, total_bytes: int) -> None:
            merging.done_bytes, merging.total_bytes = done_bytes, total_bytes

        child, parent = chains.read_file(self._core, link.child), chains.read_file(self._core, link.parent)
        merge_file(
            self._core, child, parent, progress=tell, should_stop=merging.stop.is_set, exclusive=exclusive, paced=paced
        )

    def _finish(self, machine: Machine, link: Link) -> None:
        """The file is folded into its parent: set what is above it on the parent, forget it, remove it."""
        core = self._core
        if link.above is not None:
            connect(chains.read_file(core, link.above), chains.read_file(core, link.parent))
        core.change(machine, without(machine.configuration, link))
        if machine.process is not None:
            use_disks(core, machine)
        core.host_path(link.child).unlink(missing_ok=True)
        core.platform.acl.removed(link.child)
        self._forget_leftover(machine, link.child)

    def _remove_leftover_files(self, machine: Machine) -> None:
        for path in machine.configuration.leftover_files:
            self._core.remove_file(path)
            self._forget_leftover(machine, path)

    def _forget_leftover(self, machine: Machine, path: str) -> None:
        kept = tuple(each for each in machine.configuration.leftover_files if each != path)
        self._core.change(machine, replace(machine.configuration, leftover_files=kept))


def next_link(found: Configuration) -> Link | None:
    """Return the lowest differencing disk whose parent no checkpoint keeps; None if there is nothing to merge."""
    kept = [drive.path for snapshot in found.snapshots for drive in snapshot.hard_drives]
    for child, parent in found.checkpoint_files.items():
        if not chains.is_among(parent, kept):
            above = (each for each, below in found.checkpoint_files.items() if same_path(below, child))
            return Link(child, parent, next(above, None))
    return None


def without(found: Configuration, link: Link) -> Configuration:
    """Return the configuration after a merge: whatever named the child names its parent."""

    def moved(drives: tuple[HardDiskDrive, ...]) -> tuple[HardDiskDrive, ...]:
        return tuple(
            replace(drive, path=link.parent) if drive.path and same_path(drive.path, link.child) else drive
            for drive in drives
        )

    return replace(
        found,
        hard_drives=moved(found.hard_drives),
        snapshots=tuple(replace(each, hard_drives=moved(each.hard_drives)) for each in found.snapshots),
        checkpoint_files={
            child: link.parent if same_path(parent, link.child) else parent
            for child, parent in found.checkpoint_files.items()
            if not same_path(child, link.child)
        },
        leftover_files=(*found.leftover_files, link.child),
    )
