"""A migration under way: its plan, its two hosts, and what their journals say.

The state of record lies on the hosts, not here. `Side` is one host's part: it sends operations under this migration's
ids with the revision of the record it last saw, and remembers results only to save a question. A fresh process builds
the same object from the hosts' records alone (`qsm/migration/survey.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from qsm.errors import SettingsError, Stopped
from qsm.facts.files import DiskFile
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.hosts.meter import Meter
from qsm.migration.progress import Noted, emit
from qsm.migration.side import Side
from qsm.plan.plan import Plan
from qsm.settings import Settings


class Migration:
    """The plan and both sides. Not a value: it holds connections."""

    def __init__(self, plan: Plan, source: Host, target: Host, *, settings: Settings) -> None:
        self.plan = plan
        self.settings = settings
        self.source = Side(source, plan.migration_id)
        self.target = Side(target, plan.migration_id)
        self.stop = threading.Event()
        self.left_over: tuple[str, ...] = ()
        self._attempts: dict[str, int] = {}
        self._attempts_lock = threading.Lock()

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

    def frozen_base(self, slot: str) -> DiskFile:
        """The base disk of that slot as it is copied: as the checkpoint froze it, for the guest wrote since preflight.

        Where there is no checkpoint the VM stands still, and the base is as preflight saw it.
        """
        taken = self.source.result(operations.take_checkpoint)
        frozen = {pair.slot: pair.base for pair in taken.disks} if taken else {}
        return frozen.get(slot, self.plan.disk(slot).base)

    def check_stop(self) -> None:
        """Raises Stopped when somebody asked for the end. Called at least once a second by every wait."""
        if self.stop.is_set():
            raise Stopped(f"The migration of VM {self.plan.vm_name} was asked to stop.")

    def next_attempt(self, what: str) -> int:
        """Counts attempts at one unit of work, so that a retry gets an operation id of its own."""
        with self._attempts_lock:
            self._attempts[what] = self._attempts.get(what, 0) + 1
            return self._attempts[what]

    def note(self, text: str) -> None:
        """Something for the operator."""
        emit(Noted(self.id, text))

    def warm_up(self) -> None:
        """Opens the connections that the offline window needs, before it begins."""
        for side in self.sides:
            side.host.warm_up()

    def close(self) -> None:
        """Ends the connections."""
        for side in self.sides:
            side.host.close()


def open_host(name: str, settings: Settings, *, meter: Meter) -> Host:
    """A host of the inventory. Raises SettingsError for an unknown name or a missing password."""
    host = settings.host(name)
    try:
        host.secret()
    except (ValueError, OSError) as error:
        raise SettingsError(f"hosts.{name}.password", str(error), origin="configuration") from None
    return Host(name.casefold(), host, limits=settings.limits, meter=meter)
