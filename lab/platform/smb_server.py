"""The server of a host's shares: what a peer's computer account may read, and nothing else.

Trouble: a copy must fail here as it fails on Windows: no share after a reboot, no right without a grant, no second hop
for a WinRM caller, no reading of a disk that a VM writes. Answer: each connection is authenticated as a computer account
of a domain this host trusts, each open asks shares, access entries and the sharing table, and bytes leave by
``sendfile``. One thread per connection.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

from lab.platform import smb_wire
from lab.platform.accounts import Accounts
from lab.platform.directory import HostDirectory, HostEntry
from lab.platform.errors import ACCESS_DENIED, INVALID_PARAMETER, PlatformError
from lab.platform.files import FileSystem
from lab.platform.open_files import ANYTHING, Access, OpenFile, OpenFiles
from lab.platform.smb import Shares
from lab.platform.this_machine import ticks_of
from qsm.facts.names import same_name

HANDSHAKE_SECONDS = 30.0


@dataclass
class _Opened:
    share_name: str
    descriptor: int
    handle: OpenFile


@dataclass(eq=False)
class _Connection:
    peer: socket.socket
    files: dict[int, _Opened] = field(default_factory=dict)


class SmbServer:
    """Serves from ``start`` to ``stop``. Reads share everything (FILE_SHARE_READ, WRITE and DELETE).

    That a reader of BITS does not keep others from writing is what "File Transfer Consistency" implies: a source may
    change in size or time during the transfer, and is noticed by that.
    """

    def __init__(
        self, *, accounts: Accounts, directory: HostDirectory, files: FileSystem, open_files: OpenFiles, shares: Shares
    ) -> None:
        self._accounts = accounts
        self._directory = directory
        self._files = files
        self._open_files = open_files
        self._shares = shares
        self._lock = threading.Lock()
        self._connections: set[_Connection] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen on the host's address, on the port of the last boot where it is free, and tell the directory."""
        settings = self._accounts.settings
        before = self._directory.find(settings.computer_name)
        self._listener = _listen(settings.address, before.smb_port if before else 0)
        port = self._listener.getsockname()[1]
        self._directory.enter(HostEntry(settings.computer_name, settings.fqdn, settings.address, port, settings.domain))
        self._shares.on_removed = self.close_share
        self._run(self._accept, self._listener)

    def stop(self) -> None:
        """Close everything; returns when no thread of the server is left."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is None:
            return
        _shut(listener)
        listener.close()
        with self._lock:
            for connection in self._connections:
                _shut(connection.peer)
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def close_share(self, name: str) -> None:
        """Break the connections that have files of that share open."""
        with self._lock:
            for connection in self._connections:
                if any(same_name(opened.share_name, name) for opened in connection.files.values()):
                    _shut(connection.peer)

    def _run(self, target: Any, *arguments: Any) -> None:
        def body() -> None:
            try:
                target(*arguments)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=body, name="smb-server", daemon=True)
        with self._lock:
            self._threads.add(thread)
            thread.start()  # inside: ``stop`` joins only what was started

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            connection = _Connection(peer)
            with self._lock:
                if self._listener is not listener:
                    peer.close()
                    return
                self._connections.add(connection)
            self._run(self._serve, connection)

    def _serve(self, connection: _Connection) -> None:
        try:
            connection.peer.settimeout(HANDSHAKE_SECONDS)
            account = self._authenticate(connection.peer)
            connection.peer.settimeout(None)
            while True:
                self._answer(connection, account, smb_wire.receive_message(connection.peer))
        except (OSError, ValueError, KeyError, TypeError, PlatformError):
            return  # the peer is gone, was refused or talks nonsense: nothing is left to tell it
        finally:
            with self._lock:
                self._connections.discard(connection)
            for opened in connection.files.values():
                self._close(opened)
            connection.peer.close()

    def _authenticate(self, peer: socket.socket) -> str:
        """The computer account at the other end. An anonymous caller, as any WinRM logon is here, is refused."""
        challenge = secrets.token_hex(16)
        server_name = self._accounts.settings.computer_name
        smb_wire.send_message(peer, {"challenge": challenge, "server": server_name})
        answer = smb_wire.receive_message(peer)
        account, given = str(answer.get("account", "")), str(answer.get("proof", ""))
        domain, _, name = account.rpartition("\\")
        entry = self._directory.find(name[:-1]) if name.endswith("$") else None
        known = entry is not None and entry.domain == domain and self._accounts.trusts(domain)
        wanted = smb_wire.proof(self._directory.machine_secret(entry.name), challenge, server_name) if entry else ""
        if not known or not secrets.compare_digest(wanted, given):
            text = f"Access is denied: '{account or 'ANONYMOUS LOGON'}' cannot log on to '{server_name}'."
            smb_wire.send_message(peer, smb_wire.error_message(PlatformError(ACCESS_DENIED, text)))
            raise PlatformError(ACCESS_DENIED, text)
        smb_wire.send_message(peer, {"account": account})
        return account

    def _answer(self, connection: _Connection, account: str, request: dict[str, Any]) -> None:
        try:
            if request.get("op") == "read":
                self._read(connection, request)
                return
            if request.get("op") == "open":
                answer = self._open(connection, account, request)
            elif request.get("op") == "close":
                self._close(_opened(connection, request))
                del connection.files[request["file"]]
                answer = {}
            else:
                raise PlatformError(INVALID_PARAMETER, f"The server knows no request {request.get('op')!r}.")
        except PlatformError as error:
            answer = smb_wire.error_message(error)
        smb_wire.send_message(connection.peer, answer)

    def _open(self, connection: _Connection, account: str, request: dict[str, Any]) -> dict[str, Any]:
        share_name = str(request["share"])
        path = self._shares.open_for(account, share_name=share_name, below=str(request["path"]))
        handle = self._open_files.open(path, access=Access.READ, share=ANYTHING, holder=f"SMB {account}")
        try:
            descriptor = os.open(self._files.host_path(path), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._open_files.close(handle)
            self._files.facts(path)  # raises what is wrong with it
            raise
        with self._lock:
            connection.files[handle.handle] = _Opened(share_name, descriptor, handle)
        return {"file": handle.handle, **_facts(descriptor)}

    def _read(self, connection: _Connection, request: dict[str, Any]) -> None:
        """Answer, then the bytes. A file that shrinks meanwhile breaks the connection, since the answer was a promise."""
        descriptor = _opened(connection, request).descriptor
        facts = _facts(descriptor)
        offset = int(request["offset"])
        count = max(0, min(int(request["count"]), smb_wire.LONGEST_READ_BYTES, facts["length"] - offset))
        smb_wire.send_message(connection.peer, {"count": count, **facts})
        while count:
            sent = os.sendfile(connection.peer.fileno(), descriptor, offset, count)
            if sent == 0:
                raise ConnectionError("the file became shorter while it was read")
            offset, count = offset + sent, count - sent

    def _close(self, opened: _Opened) -> None:
        os.close(opened.descriptor)
        self._open_files.close(opened.handle)


def _opened(connection: _Connection, request: dict[str, Any]) -> _Opened:
    opened = connection.files.get(request.get("file", 0))
    if opened is None:
        raise PlatformError(INVALID_PARAMETER, "The handle is invalid.")
    return opened


def _facts(descriptor: int) -> dict[str, int]:
    status = os.fstat(descriptor)
    return {"length": status.st_size, "ticks": ticks_of(status.st_mtime_ns)}


def _listen(address: str, port: int) -> socket.socket:
    """On that port, or on any free one where it is taken."""
    try:
        return socket.create_server((address, port), backlog=64)
    except OSError:
        if port == 0:
            raise
        return socket.create_server((address, 0), backlog=64)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
