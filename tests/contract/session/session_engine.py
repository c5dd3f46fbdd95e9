"""A host's PowerShell, played: the four bootstraps, a store of modules and a journal, and room for every mishap.

It stands behind the lab's real endpoint, so what the product sends goes over real sockets. Operations are Python
functions given by the test. The journal is the contract's in small: a changing call is carried out once per operation
id, and a started one without an end is unknown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.winrm.engine import Caller, Output, SignalName
from qsm.hosts import wire
from qsm.powershell.composed import BOOTSTRAP_NAMES, bootstrap_text

SCRIPTS = {bootstrap_text(name): name for name in BOOTSTRAP_NAMES}
CLIXML = b'#< CLIXML\r\n<Objs Version="1.1.0.1"><Obj S="progress" RefId="0"/></Objs>'
FACTS = {
    "powershell_version": "5.1.17763.1",
    "language_mode": "FullLanguage",
    "execution_policy": "Bypass",
    "administrator": True,
}


class KilledError(BaseException):
    """The process was ended from outside."""


class PlayedRefusal(Exception):
    """An operation's error: its facts."""

    def __init__(
        self, identifier: str, *, category: str = "refused", message: str = "", retryable: bool = False, **facts: Any
    ) -> None:
        super().__init__(identifier)
        self.facts = {
            "id": identifier, "category": category, "retryable": retryable or identifier == "Busy", "hresult": None,
            "subject": "", "message": message or f"{identifier} says the host.", "facts": facts,
        }  # fmt: skip


class Process:
    """One powershell.exe: a thread, and its input."""

    def __init__(self, host: PlayedHost, script: str, output: Output) -> None:
        self.host = host
        self.script = script
        self.output = output
        self.ended = threading.Event()
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name=f"powershell {script}", daemon=True)

    # the endpoint's side

    def send(self, data: bytes, *, end: bool) -> None:
        self._input.put(data)
        if end:
            self._input.put(None)

    def signal(self, code: SignalName) -> None:
        self.ended.set()
        self._input.put(None)

    # the script's side

    def _run(self) -> None:
        exit_code = 0
        try:
            exit_code = getattr(self.host, f"play_{self.script}")(self) or 0
        except KilledError:
            exit_code = 1
        finally:
            self.host.processes.remove(self)
            self.output.finish(exit_code)

    def lines(self) -> Iterator[str]:
        rest = b""
        while (data := self._input.get()) is not None:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.check()
                if line.strip():
                    yield line.decode("ascii")
        self.check()
        if rest.strip():
            yield rest.decode("ascii")

    def check(self) -> None:
        if self.ended.is_set():
            raise KilledError

    def wait(self, event: threading.Event) -> None:
        """Work until `event`, unless the process is ended before."""
        while not event.wait(0.01):
            self.check()

    def wait_seconds(self, seconds: float) -> None:
        """Work for a while."""
        self.ended.wait(seconds)
        self.check()

    def write(self, data: bytes) -> None:
        self.check()
        self.output.write("stdout", data)

    def answer(self, call: str, content: Mapping[str, Any]) -> None:
        self.write(wire.MARK + call.encode() + b" " + json.dumps(content).encode("ascii") + b"\r\n")


Act = Callable[[Process, dict[str, Any]], Any]


