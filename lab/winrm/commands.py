"""One command of a shell: its output on the way to the client, its input on the way to the process.

Trouble: a process writes when it likes and from its own threads, while the client asks in long Receives that
may come late, twice, or over a connection that dies. Answer: output waits here in order; a Receive takes what
fits and what it takes is gone, as on a real host; waiting happens in the endpoint's event loop, so that no
thread is held by a pending Receive.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from lab.winrm import soap_faults
from lab.winrm.engine import Command, SignalName, StreamName
from lab.winrm.shell_messages import ELEMENT_OVERHEAD_BYTES, ReceivedOutput


class ShellCommand:
    """A command and its streams. It is the engine's `Output`; all other methods belong to the event loop's thread."""

    def __init__(self, command_id: str, *, stdin_only_at_end: bool) -> None:
        self.command_id = command_id
        self._stdin_only_at_end = stdin_only_at_end
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()  # guards what other threads touch: the six fields below
        self._chunks: deque[tuple[StreamName, bytes]] = deque()
        self._exit_code: int | None = None
        self._reply_is_lost = False
        self._closed = False
        self._process: Command | None = None
        self._pending_signals: list[SignalName] = []
        self._held_input: list[bytes] = []
        self._input_ended = False

    # what the engine calls, from any thread

    def write(self, stream: StreamName, data: bytes) -> None:
        with self._lock:
            if self._exit_code is not None:
                raise ValueError(f"command {self.command_id} has finished and cannot write to {stream}")
            if data and not self._closed:
                self._chunks.append((stream, bytes(data)))
                self._wake()

    def finish(self, exit_code: int) -> None:
        with self._lock:
            if self._exit_code is not None:
                raise ValueError(f"command {self.command_id} has finished already")
            self._exit_code = exit_code
            self._wake()

    def drop_reply(self) -> None:
        with self._lock:
            self._reply_is_lost = True

    def _wake(self) -> None:
        # close() sets _closed under the same lock before the loop ends, so the loop is alive here
        if not self._closed:
            self._loop.call_soon_threadsafe(self._changed.set)

    # what the endpoint calls, in the event loop

    @property
    def finished(self) -> bool:
        with self._lock:
            return self._exit_code is not None

    def started(self, process: Command) -> None:
        """The engine has started it. A signal that came meanwhile (the shell was deleted) is passed on now.

        Called in the thread that started it: whatever becomes of the request, no process is left without a master.
        """
        with self._lock:
            self._process = process
            pending = list(self._pending_signals)
        for code in pending:
            process.signal(code)

    async def wait_for_output(self) -> None:
        """Return when there is something to take: output, the end, or the end of the shell."""
        while not self._has_output():
            self._changed.clear()
            if not self._has_output():
                await self._changed.wait()

    def _has_output(self) -> bool:
        with self._lock:
            return bool(self._chunks) or self._exit_code is not None or self._closed

    def take(self, limit_bytes: int) -> ReceivedOutput | None:
        """Hand over at most `limit_bytes` of output, and the exit code if that was all; None if there is nothing.

        Raises SoapFault 995 if the shell was closed under a pending Receive.
        """
        with self._lock:
            if self._closed:
                raise soap_faults.operation_aborted()
            if not self._chunks and self._exit_code is None:
                return None
            taken = self._take_chunks(limit_bytes)
            return ReceivedOutput(taken, None if self._chunks else self._exit_code)

    def _take_chunks(self, limit_bytes: int) -> list[tuple[StreamName, bytes]]:
        taken: list[tuple[StreamName, bytearray]] = []
        room = limit_bytes
        while self._chunks and room > 0:
            stream, data = self._chunks.popleft()
            if not taken or taken[-1][0] != stream:
                taken.append((stream, bytearray()))
                room = max(1, room - ELEMENT_OVERHEAD_BYTES)
            taken[-1][1].extend(data[:room])
            if len(data) > room:
                self._chunks.appendleft((stream, data[room:]))
            room -= min(room, len(data))
        return [(stream, bytes(data)) for stream, data in taken]

    def reply_is_lost(self) -> bool:
        """Whether the reply just taken must not reach the client (see `Output.drop_reply`); asked once per reply."""
        with self._lock:
            lost, self._reply_is_lost = self._reply_is_lost, False
            return lost

    def send(self, data: bytes, *, end: bool) -> None:
        """Pass input on. Raises SoapFault 109 if the process has ended or its input was closed."""
        if self.finished or self._input_ended or self._process is None:
            raise soap_faults.input_pipe_ended()
        self._input_ended = end
        if self._stdin_only_at_end:
            self._held_input.append(data)
            if not end:
                return
            data = b"".join(self._held_input)
            self._held_input.clear()
        self._process.send(data, end=end)

    def signal(self, code: SignalName) -> None:
        """Pass a signal on, unless the command has ended."""
        if self.finished:
            return
        with self._lock:
            process = self._process
            if process is None:
                self._pending_signals.append(code)
        if process is not None:
            process.signal(code)

    def close(self) -> None:
        """The shell is gone: stop the process, throw its output away, end a pending Receive."""
        self.signal("terminate")
        with self._lock:
            self._wake()
            self._closed = True
            self._chunks.clear()
