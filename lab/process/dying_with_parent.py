"""A process that the kernel kills when its parent ends, also one whose program knows nothing of this.

Linux offers PR_SET_PDEATHSIG for it, with a trap: a parent that died before the child asked for the signal is missed. So
the parent's id is compared after asking. The request holds over exec, and so this file is a program too: it becomes the
one that it is given. It starts with every process of a PowerShell engine, hence it imports next to nothing.

    python -I -S lab/process/dying_with_parent.py <parent's process id> <program> <arguments>
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent_process_id: int) -> None:
    """Have the kernel kill this process when its parent ends. Ends at once where the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent_process_id:
        os._exit(1)


def main() -> None:
    """Become the program, with the signals as a program finds them that Python did not start."""
    die_with_parent(int(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
