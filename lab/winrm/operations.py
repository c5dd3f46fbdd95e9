"""The operations of the service: Create, Command, Send, Receive, Signal, Delete and Get.

Trouble: what an operation does to a shell, and when its answer counts as given, must be the same for every
client and engine. Answer: a request is read once into an `WsmanOperation`, which faults can judge, and then
executed here against the shells; all waiting is that of Receive.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.winrm import configuration, soap_faults, uris
from lab.winrm import shell_messages as bodies
from lab.winrm.commands import ShellCommand
from lab.winrm.connections import Connection
from lab.winrm.engine import Caller
from lab.winrm.fault_hooks import OperationName, RequestInfo
from lab.winrm.messages import SMALLEST_ENVELOPE_BYTES, Request, response
from lab.winrm.settings import EndpointSettings
from lab.winrm.shells import Shell, Shells

_NAMES: dict[str, OperationName] = {
    uris.CREATE: "Create",
    uris.COMMAND: "Command",
    uris.SEND: "Send",
    uris.RECEIVE: "Receive",
    uris.SIGNAL: "Signal",
    uris.DELETE: "Delete",
    uris.GET: "Get",
}
_RESOURCES = (uris.SHELL_RESOURCE, uris.SHELL, uris.CONFIG)

Body = bodies.ShellRequest | bodies.CommandRequest | bodies.SendRequest | bodies.SignalRequest | str | None


class ReplyLostError(Exception):
    """The answer was made and must not arrive: the connection is to be closed (see `Output.drop_reply`)."""


@dataclass(frozen=True)
class WsmanOperation:
    """A request whose body has been read."""

    name: OperationName
    request: Request
    body: Body
    """What the body says; for Receive the command's id, None for Delete and Get."""
    info: RequestInfo


def read_operation(request: Request, caller: Caller) -> WsmanOperation:
    """Raises SoapFault for an action, resource or body that the service does not know."""
    name = _NAMES.get(request.action)
    if name is None or request.resource_uri.rstrip("/") not in _RESOURCES:
        raise soap_faults.action_not_supported(request.action)
    body = _read_body(name, request)
    return WsmanOperation(name, request, body, _describe(request, body, caller))


def _read_body(name: OperationName, request: Request) -> Body:
    match name:
        case "Create":
            return bodies.read_create(request)
        case "Command":
            return bodies.read_command(request)
        case "Send":
            return bodies.read_send(request)
        case "Receive":
            return bodies.read_receive(request)
        case "Signal":
            return bodies.read_signal(request)
        case _:
            return None


def _describe(request: Request, body: Body, caller: Caller) -> RequestInfo:
    return RequestInfo(
        user=caller.user,
        shell_id=request.shell_id,
        command_id=body if isinstance(body, str) else getattr(body, "command_id", None),
        command_line=body.full_line if isinstance(body, bodies.CommandRequest) else None,
        data=body.data if isinstance(body, bodies.SendRequest) else None,
    )


class Operations:
    """Executes operations, in the endpoint's event loop."""

    def __init__(self, settings: EndpointSettings, shells: Shells) -> None:
        self._settings = settings
        self._shells = shells
        self._under_way: Counter[str] = Counter()

    async def execute(self, operation: WsmanOperation, caller: Caller, connection: Connection) -> bytes:
        """The answer's envelope. Raises SoapFault, ReplyLostError."""
        request = operation.request
        with self._counted(caller):
            timeout = request.operation_timeout_seconds(longest=self._settings.quotas.max_timeout_ms / 1000)
            if operation.name == "Get" and request.resource_uri.rstrip("/") == uris.CONFIG:
                return response(request, configuration.config_body(self._settings))
            if isinstance(operation.body, bodies.ShellRequest):
                shell = self._shells.create(caller, operation.body, client_address=connection.client_address)
                return response(request, configuration.created_body(shell, request.resource_uri))
            with self._shells.use(caller, request.shell_id) as shell:
                return response(request, await self._execute_in_shell(operation, caller, shell, connection, timeout))

    @contextmanager
    def _counted(self, caller: Caller) -> Iterator[None]:
        limit = self._settings.quotas.max_concurrent_operations_per_user
        if self._under_way[caller.user] >= limit:
            raise soap_faults.too_many_operations(limit)
        self._under_way[caller.user] += 1
        try:
            yield
        finally:
            self._under_way[caller.user] -= 1

    async def _execute_in_shell(
        self, operation: WsmanOperation, caller: Caller, shell: Shell, connection: Connection, timeout_seconds: float
    ) -> str:
        match operation.body:
            case bodies.CommandRequest() as body:
                command = await self._shells.start_command(caller, shell, body)
                return bodies.command_body(command.command_id)
            case bodies.SendRequest() as body:
                shell.command(body.command_id).send(body.data, end=body.end)
                return bodies.SEND_BODY
            case bodies.SignalRequest() as body:
                _signal(shell, body)
                return bodies.SIGNAL_BODY
            case str(command_id):
                limit = self._raw_limit_bytes(operation.request)
                command = shell.command(command_id)
                output = await _receive(command, connection, limit_bytes=limit, timeout_seconds=timeout_seconds)
                return bodies.receive_body(command_id, output)
            case _ if operation.name == "Delete":
                self._shells.delete(shell)
                return ""
            case _:
                return configuration.shell_body(shell)

    def _raw_limit_bytes(self, request: Request) -> int:
        """[MS-WSMAN] 3.1.4.1.9: the client's limit, the service's own where the client's is missing or larger."""
        service_limit = self._settings.quotas.max_envelope_kb * 1024
        envelope_bytes = min(request.max_envelope_bytes or service_limit, service_limit)
        if envelope_bytes < SMALLEST_ENVELOPE_BYTES:
            raise soap_faults.answer_limit_too_small()
        return bodies.raw_bytes_per_receive(envelope_bytes)


def _signal(shell: Shell, request: bodies.SignalRequest) -> None:
    """Pass the signal on. A command that has ended is forgotten: a signal is the client's last word to it."""
    command = shell.command(request.command_id)
    if command.finished:
        shell.forget(command)
    else:
        command.signal(request.code)


async def _receive(
    command: ShellCommand, connection: Connection, *, limit_bytes: int, timeout_seconds: float
) -> bodies.ReceivedOutput:
    """Wait for output, then take it. A client that has left takes nothing: the output waits for its next Receive."""
    deadline = time.monotonic() + timeout_seconds
    while not connection.lost.is_set():
        output = command.take(limit_bytes)
        if output is not None:
            if command.reply_is_lost():
                raise ReplyLostError
            return output
        if not await _first_of(command, connection, timeout_seconds=deadline - time.monotonic()):
            raise soap_faults.operation_timed_out()
    raise ReplyLostError


async def _first_of(command: ShellCommand, connection: Connection, *, timeout_seconds: float) -> bool:
    """Wait for output or the loss of the connection; False if neither came in time."""
    waits = [asyncio.ensure_future(command.wait_for_output()), asyncio.ensure_future(connection.lost.wait())]
    try:
        done, _ = await asyncio.wait(waits, timeout=max(0.0, timeout_seconds), return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
