"""Hook: a run was cancelled, or its process died. In a new process, from the hosts' records alone, settle what it left."""

from __future__ import annotations

import logging
from typing import Any

from prefect import Flow
from prefect.client.schemas import FlowRun, State

from qsm.errors import Refused
from qsm.migration.survey import NoSuchMigration
from qsm.ways.settle import settle
from tasks.known_migration import asked_by, known_migration

log = logging.getLogger("qsm")


def settle_dead_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Brings the migration that this very run began home or forward. One that another run began is left alone."""
    del flow  # Prefect passes it by name
    names = (str(flow_run.parameters.get("source", "")), str(flow_run.parameters.get("target", "")))
    if not all(names):
        return
    vm = str(flow_run.parameters.get("vm", ""))
    try:
        with known_migration(vm, names=names, requested_by=asked_by(flow_run.id)) as migration:
            ending = settle(migration)
            log.warning("migration %s: %s: %s", migration.id, ending.end.value, ending.text)
    except NoSuchMigration as error:
        log.info("run %s is %s and left no migration to settle: %s", flow_run.id, state.name, error)
    except Refused as error:
        log.error("run %s is %s and the migration that it left is not settled: %s", flow_run.id, state.name, error)
