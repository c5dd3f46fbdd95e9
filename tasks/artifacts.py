"""What a migration shows in the Prefect UI: progress while it copies, and its story at the end."""

from __future__ import annotations

import logging
import re
import threading
import time
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from qsm.progress import CopyProgressed, Event, Noted
from qsm.report import Report, size, to_markdown

UPDATE_SECONDS = 5.0
LOG_SECONDS = 10.0


def key(text: str) -> str:
    """An artifact key: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "vm"


class Publisher:
    """Listens, and keeps one progress artifact per unit of copying. Called in the thread of the task that copies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._artifacts: dict[str, UUID] = {}
        self._shown: dict[str, float] = {}
        self._logged: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Takes an event."""
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
        if not last and not self._due(self._shown, event.what, UPDATE_SECONDS):
            return
        with self._lock:
            known = self._artifacts.get(event.what)
            if known is None:
                made = create_progress_artifact(percent, key=key(f"copy-{event.what}"), description=event.what)
                self._artifacts[event.what] = made  # type: ignore[assignment]
            else:
                update_progress_artifact(known, progress=percent)

    def _due(self, times: dict[str, float], what: str, every: float) -> bool:
        now = time.monotonic()
        with self._lock:
            if what in times and now - times[what] < every:
                return False
            times[what] = now
            return True


def publish_report(report: Report) -> None:
    """The migration's story as a markdown artifact; one key per VM keeps the history."""
    create_markdown_artifact(
        to_markdown(report), key=key(f"migration-report-{report.vm_name}"), description=report.text
    )


def _logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    try:
        return get_run_logger()
    except MissingContextError:
        return logging.getLogger("qsm")
