"""What a migration shows in the Prefect UI: progress while it copies, and its story at the end.

Nothing of this may hold up a migration: an API that does not answer is asked again for minutes, and inside the offline
window the guest would pay for that. So a thread of its own keeps the artifacts; what it cannot keep up with is skipped.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from contextvars import Context, copy_context
from typing import Any, Self
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from qsm.migration.progress import CopyProgressed, Event, Noted
from qsm.report.markdown import to_markdown
from qsm.report.report import Report
from qsm.report.words import size
from qsm.run import MigrationRun

UPDATE_SECONDS = 5.0
LOG_SECONDS = 10.0
CLOSE_SECONDS = 5.0

log = logging.getLogger(__name__)


def key(text: str) -> str:
    """An artifact key: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "vm"


class Publisher:
    """Listens to a run, and keeps one progress artifact per unit of copying, made under the task that copies.

    What the run reports within its block is shown; notes are logged at any time.
    """

    def __init__(self, run: MigrationRun) -> None:
        self._run = run
        run.progress.add(self)
        self._changed = threading.Condition()
        self._wanted: dict[str, tuple[Context, float]] = {}
        self._over = False
        self._artifacts: dict[str, UUID] = {}
        self._shown: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work, name="publishes progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(CLOSE_SECONDS)

    def __call__(self, event: Event) -> None:
        """Takes an event, in the thread of the task that copies."""
        if isinstance(event, Noted):
            _logger().info(event.text)
        elif isinstance(event, CopyProgressed):
            self._copy(event)

    def _copy(self, event: CopyProgressed) -> None:
        percent = 100.0 * event.done_bytes / event.total_bytes if event.total_bytes else 100.0
        if self._due(self._logged, event.what, LOG_SECONDS):
            rate = size(event.bytes_per_second)
            _logger().info(f"{event.what}: {percent:.0f} % of {size(event.total_bytes)}, {rate}/s")
        last = event.done_bytes >= event.total_bytes
        if last or self._due(self._shown, event.what, UPDATE_SECONDS):
            with self._changed:
                self._wanted[event.what] = (copy_context(), percent)
                self._changed.notify()

    def _due(self, times: dict[str, float], what: str, every: float) -> bool:
        now = time.monotonic()
        with self._changed:
            if what in times and now - times[what] < every:
                return False
            times[what] = now
            return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._over)
                if not self._wanted:
                    return
                what = next(iter(self._wanted))
                context, percent = self._wanted.pop(what)
            try:
                context.run(self._publish, what, percent)
            except Exception:
                log.warning("the progress of %s could not be shown", what, exc_info=True)

    def _publish(self, what: str, percent: float) -> None:
        known = self._artifacts.get(what)
        if known is None:
            made: Any = create_progress_artifact(percent, key=key(f"copy-{self._vm_name}-{what}"), description=what)
            self._artifacts[what] = made
        else:
            update_progress_artifact(known, progress=percent)

    @property
    def _vm_name(self) -> str:
        """Its name, also where the flow was given its id: nobody reads a GUID in a list of artifacts."""
        return self._run.migration.plan.vm_name if self._run.migration is not None else ""


def publish_report(report: Report) -> None:
    """The migration's story as a markdown artifact; one key per VM keeps the history. What fails here is only logged."""
    try:
        create_markdown_artifact(
            to_markdown(report), key=key(f"migration-report-{report.vm_name}"), description=report.text
        )
    except Exception:
        log.warning("the report of migration %s could not be shown", report.migration_id, exc_info=True)


def _logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    try:
        return get_run_logger()
    except MissingContextError:
        return logging.getLogger("qsm")
