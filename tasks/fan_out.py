"""Run one task per disk, side by side, and look at every one of them: a future nobody reads may fail unseen."""

from __future__ import annotations

import time
from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture, as_completed

from qsm.migration.migration import Migration

STOP_SECONDS = 5.0
"""How long tasks that were asked to stop are waited for: the way home must not wait for a host that is silent."""


def per_disk(task: Task[..., Any], migration: Migration, *, beside: tuple[Task[..., Any], ...] = ()) -> None:
    """Submits the task for each disk, and the tasks `beside` them once; raises the first error.

    The first error asks the others to stop: they see it within a second.
    """
    futures: list[PrefectFuture[Any]] = [task.submit(migration, disk.slot) for disk in migration.plan.disks]
    futures += [other.submit(migration) for other in beside]
    try:
        for future in as_completed(futures):
            future.result()
    except BaseException:
        migration.stop.set()
        limit = time.monotonic() + STOP_SECONDS
        for future in futures:
            future.wait(timeout=max(0.0, limit - time.monotonic()))
        raise
