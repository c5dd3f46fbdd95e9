"""The disk chains that a VM's process holds open.

While the guest runs, its files belong to this process alone; for a checkpoint or the end of a merge they must be let go
and taken up again, possibly others. Whatever goes wrong then, the guest must see either the disks it had or none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.disks.chain import VirtualDisk, open_chain

GrowthRequest = Callable[[Path, int], bool]
Attachments = Sequence[Mapping[str, Any]]


class AttachedDisks(Mapping[str, VirtualDisk]):
    """Open chains per slot, as a mapping; the mapping stays while the files behind it change."""

    def __init__(self, attachments: Attachments, *, allow_growth: GrowthRequest) -> None:
        """Remember what is attached; `open` opens it."""
        self._attachments = attachments
        self._allow_growth = allow_growth
        self._chains: dict[str, VirtualDisk] = {}
        self._sizes: dict[str, int] = {}

    def __getitem__(self, slot: str) -> VirtualDisk:
        return self._chains[slot]

    def __iter__(self) -> Iterator[str]:
        return iter(self._chains)

    def __len__(self) -> int:
        return len(self._chains)

    def open(self) -> None:
        """Open all chains for writing unless they are open, or none of them.

        Raises what `open_chain` raises, and ValueError for disks of other slots or sizes than the guest knows.
        """
        if self._chains:
            return
        try:
            for attachment in self._attachments:
                self._chains[attachment["slot"]] = self._open_chain(attachment)
            found = {slot: chain.size_bytes for slot, chain in self.items()}
            if found != (self._sizes or found):
                raise ValueError(f"the guest knows the disks {self._sizes}, not {found}")
            self._sizes = found
        except Exception:
            self.close()
            raise

    def flush(self) -> None:
        """Have everything that was written reach the files."""
        for chain in self._chains.values():
            chain.flush()

    def close(self) -> None:
        """Let go of all files."""
        while self._chains:
            self._chains.popitem()[1].close()

    def replace(self, attachments: Attachments) -> None:
        """Let go of the chains and open others in the same slots, with the same sizes.

        Raises what `open` raises; then the former chains are open again (or none, if they do not open any more).
        """
        former = self._attachments
        self.close()
        try:
            self._attachments = attachments
            self.open()
        except Exception:
            self._attachments = former
            with suppress(Exception):
                self.open()
            raise

    def _open_chain(self, attachment: Mapping[str, Any]) -> VirtualDisk:
        leaf = Path(attachment["leaf"])
        parents = iter(attachment["parents"])

        def resolve(child: Any) -> Path:
            parent = next(parents, None)
            if parent is None:
                raise FileNotFoundError(f"{child.path} has a parent, but the VM has no file for it.")
            return Path(parent)

        return open_chain(
            leaf,
            resolve=resolve,
            writable=True,
            allow_growth=lambda extra_bytes: self._allow_growth(leaf, extra_bytes),
        )
