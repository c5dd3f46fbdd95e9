"""Where the stand-in cmdlets of PowerShell processes ask the host model: one socket in the host's folder.

A cmdlet is answered in the name of the process that called it, and a script could claim to be anybody. So each process
gets a secret of its own in its environment, and who asks is whom the secret was given to: account, kind of logon, and
which process a fault ends. What a cmdlet has begun goes on to its end when its process is gone, as on Windows.

Line by line: {"token", "cmdlet", "parameters"} one way, {"output": [...]} or {"error": {...}} the other way.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.engines.powershell import hyperv_cmdlets, windows_cmdlets, wmi
from lab.engines.powershell.cmdlets import CMDLETS, CmdletCall, CmdletError, HostMemory, ProcessMemory, answer
from lab.engines.powershell.error_records import PLAIN_ERROR, ErrorRecord, record_of
from lab.host.cmdlets import NAMES, at_cmdlet
from lab.host.faults import CmdletFaultError, FaultMoment, Faults, ProcessEnded
from lab.host.model import HostModel
from lab.host.windows_process import WindowsProcess, running_as
from lab.hyperv import HyperVError
from lab.platform.errors import PlatformError

SOCKET_NAME = "cmdlets.sock"
TOKEN_VARIABLE, SOCKET_VARIABLE = "LAB_CMDLETS_TOKEN", "LAB_CMDLETS_SOCKET"
PARTS = (hyperv_cmdlets, windows_cmdlets, wmi)
"""Importing them has registered their cmdlets."""
ANSWERED = tuple(sorted(name for name in CMDLETS if "-" in name))

QUESTION = re.compile(r"(?:Get|Test)-|\w+_|whoami\.exe")
"""Cmdlets that only ask, classes of WMI, and a program."""
ASKED_BY_THE_MODEL = frozenset({*NAMES.values(), "Get-ScheduledTask"})


class Bridge:
    """Answers the cmdlets of one host's PowerShell processes."""

    def __init__(self, host: HostModel, folder: Path, *, faults: Faults) -> None:
        """`folder` is the host's."""
        self._host = host
        self._faults = faults
        self.memory = HostMemory()
        self._known: dict[str, ProcessMemory] = {}
        self._lock = threading.Lock()
        path = folder / SOCKET_NAME
        path.unlink(missing_ok=True)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # a socket's path may have 107 bytes; the folder's descriptor keeps it short, here and in the processes
        self._listener.bind(f"/proc/self/fd/{self._folder}/{SOCKET_NAME}")
        path.chmod(0o600)
        self._listener.listen(64)

    def start(self) -> None:
        """Answer in threads of its own until `stop`, or until this process ends."""
        threading.Thread(target=self._accept, name="cmdlets", daemon=True).start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._listener.shutdown(socket.SHUT_RDWR)  # which wakes the thread that accepts
        self._listener.close()
        os.close(self._folder)

    def admit(self, process: WindowsProcess, *, end: Callable[[], None]) -> dict[str, str]:
        """Let a process ask; returns what its environment needs."""
        token = secrets.token_hex(16)
        with self._lock:
            self._known[token] = ProcessMemory(process, end)
        path = f"/proc/{os.getpid()}/fd/{self._folder}/{SOCKET_NAME}"
        return {TOKEN_VARIABLE: token, SOCKET_VARIABLE: path}

    def dismiss(self, environment: dict[str, str]) -> None:
        """The process has ended: its secret opens nothing any more."""
        with self._lock:
            self._known.pop(environment[TOKEN_VARIABLE], None)

    def _accept(self) -> None:
        with suppress(OSError):  # stopped
            while True:
                connected, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connected,), name="cmdlets", daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        with connected, suppress(OSError), connected.makefile("rb") as lines:
            for line in lines:
                told = self._answer(json.loads(line))
                if told is None:
                    return
                connected.sendall(json.dumps(told).encode() + b"\n")

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Returns None when the process was ended meanwhile: it gets no answer."""
        with self._lock:
            caller = self._known.get(str(asked.get("token")))
        if caller is None:
            refused = ErrorRecord("AccessDenied", "PermissionDenied", "No process of this host.", PLAIN_ERROR)
            return {"error": asdict(refused)}
        call = CmdletCall(self._host, self.memory, caller)
        try:
            with running_as(caller.process):
                caller.process.check()
                cmdlet = asked["cmdlet"]
                output = self._with_faults(call, cmdlet, asked["parameters"])
                return {"output": [self._told(cmdlet, each) for each in output]}
        except ProcessEnded:
            caller.end()
            return None
        except (CmdletError, HyperVError, PlatformError) as error:
            return {"error": self._record(asked["cmdlet"], error)}
        except Exception:  # a mistake of the lab: it must show, and not end the host
            text = f"The lab failed: {traceback.format_exc()}"
            return {"error": asdict(ErrorRecord("LabFailed", "NotSpecified", text, PLAIN_ERROR))}

    def _with_faults(self, call: CmdletCall, name: str, given: dict[str, Any]) -> list[Any]:
        """Changing cmdlets ask for faults where the model changes something, for every engine; questions do so here."""
        question = str(given.get("Class", "")) if name == "Get-WmiObject" else name
        if question in ASKED_BY_THE_MODEL or not QUESTION.match(question):
            return answer(call, name, given)
        try:
            at_cmdlet(self._faults, question, FaultMoment.BEFORE)
            output = answer(call, name, given)
            at_cmdlet(self._faults, question, FaultMoment.AFTER)
        except CmdletFaultError as error:
            raise PlatformError(error.hresult, error.message) from error
        return output

    def _told(self, cmdlet: str, output: Any) -> Any:
        """What a cmdlet gives, as it travels: an error among it is written where it stands."""
        told = isinstance(output, CmdletError | HyperVError | PlatformError)
        return {"$error": self._record(cmdlet, output)} if told else output

    def _record(self, cmdlet: str, error: CmdletError | HyperVError | PlatformError) -> dict[str, Any]:
        return asdict(record_of(cmdlet, error, build=self._host.platform.accounts.settings.os_build))
