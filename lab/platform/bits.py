"""BITS, as its cmdlets show it: Start-, Get-, Complete-, Remove-, Suspend- and Resume-BitsTransfer.

Trouble: who may own a job, what a job does when the network goes, and when a file has its name, are the rules that
decide the copy design. Answer: they are kept here as documented ("Life Cycle of a BITS Job", "Users and Network
Connections", "User Account Control and BITS"). ``bits_transfer`` moves the bytes, ``bits_service`` decides when.

Only downloads. Foreground jobs run all at once beside one job of the other priorities (the highest, then the oldest):
the time slices among equals and the measuring of idle bandwidth are not modelled.
"""

from __future__ import annotations

import fnmatch
import re
import uuid
from pathlib import Path

from lab.platform import errors, paths
from lab.platform.accounts import Accounts
from lab.platform.bits_job import SIZE_UNKNOWN as SIZE_UNKNOWN
from lab.platform.bits_job import BitsFile as BitsFile
from lab.platform.bits_job import BitsJob as BitsJob
from lab.platform.bits_job import FileRecord, JobRecord
from lab.platform.bits_job import JobState as JobState
from lab.platform.bits_job import Priority as Priority
from lab.platform.bits_service import BitsService
from lab.platform.bits_transfer import temporary_name
from lab.platform.errors import PlatformError
from lab.platform.files import FileSystem
from lab.platform.hooks import CmdletFaults, changing
from lab.platform.identity import Identity, LogonKind
from lab.platform.open_files import ANYTHING, Access
from lab.platform.smb_client import SmbClient
from qsm.facts.names import name_key

PATTERN = re.compile(r"[*?\[]")  # "Start-BitsTransfer", -Source: accepts wildcard characters
SHORTEST_RETRY_SECONDS = 60  # "Start-BitsTransfer", -RetryInterval


