"""The faults of the WinRM service, each with the code and text that Windows hosts answer.

Trouble: clients decide by the number in `WSManFault Code`, and pywinrm by a single one of them. Answer: one
function per case. Numbers are those of the Windows SDK's wsmerror.h and winerror.h; where a real host's
answer was not available to compare with (quotas, 109, 170, 995), only the number and the meaning are certain,
not the exact wording.
"""

from __future__ import annotations

from dataclasses import dataclass

CMD_PLUGIN = ("Shell cmd plugin", r"%systemroot%\system32\winrscmd.dll")

OPERATION_TIMED_OUT = 2150858793
INVALID_SELECTORS = 2150858843
FILE_NOT_FOUND = 2147942402


@dataclass
class SoapFault(Exception):
    """A fault to be answered with HTTP 500."""

    code: int
    """The number in `WSManFault Code`."""
    subcode: str
    """Qualified name with the prefix `w` or `a`."""
    reason: str
    sender: bool = False
    """Whether the request is to blame (s:Sender) or the host (s:Receiver)."""
    message: str | None = None
    """Text in the detail where it differs from the reason."""
    fault_detail: str | None = None
    """Last part of the w:FaultDetail URI."""
    provider: tuple[str, str] | None = None
    """Name and path of the plugin that refused."""


def operation_timed_out() -> SoapFault:
    return SoapFault(
        OPERATION_TIMED_OUT,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
    )


def _invalid_selectors(message: str | None = None) -> SoapFault:
    return SoapFault(
        INVALID_SELECTORS,
        "w:InvalidSelectors",
        "The WS-Management service cannot process the request because the request contained invalid selectors"
        " for the resource. ",
        sender=True,
        message=message,
        fault_detail="UnexpectedSelectors",
    )


def unknown_shell() -> SoapFault:
    return _invalid_selectors()


def unknown_command() -> SoapFault:
    return _invalid_selectors(
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not"
        " exist. Either the command has completed execution or the client specified an invalid command identifier. "
    )


def _plugin_fault(code: int, reason: str) -> SoapFault:
    return SoapFault(code, "w:InternalError", reason, provider=CMD_PLUGIN)


def missing_command_id() -> SoapFault:
    return SoapFault(
        87,
        "w:InvalidParameter",
        "The parameter is incorrect. ",
        sender=True,
        fault_detail="InvalidValue",
        provider=CMD_PLUGIN,
    )


def program_not_found() -> SoapFault:
    return _plugin_fault(FILE_NOT_FOUND, "The system cannot find the file specified. ")


def input_pipe_ended() -> SoapFault:
    return _plugin_fault(109, "The pipe has been ended. ")


def busy() -> SoapFault:
    return _plugin_fault(170, "The requested resource is in use. ")


def operation_aborted() -> SoapFault:
    return _plugin_fault(
        995, "The I/O operation has been aborted because of either a thread exit or an application request. "
    )


def internal_error() -> SoapFault:
    return _plugin_fault(1359, "An internal error occurred. ")


def access_denied() -> SoapFault:
    return SoapFault(5, "w:AccessDenied", "Access is denied. ", sender=True)


def too_many_shells(limit: int) -> SoapFault:
    return SoapFault(
        2150859173,
        "w:QuotaLimit",
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {limit}"
        " concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ",
    )


def too_many_operations(limit: int) -> SoapFault:
    return SoapFault(
        2150859174,
        "w:QuotaLimit",
        f"The WS-Management service cannot process the request. The maximum number of {limit} concurrent operations"
        " for this user has been exceeded. Close existing operations for this user, or raise the quota for this user. ",
    )


def too_many_processes(limit: int) -> SoapFault:
    return SoapFault(
        2150859241,
        "w:QuotaLimit",
        f"The WS-Management service cannot process the request. The maximum number of {limit} concurrent commands"
        " per shell has been exceeded. Retry your request later or raise the quota. ",
    )


def request_too_large(limit_kb: int) -> SoapFault:
    return SoapFault(
        2150858805,
        "w:EncodingLimit",
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal"
        " encoding limit. Reconfigure the client to send messages which fit the encoding limits of the service. ",
        sender=True,
        message=f"The size of the request exceeded the configured MaxEnvelopeSizekb of {limit_kb}. ",
    )


def answer_limit_too_small() -> SoapFault:
    """[MS-WSMAN] 3.1.4.1.9: a MaxEnvelopeSize below 8192 must be refused."""
    return SoapFault(
        2150858805,
        "w:EncodingLimit",
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal"
        " encoding limit. Reconfigure the client to send messages which fit the encoding limits of the service. ",
        sender=True,
        fault_detail="MinimumEnvelopeLimit",
    )


def invalid_timeout(value: str) -> SoapFault:
    return SoapFault(
        2150858767,
        "a:InvalidMessageInformationHeader",
        "The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers. ",
        sender=True,
        message="The WS-Management service cannot process the request. The XML contains an invalid timeout field in"
        f" the SOAP header: {value}. ",
    )


def action_not_supported(action: str) -> SoapFault:
    return SoapFault(
        2150858771,
        "a:ActionNotSupported",
        "The WS-Management service cannot process the request. The action is not supported by the service. ",
        sender=True,
        message=f"The action URI {action} is not supported for this resource. ",
    )


def schema_error(what: str) -> SoapFault:
    return SoapFault(
        2150858817,
        "w:SchemaValidationError",
        "The WS-Management service cannot process the request. The request does not conform to the schema. ",
        sender=True,
        message=what,
    )


def already_exists() -> SoapFault:
    return SoapFault(
        2150858803,
        "w:AlreadyExists",
        "The WS-Management service cannot create the resource because it already exists. ",
        sender=True,
    )
