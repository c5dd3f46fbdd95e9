"""Run one task per disk, side by side, and look at every one of them: a future nobody reads may fail unseen."""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture, as_completed

from qsm.migration import Migration


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
        for future in futures:
            future.wait(timeout=30)
        raise
