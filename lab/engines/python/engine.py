r"""The Python engine behind a lab host's endpoint: plays the scripts that the product sends, and nothing else.

A lab that would run anything a test likes to send proves nothing about the product, and one that guesses what a script
means proves less. So a command is taken only if it is powershell.exe with one of the scripts of `qsm/powershell/bootstrap`,
letter for letter, or (as a task of SYSTEM) the module's own `Work.ps1`; all else ends as it would on a host that lacks the
program or dislikes the script: exit code 1, and the complaint on standard error.
"""

from __future__ import annotations

import codecs
import queue
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab.engines.python.bootstraps import BootstrapError, Bootstraps, Streams
from lab.engines.python.installed_modules import InstalledModules
from lab.engines.python.operations.copy_task import CopyTask
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.merges import MergeTask
from lab.engines.python.operations.work import Work
from lab.host import powershell_line
from lab.host.faults import Faults, ProcessEnded
from lab.host.windows_process import WindowsProcess, running_as
from lab.platform.identity import Identity
from lab.platform.tasks import TaskProcess
from lab.winrm.engine import Caller, Command, Output, SignalName
from qsm.facts.names import same_path
from qsm.powershell.composed import BOOTSTRAP_NAMES, bootstrap_text

_Body = Callable[[Streams], None]
_Action = Callable[[], int]
PROGRESS = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T>'
    '</TN><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil />'
    "<PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj></Objs>"
)
"""What a PowerShell process writes to standard error over WinRM although nothing is wrong."""


@dataclass(frozen=True)
class EngineSettings:
    """How a host's PowerShell behaves."""

    start_delay_seconds: float = 0.0
    """How long powershell.exe needs to start."""
    noise: bool = True
    """Whether a process writes progress records to standard error, as hosts do."""


def known_scripts() -> dict[str, str]:
    """Return the scripts that may travel: text to name."""
    return {bootstrap_text(name): name for name in BOOTSTRAP_NAMES}


class PythonEngine:
    """Starts commands for the endpoint."""

    def __init__(self, host: ModuleHost, *, faults: Faults, settings: EngineSettings | None = None) -> None:
        self._bootstraps = Bootstraps(host, faults)
        self._host = host
        self._settings = settings or EngineSettings()
        self._scripts = known_scripts()

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
    ) -> Command:
        """See `lab.winrm.engine.Engine`."""
        program, _, rest = command_line.strip().partition(" ")
        if not powershell_line.is_powershell(program):
            raise FileNotFoundError(program)
        identity = self._host.platform.accounts.winrm_identity(caller.user)
        page = self._host.platform.accounts.settings.console_code_page or codepage
        command = _PowerShell(self._settings, output, identity, codepage=page)
        script = self._recognise(" ".join([rest, *arguments]), command)
        if console_stdin:
            command.send(b"", end=True)  # nothing feeds a console to the pipeline
        command.begin(None if script is None else lambda streams: self._bootstraps.play(script, streams))
        return command

    def _recognise(self, line: str, command: _PowerShell) -> str | None:
        """Return the name of the script that was sent; None for anything else, with the complaint written."""
        try:
            asked = powershell_line.parse(line)
        except powershell_line.NotUnderstood as problem:
            command.complain(str(problem))
            return None
        name = self._scripts.get((asked.script or "").replace("\r\n", "\n"))
        if name is None:
            command.complain("This host runs only the scripts of Quick Storage Migration; this is none of them.")
        return name


