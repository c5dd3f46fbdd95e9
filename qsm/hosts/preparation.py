"""What must be known and in place before a host can do calls: how its input works, what it allows, and the module.

Some hosts hand input to a process only when it is complete, and a process that waits for its next line would wait for
ever there. Some let a user log on who may not change anything. Both look like silence or odd errors later, so they are
found out at the first contact, by one small script, and said in plain words. Nothing is changed but the module, which is
put in place where it is missing.
"""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from qsm.errors import Refused
from qsm.hosts import needs, wire
from qsm.hosts.conversation import Way
from qsm.hosts.winrm_errors import InputClosedError, LostError, NotExecutedError
from qsm.hosts.winrm_session import ProcessEndedError, State, WinRMSession
from qsm.settings import TimeLimits


class ProbeFacts(BaseModel):
    """What the probe reports of a host."""

    model_config = ConfigDict(frozen=True)

    powershell_version: str
    language_mode: str
    execution_policy: str
    installed: bool
    administrator: bool


class Preparation:
    """Makes one host ready, over one session. Raises NotExecutedError where trying again may help, else Refused."""

    def __init__(self, session: WinRMSession, *, limits: TimeLimits) -> None:
        self._session = session
        self._limits = limits
        self._host = session.name

    def run(self) -> Way:
        """Probes the host and installs the module if it is missing; returns the way that calls take."""
        try:
            facts, way = self._probe()
            self._check(facts)
            if not facts.installed:
                self._install()
            self._session.end_process()
        except LostError as error:
            raise NotExecutedError(str(error)) from error
        finally:
            self._session.state = State.SPOILED
        self._session.state = State.CLEAN
        return way

    def _probe(self) -> tuple[ProbeFacts, Way]:
        """Which way calls take: "serve" if input reaches a running process, else "call"."""
        call = wire.new_call_id()
        line = wire.encode_line({"call": call, "module": wire.module_hash()})
        self._session.start("probe")
        try:
            self._session.send(line)
            answer = self._session.receive(call, deadline=time.monotonic() + self._limits.stdin_probe_seconds)
            way: Way = "call" if answer is None else "serve"
            if answer is None:
                self._session.send(line, end=True)
                answer = self._receive(call)
        except (ProcessEndedError, InputClosedError) as error:
            raise Refused(
                f"Host {self._host} does not run scripts over WinRM: {self._why(error)}. Nothing was changed."
                " Check execution policy, language mode and antivirus on the host."
            ) from error
        return self._read(answer), way

    def _receive(self, call: str) -> wire.Answer:
        answer = self._session.receive(call, deadline=time.monotonic() + self._limits.unreachable_seconds)
        if answer is None:
            raise NotExecutedError("PowerShell started on the host and did not answer")
        return answer

    def _read(self, answer: wire.Answer) -> ProbeFacts:
        try:
            return ProbeFacts.model_validate(answer.content["result"])
        except (KeyError, ValidationError):
            raise Refused(
                f"Host {self._host} answered the first question in a form that this tool does not understand:"
                f" {answer.content}. Nothing was changed."
            ) from None

    def _check(self, facts: ProbeFacts) -> None:
        for need in needs.unmet(needs.FIRST, facts):
            problem, repair = need.problem(self._host, facts), need.repair(facts)
            raise Refused(f"{_sentence(problem)} Nothing was changed. {_sentence(repair)}")

    def _install(self) -> None:
        told = self._send_module()
        if told.get("ok"):
            return
        facts, _ = self._probe()  # another run may have put it in place at the same moment
        if not facts.installed:
            error = told.get("error")
            message = error.get("message") if isinstance(error, dict) else told
            raise Refused(f"The module could not be installed on host {self._host}: {message}. No VM was touched.")

    def _send_module(self) -> dict[str, Any]:
        call = wire.new_call_id()
        self._session.start("install")
        try:
            self._session.send_lines(wire.install_lines(call))
            return self._receive(call).content
        except (ProcessEndedError, InputClosedError) as error:
            raise Refused(
                f"The module could not be installed on host {self._host}: {self._why(error)}. No VM was touched."
            ) from error

    def _why(self, error: Exception) -> str:
        return (isinstance(error, InputClosedError) and self._session.last_words()) or str(error)


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."
