"""Bodies of the shell operations ([MS-WSMV] 3.1.4): what a client asks, and the answers that carry data.

Trouble: the same operation is written differently by pywinrm and pypsrp (one Arguments element or many,
`true` or `True`, identifiers chosen by the client or not). Answer: each body becomes one frozen value here;
nothing behind this file sees XML.
"""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab.winrm import soap_faults, uris
from lab.winrm.engine import SignalName, StreamName
from lab.winrm.messages import Request, duration_seconds, element

ENVELOPE_OVERHEAD_BYTES = 2048
"""What an answer holds besides its streams: headers, the end marks and the state of the command."""

ELEMENT_OVERHEAD_BYTES = 96
"""What one more Stream element costs, counted as raw bytes."""

_GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_STATE = f"{uris.SHELL}/CommandState"
_SIGNALS: dict[str, SignalName] = {
    f"{uris.SHELL}/signal/terminate": "terminate",
    f"{uris.SHELL}/signal/ctrl_c": "ctrl_c",
    f"{uris.SHELL}/signal/ctrl_break": "ctrl_break",
}


@dataclass(frozen=True)
class ShellRequest:
    """Create."""

    shell_id: str | None
    """Chosen by the client, or None."""
    environment: Mapping[str, str] = field(default_factory=dict)
    idle_timeout_seconds: float | None = None
    codepage: int = 437


@dataclass(frozen=True)
class CommandRequest:
    """Command."""

    command_id: str | None
    command_line: str
    arguments: list[str]
    console_stdin: bool
    skip_cmd_shell: bool

    @property
    def full_line(self) -> str:
        return " ".join([self.command_line, *self.arguments])


@dataclass(frozen=True)
class SendRequest:
    """Send: raw bytes for standard input."""

    command_id: str
    data: bytes
    end: bool


@dataclass(frozen=True)
class SignalRequest:
    """Signal."""

    command_id: str
    code: SignalName


@dataclass(frozen=True)
class ReceivedOutput:
    """What one Receive hands over."""

    chunks: Sequence[tuple[StreamName, bytes]]
    exit_code: int | None
    """Of a command that has ended and has no more output; None while it runs or has more."""


def read_create(request: Request) -> ShellRequest:
    shell = _body(request, "Shell")
    variables = shell.iterfind(f"{{{uris.SHELL}}}Environment/{{{uris.SHELL}}}Variable")
    idle = _child_text(shell, "IdleTimeOut")
    codepage = request.options.get("WINRS_CODEPAGE", "437")
    if not codepage.isdecimal():
        raise soap_faults.schema_error(f"WINRS_CODEPAGE is {codepage}, not a number. ")
    idle_seconds = duration_seconds(idle) if idle else None
    if idle and not idle_seconds:
        raise soap_faults.schema_error(f"IdleTimeOut is {idle}, not a duration. ")
    return ShellRequest(
        shell_id=_new_identifier(shell.get("ShellId")),
        environment={variable.get("Name", ""): variable.text or "" for variable in variables},
        idle_timeout_seconds=idle_seconds,
        codepage=int(codepage),
    )


def read_command(request: Request) -> CommandRequest:
    line = _body(request, "CommandLine")
    command = _child_text(line, "Command")
    if not command:
        raise soap_faults.schema_error("CommandLine has no Command. ")
    return CommandRequest(
        command_id=_new_identifier(line.get("CommandId")),
        command_line=command,
        arguments=[argument.text or "" for argument in line.iterfind(f"{{{uris.SHELL}}}Arguments")],
        # [MS-WSMV] 3.1.4.11 names these options; that a missing one means FALSE is an assumption
        console_stdin=_is_true(request.options.get("WINRS_CONSOLEMODE_STDIN")),
        skip_cmd_shell=_is_true(request.options.get("WINRS_SKIP_CMD_SHELL")),
    )


def read_receive(request: Request) -> str:
    """The command's id. Raises SoapFault 87 without one, as a cmd shell does."""
    stream = _body(request, "Receive").find(f"{{{uris.SHELL}}}DesiredStream")
    command_id = _identifier(stream.get("CommandId")) if stream is not None else None
    if command_id is None:
        raise soap_faults.missing_command_id()
    return command_id


def read_send(request: Request) -> SendRequest:
    streams = _body(request, "Send").findall(f"{{{uris.SHELL}}}Stream")
    if not streams or any(stream.get("Name") != "stdin" for stream in streams):
        raise soap_faults.schema_error("Send takes Stream elements named stdin. ")
    command_ids = {_identifier(stream.get("CommandId")) for stream in streams}
    command_id = command_ids.pop()
    if command_id is None or command_ids:
        raise soap_faults.missing_command_id()
    try:
        data = b"".join(base64.b64decode(stream.text or "", validate=True) for stream in streams)
    except (binascii.Error, ValueError):
        raise soap_faults.schema_error("A Stream holds something other than base64. ") from None
    return SendRequest(command_id, data, end=_is_true(streams[-1].get("End")))


def read_signal(request: Request) -> SignalRequest:
    signal = _body(request, "Signal")
    command_id, code = _identifier(signal.get("CommandId")), _child_text(signal, "Code") or ""
    if command_id is None:
        raise soap_faults.missing_command_id()
    if code.lower() not in _SIGNALS:
        raise soap_faults.schema_error(f"The signal {code} is not known. ")
    return SignalRequest(command_id, _SIGNALS[code.lower()])


def _body(request: Request, name: str) -> ElementTree.Element:
    if request.body is None or request.body.tag != f"{{{uris.SHELL}}}{name}":
        raise soap_faults.schema_error(f"The body is not {name}. ")
    return request.body


def _child_text(parent: ElementTree.Element, name: str) -> str | None:
    return parent.findtext(f"{{{uris.SHELL}}}{name}")


def _identifier(text: str | None) -> str | None:
    return text.strip().upper() if text and text.strip() else None


def _new_identifier(text: str | None) -> str | None:
    identifier = _identifier(text)
    if identifier is not None and not _GUID.fullmatch(identifier):
        raise soap_faults.schema_error(f"The identifier {identifier} is not a GUID. ")
    return identifier


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in ("true", "1")


def raw_bytes_per_receive(envelope_bytes: int) -> int:
    """How many raw bytes of output fit into an answer of this size, each stream in one base64 element."""
    return max(1, (envelope_bytes - ENVELOPE_OVERHEAD_BYTES) // 4 * 3)


def receive_body(command_id: str, output: ReceivedOutput) -> str:
    """In the order of real hosts: data, then the end marks of both streams, then the state."""
    streams = "".join(
        element("rsp:Stream", base64.b64encode(data).decode(), Name=name, CommandId=command_id)
        for name, data in output.chunks
    )
    if output.exit_code is None:
        state = f'<rsp:CommandState CommandId="{command_id}" State="{_STATE}/Running"/>'
    else:
        streams += "".join(
            element("rsp:Stream", "", Name=name, CommandId=command_id, End="true") for name in ("stdout", "stderr")
        )
        state = (
            f'<rsp:CommandState CommandId="{command_id}" State="{_STATE}/Done">'
            f"<rsp:ExitCode>{output.exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"


def command_body(command_id: str) -> str:
    return f"<rsp:CommandResponse>{element('rsp:CommandId', command_id)}</rsp:CommandResponse>"


SEND_BODY = "<rsp:SendResponse/>"
SIGNAL_BODY = "<rsp:SignalResponse/>"