class _PowerShell:
    """One powershell.exe: a thread that reads lines and writes to the endpoint."""

    def __init__(self, settings: EngineSettings, output: Output, identity: Identity, *, codepage: int) -> None:
        self._settings = settings
        self._output = output
        self._process = WindowsProcess("powershell.exe", identity)
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        encoding = "utf-8" if codepage == 65001 else f"cp{codepage}"
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._exit_code = 0

    # what the endpoint calls

    def send(self, data: bytes, *, end: bool) -> None:
        """See `lab.winrm.engine.Command`."""
        if data:
            self._input.put(data)
        if end:
            self._input.put(None)

    def signal(self, code: SignalName) -> None:
        """See `lab.winrm.engine.Command`."""
        self._process.end()
        self._input.put(None)

    # what the engine calls

    def complain(self, text: str) -> None:
        """Write an error as powershell.exe does, and end with exit code 1."""
        self._exit_code = 1
        lines = f'<S S="Error">{escape(text)}_x000D__x000A_</S>'
        self._output.write(
            "stderr",
            '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
            f"{lines}</Objs>".encode(),
        )

    def begin(self, body: _Body | None) -> None:
        """Run a script, or (None) end at once."""
        if body is None:
            self._output.finish(self._exit_code)
            return
        threading.Thread(target=self._run, args=(body,), name="powershell.exe", daemon=True).start()

    def _run(self, body: _Body) -> None:
        try:
            with running_as(self._process):
                if not self._process.ended.wait(self._settings.start_delay_seconds):
                    if self._settings.noise:
                        self._output.write("stderr", PROGRESS.encode())
                    body(Streams(self._lines(), self._write_line, self._output.drop_reply))
        except ProcessEnded:
            self._exit_code = 1
        except BootstrapError as error:
            self.complain(str(error))
        except Exception:  # a script's own error: PowerShell tells it and ends
            self.complain(traceback.format_exc(limit=-3))
        if self._process.ended.is_set():
            self._exit_code = 1
        self._process.close_handles()
        self._output.finish(self._exit_code)

    def _write_line(self, line: str) -> None:
        self._process.check()
        self._output.write("stdout", line.encode("ascii") + b"\r\n")

    def _lines(self) -> Iterator[str]:
        """Yield lines as they come; the rest at the end of the input is a line too."""
        buffer = ""
        while (data := self._input.get()) is not None:
            buffer += self._decoder.decode(data)
            *whole, buffer = buffer.split("\n")
            for line in whole:
                self._process.check()
                yield line.removesuffix("\r")
        self._process.check()
        if buffer:
            yield buffer


class TaskEngine:
    """Runs the actions of scheduled tasks: only the module's own `Work.ps1`."""

    def __init__(self, host: ModuleHost) -> None:
        self._host = host
        self._modules = InstalledModules(host)

    def run(self, command_line: str, *, identity: Identity) -> TaskProcess:
        """See `lab.platform.tasks.TaskRunner`."""
        process = _TaskProcess(WindowsProcess(f"task of {identity.account}", identity))
        process.begin(lambda: self._work(command_line))
        return process

    def _work(self, command_line: str) -> int:
        program, _, rest = command_line.strip().partition(" ")
        if not powershell_line.is_powershell(program):
            return 2  # ERROR_FILE_NOT_FOUND, as the task scheduler reports it
        try:
            asked = powershell_line.parse(rest)
            module = asked.arguments["module"]
            if not same_path(asked.file or "", self._work_script(module)):
                return 0xFFFD0000  # powershell.exe: the -File is not there
            if not self._modules.is_installed(module):
                return 1
            kind = asked.arguments["kind"]
            if kind not in ("copy", "merge"):
                return 1
            work = Work(self._host, asked.arguments["migrationid"], kind, int(asked.arguments["number"]))
        except (powershell_line.NotUnderstood, KeyError, ValueError):
            return 1
        return CopyTask(work).run() if kind == "copy" else MergeTask(work).run()

    def _work_script(self, module: str) -> str:
        return self._host.folder.path(f"modules\\{module}\\QuickStorageMigration\\Work.ps1")


class _TaskProcess:
    def __init__(self, process: WindowsProcess) -> None:
        self._process = process
        self._exit_code = 1
        self._over = threading.Event()

    def begin(self, body: _Action) -> None:
        threading.Thread(target=self._run, args=(body,), name=self._process.name, daemon=True).start()

    def _run(self, body: _Action) -> None:
        try:
            with running_as(self._process):
                self._exit_code = body()
        except ProcessEnded:
            self._exit_code = 1
        except Exception:  # nobody reads a task's output; what was told is in the state file
            traceback.print_exc()
        finally:
            self._over.set()

    def wait(self) -> int:
        self._over.wait()
        return self._exit_code

    def stop(self) -> None:
        self._process.end()
