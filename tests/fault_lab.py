"""What fault tests do beyond flow tests: set faults at named moments, run commands that are killed, and name the ends.

Each end is judged from outside: both hosts' inventories, the VM's state, every disk byte against the witness, and that
no two incarnations ever lived at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from command_line import CommandLine, QsmCommand
from flow_lab import MIB, FlowLab, TestVM
from hanging import Hang
from waiting import wait_until

from lab.guest.workload import Workload
from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.host.handle import LabDisk, LabHost
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import verify_disks
from lab.laboratory import Laboratory
from lab.witness.connection import WitnessError
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.plan.record import Record
from qsm.report.report import Report
from qsm.run import MigrationFailed
from qsm.settings import load_settings

BEFORE, AFTER = FaultMoment.BEFORE, FaultMoment.AFTER
QUICK = Workload(
    writes_per_second=200, working_set_blocks=64, hot_set_share=0.5, hot_set_blocks=16, memory_bytes=4 * MIB
)
FAILED, REFUSED, HELD, LEFT_OVER, UNREACHABLE, INTERRUPTED = (
    1,
    3,
    4,
    5,
    6,
    130,
)  # exit codes, told again: they are promised
GIVE_UP_SECONDS = "5"
HOME = FAILED  # a migration that failed has brought the VM home
_numbers = itertools.count(1)


class FaultLab(FlowLab):
    """The laboratory in the hands of one fault test."""

    def __init__(
        self, laboratory: Laboratory, command_line: CommandLine, *, folder: Path, setenv: Callable[[str, str], None]
    ) -> None:
        super().__init__(laboratory)
        self._setenv = setenv
        self._command_line = command_line
        self._folder = folder
        self._commands: list[QsmCommand] = []

    def host(self, side: str) -> LabHost:
        """The host of a side."""
        return self.source if side == "source" else self.target

    def small_vm(self, *, disks: int = 1, **settings: Any) -> TestVM:
        """A running VM with small disks."""
        return self.make_vm(disks=[LabDisk(size_bytes=8 * MIB)] * disks, workload=QUICK, **settings)

    # --- faults

    def fail(
        self, side: str, cmdlet: str, *, moment: FaultMoment = BEFORE, times: int | None = 1, skip: int = 0
    ) -> None:
        """A cmdlet fails on a host, before or after it acted."""
        self.host(side).set_fault(Fault(cmdlet, FaultAction.FAIL, FaultPlace.CMDLET, moment, times=times, skip=skip))

    def lose(self, side: str, operation: str, *, moment: FaultMoment, times: int | None = 1, skip: int = 0) -> None:
        """A call never reaches the host (before), or its answer gets lost (after). Without `times` the wire stays dead."""
        if times is None:
            self.give_up_soon()
        drop = Fault(operation, FaultAction.DROP, FaultPlace.OPERATION, moment, times=times, skip=skip)
        self.host(side).set_fault(drop)

    def give_up_soon(self) -> None:
        """For a test in which a host never answers again: it is given up after seconds, not after minutes."""
        self._setenv("QSM_LIMITS__UNREACHABLE_SECONDS", GIVE_UP_SECONDS)
        load_settings.cache_clear()

    def end_process(self, side: str, cmdlet: str, *, moment: FaultMoment = BEFORE, times: int | None = 1) -> None:
        """The PowerShell process that called a cmdlet ends."""
        self.host(side).set_fault(Fault(cmdlet, FaultAction.KILL_PROCESS, FaultPlace.CMDLET, moment, times=times))

    def cut_power_at(self, side: str, cmdlet: str, *, moment: FaultMoment = BEFORE) -> None:
        """The host loses its power at a cmdlet."""
        self.host(side).set_fault(Fault(cmdlet, FaultAction.KILL_HOST, FaultPlace.CMDLET, moment))

    def hang(self, side: str, operation: str, *, moment: FaultMoment, skip: int = 0) -> Hang:
        """A call stays where it is, until the faults are cleared."""
        return Hang.of_call(self.host(side), operation, moment=moment, skip=skip)

    def hang_cmdlet(self, side: str, cmdlet: str, *, moment: FaultMoment = BEFORE) -> Hang:
        """A cmdlet stays where it is, until the faults are cleared."""
        return Hang.of_cmdlet(self.host(side), cmdlet, moment=moment)

    def has_acted(self, side: str, name: str) -> bool:
        """Whether a fault of that name on that host has acted."""
        return any(fault["acted"] for fault in self.host(side).faults() if fault["name"] == name)

    def clear_faults(self) -> None:
        """Clears the faults of both hosts; what hangs goes on."""
        for host in (self.source, self.target):
            host.clear_faults()

    # --- commands

    def command(self, *arguments: str) -> QsmCommand:
        """Starts `qsm` with these arguments, in a process of its own."""
        command = self._command_line.start(arguments, output=self._folder / f"command-{next(_numbers)}.txt")
        self._commands.append(command)
        return command

    def start_migration(self, vm: TestVM, *, keep_source: bool = False) -> QsmCommand:
        """Starts `qsm migrate`."""
        return self.command(
            "migrate", vm.vm_id, "--source", "hv01", "--target", "hv02", "--target-folder", vm.folder,
            "--switch", "LAN=Production", "--keep-source" if keep_source else "--remove-source",
        )  # fmt: skip

    def run_into(self, hang: Hang, vm: TestVM) -> QsmCommand:
        """Starts `qsm migrate`, and waits until it hangs there."""
        run = self.start_migration(vm)
        hang.wait(run)
        return run

    def kill_in(self, hang: Hang, vm: TestVM) -> None:
        """Starts `qsm migrate`, and kills it (SIGKILL) as soon as it hangs there. What hangs stays so."""
        self.run_into(hang, vm).kill()

    def abandon(self, vm: TestVM) -> int:
        """`qsm abandon` in a fresh process; its exit code."""
        return self._run("abandon", vm.vm_id)

    def finish(self, vm: TestVM) -> int:
        """`qsm finish` in a fresh process; its exit code."""
        return self._run("finish", vm.vm_id)

    def _run(self, *arguments: str) -> int:
        command = self.command(*arguments)
        code = command.exit_code()
        print(f"qsm {' '.join(arguments)}: {code}\n{command.output}")
        return code

    def failed_report(self, vm: TestVM, **changes: Any) -> Report:
        """Migrates a VM, which must fail, and gives the report of it."""
        try:
            report = self.migrate(vm, **changes)
        except MigrationFailed as error:
            return error.report
        raise AssertionError(f"the migration went through: {report.text}")

    # --- ends

    def record(self, side: str, vm: TestVM) -> Record | None:
        """The record of the VM's newest migration on that host."""
        question = m.FindMigrationArguments(vm=vm.vm_id)
        found = self.look(self.host(side).name).ask(operations.find_migrations, question).migrations
        return max((each.record for each in found), key=lambda record: record.created_utc, default=None)

    def assert_home(self, vm: TestVM, before: Sequence[dict[str, Any]], *, after_crash: bool = False) -> None:
        """Running at the source, nothing left over on either host, no write lost, never ran twice."""
        self.assert_clean(vm, before)
        assert self.state(self.target, vm) is None
        self.assert_source_is_whole(vm)
        self.assert_at(self.source, vm, after_crash=after_crash)

    def assert_source_is_whole(self, vm: TestVM) -> None:
        """No checkpoint, no differencing disk, settings as they were; and no file of the VM at the target."""
        found = self.source.vm(vm.vm_id)
        assert found["snapshots"] == []
        assert (found["automatic_start_action"], found["checkpoint_type"]) == ("StartIfRunning", "Production")
        assert not [path for path in self.files_of(self.source, vm) if path.endswith((".avhd", ".avhdx"))]
        assert not self.files_of(self.target, vm)

    def assert_clean(self, vm: TestVM, before: Sequence[dict[str, Any]]) -> None:
        """Both hosts as before, but for the VM."""
        for host, earlier in zip(("hv01", "hv02"), before, strict=True):
            now = self.clean_inventory(host, without=vm)
            changed = {kind: (earlier[kind], now[kind]) for kind in now if now[kind] != earlier[kind]}
            if "files" in changed:
                old, new = (set(files.items()) for files in changed["files"])
                changed["files"] = (sorted(old - new), sorted(new - old))
            assert not changed, f"{host}: was and is {changed}"

    def assert_forward(
        self, vm: TestVM, before: Sequence[dict[str, Any]], *, kept: bool = False, after_crash: bool = False
    ) -> None:
        """At the target in its state, the source removed or kept, nothing else left, no write lost, never ran twice."""
        self.assert_at(self.target, vm, after_crash=after_crash)
        assert self.target.vm(vm.vm_id)["automatic_start_action"] == "StartIfRunning"
        if kept:
            assert self.state(self.source, vm) == "Saved"
        else:
            assert self.state(self.source, vm) is None
            assert not self.files_of(self.source, vm)
        self.assert_clean(vm, before)

    def assert_at(self, host: LabHost, vm: TestVM, *, after_crash: bool = False) -> None:
        """Running on that host and nowhere else, every byte as acknowledged. The VM is saved by this."""
        other = self.target if host is self.source else self.source
        assert self.state(host, vm) == "Running"
        assert self.state(other, vm) in (None, "Saved", "Off")
        self.wait_for_writes(vm)
        host.hyperv("save_vm", vm_id=vm.vm_id)
        readers = {slot: FlatReader(path) for slot, path in host.disk_paths(vm.vm_id).items()}
        verification = verify_disks(readers, self.witness.acknowledged_table(vm.vm_id), after_crash=after_crash)
        assert verification.clean, verification.findings[:5]
        assert set(verification.blocks_compared) == set(vm.slots)
        self.assert_never_ran_twice(vm)

    def wait_until_running(self, host: LabHost, vm: TestVM) -> None:
        """Until the guest runs on that host."""
        wait_until(lambda: self.state(host, vm) == "Running", what=f"{vm.name} on {host.name}")

    def lives(self, vm: TestVM) -> int:
        """How many incarnations the witness has heard of."""
        try:
            return len(self.witness.lifetimes(vm.vm_id))
        except WitnessError:
            return 0

    def clear(self) -> None:
        """Ends commands, clears faults, and takes the VMs of this test away from both hosts."""
        for command in self._commands:
            command.close()
        for name, host in self.laboratory.status()["hosts"].items():
            if host["process_id"] is None:
                self.laboratory.host(name).boot()
        for vm in self._vms:
            self.witness.open_gate(vm.vm_id)
        super().clear()
        for host in (self.source, self.target):
            for vm in self._vms:
                if self.state(host, vm) is not None:
                    host.hyperv("remove_vm", vm_id=vm.vm_id)
            wait_until(lambda host=host: not host.hyperv("get_merge_jobs"), what=f"the merges on {host.name}")  # type: ignore[misc]
