"""The chain of one disk: what the VM had, what our checkpoints added to it, and where each file goes on the target.

    leaf    sql_2.avhdx   added by our second checkpoint; the guest writes here
            sql_1.avhdx   added by our first checkpoint, frozen by the second
    foot    sql.avhdx     the VM's own: its disk as preflight saw it, frozen by our first checkpoint
    base    root.vhdx     the VM's own: its owner had taken a checkpoint

A VM without checkpoints of its owner has one file of its own, which is base and foot. What is ours is merged into the foot,
on the target when the VM moves and on the source when it comes home; the files below the foot are only carried along.

A host reports a chain leaf first. Whoever takes the wrong file for the base copies, merges or deletes the wrong one, so a
chain is made of a report only if every file's parent is the next one; else the error names file and host.
"""

from __future__ import annotations

import ntpath
from collections.abc import Callable
from itertools import pairwise

from pydantic import Field

from qsm.errors import Failed
from qsm.facts.files import DiskFile, DiskPair, VMDisk
from qsm.facts.frozen import Frozen
from qsm.facts.names import path_key, same_path


class BrokenChain(Failed):
    """The files of a disk are no chain, or not the one that they were."""

    def __init__(self, host: str, *, slot: str, path: str, problem: str) -> None:
        self.host, self.slot, self.path, self.problem = host, slot, path, problem
        super().__init__(f"Disk {slot} on host {host}: file {path} {problem}.")


class ChainLink(Frozen):
    """One file of a chain."""

    file: DiskFile = Field(description="as the source reported it last")
    target_path: str = Field(description="where its copy goes on the target, under its own name")


class Chain(Frozen):
    """All files of one disk, from the base upwards."""

    slot: str
    own: tuple[ChainLink, ...] = Field(min_length=1, description="what the VM had before this migration")
    added: tuple[ChainLink, ...] = Field(default=(), description="what our checkpoints added, one file each")

    @property
    def files(self) -> tuple[ChainLink, ...]:
        """All of them; the place in this order is the number of the layer, 0 for the base."""
        return self.own + self.added

    @property
    def base(self) -> ChainLink:
        """The file without a parent."""
        return self.own[0]

    @property
    def layers(self) -> tuple[ChainLink, ...]:
        """The differencing disks, from the base upwards."""
        return self.files[1:]

    @property
    def foot(self) -> ChainLink:
        """The VM's disk as preflight saw it: what our checkpoints added is merged into this one."""
        return self.own[-1]

    @property
    def leaf(self) -> ChainLink:
        """The file that is written while the VM runs."""
        return self.files[-1]

    @property
    def frozen(self) -> tuple[ChainLink, ...]:
        """The files that nobody writes: all below our leaf, or all there are where the VM stands still instead."""
        return self.files[:-1] if self.added else self.own

    def with_checkpoint(self, pair: DiskPair, *, host: str) -> Chain:
        """After one more checkpoint of ours: the former leaf is frozen as the host reports it, the new one lies on it.

        Raises BrokenChain where the checkpoint froze another file than the leaf, or its leaf lies on another one.
        """
        if not same_path(pair.base.path, self.leaf.file.path):
            raise self._broken(host, pair.base.path, f"was frozen by the checkpoint instead of {self.leaf.file.path}")
        if pair.leaf.parent_path is None or not same_path(pair.leaf.parent_path, pair.base.path):
            raise self._broken(
                host, pair.leaf.path, f"has the parent {pair.leaf.parent_path} instead of {pair.base.path}"
            )
        if path_key(pair.leaf.path) in {path_key(link.file.path) for link in self.files}:
            raise self._broken(host, pair.leaf.path, "stands in the chain twice")
        known = (*self.files[:-1], self.leaf.model_copy(update={"file": pair.base}))
        place = ntpath.join(ntpath.dirname(self.foot.target_path), ntpath.basename(pair.leaf.path))
        leaf = ChainLink(file=pair.leaf, target_path=place)
        own = len(self.own)
        return self.model_copy(update={"own": known[:own], "added": (*known[own:], leaf)})

    def as_reported(self, disk: VMDisk, *, host: str) -> Chain:
        """The same files with the facts of a later report. Raises BrokenChain where they are not the same files."""
        files = read_chain(disk, host=host)
        for link, file in zip(self.files, files, strict=False):
            if not same_path(link.file.path, file.path):
                raise self._broken(host, file.path, f"lies where {link.file.path} is expected")
        if len(files) > len(self.files):
            raise self._broken(host, files[len(self.files)].path, "was put on top by somebody else")
        if len(files) < len(self.files):
            raise self._broken(host, self.files[len(files)].file.path, "is no longer part of the disk")
        links = tuple(
            link.model_copy(update={"file": file}) for link, file in zip(self.files, files, strict=True)
        )  # fmt: skip
        own = len(self.own)
        return self.model_copy(update={"own": links[:own], "added": links[own:]})

    def _broken(self, host: str, path: str, problem: str) -> BrokenChain:
        return BrokenChain(host, slot=self.slot, path=path, problem=problem)


def own_chain(disk: VMDisk, *, host: str, place: Callable[[DiskFile], str]) -> Chain:
    """The chain that a VM has before the migration; `place` says where each file's copy goes.

    Raises BrokenChain as `read_chain`, and where two copies would lie at one place.
    """
    links = tuple(ChainLink(file=file, target_path=place(file)) for file in read_chain(disk, host=host))
    places: set[str] = set()
    for link in links:
        if path_key(link.target_path) in places:
            problem = f"and another file of the disk would both be copied to {link.target_path}"
            raise BrokenChain(host, slot=disk.slot, path=link.file.path, problem=problem)
        places.add(path_key(link.target_path))
    return Chain(slot=disk.slot, own=links)


def read_chain(disk: VMDisk, *, host: str) -> tuple[DiskFile, ...]:
    """The files of a disk as its host reports them, from the base upwards.

    Raises BrokenChain unless it is one: read to its end, the disk's own file at the top, each file's parent the next one,
    no file twice, the last one without a parent.
    """

    def broken(path: str, problem: str) -> BrokenChain:
        return BrokenChain(host, slot=disk.slot, path=path, problem=problem)

    if disk.error is not None or not disk.chain:
        raise broken(disk.path, f"or one below it could not be read: {disk.error or 'no file was reported'}")
    if not same_path(disk.chain[0].path, disk.path):
        raise broken(disk.chain[0].path, f"was reported at the top of the disk instead of {disk.path}")
    seen = {path_key(disk.chain[0].path)}
    for child, parent in pairwise(disk.chain):
        if child.parent_path is None or not same_path(child.parent_path, parent.path):
            raise broken(child.path, f"has the parent {child.parent_path}, but {parent.path} was reported below it")
        if path_key(parent.path) in seen:
            raise broken(parent.path, "stands in its own chain twice")
        seen.add(path_key(parent.path))
    last = disk.chain[-1]
    if last.parent_path is not None:
        raise broken(last.path, f"has the parent {last.parent_path}, which was not reported")
    return tuple(reversed(disk.chain))
