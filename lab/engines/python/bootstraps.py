"""What the scripts that travel do, for the lab's Python engine.

Each function is one file of `qsm/powershell/bootstrap/`, played: it reads lines as they come and writes marked lines.
Which script a client sent is decided by its bytes, elsewhere (`lab.engines.python.engine`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lab.engines.python.installed_modules import InstalledModules, ModuleError
from lab.engines.python.operations.dispatch import CallLine, Dispatcher
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost, migration_busy
from lab.host.faults import FaultAction, FaultMoment, Faults
from lab.host.sentences import say
from lab.host.windows_process import current_is_ended
from qsm.facts.errors import ErrorFacts

MARK = "@@QSM"


@dataclass(frozen=True)
class Streams:
    """What a process reads and writes."""

    lines: Iterable[str]
    """Standard input, line by line as it comes, without line ends."""
    write: Callable[[str], None]
    """One line to standard output."""
    lose_reply: Callable[[], None]
    """Let the reply that carries the next line be lost on the way."""


class BootstrapError(Exception):
    """PowerShell ends the script with this error."""


class Bootstraps:
    """The scripts of one host."""

    def __init__(self, host: ModuleHost, faults: Faults) -> None:
        self._host = host
        self._faults = faults
        self._modules = InstalledModules(host)
        self._dispatcher = Dispatcher(host)

    def play(self, name: str, streams: Streams) -> None:
        """Run one script to its end. Raises ScriptError where PowerShell itself would not let it."""
        mode = self._host.platform.accounts.settings.language_mode
        if name != "probe" and mode != "FullLanguage":
            raise BootstrapError(
                "Cannot invoke method. Method invocation is supported only on core types in this language mode."
            )
        scripts = {"probe": self.probe, "install": self.install, "call": self.call, "serve": self.serve}
        scripts[name](streams)

    def probe(self, streams: Streams) -> None:
        """Tell what the host is, once per line."""
        settings = self._host.platform.accounts.settings
        for line in _filled(streams.lines):
            asked = json.loads(line)
            full = settings.language_mode == "FullLanguage"
            found = {
                "powershell_version": settings.powershell_version,
                "language_mode": settings.language_mode,
                "installed": full and self._modules.is_installed(str(asked["module"])),
                "execution_policy": settings.effective_execution_policy if full else "",
                "administrator": full and self._host.caller.administrator,
            }
            _answer(streams, str(asked["call"]), {"ok": True, "result": found})

    def install(self, streams: Streams) -> None:
        """Store the module that comes in, and tell it at the end of the input."""
        head, *pieces = [json.loads(line) for line in _filled(streams.lines)]
        try:
            self._modules.install(head["module"], head["files"], pieces)
        except (ModuleError, KeyError, TypeError, ValueError) as error:
            _answer(streams, head["call"], _failure(self._host_failed(str(error), category="failed")))
        else:
            _answer(streams, head["call"], {"ok": True, "result": {"installed": True}})

    def call(self, streams: Streams) -> None:
        """Answer the first line, and read the rest for nothing."""
        done = False
        for line in _filled(streams.lines):
            if not done:
                done = True
                self._answer_call(streams, line, loaded=set())

    def serve(self, streams: Streams) -> None:
        """Answer each line at once."""
        loaded: set[str] = set()
        for line in _filled(streams.lines):
            self._answer_call(streams, line, loaded=loaded)

    def _answer_call(self, streams: Streams, line: str, *, loaded: set[str]) -> None:
        call = "0"
        try:
            asked = json.loads(line)
            call = str(asked["call"])
            module = str(asked["module"])
            if module not in loaded and not self._modules.is_installed(module):
                raise LookupError("The module is not installed, was altered or has a foreign owner.")
            if self._host.platform.accounts.settings.effective_execution_policy in ("AllSigned", "Restricted"):
                raise LookupError(
                    "QuickStorageMigration.psm1 cannot be loaded: it is not signed, or no script may run."
                )
            loaded.add(module)
        except (ValueError, LookupError, TypeError) as error:
            _answer(streams, call, _told(False, _json(self._host_failed(str(error), category="refused"))))
            return
        self._carry_out(streams, call, asked)

    def _carry_out(self, streams: Streams, call: str, asked: dict[str, Any]) -> None:
        name = str(asked.get("operation"))
        if self._faults.at_operation(name, FaultMoment.BEFORE, ended=current_is_ended) is FaultAction.REFUSE:
            busy = migration_busy(self._host.name, str(asked.get("migration_id", "")))
            _answer(streams, call, _told(False, _json(busy.facts)))
            return
        answer = _told(True, {}) if name == "ping" else self._dispatch(asked)
        if self._faults.at_operation(name, FaultMoment.AFTER, ended=current_is_ended) is FaultAction.DROP:
            streams.lose_reply()
        _answer(streams, call, answer)

    def _dispatch(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            line = CallLine.model_validate(asked)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            wrong = refused("InvalidArgument", say("no_call", self._host.name, fields=place), argument=place)
            return _told(False, _json(wrong.facts))
        return self._dispatcher.answer(line)

    def _host_failed(self, text: str, *, category: str) -> ErrorFacts:
        return ErrorFacts.model_validate(
            {
                "id": "HostFailed",
                "category": category,
                "retryable": False,
                "message": f"{self._host.name}: {text}",
                "subject": "",
                "hresult": None,
                "facts": {},
            }
        )


def _filled(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.strip())


def _json(facts: ErrorFacts) -> dict[str, Any]:
    return facts.model_dump(mode="json")


def _failure(facts: ErrorFacts) -> dict[str, Any]:
    return {"ok": False, "error": _json(facts)}


def _told(ok: bool, content: dict[str, Any]) -> dict[str, Any]:
    """Return an answer to a call that did not reach the dispatcher."""
    told = {"revision": None, "attempt": None, "repeated": False, "seconds": 0.0}
    return {"ok": ok, "result" if ok else "error": content, **told}


def _answer(streams: Streams, call: str, content: dict[str, Any]) -> None:
    streams.write(f"{MARK} {call} {json.dumps(content, separators=(',', ':'), ensure_ascii=True)}")
