"""Phases as Prefect tasks, and which errors a task tries again: those that say so of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State, TaskRun
from prefect.tasks import exponential_backoff

from qsm.errors import QsmError

P = ParamSpec("P")
R = TypeVar("R")


def if_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Prefect's retry condition: asks the domain error's own `retryable`."""
    try:
        state.result()
    except QsmError as error:
        return error.retryable
    except BaseException:
        return False
    return False


def phase_task(phase: Callable[P, R], name: str, *, run_name: str | None = None, retried: bool = True) -> Task[P, R]:
    """A phase as a Prefect task.

    Never cached and never resumed from a stored result: the hosts' records are the truth. Not `retried`: a phase whose
    errors decide between home and forward.
    """
    return task(
        name=name,
        task_run_name=run_name,
        retries=3 if retried else 0,
        retry_delay_seconds=exponential_backoff(backoff_factor=5),
        retry_jitter_factor=0.3,
        retry_condition_fn=if_retryable,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(phase)