class PlayedHost:
    """The engine, and the host's memory, which outlives the endpoint."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.processes: list[Process] = []
        self.reset()

    def reset(self) -> None:
        """Everything but the installed modules is as on the first day. No process may run."""
        assert not self.processes
        self.facts: dict[str, Any] = dict(FACTS)
        self.started: list[str] = []
        """Bootstraps in the order in which they were started."""
        self.received: list[dict[str, Any]] = []
        """Every call line that a process took."""
        self.executed: list[str] = []
        """Operation and subject of everything that was really done."""
        self.acts: dict[str, Act] = {}
        self.before_journal: dict[str, list[PlayedRefusal]] = defaultdict(list)
        """Refusals to be given before the journal is looked at, by operation."""
        self.dies_at_start: bytes | None = None
        """What every process writes to standard error before it ends at once, if it does."""
        self.on_install: Callable[[str], str | None] = lambda module: None
        """Called with each module that arrives whole; returns why it is not taken."""
        self._journal: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        self._lock = threading.Lock()

    # the endpoint's side

    def start(
        self,
        command_line: str,
        arguments: list[str],
        *,
        caller: Caller,
        output: Output,
        environment: Mapping[str, str],
        codepage: int,
        console_stdin: bool,
    ) -> Process:
        words = " ".join([command_line, *arguments]).split(" ")
        if words[0] != "powershell.exe":
            raise FileNotFoundError(words[0])
        assert words[1:-1] == ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand"]
        assert (codepage, console_stdin) == (65001, False)
        script = SCRIPTS[base64.b64decode(words[-1]).decode("utf-16-le")]
        self.started.append(script)
        process = Process(self, script, output)
        self.processes.append(process)
        output.write("stderr", CLIXML)
        process.thread.start()
        return process

    # the scripts

    def play_probe(self, process: Process) -> int:
        if self.dies_at_start is not None:
            process.output.write("stderr", self.dies_at_start)
            return 1
        for line in process.lines():
            asked = json.loads(line)
            found = {**self.facts, "installed": asked["module"] in self.modules}
            process.answer(asked["call"], {"ok": True, "result": found})
        return 0

    def play_install(self, process: Process) -> None:
        head, *pieces = [json.loads(line) for line in process.lines()]
        contents = {
            path: b"".join(base64.b64decode(piece["data"]) for piece in pieces if piece["path"] == path)
            for path in (file["path"] for file in head["files"])
        }
        text = "".join(f"{path} {hashlib.sha256(data).hexdigest()}\n" for path, data in sorted(contents.items()))
        assert hashlib.sha256(text.encode()).hexdigest() == head["module"]
        refusal = self.on_install(head["module"])
        if refusal is not None:
            process.answer(head["call"], {"ok": False, "error": PlayedRefusal("HostFailed", message=refusal).facts})
            return
        self.modules.add(head["module"])
        process.answer(head["call"], {"ok": True, "result": {"installed": True}})

    def play_call(self, process: Process) -> int:
        done = False
        for line in process.lines():
            if not done:
                done = True
                self._do(process, line)
        return 0

    def play_serve(self, process: Process) -> int:
        if self.dies_at_start is not None:
            process.output.write("stderr", self.dies_at_start)
            return 1
        process.write(b"Microsoft banner of a careless profile\r\nno line end:")
        for line in process.lines():
            self._do(process, line)
        return 0

    def _do(self, process: Process, line: str) -> None:
        try:
            asked = json.loads(line)
        except ValueError:
            process.answer("0", self._told(PlayedRefusal("HostFailed", message="ConvertFrom-Json: invalid").facts))
            return
        if asked["module"] not in self.modules:
            text = "HOSTA: The module is not installed, was altered or has a foreign owner."
            process.answer(asked["call"], self._told(PlayedRefusal("HostFailed", message=text).facts))
            return
        if asked["operation"] == "ping":
            process.answer(asked["call"], {**self._told({}), "ok": True, "result": {}})
            return
        self.received.append(asked)
        try:
            process.answer(asked["call"], self._carry_out(process, asked))
        except PlayedRefusal as error:
            process.answer(asked["call"], self._told(error.facts, attempt=1 if error.facts["facts"] else None))

    def _carry_out(self, process: Process, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["operation"]
        if self.before_journal[name]:
            raise self.before_journal[name].pop(0)
        key = (asked["migration_id"], name, asked["subject"])
        changes = name in ("set", "long_set")
        if changes and not self._lock.acquire(timeout=0.2):
            raise PlayedRefusal("Busy")
        try:
            if changes and key in self._journal:
                stored = self._journal[key]
                if stored is None:
                    raise PlayedRefusal("OutcomeUnknown", category="unknown")
                return {**stored, "repeated": True}
            self._journal[key] = None
            result = self.acts[name](process, asked) if name in self.acts else asked["arguments"]
            self.executed.append(f"{name} {asked['subject']}".strip())
            told = {**self._told({}), "ok": True, "result": result, "revision": 8 if changes else None}
            self._journal[key] = told
            return told
        finally:
            if changes:
                self._lock.release()

    @staticmethod
    def _told(error: Mapping[str, Any], *, attempt: int | None = None) -> dict[str, Any]:
        told = {"ok": False, "error": error, "revision": None, "attempt": attempt, "repeated": False, "seconds": 0.25}
        if not error:
            del told["error"]
        return told
