"""What can go wrong between client and host, at the places where a client cannot tell what happened.

Trouble: a lost connection looks the same to the client whether its command ran or not. Answer: every request
asks `EndpointFaults.decide` once, before anything is done, and the answer names the side of the act on which
the wire breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

OperationName = Literal["Connect", "Logon", "Create", "Command", "Send", "Receive", "Signal", "Delete", "Get"]


class WireFault(Enum):
    """What the wire does with one request."""

    PASS = "pass"  # noqa: S105 - no password
    DROP_BEFORE = "drop before"
    """Close the connection; nothing was executed. At Connect: the new connection is closed at once."""
    DROP_AFTER = "drop after"
    """Execute, then close the connection instead of answering."""
    STALL_BEFORE = "stall before"
    """Hold the request until `Endpoint.release_stalled`, then execute and answer, even if the client has left."""
    STALL_AFTER = "stall after"
    """Execute, and hold the answer until `Endpoint.release_stalled`."""
    REFUSE_LOGON = "refuse logon"
    """At Logon: answer 401 to somebody who has proved who it is, as a host does whose domain controller is away."""
    BUSY = "busy"
    """Answer fault 170 (ERROR_BUSY), as hosts do to a Send that meets an unfinished one; nothing was executed."""


@dataclass(frozen=True)
class RequestInfo:
    """What is known of a request before it is executed; fields that the operation does not have are None."""

    user: str | None = None
    shell_id: str | None = None
    command_id: str | None = None
    command_line: str | None = None
    """Command: the program and its arguments, joined with blanks."""
    data: bytes | None = None
    """Send: the raw bytes for standard input."""


class EndpointFaults(Protocol):
    """Decides the fate of requests. Called in the endpoint's thread: must not block."""

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        """Return what happens to this request. Called once for each, once ("Connect") for each new connection, and once
        ("Logon") each time that somebody has proved who it is.
        """


class NoWireFaults:
    """A wire that works."""

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        return WireFault.PASS
