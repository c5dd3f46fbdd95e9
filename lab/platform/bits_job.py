"""A BITS job: what its owner sees, and what the service keeps on disk.

Trouble: a job outlives the process that made it and every reboot, so each step of it must be in a file before the next is
taken. Answer: ``JobRecord`` is that file, one per job, and ``BitsJob`` the view that the cmdlets hand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel

from lab.platform import errors
from lab.platform.store import write_whole

SIZE_UNKNOWN = 0xFFFFFFFFFFFFFFFF  # BytesTotal before the source was asked (BG_SIZE_UNKNOWN)


class JobState(StrEnum):
    """ "Life Cycle of a BITS Job"."""

    QUEUED = "Queued"
    CONNECTING = "Connecting"
    TRANSFERRING = "Transferring"
    SUSPENDED = "Suspended"
    ERROR = "Error"
    TRANSIENT_ERROR = "TransientError"
    TRANSFERRED = "Transferred"
    ACKNOWLEDGED = "Acknowledged"
    CANCELLED = "Cancelled"


class Priority(StrEnum):
    FOREGROUND = "Foreground"
    HIGH = "High"
    NORMAL = "Normal"
    LOW = "Low"


# What passes by itself when the network or the other host comes back; all else ends in Error. That a missing share is
# among them is why a source that rebooted looks like a job that hangs until its retry timeout.
TRANSIENT = frozenset(
    {
        errors.BAD_NETWORK_PATH,
        errors.BAD_NETWORK_NAME,
        errors.NETWORK_NAME_DELETED,
        errors.NETWORK_UNREACHABLE,
        errors.TIMED_OUT,
        errors.BITS_NETWORK_DISCONNECTED,
    }
)


@dataclass(frozen=True)
class BitsFile:
    remote_name: str
    local_name: str
    bytes_total: int  # SIZE_UNKNOWN until the source was asked
    bytes_transferred: int


@dataclass(frozen=True)
class BitsJob:
    """One job at one moment."""

    job_id: str
    display_name: str
    owner_account: str
    priority: Priority
    state: JobState
    bytes_total: int  # SIZE_UNKNOWN until all sources were asked
    bytes_transferred: int
    files_total: int
    files_transferred: int
    error_hresult: int | None  # of Error and TransientError
    error_description: str
    files: tuple[BitsFile, ...]


class FileRecord(BaseModel):
    """One file of a job. ``temporary`` is the full path of the hidden file until the job is completed."""

    remote_name: str
    local_name: str
    temporary: str
    bytes_total: int = SIZE_UNKNOWN
    bytes_transferred: int = 0
    last_write_ticks: int = 0
    whole: bool = False  # every byte is here, the time is set
    named: bool = False  # it has its real name


class JobRecord(BaseModel):
    """One job as the service keeps it; changed only under the service's lock."""

    job_id: str
    number: int  # in order of creation
    display_name: str
    owner_account: str
    priority: Priority
    state: JobState
    retry_interval_seconds: int
    retry_timeout_seconds: int
    files: list[FileRecord]
    error_hresult: int | None = None
    error_description: str = ""
    failing_since: float | None = None  # Unix time of the first error since something arrived

    def view(self) -> BitsJob:
        unknown = any(file.bytes_total == SIZE_UNKNOWN for file in self.files)
        return BitsJob(
            job_id=self.job_id,
            display_name=self.display_name,
            owner_account=self.owner_account,
            priority=self.priority,
            state=self.state,
            bytes_total=SIZE_UNKNOWN if unknown else sum(file.bytes_total for file in self.files),
            bytes_transferred=sum(file.bytes_transferred for file in self.files),
            files_total=len(self.files),
            files_transferred=sum(file.whole for file in self.files),
            error_hresult=self.error_hresult,
            error_description=self.error_description,
            files=tuple(
                BitsFile(file.remote_name, file.local_name, file.bytes_total, file.bytes_transferred)
                for file in self.files
            ),
        )


class JobFolder:
    """The records of all jobs of a host."""

    def __init__(self, host_folder: Path) -> None:
        self._folder = host_folder / "platform" / "bits"

    def load(self) -> list[JobRecord]:
        """In order of creation."""
        found = [JobRecord.model_validate_json(file.read_bytes()) for file in self._folder.glob("*.json")]
        return sorted(found, key=lambda job: job.number)

    def save(self, job: JobRecord) -> None:
        write_whole(self._file(job), job.model_dump_json(indent=1).encode())

    def remove(self, job: JobRecord) -> None:
        self._file(job).unlink(missing_ok=True)

    def _file(self, job: JobRecord) -> Path:
        return self._folder / f"{job.job_id}.json"
