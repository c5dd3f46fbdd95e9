"""A migration that some run began and did not end, found by the hosts' records alone, and ended here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from qsm.migration.migration import Migration, opened_hosts
from qsm.migration.survey import find_migration
from qsm.settings import load_settings
from tasks.passwords import settings_for


def asked_by(flow_run_id: object) -> str:
    """Who asks for a migration, as its plan says: so the hook after a dead run finds the migration of that very run."""
    return f"flow run {flow_run_id}"


@contextmanager
def known_migration(vm: str, *, names: Iterable[str], requested_by: str | None = None) -> Iterator[Migration]:
    """The one unfinished migration of the VM on hosts of these names. Raises as `find_migration`, and SettingsError."""
    names = tuple(names)
    settings = settings_for(names)
    with opened_hosts(names, settings) as hosts:
        yield find_migration(vm, hosts=hosts, settings=settings, requested_by=requested_by)


def end_migration(vm: str, act: Callable[[Migration], tuple[str, ...]]) -> dict[str, Any]:
    """Finds the migration of the VM on the inventory's hosts and ends it with `act`; says which one and what was left."""
    with known_migration(vm, names=load_settings().hosts) as migration:
        left_over = act(migration)
        return {"migration_id": migration.id, "vm": migration.plan.vm_name, "left_over": list(left_over)}
