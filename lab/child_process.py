"""Child processes that die with their parent.

When a host loses power its VMs must be gone at the same instant: a VM process that outlives its host would go on
writing, and the lab itself would break the promise it is there to check. Linux offers PR_SET_PDEATHSIG for this, with
two traps: the signal comes when the *thread* that made the child ends, not its process; and a parent that died before
the child asked for the signal is missed. So all children are made by one thread that lives as long as the process, and
the child compares its parent's id after asking.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h

_makers: dict[int, ThreadPoolExecutor] = {}
_makers_lock = threading.Lock()


def start_child(
    module: str, arguments: Sequence[str], *, log_file: Path, pass_file_descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start `python -m module <parent's process id> <arguments>` in this process's group.

    The module must call `die_with_parent` first. What it prints is added to `log_file`.
    """
    command = [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments]

    def make() -> subprocess.Popen[bytes]:
        with log_file.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=pass_file_descriptors
            )

    return _maker().submit(make).result()


def die_with_parent(parent_process_id: int) -> None:
    """Have the kernel kill this process when its parent ends. Ends at once where the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent_process_id:
        os._exit(1)


def _maker() -> ThreadPoolExecutor:
    """Return the one thread of this process that makes children (after a fork: a new one)."""
    with _makers_lock:
        if os.getpid() not in _makers:
            _makers[os.getpid()] = ThreadPoolExecutor(max_workers=1, thread_name_prefix="makes-children")
        return _makers[os.getpid()]
