"""Shells of one host: who may use which, how many there may be, and when they end.

Trouble: a client that forgets its shells must meet the quota, another user must not get at them, and a shell
that nobody asks anything must end by itself with everything it runs. Answer: one store that every operation
passes; it is touched only in the endpoint's event loop, so it needs no lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from lab.winrm import soap_faults
from lab.winrm.commands import ShellCommand
from lab.winrm.engine import Caller, Engine
from lab.winrm.settings import EndpointSettings
from lab.winrm.shell_messages import CommandRequest, ShellRequest

LONGEST_CMD_LINE = 8191
"""Characters of a command line that cmd.exe takes (support.microsoft.com 830473)."""


logger = logging.getLogger(__name__)


class Shell:
    """One shell and its commands."""

    def __init__(self, owner: str, request: ShellRequest, *, idle_timeout_seconds: float, client_address: str) -> None:
        self.shell_id = request.shell_id or new_id()
        self.owner = owner
        self.request = request
        self.idle_timeout_seconds = idle_timeout_seconds
        self.client_address = client_address
        self.created_at = self.last_used_at = time.monotonic()
        self.commands: dict[str, ShellCommand] = {}
        self.requests_under_way = 0

    def command(self, command_id: str) -> ShellCommand:
        """Raises SoapFault 2150858843 for an identifier that is not known (any more)."""
        command = self.commands.get(command_id)
        if command is None:
            raise soap_faults.unknown_command()
        return command

    def forget(self, command: ShellCommand) -> None:
        self.commands.pop(command.command_id, None)
        command.close()

    def running_count(self) -> int:
        return sum(not command.finished for command in self.commands.values())

    def close(self) -> None:
        for command in self.commands.values():
            command.close()
        self.commands.clear()


class Shells:
    """All shells of the host."""

    def __init__(self, settings: EndpointSettings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._shells: dict[str, Shell] = {}
        self._idle_timers: dict[str, asyncio.TimerHandle] = {}

    def create(self, caller: Caller, request: ShellRequest, *, client_address: str) -> Shell:
        """Raises SoapFault 2150859173 beyond MaxShellsPerUser."""
        quotas = self._settings.quotas
        if sum(shell.owner == caller.user for shell in self._shells.values()) >= quotas.max_shells_per_user:
            raise soap_faults.too_many_shells(quotas.max_shells_per_user)
        if request.shell_id in self._shells:
            raise soap_faults.already_exists()
        idle = min(request.idle_timeout_seconds or quotas.shell_idle_timeout_seconds, quotas.shell_idle_timeout_seconds)
        shell = Shell(caller.user, request, idle_timeout_seconds=idle, client_address=client_address)
        self._shells[shell.shell_id] = shell
        self._arm_idle_timer(shell)
        return shell

    @contextmanager
    def use(self, caller: Caller, shell_id: str | None) -> Iterator[Shell]:
        """A shell for the length of one request, which keeps it from counting as idle.

        Raises SoapFault 2150858843 if there is no such shell, 5 if it belongs to somebody else.
        """
        shell = self._shells.get((shell_id or "").upper())
        if shell is None:
            raise soap_faults.unknown_shell()
        if shell.owner != caller.user:
            raise soap_faults.access_denied()
        shell.requests_under_way += 1
        self._disarm_idle_timer(shell)
        try:
            yield shell
        finally:
            shell.requests_under_way -= 1
            shell.last_used_at = time.monotonic()
            if not shell.requests_under_way and shell.shell_id in self._shells:
                self._arm_idle_timer(shell)

    def delete(self, shell: Shell) -> None:
        self._disarm_idle_timer(shell)
        self._shells.pop(shell.shell_id, None)
        shell.close()

    def close(self) -> None:
        """The host goes down: every shell ends."""
        for shell in list(self._shells.values()):
            self.delete(shell)

    def _arm_idle_timer(self, shell: Shell) -> None:
        timer = asyncio.get_running_loop().call_later(shell.idle_timeout_seconds, self.delete, shell)
        self._idle_timers[shell.shell_id] = timer

    def _disarm_idle_timer(self, shell: Shell) -> None:
        timer = self._idle_timers.pop(shell.shell_id, None)
        if timer is not None:
            timer.cancel()

    async def start_command(self, caller: Caller, shell: Shell, request: CommandRequest) -> ShellCommand:
        """Start a command in a shell, as cmd.exe would unless WINRS_SKIP_CMD_SHELL is set.

        Raises SoapFault 2150859241 beyond MaxProcessesPerShell, 2147942402 for a program that is not there
        where cmd.exe is skipped, 1359 if the engine fails. With cmd.exe a missing program, and a line that is
        too long, is an ordinary result with exit code 1.
        """
        quotas = self._settings.quotas
        if shell.running_count() >= quotas.max_processes_per_shell:
            raise soap_faults.too_many_processes(quotas.max_processes_per_shell)
        command_id = request.command_id or new_id()
        if command_id in shell.commands:
            raise soap_faults.already_exists()
        command = ShellCommand(command_id, stdin_only_at_end=self._settings.stdin_only_at_end)
        shell.commands[command_id] = command
        if not request.skip_cmd_shell and len(request.full_line) > LONGEST_CMD_LINE:
            _end_as_cmd(command, "The command line is too long.\r\n")
            return command
        try:
            await asyncio.to_thread(self._start_process, caller, shell, request, command)
        except FileNotFoundError:
            if request.skip_cmd_shell:
                shell.forget(command)
                raise soap_faults.program_not_found() from None
            _end_as_cmd(
                command,
                f"'{request.command_line}' is not recognized as an internal or external command,\r\n"
                "operable program or batch file.\r\n",
            )
        except Exception:
            logger.exception("the engine failed to start %s", request.command_line)
            shell.forget(command)
            raise soap_faults.internal_error() from None
        return command

    def _start_process(self, caller: Caller, shell: Shell, request: CommandRequest, command: ShellCommand) -> None:
        process = self._engine.start(
            request.command_line,
            request.arguments,
            caller=caller,
            output=command,
            environment=shell.request.environment,
            codepage=shell.request.codepage,
            console_stdin=request.console_stdin,
        )
        command.started(process)


def _end_as_cmd(command: ShellCommand, complaint: str) -> None:
    command.write("stderr", complaint.encode())
    command.finish(1)


def new_id() -> str:
    return str(uuid.uuid4()).upper()
