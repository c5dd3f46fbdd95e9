"""Operations for the played host, faults at the endpoint, and eyes on the wire."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import Field
from waiting import DEADLINE_SECONDS
from winrm import Protocol
from winrm.exceptions import WSManFaultError

from lab.winrm.endpoint import Endpoint
from qsm.facts.frozen import Frozen
from qsm.hosts.host import Call
from qsm.hosts.operations import COMMON_ERRORS, AfterUnknown, Operation
from qsm.settings import TimeLimits

USER, PASSWORD = "Administrator", "pass:Wörd-7"
LIMITS = TimeLimits(
    connect_seconds=5, receive_seconds=1, unreachable_seconds=20, stdin_probe_seconds=3, logon_pause_seconds=0.05
)
"""What is lost is soon asked after; a machine that is busy for a while is no host that is silent."""
GIVES_UP_SOON = {"unreachable_seconds": 2}
"""For a host that never answers again."""


every_way = pytest.mark.parametrize("way", ["tls", "sealed", "one by one"])
"""See the fixture `way`."""


class Text(Frozen):
    """Arguments and result of all operations here."""

    text: str = ""
    number: int = Field(default=0)


def operation(name: str, *, changes: bool, limit: int = 120) -> Operation[Text, Text]:
    return Operation(
        name, f"Get-Qsm{name.title()}", Text, Text, changes=changes, side="either", record="none", forward=False,
        after_unknown=AfterUnknown.SURVEY, error_ids=COMMON_ERRORS, time_limit_seconds=limit, poll=None,
    )  # fmt: skip


ECHO = operation("echo", changes=False)
SET = operation("set", changes=True)
QUICK_ECHO = operation("echo", changes=False, limit=1)
QUICK_SET = operation("set", changes=True, limit=1)


def call(subject: str = "a", *, revision: int | None = 7) -> Call:
    return Call("20260101T000000-0123abcd", subject=subject, revision=revision)


def shells_open(endpoint: Endpoint, *, quota: int) -> int:
    """How many shells the user has: the quota less what an independent client can still open."""
    protocol = Protocol(
        endpoint.url, transport="basic", username=USER, password=PASSWORD, server_cert_validation="ignore", proxy=None
    )
    opened: list[str] = []
    try:
        with contextlib.suppress(WSManFaultError):
            while len(opened) <= quota:
                opened.append(protocol.open_shell())
        return quota - len(opened)
    finally:
        for shell in opened:
            protocol.close_shell(shell, close_session=False)
        protocol.transport.close_session()


@dataclass
class Wiretap:
    """Passes TCP on to a port and keeps what the client said."""

    target: tuple[str, int]
    heard: list[bytes] = field(default_factory=list)
    refuse: int = 0
    """How many of the next connections are cut before anything was said."""

    @contextlib.contextmanager
    def listening(self) -> Iterator[int]:
        with socket.create_server(("127.0.1.1", 0)) as server:
            thread = threading.Thread(target=self._accept, args=(server,))
            thread.start()
            try:
                yield server.getsockname()[1]
            finally:
                with contextlib.suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _accept(self, server: socket.socket) -> None:
        pumps: list[threading.Thread] = []
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                if self.refuse:
                    self.refuse -= 1
                    client.close()
                    continue
                host = socket.create_connection(self.target)
                for end in (client, host):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, sink, keep in ((client, host, True), (host, client, False)):
                    pumps.append(threading.Thread(target=self._pump, args=(source, sink, keep)))
                    pumps[-1].start()
        for pump in pumps:
            pump.join(DEADLINE_SECONDS)

    def _pump(self, source: socket.socket, sink: socket.socket, keep: bool) -> None:
        with source, contextlib.suppress(OSError):
            while data := source.recv(65536):
                if keep:
                    self.heard.append(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    @property
    def logons(self) -> int:
        """How many AUTHENTICATE messages ([MS-NLMP] 2.2.1.3) were sent: each one is an attempt at the account."""
        tokens = re.findall(rb"Authorization: (?:Negotiate|NTLM) (\S+)", b"".join(self.heard))
        messages = [base64.b64decode(token) for token in tokens]
        return sum(struct.unpack_from("<I", message, 8)[0] == 3 for message in messages)
