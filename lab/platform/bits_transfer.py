"""How BITS moves one job's bytes: into a hidden file in the destination's folder, going on where it stopped.

Trouble: a transfer is broken at any moment by the link, a reboot or its owner, and must neither lose bytes nor mix two
versions of a source. Answer: length and time of the source are kept with the job and compared each time a range arrives
and once more at the end; another length or time begins that file anew ("File Transfer Consistency"). The temporary file
has its full length from the start, so the space is taken before the first byte. What counts as transferred is written
before it is counted.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.platform import errors, paths
from lab.platform.bits_job import SIZE_UNKNOWN, FileRecord, JobRecord, JobState
from lab.platform.errors import PlatformError
from lab.platform.files import FileSystem
from lab.platform.identity import SYSTEM, Identity, LogonKind
from lab.platform.open_files import Access
from lab.platform.smb_client import RemoteFacts, RemoteFile, SmbClient, TransferStopped
from lab.platform.smb_wire import LONGEST_READ_BYTES
from lab.platform.this_machine import set_ticks, windows_errors

SAVE_SECONDS = 0.25  # how much progress a power loss may cost


@dataclass
class Transfer:
    """One run of one job, from Connecting to an end. ``run`` is called in a thread of its own.

    ``update`` runs a change of the record under the service's lock and saves it; ``stopped`` says that the owner or the
    shutdown wants this run to end. Transfers of a host share ``space_lock``."""

    job: JobRecord
    files: FileSystem
    client: SmbClient
    update: Callable[[Callable[[], None]], None]
    stopped: Callable[[], bool]
    space_lock: threading.Lock

    def run(self) -> None:
        """Until all files are whole. Raises PlatformError with the job's error, and Stopped."""
        self._set_state(JobState.CONNECTING)
        for file in self.job.files:
            if file.bytes_total == SIZE_UNKNOWN:
                with self._open(file) as remote:
                    self._learn(file, remote.facts)
        for file in self.job.files:
            while not file.whole:
                self._set_state(JobState.CONNECTING)
                self._fetch(file)

    def _fetch(self, file: FileRecord) -> None:
        """Bring one file on; returns when it is whole or has to begin anew."""
        with self._open(file) as remote:
            self._set_state(JobState.TRANSFERRING)
            if not self._same(file, remote.facts):
                self._learn(file, remote.facts)
            with self._temporary(file) as descriptor:
                while file.bytes_transferred < file.bytes_total:
                    if not self._fetch_range(file, remote, descriptor):
                        return
        self._finish(file)

    def _fetch_range(self, file: FileRecord, remote: RemoteFile, descriptor: int) -> bool:
        """False if the source turned out to be another one than before."""
        saved_at = time.monotonic()

        def arrived(byte_count: int) -> None:
            nonlocal saved_at
            file.bytes_transferred += byte_count
            if time.monotonic() - saved_at > SAVE_SECONDS:
                saved_at = time.monotonic()
                self.update(self._progressed)

        start = file.bytes_transferred
        try:
            got = remote.fetch(
                start, count=min(LONGEST_READ_BYTES, file.bytes_total - start), into=descriptor, arrived=arrived
            )
        finally:
            self.update(self._progressed if file.bytes_transferred > start else lambda: None)
        if got == 0 or not self._same(file, remote.facts):
            self._learn(file, remote.facts)
            return False
        return True

    def _finish(self, file: FileRecord) -> None:
        """All bytes are here: whole, unless the source is another one by now."""
        with self._open(file) as remote:
            if not self._same(file, remote.facts):
                self._learn(file, remote.facts)
                return
        set_ticks(self.files.host_path(file.temporary), file.last_write_ticks)

        def whole() -> None:
            file.whole = True

        self.update(whole)

    def _open(self, file: FileRecord) -> RemoteFile:
        owner = Identity(self.job.owner_account, LogonKind.INTERACTIVE, administrator=False)
        identity = SYSTEM if owner.is_system else owner
        return self.client.open(file.remote_name, identity=identity, stopped=self.stopped)

    @contextmanager
    def _temporary(self, file: FileRecord) -> Iterator[int]:
        """The temporary file, open for writing, at its full length. A lost or new one starts at the beginning."""
        host_path = self.files.host_path(file.temporary)
        if not host_path.parent.is_dir():
            raise PlatformError(errors.PATH_NOT_FOUND, f"There is no folder for '{file.local_name}'.")
        held = self.files.open_files.opened(
            file.temporary, access=Access.READ | Access.WRITE, share=Access.READ, holder="BITS"
        )
        with windows_errors(file.local_name), held:
            there = host_path.stat().st_size if host_path.exists() else -1
            if there != file.bytes_total:
                self.update(lambda: _begin(file))
            descriptor = os.open(host_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                with self.space_lock:
                    self.files.require_room(file.local_name, file.bytes_total - max(there, 0))
                    os.ftruncate(descriptor, file.bytes_total)
                yield descriptor
            finally:
                os.close(descriptor)

    def _same(self, file: FileRecord, facts: RemoteFacts) -> bool:
        return (file.bytes_total, file.last_write_ticks) == (facts.length_bytes, facts.last_write_ticks)

    def _learn(self, file: FileRecord, facts: RemoteFacts) -> None:
        """The source is this one now: what was fetched of another counts for nothing."""

        def learn() -> None:
            file.bytes_total = facts.length_bytes
            file.last_write_ticks = facts.last_write_ticks
            file.bytes_transferred = 0

        self.update(learn)

    def _progressed(self) -> None:
        self.job.failing_since = None

    def _set_state(self, state: JobState) -> None:
        if self.stopped():
            raise TransferStopped

        def change() -> None:
            self.job.state = state
            if state is JobState.TRANSFERRING:
                self.job.error_hresult, self.job.error_description = None, ""

        self.update(change)


def _begin(file: FileRecord) -> None:
    file.bytes_transferred = 0


def temporary_name(local_name: str) -> str:
    """A hidden file beside the destination."""
    return f"{paths.parent(local_name).rstrip(chr(92))}\\BIT{os.urandom(3).hex().upper()}.tmp"
