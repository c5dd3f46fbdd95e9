"""Task: preflight."""

from __future__ import annotations

from prefect.runtime import flow_run

from qsm.migration.migration import Migration
from qsm.migration.progress import Progress
from qsm.plan.request import MigrationRequest
from qsm.steps import preflight
from tasks.known_migration import asked_by
from tasks.passwords import settings_for
from tasks.phase_task import phase_task


def check_and_plan(request: MigrationRequest, progress: Progress) -> Migration:
    """Checks both hosts and makes the plan; changes nothing."""
    settings = settings_for((request.source, request.target))
    return preflight.begin(request, settings, requested_by=asked_by(flow_run.get_id() or "-"), progress=progress)


preflight_task = phase_task(check_and_plan, "preflight")
