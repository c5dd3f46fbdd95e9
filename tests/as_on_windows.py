r"""Import the product's half, and run commands, as far as a Python on Linux can be made to look like one on Windows.

    python -X warn_default_encoding as_on_windows.py '[["--help"], ["check", "vm", "web", ...]]'

Says which modules it imported, who it takes for its user, and of each command how it ended.
Played: modules, functions and signals that only Unix has are missing; `os.name` and `sys.platform` say
Windows; the user's name and home have Windows' variables; output has code page 1252 and is strict about it; a file that
is opened without an encoding is an error, for the default is another one there. Not played: paths (`Path` stays a
PosixPath), the console, Ctrl-C, processes. Packages of others know Windows themselves, so they are imported before.
"""

from __future__ import annotations

import importlib
import importlib.abc
import io
import json
import os
import pathlib
import pkgutil
import select
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

ROOMS = ("qsm", "tasks", "flows", "deployments", "cli")
OF_THE_LABORATORY = ("cli.demonstration",)
ONLY_UNIX = {"crypt", "fcntl", "grp", "nis", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty"}
MISSING = {
    os: """chown chroot fchmod fchown fork forkpty getegid geteuid getgid getgroups getpgid getpgrp getsid getuid killpg lchown
        mkfifo mknod nice openpty pidfd_open posix_spawn register_at_fork sched_getaffinity setegid seteuid setgid setsid
        setuid sysconf uname wait wait3 wait4 O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK""",
    signal: """SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm pause pthread_kill
        pthread_sigmask setitimer sigpending sigtimedwait sigwait""",
    select: "epoll poll",
}


class NotOnWindows(importlib.abc.MetaPathFinder):
    """What is asked for modules first: those that only Unix has are not there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """No module of that name; None lets the others look."""
        del path, target
        if name in ONLY_UNIX:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return None


def modules_of_product() -> Iterator[str]:
    """All modules of the product's half."""
    for room in ROOMS:
        package = importlib.import_module(room)
        yield room
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if found.name not in OF_THE_LABORATORY:
                yield found.name


def import_product() -> list[str]:
    """Import all of the product's half; what was imported."""
    return [importlib.import_module(name).__name__ for name in modules_of_product()]


def become_windows() -> None:
    """From here on, for what is imported anew."""
    for module, names in MISSING.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    for name in ONLY_UNIX:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, NotOnWindows())
    os.environ["USERPROFILE"] = os.environ.pop("HOME", "/")
    for name in ("LOGNAME", "USER", "LNAME"):
        os.environ.pop(name, None)
    pathlib.WindowsPath = pathlib.PosixPath  # what Path() is where os.name is nt
    os.name, sys.platform = "nt", "win32"
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(encoding="cp1252", errors="strict")
    warnings.filterwarnings("error", category=EncodingWarning, module=rf"({'|'.join(ROOMS)})\b")


def forget_product() -> None:
    """So that the product's modules are imported anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ROOMS:
            del sys.modules[name]


def run(*arguments: str) -> int:
    """A command; its exit code."""
    from cli.main import run

    sys.argv = ["qsm", *arguments]
    try:
        run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def main(commands: str) -> None:
    """Import the packages of others as they are, become Windows, import the product, and run it."""
    assert sys.flags.warn_default_encoding
    from cli import prefect_settings

    prefect_settings.apply()
    import_product()
    forget_product()
    become_windows()
    print("imported:", *import_product())
    from qsm.plan.operator import this_user

    print("user:", this_user())
    for arguments in json.loads(commands):
        print(f"exit {run(*arguments)}: {arguments[0]}")


if __name__ == "__main__":
    main(sys.argv[1])