class Bits:
    """The BITS service of one host. Jobs are kept in the host's folder and go on after a reboot.

    All methods: SERVICE_DISABLED if the service is disabled. Changing ones: BITS_NOT_FOUND, and ACCESS_DENIED where the
    caller is not the owner (an administrator's token cannot change jobs of SYSTEM), BITS_INVALID_STATE.
    """

    def __init__(
        self,
        host_folder: Path,
        *,
        accounts: Accounts,
        files: FileSystem,
        client: SmbClient,
        faults: CmdletFaults,
    ) -> None:
        self._accounts = accounts
        self._files = files
        self._faults = faults
        self._service = BitsService(host_folder, accounts=accounts, files=files, client=client)

    def boot(self) -> None:
        """The service starts: jobs that ran are queued again."""
        self._service.start()

    def shutdown(self) -> None:
        """The service ends; returns when nothing of it runs."""
        self._service.stop()

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

        Not asynchronous: waits, completes and returns None, or raises the job's error and removes it. PATH_NOT_FOUND if
        the destination's folder is not there, INVALID_NAME for a source that is no UNC path and for a destination that
        is relative or too long (MAX_PATH). FILE_NOT_FOUND for a source with a wildcard: the parameter is documented to take
        them, and the lab looks for no pattern on another host, so that none finds a file, its own name least of all."""
        self._require_service()
        with changing(self._faults, "Start-BitsTransfer"):
            if caller.logon is LogonKind.NETWORK:
                raise _not_logged_on(caller)
            if retry_interval_seconds < SHORTEST_RETRY_SECONDS or retry_timeout_seconds < 0:
                raise PlatformError(errors.INVALID_PARAMETER, "RetryInterval must be at least 60 seconds.")
            pairs = self._pairs(source, destination)
            job = JobRecord(
                job_id=str(uuid.uuid4()),
                number=0,
                display_name=display_name,
                owner_account=caller.account,
                priority=priority,
                state=JobState.SUSPENDED if suspended else JobState.QUEUED,
                retry_interval_seconds=retry_interval_seconds,
                retry_timeout_seconds=retry_timeout_seconds,
                files=[
                    FileRecord(remote_name=remote, local_name=local, temporary=temporary_name(local))
                    for remote, local in pairs
                ],
            )
            view = self._service.add(job)
        if asynchronous:
            return view
        self._wait_and_complete(view, caller)
        return None

    def get_bits_transfer(
        self, *, caller: Identity, all_users: bool = False, name: str | None = None, job_id: str | None = None
    ) -> tuple[BitsJob, ...]:
        """The caller's jobs, or all (administrators only, else ACCESS_DENIED); ``name`` may hold ``*`` and ``?``.

        NOT_LOGGED_ON for a network logon on a host that is set so."""
        self._require_service()
        if caller.logon is LogonKind.NETWORK and not self._accounts.settings.bits_tells_network_logons:
            raise _not_logged_on(caller)
        if all_users and not caller.administrator:
            raise PlatformError(errors.ACCESS_DENIED, "Only administrators see the BITS jobs of all users.")
        owner = name_key(caller.account)
        return tuple(
            job
            for job in self._service.views()
            if (all_users or name_key(job.owner_account) == owner)
            and (name is None or fnmatch.fnmatchcase(name_key(job.display_name), name_key(name)))
            and (job_id is None or job.job_id == job_id.strip("{}").lower())
        )

    def complete_bits_transfer(self, job_id: str, *, caller: Identity) -> None:
        """Files that are whole get their names, temporary files of others go; the job is Acknowledged and gone.

        A destination that exists is replaced; one that is held: BITS_DESTINATION_LOCKED, and the job stays as it is."""
        self._require_service()
        with changing(self._faults, "Complete-BitsTransfer"):
            job = self._own(job_id, caller)
            self._service.halt(job)
            with self._service.locked():
                for file in job.files:
                    self._give_name(job, file)
                self._service.remove(job, state=JobState.ACKNOWLEDGED)

    def remove_bits_transfer(self, job_id: str, *, caller: Identity) -> None:
        """Cancel: the job and all that it fetched go, whole files too."""
        self._require_service()
        with changing(self._faults, "Remove-BitsTransfer"):
            job = self._own(job_id, caller)
            self._service.halt(job)
            with self._service.locked():
                for file in job.files:
                    self._files.host_path(file.temporary).unlink(missing_ok=True)
                self._service.remove(job, state=JobState.CANCELLED)

    def suspend_bits_transfer(self, job_id: str, *, caller: Identity) -> BitsJob:
        """BITS_INVALID_STATE for a job that is Transferred."""
        self._require_service()
        with changing(self._faults, "Suspend-BitsTransfer"):
            job = self._own(job_id, caller)
            if job.state is JobState.TRANSFERRED:
                raise self._invalid_state(job)
            return self._service.suspend(job)

    def resume_bits_transfer(self, job_id: str, *, caller: Identity) -> BitsJob:
        """Also tries again at once a job in Error or TransientError."""
        self._require_service()
        with changing(self._faults, "Resume-BitsTransfer"):
            job = self._own(job_id, caller)
            if job.state is JobState.TRANSFERRED:
                raise self._invalid_state(job)
            return self._service.resume(job)

    def wait_for_change(self, job_ids: tuple[str, ...], *, timeout_seconds: float) -> None:
        """Return when the state of any of the jobs changes, or after the time. A convenience of the lab."""
        self._service.wait_for_change(job_ids, timeout_seconds=timeout_seconds)

    def _pairs(self, source: str | tuple[str, ...], destination: str | tuple[str, ...]) -> list[tuple[str, str]]:
        sources = (source,) if isinstance(source, str) else source
        destinations = (destination,) if isinstance(destination, str) else destination
        if not sources or len(sources) != len(destinations):
            raise PlatformError(errors.INVALID_PARAMETER, "There must be as many destinations as sources.")
        for remote in sources:
            unc = paths.split_unc(remote)
            if unc is None or not unc.below:
                raise PlatformError(errors.INVALID_NAME, f"The source '{remote}' is not a file on a share.")
            if PATTERN.search(f"{unc.share}\\{unc.below}"):
                raise PlatformError(errors.FILE_NOT_FOUND, f"No file on '{unc.server}' matches the source '{remote}'.")
        return [(remote, self._destination(local)) for remote, local in zip(sources, destinations, strict=True)]

    def _destination(self, local: str) -> str:
        path = self._files.full_path(local)
        if len(path) >= paths.MAX_PATH:
            raise PlatformError(errors.INVALID_NAME, f"The local name '{local}' is longer than MAX_PATH.")
        if not self._files.is_folder(paths.parent(path)):
            raise PlatformError(errors.PATH_NOT_FOUND, f"There is no folder for the destination '{local}'.")
        if self._files.is_folder(path):
            raise PlatformError(errors.ACCESS_DENIED, f"The destination '{local}' is a folder.")
        return path

    def _give_name(self, job: JobRecord, file: FileRecord) -> None:
        """Idempotent, since a power loss may come between two files of a job."""
        temporary = self._files.host_path(file.temporary)
        if not file.whole:
            temporary.unlink(missing_ok=True)
        elif not file.named and temporary.exists():
            try:
                self._files.open_files.require(file.local_name, access=Access.WRITE | Access.DELETE, share=ANYTHING)
            except PlatformError as error:
                raise PlatformError(errors.BITS_DESTINATION_LOCKED, error.message) from error
            temporary.replace(self._files.host_path(file.local_name))
            if self._files.acl is not None:
                self._files.acl.removed(file.local_name)  # the new file inherits
        file.named = file.whole
        self._service.save(job)

    def _own(self, job_id: str, caller: Identity) -> JobRecord:
        job = self._service.find(job_id.strip("{}").lower())
        if job is None:
            raise PlatformError(errors.BITS_NOT_FOUND, f"There is no BITS job {job_id}.")
        if name_key(job.owner_account) != name_key(caller.account):
            raise PlatformError(
                errors.ACCESS_DENIED,
                f"'{caller.account}' may not change the BITS job '{job.display_name}' of '{job.owner_account}'.",
            )
        return job

    def _wait_and_complete(self, view: BitsJob, caller: Identity) -> None:
        while True:
            job = self._own(view.job_id, caller)
            if job.state is JobState.TRANSFERRED:
                self.complete_bits_transfer(view.job_id, caller=caller)
                return
            if job.state is JobState.ERROR:
                error = PlatformError(job.error_hresult or errors.BITS_INVALID_STATE, job.error_description)
                self.remove_bits_transfer(view.job_id, caller=caller)
                raise error
            self.wait_for_change((view.job_id,), timeout_seconds=1.0)

    def _require_service(self) -> None:
        if self._accounts.settings.bits_start_mode == "Disabled":
            raise PlatformError(
                errors.SERVICE_DISABLED,
                "The Background Intelligent Transfer Service cannot be started: it is disabled.",
            )

    def _invalid_state(self, job: JobRecord) -> PlatformError:
        return PlatformError(
            errors.BITS_INVALID_STATE, f"The BITS job '{job.display_name}' is {job.state.value}: not possible now."
        )


def _not_logged_on(caller: Identity) -> PlatformError:
    return PlatformError(
        errors.NOT_LOGGED_ON,
        f"The operation being requested was not performed because the user '{caller.account}' has not logged on to the"
        " network. The specified service does not exist.",
    )
