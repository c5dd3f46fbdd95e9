"""A migration that some run began and did not end, found by the hosts' records alone, and ended here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qsm.hosts.meter import Meter
from qsm.migration.migration import Migration, open_host
from qsm.migration.survey import find_migration
from qsm.settings import load_settings
from tasks.passwords import settings_for


def end_migration(vm: str, act: Callable[[Migration], tuple[str, ...]]) -> dict[str, Any]:
    """Finds the migration of the VM on the inventory's hosts and ends it with `act`; says which one and what was left."""
    settings = settings_for(load_settings().hosts)
    meter = Meter()
    hosts = {name: open_host(name, settings, meter=meter) for name in settings.hosts}
    try:
        migration = find_migration(vm, hosts=hosts, settings=settings)
        left_over = act(migration)
        return {"migration_id": migration.id, "vm": migration.plan.vm_name, "left_over": list(left_over)}
    finally:
        for host in hosts.values():
            host.close()
