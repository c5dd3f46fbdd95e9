"""How an operation refuses or fails.

Whoever reads an error must know one thing first: whether anything was changed. So an error is made by `refused` or by
`failed`, never by hand, and carries a stable id, facts to compute with and a sentence for people.
"""

from __future__ import annotations

from typing import Any

from lab.host.sentences import Sentence, because, say
from qsm.facts.errors import ErrorFacts, ErrorKind

ACCESS_DENIED = 0x80070005  # winerror.h, here and below
SHARING_VIOLATION = 0x80070020
BAD_NETWORK_PATH = 0x80070035
BAD_NETWORK_NAME = 0x80070043
NETWORK_UNREACHABLE = 0x800704CF
NETWORK_NAME_DELETED = 0x80070040
SEMAPHORE_TIMEOUT = 0x80070079
BITS_TRANSIENT = 0x80200010  # "BITS Return Values"
PASSING_HRESULTS = {
    SHARING_VIOLATION,
    BAD_NETWORK_PATH,
    BAD_NETWORK_NAME,
    NETWORK_UNREACHABLE,
    NETWORK_NAME_DELETED,
    SEMAPHORE_TIMEOUT,
    BITS_TRANSIENT,
}
"""What may pass by itself: an error that carries one of them is retryable."""
PASSING_FOR_QUESTIONS = PASSING_HRESULTS | {
    0x80041002,  # WBEM_E_NOT_FOUND; "WMI Error Constants", here and below
    0x80041006,  # WBEM_E_OUT_OF_MEMORY
    0x80041013,  # WBEM_E_PROVIDER_LOAD_FAILURE
    0x80041014,  # WBEM_E_INITIALIZATION_FAILURE
    0x80041015,  # WBEM_E_TRANSPORT_FAILURE
    0x80041032,  # WBEM_E_CALL_CANCELLED
    0x80041033,  # WBEM_E_SHUTTING_DOWN
    0x80041045,  # WBEM_E_SERVER_TOO_BUSY
    0x8004106C,  # WBEM_E_QUOTA_VIOLATION
    0x800706BA,  # RPC_S_SERVER_UNAVAILABLE; [MS-ERREF], here and below
    0x800706BB,  # RPC_S_SERVER_TOO_BUSY
    0x800706BE,  # RPC_S_CALL_FAILED
    0x800706BF,  # RPC_S_CALL_FAILED_DNE
    0x80010007,  # RPC_E_SERVER_DIED
    0x80010108,  # RPC_E_DISCONNECTED
    0x8001010A,  # RPC_E_SERVERCALL_RETRYLATER
    0x80080005,  # CO_E_SERVER_EXEC_FAILURE
}
"""What may pass where nothing was to be changed: WMI and RPC while a service or provider is restarted or overloaded."""


class OperationError(Exception):
    """An operation ends with an error of the contract."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.message)
        self.facts = facts


def refused(
    error_id: str,
    message: Sentence,
    *,
    subject: str = "",
    hresult: int | None = None,
    retryable: bool = False,
    **facts: Any,
) -> OperationError:
    """Make an error for an operation that provably changed nothing."""
    told = facts if hresult is None else {"hresult": hresult, **facts}
    return OperationError(
        _facts(error_id, ErrorKind.REFUSED, message, subject=subject, hresult=hresult, retryable=retryable, facts=told)
    )


def failed(
    error_id: str, message: Sentence, *, subject: str = "", hresult: int | None = None, **facts: Any
) -> OperationError:
    """Make an error for an operation that may have changed something; its HRESULT, if any, is among the facts too."""
    told = {"hresult": hresult, **facts}
    return OperationError(_facts(error_id, ErrorKind.FAILED, message, subject=subject, hresult=hresult, facts=told))


def unknown(error_id: str, message: Sentence, *, subject: str = "", **facts: Any) -> OperationError:
    """Make an error for an operation of which nobody knows whether it changed something."""
    return OperationError(_facts(error_id, ErrorKind.UNKNOWN, message, subject=subject, facts=facts))


def unforeseen(error: Exception, *, operation: str, changes: bool, subject: str, host: str) -> ErrorFacts:
    """Tell an error that the operation did not foresee: `AccessDenied` by its HRESULT, `HostFailed` otherwise."""
    hresult = hresult_of(error)
    error_id = "AccessDenied" if hresult == ACCESS_DENIED else "HostFailed"
    told = {"operation": operation, "cause": because(error)}
    message = say("unforeseen_subject", host, subject=subject, **told) if subject else say("unforeseen", host, **told)
    return _facts(
        error_id,
        ErrorKind.FAILED if changes else ErrorKind.REFUSED,
        message,
        subject=subject,
        hresult=hresult,
        retryable=not changes and hresult in PASSING_FOR_QUESTIONS,
        facts={},
    )


def hresult_of(error: BaseException) -> int | None:
    """Return the HRESULT that an error of the host carries, as an unsigned number, or None."""
    hresult = getattr(error, "hresult", None)
    return None if hresult is None else int(hresult) & 0xFFFFFFFF


def _facts(
    error_id: str,
    category: ErrorKind,
    message: Sentence,
    *,
    subject: str,
    facts: dict[str, Any],
    hresult: int | None = None,
    retryable: bool = False,
) -> ErrorFacts:
    return ErrorFacts(
        id=error_id,
        category=category,
        retryable=retryable or hresult in PASSING_HRESULTS,
        message=message,
        subject=subject,
        hresult=hresult,
        facts=facts,
    )
