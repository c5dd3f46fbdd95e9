"""When BITS runs which job, and what becomes of a job whose transfer ended.

Trouble: jobs wait for the network, for their turn, for their owner, and a shutdown may come at any time. Answer: one
thread looks at all jobs whenever something changes or falls due, and starts a thread per job that may run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from lab.platform.accounts import Accounts
from lab.platform.bits_job import TRANSIENT, BitsJob, JobFolder, JobRecord, JobState, Priority
from lab.platform.bits_transfer import Transfer
from lab.platform.errors import UNEXPECTED, PlatformError
from lab.platform.files import FileSystem
from lab.platform.identity import SYSTEM_ACCOUNT
from lab.platform.smb_client import SmbClient, TransferStopped
from qsm.facts.names import name_key

_RUNS = (JobState.CONNECTING, JobState.TRANSFERRING)
_RANK = {priority: rank for rank, priority in enumerate(Priority)}


class _Run:
    """A job's thread."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.ended = threading.Event()


class BitsService:
    """The jobs of one host and their threads. Records change only under ``_changed``'s lock."""

    def __init__(self, host_folder: Path, *, accounts: Accounts, files: FileSystem, client: SmbClient) -> None:
        self._accounts = accounts
        self._files = files
        self._client = client
        self._folder = JobFolder(host_folder)
        self._changed = threading.Condition(threading.RLock())
        self._space_lock = threading.Lock()
        self._jobs: dict[str, JobRecord] = {}
        self._runs: dict[str, _Run] = {}
        self._due: dict[str, float] = {}  # when a job in TransientError is tried again
        self._logged_on: set[str] = {name_key(SYSTEM_ACCOUNT)}
        self._scheduler: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        with self._changed:
            self._stopping = False
            self._jobs = {job.job_id: job for job in self._folder.load()}
            for job in self._jobs.values():
                if job.state in (*_RUNS, JobState.TRANSIENT_ERROR):
                    self._set_state(job, JobState.QUEUED)
        self._scheduler = threading.Thread(target=self._schedule, name="bits", daemon=True)
        self._scheduler.start()

    def stop(self) -> None:
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is None:
            return
        with self._changed:
            self._stopping = True
            runs = list(self._runs.values())
            for run in runs:
                run.stop.set()
            self._changed.notify_all()
        scheduler.join()
        for run in runs:
            run.ended.wait()

    def add(self, job: JobRecord) -> BitsJob:
        with self._changed:
            job.number = max((each.number for each in self._jobs.values()), default=0) + 1
            self._logged_on.add(name_key(job.owner_account))
            self._jobs[job.job_id] = job
            self.save(job)
            return job.view()

    def find(self, job_id: str) -> JobRecord | None:
        with self._changed:
            return self._jobs.get(job_id)

    def views(self) -> tuple[BitsJob, ...]:
        with self._changed:
            return tuple(job.view() for job in self._jobs.values())

    def save(self, job: JobRecord) -> None:
        with self._changed:
            self._folder.save(job)
            self._changed.notify_all()

    def locked(self) -> AbstractContextManager[bool]:
        """Nobody else changes jobs inside of it."""
        return self._changed

    def remove(self, job: JobRecord, *, state: JobState) -> None:
        with self._changed:
            job.state = state
            self._jobs.pop(job.job_id, None)
            self._due.pop(job.job_id, None)
            self._folder.remove(job)
            self._changed.notify_all()

    def halt(self, job: JobRecord) -> None:
        """Suspend a job that is not finished, and wait until nothing writes its files."""
        with self._changed:
            if job.state is not JobState.TRANSFERRED:
                self._set_state(job, JobState.SUSPENDED)
            run = self._runs.get(job.job_id)
            if run is not None:
                run.stop.set()
        if run is not None:
            run.ended.wait()

    def suspend(self, job: JobRecord) -> BitsJob:
        self.halt(job)
        with self._changed:
            return job.view()

    def resume(self, job: JobRecord) -> BitsJob:
        with self._changed:
            if job.state not in _RUNS:
                self._due.pop(job.job_id, None)
                job.failing_since = None
                self._set_state(job, JobState.QUEUED)
            return job.view()

    def wait_for_change(self, job_ids: tuple[str, ...], *, timeout_seconds: float) -> None:
        def states() -> list[JobState | None]:
            return [self._jobs[each].state if each in self._jobs else None for each in job_ids]

        with self._changed:
            before = states()
            self._changed.wait_for(lambda: states() != before or self._stopping, timeout_seconds)

    # --- inner

    def _set_state(self, job: JobRecord, state: JobState) -> None:
        job.state = state
        self.save(job)

    def _schedule(self) -> None:
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                for job_id in [each for each, due in self._due.items() if due <= now]:
                    del self._due[job_id]
                    self._set_state(self._jobs[job_id], JobState.QUEUED)
                for job in self._startable():
                    self._start(job)
                wait = min((due - now for due in self._due.values()), default=None)
                self._changed.wait(wait)

    def _startable(self) -> list[JobRecord]:
        """Queued jobs whose turn it is: all in the foreground, and one of the others when none of them runs."""
        queued = [
            job
            for job in self._jobs.values()
            if job.state is JobState.QUEUED
            and job.job_id not in self._runs
            and name_key(job.owner_account) in self._logged_on
        ]
        foreground = [job for job in queued if job.priority is Priority.FOREGROUND]
        others = sorted(
            (job for job in queued if job.priority is not Priority.FOREGROUND),
            key=lambda job: (_RANK[job.priority], job.number),
        )
        busy = any(self._jobs[each].priority is not Priority.FOREGROUND for each in self._runs if each in self._jobs)
        return foreground + ([] if busy else others[:1])

    def _start(self, job: JobRecord) -> None:
        run = _Run()
        self._runs[job.job_id] = run
        threading.Thread(target=self._run, args=(job, run), name=f"bits {job.display_name}", daemon=True).start()

    def _run(self, job: JobRecord, run: _Run) -> None:
        error: PlatformError | None = None
        finished = False
        try:
            Transfer(job, self._files, self._client, self._updater(job, run), run.stop.is_set, self._space_lock).run()
            finished = True
        except TransferStopped:
            pass
        except PlatformError as caught:
            error = caught
        finally:
            with self._changed:
                if run.stop.is_set():
                    self.save(job)  # the bytes that came since the last time
                else:
                    self._ended(job, error, finished=finished)
                del self._runs[job.job_id]
                run.ended.set()
                self._changed.notify_all()

    def _updater(self, job: JobRecord, run: _Run) -> Callable[[Callable[[], None]], None]:
        """Changes of the record by a run that was told to stop are dropped: its state is somebody else's now."""

        def update(change: Callable[[], None]) -> None:
            with self._changed:
                if run.stop.is_set():
                    return
                change()
                self.save(job)

        return update

    def _ended(self, job: JobRecord, error: PlatformError | None, *, finished: bool) -> None:
        if finished:
            job.error_hresult, job.error_description = None, ""
            self._set_state(job, JobState.TRANSFERRED)
            return
        if error is None:
            error = PlatformError(UNEXPECTED, "Catastrophic failure")
        job.error_hresult, job.error_description = error.hresult, error.message
        scale = self._accounts.settings.bits_seconds_scale
        job.failing_since = job.failing_since or time.time()
        too_long = time.time() - job.failing_since >= job.retry_timeout_seconds * scale
        if error.hresult not in TRANSIENT or too_long:
            self._set_state(job, JobState.ERROR)
            return
        self._due[job.job_id] = time.monotonic() + job.retry_interval_seconds * scale
        self._set_state(job, JobState.TRANSIENT_ERROR)
