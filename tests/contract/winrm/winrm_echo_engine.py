"""A small engine for the endpoint's tests: a few programs in threads, and a log of what reached them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping

from waiting import DEADLINE_SECONDS

from lab.winrm.engine import Caller, Output, SignalName

CONTROL_C_EXIT = -1073741510  # STATUS_CONTROL_C_EXIT


class Program:
    """A running program: its thread gets input lines, the end of input and signals from one queue."""

    def __init__(self, run: Callable[[Program], int], output: Output, log: list[str]) -> None:
        self.output = output
        self.log = log
        self.events: queue.Queue[bytes | SignalName | None] = queue.Queue()
        self._rest = b""
        self.thread = threading.Thread(target=lambda: output.finish(run(self)), name="echo program", daemon=True)
        self.thread.start()

    def send(self, data: bytes, *, end: bool) -> None:
        self.log.append(f"stdin {len(data)} end={end}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.events.put(line)
        if end:
            if self._rest:
                self.events.put(self._rest)
            self.events.put(None)

    def signal(self, code: SignalName) -> None:
        self.log.append(f"signal {code}")
        self.events.put(code)

    def write(self, text: str) -> None:
        self.output.write("stdout", text.encode())


class EchoEngine:
    """Programs: echo, cat, blob, sleep, complain, env, whoami, mixed, slow-start."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.threads: list[threading.Thread] = []
        self.may_start = threading.Event()
        self.may_start.set()

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
    ) -> Program:
        self.log.append(f"start {command_line}")
        name, *words = " ".join([command_line, *arguments]).split(" ")
        programs: dict[str, Callable[[Program], int]] = {
            "echo": lambda program: _print(program, " ".join(words) + "\r\n"),
            "cat": _cat,
            "blob": lambda program: _print(program, "x" * int(words[0])),
            "sleep": _sleep,
            "complain": lambda program: _complain(program, int(words[0])),
            "env": lambda program: _print(program, environment[words[0]]),
            "whoami": lambda program: _print(program, f"{caller.user} by {caller.transport}"),
            "about": lambda program: _print(program, f"{codepage} {console_stdin} {arguments}"),
            "mixed": _mixed,
        }
        self.may_start.wait(DEADLINE_SECONDS)
        if name == "broken":
            raise RuntimeError("the engine itself fails")
        if name not in programs:
            raise FileNotFoundError(name)
        program = Program(programs[name], output, self.log)
        self.threads.append(program.thread)
        return program


def _print(program: Program, text: str) -> int:
    program.write(text)
    return 0


def _complain(program: Program, exit_code: int) -> int:
    program.output.write("stderr", b"something is wrong\r\n")
    return exit_code


def _mixed(program: Program) -> int:
    for number in range(200):
        program.output.write("stdout", f"out {number}\n".encode())
        program.output.write("stderr", f"err {number}\n".encode())
    return 0


def _cat(program: Program) -> int:
    """Answer each line at once; `lose` in a line loses the reply; a signal or the end of input ends it."""
    while (event := program.events.get()) is not None:
        if isinstance(event, str):
            return CONTROL_C_EXIT
        if b"lose" in event:
            program.output.drop_reply()
        program.output.write("stdout", event + b"\n")
    return 0


def _sleep(program: Program) -> int:
    """Sleep until a signal comes; input does not wake it."""
    while True:
        event = program.events.get()
        if event in ("ctrl_c", "ctrl_break"):
            return CONTROL_C_EXIT
        if event == "terminate":
            return 1
