"""The task of SYSTEM that copies: one BITS job per file, all at once, with a state file that tells everything.

BITS compares nothing but length and time, and shows a file under its name only when its job is completed. So the jobs
are completed together at the end, and each file is then compared with what the source told.
"""

from __future__ import annotations

import time
from contextlib import suppress

from lab.engines.python.operations.errors import OperationError, failed, hresult_of
from lab.engines.python.operations.facts import file_facts
from lab.engines.python.operations.host import check_process
from lab.engines.python.operations.stopwatch import Stopwatch
from lab.engines.python.operations.work import Work, made_files
from lab.host.sentences import because, say
from lab.platform.bits import SIZE_UNKNOWN, BitsJob, JobState, Priority
from lab.platform.errors import PlatformError
from lab.platform.identity import SYSTEM
from qsm.facts.errors import ErrorFacts
from qsm.facts.names import path_key
from qsm.facts.states import CopyJobState
from qsm.hosts import messages as m

RETRY_INTERVAL_SECONDS = 60
RETRY_TIMEOUT_SECONDS = 3600
LOOK_SECONDS = 0.2
REWRITE_SECONDS = 1.0
ALIVE = (
    JobState.QUEUED,
    JobState.CONNECTING,
    JobState.TRANSFERRING,
    JobState.TRANSIENT_ERROR,
    JobState.TRANSFERRED,
)


class _Stopped(Exception):
    """Somebody asked for the end."""


