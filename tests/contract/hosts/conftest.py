"""Two hosts over real sockets, as the product reaches them: one laboratory per engine, made when a test first asks.

Every test that takes hosts runs on both engines: the lab's own, and the module itself in a real PowerShell (needs
QSM_PWSH). QSM_LAB_WINDOWS names the version of Windows Server that the hosts of the latter play, 2022 if nothing is said;
`make test-all` runs all tests with each.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hosts_driver import WINDOWS, HostCaller, encoded, plain, run
from hosts_script import MigrationScript
from powershell_program import NEEDS_ENGINE

from lab.guest.workload import Workload
from lab.host.handle import MIB, LabDisk
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings

NAMES = ("hv01", "hv02")
QUIET = Workload(
    writes_per_second=50, working_set_blocks=512, hot_set_share=0.8, hot_set_blocks=64, memory_bytes=2 * MIB
)
"""What the guests write is no matter of the contract, but each write costs the machine something."""

_serial = itertools.count(1)


class Laboratories:
    """The laboratories of a session, by engine and version of Windows, and a caller for each host. A warm process outlives
    a test."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._running: dict[tuple[str, str], Laboratory] = {}
        self._callers: dict[tuple[Laboratory, str, int], HostCaller] = {}
        self._stack = ExitStack()

    def callers(self, engine: str, windows: str) -> dict[str, HostCaller]:
        """The callers of a laboratory's hosts, by name; a host that was booted since has a new one."""
        running = self._running.get((engine, windows)) or self._start(engine, windows)
        found = {}
        for name, told in running.status()["hosts"].items():
            key = (running, name, told["process_id"])
            if key not in self._callers:
                self._callers[key] = HostCaller(running, name)
            found[name] = self._callers[key]
        return found

    def close(self) -> None:
        """End all processes."""
        for caller in self._callers.values():
            caller.close()
        self._stack.close()

    def _start(self, engine: str, windows: str) -> Laboratory:
        timing = dataclasses.asdict(INSTANT)
        hosts = [HostPlan.model_validate({"name": name, "timing": timing, "windows": windows}) for name in NAMES]
        settings = LabSettings.model_validate({"engine": engine, "hosts": hosts})
        running = self._stack.enter_context(Laboratory(self._folder(engine)).running(settings))
        self._running[engine, windows] = running
        for caller in self.callers(engine, windows).values():
            caller.install()
        return running


@pytest.fixture(scope="session")
def laboratories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratories]:
    opened = Laboratories(tmp_path_factory.mktemp)
    yield opened
    opened.close()


@pytest.fixture(params=["python", pytest.param(f"powershell {WINDOWS}", marks=NEEDS_ENGINE)])
def callers(laboratories: Laboratories, request: pytest.FixtureRequest) -> Iterator[dict[str, HostCaller]]:
    """Both hosts' callers; afterwards no fault is left, and no guest writes on beside other tests."""
    engine, _, windows = request.param.partition(" ")
    callers = laboratories.callers(engine, windows or WINDOWS)
    yield callers
    for caller in callers.values():
        caller.host.clear_faults()
        caller.host.turn_off()


@pytest.fixture
def laboratory(callers: dict[str, HostCaller]) -> Laboratory:
    return callers["hv01"].lab


@pytest.fixture
def source(callers: dict[str, HostCaller]) -> HostCaller:
    return callers["hv01"]


@pytest.fixture
def target(callers: dict[str, HostCaller]) -> HostCaller:
    return callers["hv02"]


@pytest.fixture
def make_script(source: HostCaller, target: HostCaller) -> Callable[..., MigrationScript]:
    """Makes a VM of its own on the source and a migration of it that has not begun."""

    def make(name: str, **settings: Any) -> MigrationScript:
        small = {"disks": [LabDisk(size_bytes=16 * MIB)], "workload": QUIET}
        vm = source.host.create_vm(f"{name}-{next(_serial)}", **{**small, **settings})
        return MigrationScript(source, target, vm["vm_id"])

    return make


@pytest.fixture(scope="session")
def cmdlet_laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A host for scripts of a test's own, without the module: what the cmdlets do by themselves."""
    plan = HostPlan(name="hv01", timing=dataclasses.asdict(INSTANT))
    settings = LabSettings(engine="powershell", hosts=(plan,))
    with Laboratory(tmp_path_factory.mktemp("cmdlets")).running(settings) as running:
        yield running


@pytest.fixture
def cmdlet_vm(cmdlet_laboratory: Laboratory) -> Iterator[dict[str, Any]]:
    """A running VM on that host."""
    name, host = f"seen-{next(_serial)}", cmdlet_laboratory.host("hv01")
    vm = host.create_vm(name, disks=[LabDisk(size_bytes=8 * MIB)], workload=QUIET)
    yield vm
    host.turn_off([vm["vm_id"]])


@pytest.fixture
def in_one_process(cmdlet_laboratory: Laboratory, cmdlet_vm: dict[str, Any]) -> Callable[[str], list[str]]:
    """Runs a script in a process of its own on that host, where $name is the VM's; gives the words that it writes."""

    def execute(script: str) -> list[str]:
        whole = f"$ErrorActionPreference = 'Stop'; $name = '{cmdlet_vm['name']}'; {script}"
        program = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(whole)]
        out, err, code = run(plain(cmdlet_laboratory, "hv01"), "powershell.exe", program)
        assert code == 0, err
        return out.split()

    return execute
