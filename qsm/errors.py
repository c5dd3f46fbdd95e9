"""The errors of the domain, one class per reaction of the reader. Errors of one act stand beside it, below one of these.

    QsmError
     ├─ Refused                    nothing was changed; repair what the text names and start again
     │   ├─ SettingsError          a setting is missing or wrong: key and file are named
     │   ├─ PreflightRefused       the VM cannot be moved this way; all reasons at once
     │   ├─ HostRefused            a host refused one operation (its stable id in `facts.id`)
     │   └─ CredentialsRejected    a host rejected user or password; never tried again by itself
     ├─ Failed                     something may have changed; the way back or on follows
     │   ├─ HostFailed             a host failed in an operation
     │   └─ TimeRanOut             a wait reached its limit
     ├─ OutcomeUnknown             nobody knows whether an operation was done
     ├─ Unreachable                a host does not answer; what it did meanwhile is unknown
     │   └─ HostNotTrusted         who answers there has a certificate that cannot be trusted; never tried again by itself
     └─ Stopped                    somebody asked the run to stop

`retryable` is true only where trying the same again may help and can do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence

from qsm.facts.errors import ErrorFacts, ErrorKind


class QsmError(Exception):
    """Base: a sentence for people, and whether a task may simply try again."""

    retryable = False


class Refused(QsmError):
    """Nothing was changed."""


class SettingsError(Refused):
    """A setting is missing or wrong."""

    def __init__(self, key: str, problem: str, *, origin: str) -> None:
        self.key, self.problem, self.origin = key, problem, origin
        super().__init__(f"Setting {key} ({origin}): {problem}.")


class PreflightRefused(Refused):
    """All reasons why this VM cannot be moved like this, each one line."""

    def __init__(self, vm: str, reasons: Sequence[str]) -> None:
        self.vm, self.reasons = vm, tuple(reasons)
        if len(self.reasons) == 1:
            super().__init__(f"VM {vm} cannot be moved like this: {self.reasons[0]}. Nothing was changed.")
            return
        listed = "\n".join(f"  - {reason}" for reason in self.reasons)
        super().__init__(f"VM {vm} cannot be moved like this:\n{listed}\nNothing was changed.")


class CredentialsRejected(Refused):
    """A host rejected user or password. One attempt only: more would lock the account. Those that it has accepted before
    are tried again, few times and spaced (`qsm.hosts.winrm_transport.Logon`).
    """

    def __init__(self, host: str, user: str, *, attempts: int = 1, worked_before: bool = False) -> None:
        self.host, self.user = host, user
        tried = "They were tried only once, so that the account is not locked."
        check = f"Check user, password and transport of hosts.{host} in the settings."
        if worked_before:
            tried = f"They had worked before; by now the host has refused {attempts} attempts in a row."
            check = (
                f"Check whether the account is locked or its password was changed, and host {host}'s way to its domain."
            )
        super().__init__(
            f"Host {host} rejected the credentials of user {user}. {tried} Nothing was changed by that. {check}"
        )


class _FromHost(QsmError):
    """An error that a host reported, with its facts."""

    def __init__(self, host: str, operation: str, facts: ErrorFacts, *, revision: int | None = None) -> None:
        self.host, self.operation, self.facts, self.revision = host, operation, facts, revision
        message = facts.message.rstrip()
        code = "" if facts.hresult is None else f"0x{facts.hresult & 0xFFFFFFFF:08X}"
        told = f" ({code})" if code and code not in message else ""
        super().__init__(f"{message}{told} [{facts.id} in {operation} on host {host}]")

    @property
    def retryable(self) -> bool:  # type: ignore[override]
        """As the host judged it."""
        return self.facts.retryable


class HostRefused(_FromHost, Refused):
    """The host refused: provably nothing changed by this operation."""


class Failed(QsmError):
    """Something may have changed."""


class HostFailed(_FromHost, Failed):
    """The host failed in the middle of an operation."""


class TimeRanOut(Failed):
    """A wait reached its limit."""


class OutcomeUnknown(QsmError):
    """Nobody knows whether the operation was done; ask for the state of the world before anything else."""

    def __init__(self, host: str, operation: str, why: str) -> None:
        self.host, self.operation = host, operation
        super().__init__(f"Nobody knows whether {operation} was done on host {host}: {why}")


class Unreachable(QsmError):
    """A host does not answer."""

    advice = "Check the host's power, network, WinRM service and certificate."

    def __init__(self, host: str, why: str) -> None:
        self.host, self.why = host, why
        super().__init__(f"Host {host} does not answer: {why}. {self.advice}")


class HostNotTrusted(Unreachable):
    """Who answers at the host's address cannot prove to be that host. Nothing was sent there."""

    advice = "Nothing was sent there. Check the host's address and ca_file in the settings, and its WinRM certificate."


class Stopped(QsmError):
    """The run was asked to stop."""


def from_host(host: str, operation: str, facts: ErrorFacts, *, revision: int | None) -> QsmError:
    """The error class for what a host reported; `revision` is the record's after the call."""
    if facts.category is ErrorKind.UNKNOWN:
        return OutcomeUnknown(host, operation, facts.message)
    kind = HostRefused if facts.category is ErrorKind.REFUSED else HostFailed
    return kind(host, operation, facts, revision=revision)
