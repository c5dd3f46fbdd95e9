"""Run one task per disk, side by side, and look at every one of them: a future nobody reads may fail unseen."""

from __future__ import annotations

import time
from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture, as_completed

from qsm.migration.migration import Migration

SIDE_BY_SIDE = 8
"""Tasks at once; those of further disks wait. Each takes at most one remote shell with one process on each host (a user
may have 30 since Windows Server 2012; where it is fewer, a call waits for a shell that is free), and on the target one
task of SYSTEM with a BITS job per file ("Creating a Job": 60 of a user, 300 of a machine; services are not limited).
"""

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
