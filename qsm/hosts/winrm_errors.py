"""What pywinrm raises, sorted by the one question that matters: may the request have been carried out?

pywinrm reports the same trouble in many ways: its own classes, those of requests, and whatever its parsers stumble over
(a missing element is a StopIteration). A caller who must not do a thing twice needs only a few answers: certainly not
carried out, perhaps carried out, shell or process gone, or no use in trying again.

Sources: Windows SDK wsmerror.h and winerror.h for the numbers, DSP0226 (WS-Management) for the subcodes, pywinrm 0.5.0
for its exceptions.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError

from qsm.errors import CredentialsRejected, HostNotTrusted, QsmError, Refused

INVALID_SELECTORS = 2150858843  # ERROR_WSMAN_INVALID_SELECTORS: no such shell, or no such command in it
OPERATION_ABORTED = 995  # ERROR_OPERATION_ABORTED: the shell was deleted under a pending Receive
PIPE_ENDED = (109, 232)  # ERROR_BROKEN_PIPE, ERROR_NO_DATA: nobody reads this input any more
INPUT_BUSY = 170  # ERROR_BUSY: an earlier Send is still being processed
ACCESS_DENIED = 5  # ERROR_ACCESS_DENIED

_NOT_FOR_EXECUTION = (400, 403, 404, 405, 503)
"""HTTP statuses of a request that never reached the WS-Management service, or that it could not read."""


class NotExecutedError(Exception):
    """Nothing came of the request; sending it again does no harm."""


class QuotaError(NotExecutedError):
    """The service gives this user no more shells, processes or operations now."""


class InputBusyError(NotExecutedError):
    """The process has not taken earlier input yet."""


class InputClosedError(NotExecutedError):
    """Shell or process takes no input any more."""


class LostError(Exception):
    """What was sent may have been carried out; nobody said."""


class FaultError(LostError):
    """The service answered with a fault that says nothing about what was carried out."""


class GoneError(FaultError):
    """Shell or process is not there (any more)."""


def translate(error: Exception, *, host: str, address: str, user: str) -> Exception:
    """The error of this package for what pywinrm raised while it sent one request to a host.

    Returns NotExecutedError, LostError (or one of their kinds), or a QsmError where trying again is of no use.
    """
    if isinstance(error, InvalidCredentialsError | PermissionError):  # PermissionError: no challenge to NTLM's offer
        return CredentialsRejected(host, user)
    if isinstance(error, WSManFaultError):
        return _of_fault(error, host=host, user=user)
    if isinstance(error, WinRMOperationTimeoutError):
        return LostError("the request took longer than its time limit")
    if isinstance(error, WinRMTransportError):
        return _of_status(error, address=address)
    causes = list(_causes(error))
    distrust = [cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)]
    if distrust:
        return HostNotTrusted(host, f"its certificate at {address} was not accepted: {distrust[0].verify_message}")
    if any(isinstance(cause, _NEVER_CONNECTED) for cause in causes):
        return NotExecutedError(f"no connection to {address} ({_say(causes)})")
    if isinstance(error, requests.RequestException):
        return LostError(f"the connection to {address} broke ({_say(causes)})")
    return LostError(f"{address} sent an answer that cannot be read ({_say(causes)})")


def let_go(error: Exception) -> None:
    """Closes the HTTP answer that an error holds: with an empty body it keeps its connection open for as long as it lives."""
    for cause in _causes(error):
        if isinstance(cause, requests.RequestException) and cause.response is not None:
            cause.response.close()


_NEVER_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


def _of_fault(fault: WSManFaultError, *, host: str, user: str) -> Exception:
    code = fault.wsman_fault_code or fault.wmierror_code
    kind = (fault.fault_subcode or "").rpartition(":")[2]
    told = f"WinRM: {fault.reason.strip()} ({code})"
    if code == INPUT_BUSY:
        return InputBusyError(told)
    if kind == "QuotaLimit":
        return QuotaError(told)
    if code in (INVALID_SELECTORS, OPERATION_ABORTED, *PIPE_ENDED):
        return GoneError(told)
    return _of_final_fault(told, code, kind, host=host, user=user) or FaultError(told)


def _of_final_fault(told: str, code: int | None, kind: str, *, host: str, user: str) -> QsmError | None:
    if code == ACCESS_DENIED or kind == "AccessDenied":
        return Refused(
            f"Host {host} knows user {user} and denies a remote shell. {told}. Nothing was changed. Add the user to the"
            " host's Administrators."
        )
    if kind == "EncodingLimit":
        return Refused(
            f"Host {host} accepts only smaller messages than the tool sends. {told}. Nothing was changed. Set"
            " MaxEnvelopeSizekb of the host's WinRM service to its default, 500."
        )
    return None


def _of_status(error: WinRMTransportError, *, address: str) -> Exception:
    told = f"{address} answered HTTP {error.code}"
    refused_unread = error.code == 500 and not error.response_text  # unsealed over HTTP, with AllowUnencrypted off
    return NotExecutedError(told) if error.code in _NOT_FOR_EXECUTION or refused_unread else LostError(told)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]


def _say(causes: list[BaseException]) -> str:
    """The innermost reason that the operating system gave, else the outermost, in one line."""
    system = [
        cause for cause in causes if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException)
    ]
    told = system[-1] if system else causes[0]
    return f"{type(told).__name__}: {told}".splitlines()[0]
