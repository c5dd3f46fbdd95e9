r"""Reading a file on another host's share, as the right account, over a link that may break.

Trouble: who reads decides: SYSTEM goes out as the computer account, a WinRM logon has nothing to show to a third machine,
and a peer that falls silent must not be waited for without end. Answer: one connection per open file; waiting is done in
short steps that look at the link, at the caller's wish to stop and at the time.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from lab.platform import smb_wire
from lab.platform.accounts import Accounts, WindowsFacts
from lab.platform.directory import HostDirectory, HostEntry
from lab.platform.errors import BAD_NETWORK_PATH, INVALID_NAME, NETWORK_NAME_DELETED, TIMED_OUT, PlatformError
from lab.platform.identity import Identity, LogonKind
from lab.platform.link import LARGEST_CHUNK_BYTES, NAP_SECONDS, Links, LinkUse
from lab.platform.paths import UncPath, split_unc

STEP_SECONDS = 0.1  # how long a wish to stop may go unheard while nothing arrives


class TransferStopped(Exception):
    """The caller wished to stop; what arrived until then is written."""


@dataclass(frozen=True)
class RemoteFacts:
    length_bytes: int
    last_write_ticks: int


class SmbClient:
    """Opens files on other hosts for one host."""

    def __init__(self, *, accounts: Accounts, directory: HostDirectory, links: Links) -> None:
        self._accounts = accounts
        self._directory = directory
        self._links = links

    def open(self, unc: str, *, identity: Identity, stopped: Callable[[], bool]) -> RemoteFile:
        r"""Open ``\\host\share\path``. BAD_NETWORK_PATH (no such host, or it does not answer), BAD_NETWORK_NAME (no such
        share), ACCESS_DENIED, FILE_NOT_FOUND, PATH_NOT_FOUND, SHARING_VIOLATION, INVALID_NAME."""
        path = split_unc(unc)
        if path is None or not path.below:
            raise PlatformError(INVALID_NAME, f"'{unc}' is not a path of a file on a share.")
        entry = self._directory.find(path.server)
        if entry is None:
            raise PlatformError(BAD_NETWORK_PATH, f"The network path '{unc}' was not found: no host '{path.server}'.")
        settings = self._accounts.settings
        timeout = settings.smb_timeout_seconds
        link = self._links.connect(settings.computer_name, entry.name, timeout_seconds=timeout, stopped=stopped)
        connection = self._connect(entry, unc, timeout_seconds=timeout)
        file = RemoteFile(connection, link, unc=unc, timeout_seconds=timeout, stopped=stopped)
        try:
            self._log_on(file, settings, identity)
            file.open(path)
        except BaseException:
            file.close()
            raise
        return file

    def reachable(self, name_or_address: str, *, timeout_seconds: float) -> bool:
        """Whether a TCP connection to the host's SMB server can be made within the time."""
        entry = self._directory.find(name_or_address)
        if entry is None:
            return False
        try:
            self._links.connect(self._accounts.settings.computer_name, entry.name, timeout_seconds=timeout_seconds)
            self._connect(entry, entry.name, timeout_seconds=timeout_seconds).close()
        except PlatformError:
            return False
        return True

    def _connect(self, entry: HostEntry, what: str, *, timeout_seconds: float) -> socket.socket:
        try:
            return socket.create_connection((entry.address, entry.smb_port), timeout=timeout_seconds)
        except OSError as error:
            raise PlatformError(BAD_NETWORK_PATH, f"The network path '{what}' was not found ({error}).") from error

    def _log_on(self, file: RemoteFile, settings: WindowsFacts, identity: Identity) -> None:
        """As the computer account for SYSTEM; anybody else has no credentials here, and is anonymous there."""
        hello = file.receive()
        account = settings.computer_account if identity.is_system and identity.logon is LogonKind.SERVICE else None
        answer = {"account": "", "proof": ""}
        if account is not None:
            secret = self._directory.machine_secret(settings.computer_name)
            answer = {"account": account, "proof": smb_wire.proof(secret, hello["challenge"], hello["server"])}
        file.send(answer)
        file.receive()


class RemoteFile:
    """An open file on another host. ``facts`` is what the server said last. Not safe for threads."""

    def __init__(
        self, connection: socket.socket, link: LinkUse, *, unc: str, timeout_seconds: float, stopped: Callable[[], bool]
    ) -> None:
        self.facts = RemoteFacts(0, 0)
        self._connection = connection
        self._link = link
        self._unc = unc
        self._timeout_seconds = timeout_seconds
        self._stopped = stopped
        self._file = 0
        connection.settimeout(STEP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def open(self, path: UncPath) -> None:
        self.send({"op": "open", "share": path.share, "path": path.below})
        answer = self.receive()
        self._file = answer["file"]
        self.facts = RemoteFacts(answer["length"], answer["ticks"])

    def fetch(self, offset: int, *, count: int, into: int, arrived: Callable[[int], None]) -> int:
        """Ask for bytes from ``offset`` and write them to the same place of the open file ``into`` as they arrive.

        ``arrived`` is told after each write how many bytes came. Returns the number of bytes; 0 at the end. Raises
        Stopped, NETWORK_NAME_DELETED, TIMED_OUT, and OSError of the writing."""
        self.send({"op": "read", "file": self._file, "offset": offset, "count": count})
        answer = self.receive()
        self.facts = RemoteFacts(answer["length"], answer["ticks"])
        buffer = memoryview(bytearray(min(answer["count"], LARGEST_CHUNK_BYTES)))
        done = 0
        while done < answer["count"]:
            room = buffer[: min(self._link.chunk_bytes(), answer["count"] - done)]
            received = self._receive_into(room)
            self._link.take(received, stopped=self._stopped)
            _write_exactly(into, room[:received], offset + done)
            done += received
            arrived(received)
        return done

    def send(self, message: dict[str, Any]) -> None:
        self._link.check()
        try:
            smb_wire.send_message(self._connection, message)
        except OSError as error:
            raise self._lost(error) from error

    def receive(self) -> dict[str, Any]:
        """The next message, once it begins to arrive; an error of the server is raised."""
        self._wait_readable()
        self._connection.settimeout(self._timeout_seconds)
        try:
            return smb_wire.raise_error(smb_wire.receive_message(self._connection))
        except (OSError, ValueError) as error:
            raise self._lost(error) from error
        finally:
            self._connection.settimeout(STEP_SECONDS)

    def _receive_into(self, room: memoryview) -> int:
        self._wait_readable()
        try:
            received = self._connection.recv_into(room)
        except OSError as error:
            raise self._lost(error) from error
        if received == 0:
            raise self._lost(ConnectionError("closed"))
        return received

    def _wait_readable(self) -> None:
        silent_since = time.monotonic()
        while True:
            if self._stopped():
                raise TransferStopped
            if not self._link.check():
                time.sleep(NAP_SECONDS)
            elif self._has_data():
                return
            if time.monotonic() - silent_since > self._timeout_seconds:
                raise PlatformError(TIMED_OUT, f"The semaphore timeout period has expired for '{self._unc}'.")

    def _has_data(self) -> bool:
        """Wait a step for data; the end of the connection counts as data, unless it is broken off."""
        try:
            self._connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except OSError as error:
            raise self._lost(error) from error
        return True

    def _lost(self, error: Exception) -> PlatformError:
        return PlatformError(
            NETWORK_NAME_DELETED, f"The specified network name is no longer available: '{self._unc}' ({error})."
        )


def _write_exactly(descriptor: int, data: memoryview, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
