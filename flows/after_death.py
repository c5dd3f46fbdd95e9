"""Hook: a run was cancelled, or its process died. In a new process, from the hosts' records alone, settle what it left."""

from __future__ import annotations

import logging
from typing import Any

from prefect import Flow
from prefect.client.schemas import FlowRun, State

from qsm.errors import Refused
from qsm.hosts.meter import Meter
from qsm.migration.migration import open_host
from qsm.migration.survey import find_migration
from qsm.ways.settle import settle
from tasks.passwords import settings_for

log = logging.getLogger("qsm")


def settle_dead_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Brings the migration that this very run began home or forward. One that another run began is left alone."""
    del flow  # Prefect passes it by name
    names = (str(flow_run.parameters.get("source", "")), str(flow_run.parameters.get("target", "")))
    if not all(names):
        return
    settings = settings_for(names)
    meter = Meter()
    hosts = {name.lower(): open_host(name, settings, meter=meter) for name in names}
    try:
        vm = str(flow_run.parameters.get("vm", ""))
        migration = find_migration(vm, hosts=hosts, settings=settings, requested_by=f"flow run {flow_run.id}")
        ending = settle(migration)
        log.warning("migration %s: %s: %s", migration.id, ending.end.value, ending.text)
    except Refused as error:
        log.info("nothing to settle after %s of run %s: %s", state.name, flow_run.id, error)
    finally:
        for host in hosts.values():
            host.close()
