"""The automation for lost runs, applied to a real Prefect server by its documented command, and what it does there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun
from prefect.events import emit_event
from prefect.events.schemas.automations import Automation, EventTrigger
from prefect.settings import PREFECT_API_URL
from prefect.states import Running
from waiting import DEADLINE_SECONDS, wait_until

from deployments import lost_runs


@pytest.fixture
def no_automations(prefect_server: None) -> Iterator[None]:
    """None of this name before and after the test: it would mark runs of other tests."""
    remove_all()
    yield
    remove_all()


def known() -> list[Automation]:
    """The automations of this name."""
    with get_client(sync_client=True) as client:
        return client.read_automations_by_name(lost_runs.wanted().name)


def remove_all() -> None:
    """Removes the automations of this name."""
    with get_client(sync_client=True) as client:
        for automation in known():
            client.delete_automation(automation.id)


def command() -> str:
    """The command of the runbook; what it prints."""
    environment = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value()), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "deployments.lost_runs"],
        env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_applied_again_and_again_it_is_there_once(no_automations: None) -> None:
    command()
    (first,) = known()
    assert str(first.id) in command()
    with get_client(sync_client=True) as client:
        client.create_automation(lost_runs.wanted())  # as `prefect automation create` does, each time
        changed = lost_runs.wanted().model_copy(update={"description": "changed by somebody"})
        client.update_automation(first.id, changed)
        client.pause_automation(first.id)
    assert len(known()) == 2
    command()
    (last,) = known()
    assert last.description == lost_runs.wanted().description
    assert last.trigger.model_dump(exclude={"id"}) == lost_runs.wanted().trigger.model_dump(exclude={"id"})


def test_one_that_somebody_paused_stays_paused(no_automations: None) -> None:
    known_id = lost_runs.apply(lost_runs.wanted())
    with get_client(sync_client=True) as client:
        client.pause_automation(known_id)
    assert lost_runs.apply(lost_runs.wanted()) == known_id
    assert [automation.enabled for automation in known()] == [False]


def test_a_run_without_a_sign_of_life_is_marked(no_automations: None) -> None:
    automation = lost_runs.wanted()
    assert isinstance(automation.trigger, EventTrigger)
    trigger = automation.trigger.model_copy(update={"within": timedelta(seconds=10)})
    lost_runs.apply(automation.model_copy(update={"trigger": trigger}))
    run = running_run()
    sign_of_life(run)
    wait_until(lambda: state(run.id) == "CRASHED", what="the mark")


@flow
def lost() -> None:
    """A run whose process dies."""


def running_run() -> FlowRun:
    """A run that says it is running, and that nobody runs."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(lost)
        client.set_flow_run_state(run.id, Running(), force=True)
        return run


def sign_of_life(run: FlowRun) -> None:
    """What a living run emits."""
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}
    assert emit_event("prefect.flow-run.heartbeat", resource=resource) is not None


def state(run: UUID) -> str:
    """The run's state."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(run).state
    return found.type.value if found else ""
