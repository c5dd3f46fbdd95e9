"""What one call knows: its host, its migration, and what it may change of the record.

Functions of operations get an `OperationCall` and their arguments, and give their result. They never write the record:
what they want changed in it they say with `change_record`, and the dispatcher makes it one write with the new revision.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost, check_process
from lab.engines.python.operations.journal import Journal
from lab.host.sentences import say
from qsm.plan.record import Record

T = TypeVar("T")

CHECK_SECONDS = 0.05
"""How often a waiting question looks: the offline window is counted in tenths of seconds."""


@dataclass
class OperationCall:
    """One call, while it is carried out."""

    host: ModuleHost
    module: str
    """Hash of the module that runs."""
    migration_id: str
    subject: str
    wait_seconds: float
    record: Record | None
    changes_of_record: dict[str, Any] = field(default_factory=dict)
    raises_revision: bool = False
    last_acts: list[Callable[[], None]] = field(default_factory=list)
    """What is to be done once the record is written."""

    @property
    def journal(self) -> Journal:
        """The migration's journal on this host."""
        return Journal(self.host.folder, self.migration_id, host=self.host.name)

    @property
    def migration_folder(self) -> str:
        """The migration's folder, below the state folder."""
        return f"migrations\\{self.migration_id}"

    def known_record(self) -> Record:
        """Return the migration's record. Raises RecordMissing."""
        if self.record is None:
            raise record_missing(self.migration_id, host=self.host.name)
        return self.record

    def change_record(self, *, raise_revision: bool = False, **fields: Any) -> None:
        """Say what is to change in the record once the operation is done."""
        self.changes_of_record.update(fields)
        self.raises_revision = self.raises_revision or raise_revision

    def wait_until(self, look: Callable[[], T], *, ended: Callable[[T], bool], key: Callable[[T], object]) -> T:
        """Return what `look` finds: at once if it has ended, else when its `key` changed or `wait_seconds` passed."""
        deadline = time.monotonic() + self.wait_seconds
        first = latest = look()
        while not ended(latest) and key(latest) == key(first) and time.monotonic() < deadline:
            check_process()
            time.sleep(min(CHECK_SECONDS, max(0.0, deadline - time.monotonic())))
            latest = look()
        return latest


def record_missing(migration_id: str, *, host: str) -> Exception:
    """Make the error for a migration that this host knows nothing of."""
    return refused(
        "RecordMissing",
        say("record_missing", host, migration=migration_id),
        subject=migration_id,
    )
