"""The process that keeps a laboratory: parent of the witness and of all hosts.

Hosts come and go by power cuts while the laboratory stays, and whoever made it may be a command that ends at once. So
one process owns them all: it starts hosts, cuts their power and reaps what was killed, and if it dies, everything dies
with it. It is asked over the control socket of the lab's folder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.process import control
from lab.process.children import start_child
from lab.process.control import ControlServer
from lab.process.dying_with_parent import die_with_parent
from lab.settings import LabSettings
from lab.witness.process import WitnessProcess

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
BOOT_SECONDS = 60
SHUT_DOWN_SECONDS = 120


class KeeperError(Exception):
    """A host cannot be started or stopped; the text says which."""


class Keeper:
    """The witness and the hosts of one laboratory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._settings = LabSettings.load(folder)
        self._witness = WitnessProcess.start(folder / "witness")
        self._hosts: dict[str, subprocess.Popen[bytes]] = {}
        self._locks = {host.name: threading.RLock() for host in self._settings.hosts}
        self.over = threading.Event()

    def handlers(self) -> dict[str, Any]:
        """Return the levers by name."""
        return {
            "status": self.status,
            "boot": self.boot,
            "power_off": self.power_off,
            "wait_until_off": self.wait_until_off,
            "shut_down": self.shut_down,
            "freeze": self.freeze,
            "thaw": self.thaw,
            "down": self.over.set,
        }

    def status(self) -> dict[str, Any]:
        """Tell the witness's address, and the process id of each host (None: it is off)."""
        running = {name: self._hosts[name].pid if self._is_up(name) else None for name in self._locks}
        return {"keeper": os.getpid(), "witness": list(self._witness.address), "hosts": running}

    def boot(self, name: str) -> None:
        """Switch a host on, and wait until it answers. Raises KeeperError."""
        with self._locks[name]:
            if self._is_up(name):
                raise KeeperError(f"Host {name} is on already.")
            self._bury(name)
            address, port = self._witness.address
            reading, writing = os.pipe()
            folder = self._folder / name
            self._hosts[name] = start_child(
                f"lab.engines.{self._settings.engine}",
                [str(self._folder), name, f"{address}:{port}", str(writing)],
                log_file=folder / "host.log",
                pass_file_descriptors=[writing],
            )
            os.close(writing)
            with os.fdopen(reading) as ready:
                if not ready.readline():
                    self._bury(name)
                    raise KeeperError(f"Host {name} did not come up; see {folder / 'host.log'}.")

    def power_off(self, name: str) -> None:
        """Cut a host's power: it and its VMs are gone when this returns. One that is off stays off."""
        with self._locks[name]:
            self._bury(name)

    def wait_until_off(self, name: str) -> None:
        """Wait for a host that is about to end by itself (a fault cuts its power). Raises KeeperError if it does not."""
        with self._locks[name]:
            process = self._hosts.get(name)
            if process is not None:
                _wait(process, f"Host {name} did not go off")
            self._bury(name)

    def shut_down(self, name: str) -> None:
        """Have a host go down in order. Raises KeeperError if it does not."""
        with self._locks[name]:
            if not self._is_up(name):
                raise KeeperError(f"Host {name} is off.")
            control.ask(self._folder / name, "shut_down")
            _wait(self._hosts[name], f"Host {name} did not shut down")
            self._bury(name)

    def freeze(self, name: str) -> None:
        """Stop a host and its VMs where they are."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen host go on."""
        self._signal(name, signal.SIGCONT)

    def close(self) -> None:
        """End everything."""
        for name in self._locks:
            self.power_off(name)
        self._witness.stop()

    def _is_up(self, name: str) -> bool:
        process = self._hosts.get(name)
        return process is not None and process.poll() is None

    def _signal(self, name: str, number: signal.Signals) -> None:
        with self._locks[name]:
            if not self._is_up(name):
                raise KeeperError(f"Host {name} is off.")
            os.killpg(self._hosts[name].pid, number)

    def _bury(self, name: str) -> None:
        """Kill a host's process group, and wait until nothing of it is left: orphaned VMs are this process's now."""
        process = self._hosts.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-process.pid, 0)


def _wait(process: subprocess.Popen[bytes], complaint: str) -> None:
    try:
        process.wait(SHUT_DOWN_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise KeeperError(f"{complaint} in {SHUT_DOWN_SECONDS} s.") from error


def main() -> None:
    """Run a laboratory: parent's process id (0: outlive it), lab folder, descriptor to say ready."""
    parent, folder = int(sys.argv[1]), Path(sys.argv[2])
    if parent:
        die_with_parent(parent)
        os.setpgid(0, 0)  # Ctrl-C is for the command, which then needs the hosts to bring the VM home
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) was refused")
    keeper = Keeper(folder)
    ControlServer(folder, keeper.handlers()).start()
    with os.fdopen(int(sys.argv[3]), "w") as ready:
        ready.write("ready\n")
    keeper.over.wait()
    keeper.close()


if __name__ == "__main__":
    main()
