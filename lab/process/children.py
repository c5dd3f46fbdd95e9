"""Child processes that die with their parent.

When a host loses power its VMs must be gone at the same instant: a VM process that outlives its host would go on
writing, and the lab itself would break the promise it is there to check. Linux sends a signal for this
(`lab.process.dying_with_parent`), but it comes when the *thread* that made the child ends, not its process. So all children are
made by one thread that lives as long as the process.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.process import dying_with_parent

WITHOUT_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
"""Nobody here computes with matrices: numpy would make a thread per processor for it in each process, a sixth of its start."""
_makers: dict[int, ThreadPoolExecutor] = {}
_makers_lock = threading.Lock()


def start_child(
    module: str, arguments: Sequence[str], *, log_file: Path, pass_file_descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start `python -m module <parent's process id> <arguments>` in this process's group.

    The module must call `die_with_parent` first. What it prints is added to `log_file`.
    """
    command = [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments]

    environment = {**os.environ, **WITHOUT_THREADS}

    def make() -> subprocess.Popen[bytes]:
        with log_file.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=pass_file_descriptors,
                env=environment,
            )

    return _maker().submit(make).result()


def start_program(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program that knows nothing of this process and dies with it all the same. Its streams are pipes."""
    guard = [sys.executable, "-I", "-S", dying_with_parent.__file__, str(os.getpid())]

    def make() -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen([*guard, *command], stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=environment)

    return _maker().submit(make).result()


def _maker() -> ThreadPoolExecutor:
    """Return the one thread of this process that makes children (after a fork: a new one)."""
    with _makers_lock:
        if os.getpid() not in _makers:
            _makers[os.getpid()] = ThreadPoolExecutor(max_workers=1, thread_name_prefix="makes-children")
        return _makers[os.getpid()]