class CopyTask:
    """One run of the task."""

    def __init__(self, work: Work) -> None:
        request = work.request()
        if request is None:
            raise LookupError(f"{work.task_name}: there is no request")
        self._work = work
        self._bits = work.host.platform.bits
        self._wanted = m.StartCopyArguments.model_validate(request)
        self._watch = Stopwatch()
        self._changed = False
        self._progress = {
            file.destination: m.CopyProgress(
                destination=file.destination,
                job_state=CopyJobState.QUEUED,
                bytes_total=file.length_bytes,
                bytes_transferred=0,
            )
            for file in self._wanted.files
        }

    def run(self) -> int:
        """Copy, and leave a final state; returns the exit code."""
        try:
            self._copy()
        except _Stopped:
            self._end("Stopped", None)
        except OperationError as error:
            self._end("Failed", error.facts)
            return 1
        except Exception as error:  # whatever the host raises, the state file must say that it is over
            self._end("Failed", self._unforeseen(error).facts)
            return 1
        else:
            self._write("Done", None)
        return 0

    def _unforeseen(self, error: Exception) -> OperationError:
        return failed(
            "CopyFailed",
            say("copy_failed", self._work.host.name, name=self._work.task_name, cause=because(error)),
            subject=self._work.task_name,
            hresult=hresult_of(error),
        )

    def _copy(self) -> None:
        self._stop_if_asked()
        self._write("Starting", None)
        jobs = self._begin()
        written = 0.0
        while True:
            check_process()
            self._stop_if_asked()
            current = self._look(jobs)
            now = time.monotonic()
            if now - written >= REWRITE_SECONDS or self._changed:
                self._write("Running", None)
                written = now
            self._require_health(current)
            if all(job.state is JobState.TRANSFERRED for job in current.values()):
                break
            self._bits.wait_for_change(tuple(jobs.values()), timeout_seconds=LOOK_SECONDS)
        self._finish(jobs)

    def _begin(self) -> dict[str, str]:
        """Start a job per file, or find the one that an earlier run of this task left; returns destination to job."""
        left = self._left_jobs()
        jobs = {}
        for index, file in enumerate(self._wanted.files):
            name = f"{self._work.task_name}-{index}"
            job = left.get(name)
            if job is None:
                job = self._bits.start_bits_transfer(
                    file.source,
                    file.destination,
                    caller=SYSTEM,
                    asynchronous=True,
                    display_name=name,
                    priority=Priority.FOREGROUND,
                    retry_interval_seconds=RETRY_INTERVAL_SECONDS,
                    retry_timeout_seconds=RETRY_TIMEOUT_SECONDS,
                )
            if job is None:
                raise LookupError(f"BITS made no job for {file.destination}")
            jobs[file.destination] = job.job_id
        return jobs

    def _left_jobs(self) -> dict[str, BitsJob]:
        """Return the living jobs of an earlier run that do what is wanted now, by name; others in the way go."""
        wanted = {f"{self._work.task_name}-{index}": file for index, file in enumerate(self._wanted.files)}
        destinations = {path_key(file.destination) for file in self._wanted.files}
        left = {}
        for job in self._bits.get_bits_transfer(caller=SYSTEM, name=f"qsm-{self._work.migration_id}-copy-*"):
            file, part = wanted.get(job.display_name), job.files[0]
            same = file is not None and (path_key(part.remote_name), path_key(part.local_name)) == (
                path_key(file.source),
                path_key(file.destination),
            )
            if same and job.state in ALIVE:
                left[job.display_name] = job
            elif path_key(part.local_name) in destinations or job.display_name.startswith(f"{self._work.task_name}-"):
                self._bits.remove_bits_transfer(job.job_id, caller=SYSTEM)
        return left

    def _look(self, jobs: dict[str, str]) -> dict[str, BitsJob]:
        """Ask for all jobs, and note their progress."""
        known = {job.job_id: job for job in self._bits.get_bits_transfer(caller=SYSTEM)}
        current = {}
        self._changed = False
        for destination, job_id in jobs.items():
            job = known.get(job_id)
            if job is None:
                raise failed(
                    "CopyFailed",
                    say(
                        "job_gone",
                        self._work.host.name,
                        name=self._work.task_name,
                        index=list(jobs).index(destination),
                        path=destination,
                    ),
                    subject=destination,
                )
            current[destination] = job
            before = self._progress[destination]
            total = before.bytes_total if job.bytes_total == SIZE_UNKNOWN else job.bytes_total
            self._progress[destination] = before.model_copy(
                update={
                    "job_state": CopyJobState(job.state),
                    "bytes_total": total,
                    "bytes_transferred": job.bytes_transferred,
                }
            )
            self._changed = self._changed or before.job_state != job.state.value
        return current

    def _require_health(self, jobs: dict[str, BitsJob]) -> None:
        """Raises CopyFailed for a job in error, NoSpace for a volume below its reserve."""
        for destination, job in jobs.items():
            if job.state in (JobState.ERROR, JobState.CANCELLED):
                raise failed(
                    "CopyFailed",
                    say(
                        "job_failed",
                        self._work.host.name,
                        source=job.files[0].remote_name,
                        path=destination,
                        cause=f"{job.error_description.rstrip('. ')} (0x{job.error_hresult or 0:08X}).",
                    ),
                    subject=destination,
                    hresult=job.error_hresult,
                )
        for destination in jobs:
            volume = self._work.host.platform.files.volume_of(destination)
            if volume.free_bytes < self._wanted.reserve_bytes:
                raise failed(
                    "NoSpace",
                    say(
                        "reserve_used",
                        self._work.host.name,
                        volume=volume.root,
                        free_bytes=volume.free_bytes,
                        reserve_bytes=self._wanted.reserve_bytes,
                    ),
                    subject=volume.root,
                    volume=volume.root,
                    free_bytes=volume.free_bytes,
                    needed_bytes=self._wanted.reserve_bytes,
                )

    def _finish(self, jobs: dict[str, str]) -> None:
        """Give the files their names, and compare each with what the source told. Raises CopyFailed, CopyAltered."""
        for file in self._wanted.files:
            self._claim(file.destination)
            self._bits.complete_bits_transfer(jobs[file.destination], caller=SYSTEM)
            found = file_facts(self._work.host, file.destination)
            if (found.length_bytes, found.last_write_ticks) != (file.length_bytes, file.last_write_ticks):
                raise failed(
                    "CopyAltered",
                    say(
                        "copy_altered",
                        self._work.host.name,
                        path=file.destination,
                        found=f"{found.length_bytes} bytes, time {found.last_write_ticks}",
                        expected=f"{file.length_bytes} bytes, time {file.last_write_ticks}",
                        source=file.source,
                    ),
                    subject=file.destination,
                    found=found.model_dump(mode="json"),
                    expected=file.model_dump(mode="json"),
                )
            self._progress[file.destination] = self._progress[file.destination].model_copy(
                update={"job_state": CopyJobState.VERIFIED, "bytes_transferred": found.length_bytes}
            )

    def _claim(self, destination: str) -> None:
        """Note a file as ours before it is put in place. Raises CopyFailed where somebody else's has appeared."""
        made = {path_key(path) for path in made_files(self._work.host, self._work.migration_id)}
        if path_key(destination) not in made and self._work.host.platform.files.exists(destination):
            raise failed(
                "CopyFailed",
                say("copy_appeared", self._work.host.name, path=destination, migration=self._work.migration_id),
                subject=destination,
            )
        self._work.note_made(destination)

    def _stop_if_asked(self) -> None:
        if self._work.is_to_stop:
            raise _Stopped

    def _end(self, state: str, error: ErrorFacts | None) -> None:
        """Remove all jobs that are left, and say how it ended; an end that was told before stays."""
        with suppress(PlatformError):  # what cannot be removed now is found by its name and removed by stop_work
            for job in self._bits.get_bits_transfer(caller=SYSTEM, name=f"{self._work.task_name}-*"):
                self._bits.remove_bits_transfer(job.job_id, caller=SYSTEM)
        if not (state == "Stopped" and self._work.has_ended):
            self._write(state, error)

    def _write(self, state: str, error: ErrorFacts | None) -> None:
        result = m.GetCopyResult.model_validate(
            {
                "state": state,
                "files": tuple(self._progress.values()),
                "volume": None,
                "seconds": self._watch.seconds(),
                "error": error,
            }
        )
        self._work.write_state(result.model_dump(mode="json"))
