"""BITS, as its cmdlets show it: Start-, Get-, Complete-, Remove-, Suspend- and Resume-BitsTransfer.

Trouble: who may own a job, what a job does when the network goes, and when a file has its name, are the rules that
decide the copy design. Answer: they are kept here as documented ("Life Cycle of a BITS Job", "Users and Network
Connections", "File Transfer Consistency"). ``bits_transfer`` moves the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lab.platform.identity import Identity


class JobState(StrEnum):
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


SIZE_UNKNOWN = 0xFFFFFFFFFFFFFFFF  # BytesTotal before the source was asked (BG_SIZE_UNKNOWN)


@dataclass(frozen=True)
class BitsFile:
    remote_name: str
    local_name: str
    bytes_total: int  # SIZE_UNKNOWN until the source was asked
    bytes_transferred: int


@dataclass(frozen=True)
class BitsJob:
    job_id: str
    display_name: str
    owner_account: str
    priority: Priority
    state: JobState
    bytes_total: int
    bytes_transferred: int
    files_total: int
    files_transferred: int
    error_hresult: int | None  # of Error and TransientError
    error_description: str
    files: tuple[BitsFile, ...]


class Bits:
    """The BITS service of one host. Jobs are kept in the host's folder and go on after a reboot.

    All methods: SERVICE_DISABLED if the service is disabled. Changing ones: BITS_NOT_FOUND, ACCESS_DENIED where the caller
    is neither the owner nor may change it (an administrator's token cannot change jobs of SYSTEM).
    """

    def start_bits_transfer(
        self,
        source: str | tuple[str, ...],
        destination: str | tuple[str, ...],
        *,
        caller: Identity,
        asynchronous: bool = False,
        display_name: str = "BITS Transfer",
        priority: Priority = Priority.FOREGROUND,
        retry_interval_seconds: int = 600,
        retry_timeout_seconds: int = 1_209_600,
        suspended: bool = False,
    ) -> BitsJob | None:
        """A download job. NOT_LOGGED_ON for a network logon. INVALID_PARAMETER for an interval below 60 s.

        Not asynchronous: waits, completes and returns None, or raises the job's error and removes it. PATH_NOT_FOUND if the
        destination's folder is not there, INVALID_NAME for a relative or too long (MAX_PATH) local name."""
        raise NotImplementedError

    def get_bits_transfer(
        self, *, caller: Identity, all_users: bool = False, name: str | None = None, job_id: str | None = None
    ) -> tuple[BitsJob, ...]:
        """The caller's jobs, or all (administrators only, else ACCESS_DENIED); ``name`` may end in ``*``."""
        raise NotImplementedError

    def complete_bits_transfer(self, job_id: str, *, caller: Identity) -> None:
        """Files that are whole get their names, temporary files of others go, the job is Acknowledged and gone."""
        raise NotImplementedError

    def remove_bits_transfer(self, job_id: str, *, caller: Identity) -> None:
        """Cancel: the job and all its files go, finished ones too."""
        raise NotImplementedError

    def suspend_bits_transfer(self, job_id: str, *, caller: Identity) -> BitsJob:
        raise NotImplementedError

    def resume_bits_transfer(self, job_id: str, *, caller: Identity) -> BitsJob:
        """Also tries again at once a job in Error or TransientError."""
        raise NotImplementedError

    def wait_for_change(self, job_ids: tuple[str, ...], *, timeout_seconds: float) -> None:
        """Return when any of the jobs changed state, or after the time. A convenience of the lab."""
        raise NotImplementedError
