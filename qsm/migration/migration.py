"""A migration under way: its plan, its two hosts, and what their journals say.

The state of record lies on the hosts, not here. `Side` is one host's part: it sends operations under this migration's
ids with the revision of the record it last saw, and remembers results only to save a question. A fresh process builds
the same object from the hosts' records alone (`qsm/migration/survey.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from qsm.errors import SettingsError, Stopped
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.hosts.messages import SaveVMResult, TakeCheckpointResult
from qsm.hosts.meter import Meter
from qsm.migration.progress import Noted, Progress
from qsm.migration.side import Side
from qsm.plan.chain import BrokenChain, Chain
from qsm.plan.plan import Plan
from qsm.settings import Settings


class Migration:
    """The plan and both sides. Not a value: it holds connections. `new`: this process begins it."""

    def __init__(
        self, plan: Plan, source: Host, target: Host, *, settings: Settings, progress: Progress, new: bool
    ) -> None:
        self.plan = plan
        self.settings = settings
        self.progress = progress
        self.source = Side(source, plan.migration_id, new=new)
        self.target = Side(target, plan.migration_id, new=new)
        self.stop = threading.Event()
        self.left_over: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The migration id."""
        return self.plan.migration_id

    @property
    def meter(self) -> Meter:
        """Calls to both hosts."""
        return self.source.host.meter

    @property
    def sides(self) -> Sequence[Side]:
        """Source, then target."""
        return (self.source, self.target)

    def checkpoints(self) -> tuple[TakeCheckpointResult, ...]:
        """What our checkpoints answered, in the order of the rounds; none for a VM that stands still."""
        taken = self.source.result(operations.take_checkpoint)
        return () if taken is None else (taken,)

    def chains(self) -> tuple[Chain, ...]:
        """The chain of each disk, as the source reported it last in this migration.

        Preflight saw the files of the VM's own; each checkpoint froze the leaf as it was then, for the guest wrote since,
        and added one; the save reported them all as they stayed. Raises BrokenChain where these reports do not fit.
        """
        taken, saved = self.checkpoints(), self.source.result(operations.save_vm)
        return tuple(self._chain(disk.chain, taken, saved) for disk in self.plan.disks)

    def chain(self, slot: str) -> Chain:
        """The chain of the disk in that slot. Raises BrokenChain."""
        taken, saved = self.checkpoints(), self.source.result(operations.save_vm)
        return self._chain(self.plan.disk(slot).chain, taken, saved)

    def _chain(self, chain: Chain, taken: Sequence[TakeCheckpointResult], saved: SaveVMResult | None) -> Chain:
        host = self.source.name
        for each in taken:
            pair = next((pair for pair in each.disks if pair.slot == chain.slot), None)
            if pair is None:
                path = chain.leaf.file.path
                raise BrokenChain(host, slot=chain.slot, path=path, problem="was left out by the checkpoint")
            chain = chain.with_checkpoint(pair, host=host)
        if saved is None:
            return chain
        disk = next((disk for disk in saved.disks if disk.slot == chain.slot), None)
        if disk is None:
            path = chain.leaf.file.path
            raise BrokenChain(host, slot=chain.slot, path=path, problem="was no longer there after the save")
        return chain.as_reported(disk, host=host)

    def added_files(self) -> tuple[str, ...]:
        """Every file that our checkpoints added, whatever became of the chains since: what the way home must be rid of."""
        return tuple(pair.leaf.path for taken in self.checkpoints() for pair in taken.disks)

    def check_stop(self) -> None:
        """Raises Stopped when somebody asked for the end. Called at least once a second by every wait."""
        if self.stop.is_set():
            raise Stopped(f"The migration of VM {self.plan.vm_name} was asked to stop.")

    def note(self, text: str) -> None:
        """Something for the operator."""
        self.progress.tell(Noted(text))

    def warm_up(self) -> None:
        """Opens the connections that the offline window needs, before it begins."""
        for side in self.sides:
            side.host.warm_up()

    def close(self) -> None:
        """Ends the connections."""
        for side in self.sides:
            side.host.close()


@contextmanager
def opened_hosts(names: Iterable[str], settings: Settings) -> Iterator[dict[str, Host]]:
    """Hosts by their names in the inventory, with one meter; closed at the end. Raises as `open_host`."""
    meter = Meter()
    with ExitStack() as stack:
        hosts = {name.lower(): open_host(name, settings, meter=meter) for name in names}
        for host in hosts.values():
            stack.callback(host.close)
        yield hosts


def open_host(name: str, settings: Settings, *, meter: Meter) -> Host:
    """A host of the inventory. Raises SettingsError for an unknown name or a missing password."""
    host = settings.host(name)
    try:
        host.secret()
    except (ValueError, OSError) as error:
        raise SettingsError(f"hosts.{name}.password", str(error), origin="configuration") from None
    return Host(name.lower(), host, limits=settings.limits, meter=meter)
