"""What real hosts do besides answering: noise, prompts, policies, code pages, slow starts, signals, late input.

The module itself runs here, in real PowerShell processes behind the lab's endpoint, and the product's own session and
`Host` are in front of it. The program that the lab starts is one of the test's: it counts its starts and can be slow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hanging import Hang
from hosts_driver import HostCaller, new_migration_id, read_settings
from powershell_program import require_engine
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from lab.engines.powershell.standins import MODULE_NAME
from lab.host.faults import Fault, FaultAction, FaultPlace
from lab.host.handle import MIB, LabDisk
from lab.hyperv import INSTANT
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings
from qsm.care.check_hosts import check_host, check_pair
from qsm.errors import HostRefused, OutcomeUnknown, Refused
from qsm.hosts import messages as m
from qsm.hosts import operations, wire
from qsm.hosts.host import Call, Host
from qsm.hosts.winrm_session import ProcessEndedError
from qsm.settings import TimeLimits

NO_VM = "00000000-0000-0000-0000-000000000001"
NAME = "Bücher-Übung 'x' & $y"
DISK = rf"D:\VMs\{NAME}\Übung & $y.vhdx"
"""Hyper-V's cmdlets find a disk in a folder with an apostrophe, and none with one in its own name."""
CHATTER = Path(__file__).parent / "chatter.ps1"
TEMPORARY = r"C:\Windows\Temp"
PROFILE = r"C:\Windows\System32\WindowsPowerShell\v1.0\profile.ps1"
LIMITS = TimeLimits(receive_seconds=5, stdin_probe_seconds=60)
PROGRAM = """#!/bin/sh
echo started >> "{folder}/started"
[ -e "{folder}/slow" ] && sleep 1.2
exec "{engine}" "$@"
"""


@dataclass
class SignalWorld:
    """The laboratory, and what the product has of it."""

    lab: Laboratory
    folder: Path
    """Where the program of the processes counts its starts."""
    hosts: list[Host] = field(default_factory=list)

    def connect(self, name: str, *, limits: TimeLimits = LIMITS) -> Host:
        """The product's host, without any process yet."""
        self.hosts.append(Host(name, read_settings(self.lab)[name], limits=limits))
        return self.hosts[-1]

    @property
    def started(self) -> int:
        """How many PowerShell processes were started so far."""
        return len((self.folder / "started").read_text("ascii").splitlines())

    def put(self, name: str, path: str, text: str) -> Path:
        """Writes a file on a host."""
        real = self.lab.host(name).files.host_path(path)
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(text, "utf-8")
        return real


@pytest.fixture(scope="module")
def whole_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignalWorld]:
    """Two hosts whose machine policies allow no scripts, and one that hands over input only at its end."""
    engine = require_engine()
    folder = tmp_path_factory.mktemp("signals")
    program = folder / "powershell"
    program.write_text(PROGRAM.format(folder=folder, engine=engine), "utf-8")
    program.chmod(0o755)
    timing = dataclasses.asdict(INSTANT)
    plans = (
        HostPlan(name="hv01", timing=timing, facts={"execution_policy": "AllSigned"}),
        HostPlan(name="hv02", timing=timing, facts={"execution_policy": "Restricted"}),
        HostPlan(name="late", timing=timing, endpoint={"stdin_only_at_end": True}),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QSM_PWSH", str(program))
        with Laboratory(folder / "lab").running(LabSettings(engine="powershell", hosts=plans)) as running:
            with closing(HostCaller(running, "hv01")) as caller:
                caller.install()
            yield SignalWorld(running, folder)


@pytest.fixture
def world(whole_world: SignalWorld) -> Iterator[SignalWorld]:
    yield whole_world
    while whole_world.hosts:
        whole_world.hosts.pop().close()
    for name in ("hv01", "hv02", "late"):
        whole_world.lab.host(name).clear_faults()


@pytest.fixture
def caller(world: SignalWorld) -> Iterator[HostCaller]:
    """A warm process on hv01, below the product's `Host`."""
    caller = HostCaller(world.lab, "hv01")
    yield caller
    caller.close()


@pytest.fixture
def doing(world: SignalWorld) -> Iterator[Callable[[str], None]]:
    """Gives hv01 a Get-VMSwitch that does something besides, which the fixture says."""
    doing = world.put("hv01", rf"{TEMPORARY}\doing.txt", "")
    world.put("hv01", rf"{TEMPORARY}\words.txt", f"{NAME} <&> ☃\nsecond line")
    module = world.lab.host("hv01").folder / "powershell" / "modules" / MODULE_NAME / f"{MODULE_NAME}.psm1"
    plain = module.read_text("ascii")
    module.write_text(plain + CHATTER.read_text("ascii"), "ascii")

    def say(what: str) -> None:
        doing.write_text(what, "utf-8")

    yield say
    module.write_text(plain, "ascii")


def test_machine_policies_give_way_to_the_command_line(world: SignalWorld) -> None:
    """AllSigned and Restricted, as an administrator sets them: down to a SYSTEM task that copies a file."""
    source, target = world.connect("hv01"), world.connect("hv02")
    told, findings = zip(*(check_host(host) for host in (source, target)), strict=True)
    assert [facts.execution_policy for facts in told] == ["Bypass", "Bypass"]
    findings += (check_pair(source, target, source_facts=told[0], target_facts=told[1]),)
    assert [finding for host in findings for finding in host if not finding.ok] == []
    assert findings[-1][-1].point == "copy of one file"


@pytest.mark.parametrize("policy", ["AllSigned", "Restricted"])
def test_group_policy_is_refused_with_what_to_do(world: SignalWorld, policy: str) -> None:
    world.lab.host("hv01").change_facts(enforced_execution_policy=policy)
    try:
        with closing(HostCaller(world.lab, "hv01")) as caller:
            told = caller.exchange({"operation": "ping"})
        assert "cannot be loaded" in told["error"]["message"]
        with pytest.raises(Refused, match=rf"Group Policy.*host hv01 to {policy}.*Nothing was changed.*RemoteSigned"):
            world.connect("hv01").ask(operations.get_host, m.GetHostArguments())
        _, (finding,) = check_host(world.connect("hv01"))
        assert not finding.ok
        assert policy in finding.found
        assert "WinRM" not in finding.repair
    finally:
        world.lab.host("hv01").change_facts(enforced_execution_policy=None)


def test_noise_on_every_stream_is_never_the_answer(world: SignalWorld, doing: Callable[[str], None]) -> None:
    host = world.connect("hv01")
    doing("")
    quiet = host.ask(operations.get_host, m.GetHostArguments())
    doing("chatter")
    for _ in range(2):
        told = host.ask(operations.get_host, m.GetHostArguments())
        assert told.model_copy(update={"volumes": quiet.volumes}) == quiet


def test_what_a_dead_process_said_is_told_as_text(
    world: SignalWorld, caller: HostCaller, doing: Callable[[str], None]
) -> None:
    doing("chatter")
    caller.host.set_fault(Fault("Get-VMSwitch", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    with pytest.raises(ProcessEndedError) as ended:
        caller.call("get_host")
    text = str(ended.value)
    assert f"{NAME} <&> ☃ second line" in text
    for noise in ("CLIXML", "<Objs", "_x000", "S=", "asking", "many words many", "\n"):
        assert noise not in text
    assert caller.call("get_host").ok


def test_what_must_not_pass_ends_the_operation(world: SignalWorld, doing: Callable[[str], None]) -> None:
    """A cmdlet's error that it survives itself, a parameter that is missing, all ways to ask somebody, other output."""
    host = world.connect("hv01")
    expected = {"error": "third of five switches", "output": "property 'name'"}
    expected |= {"mandatory": "missing mandatory parameters", "credential": "missing mandatory parameters"}
    expected |= dict.fromkeys(("read", "continue", "confirm"), "interactive")
    for what, told in expected.items():
        doing(what)
        with pytest.raises(HostRefused) as refused:
            host.ask(operations.get_host, m.GetHostArguments())
        assert told in str(refused.value).casefold(), what
    doing("")
    assert host.ask(operations.get_host, m.GetHostArguments()).hyperv


def test_profile_of_the_host_never_runs(world: SignalWorld) -> None:
    profile = world.put("hv01", PROFILE, "'printed by a profile'\nthrow 'a profile that fails'\n")
    try:
        host = world.connect("hv01")
        assert host.ask(operations.get_host, m.GetHostArguments()).computer_name == "HV01"
        with closing(HostCaller(world.lab, "hv01")) as caller:
            caller.host.set_fault(Fault("Get-VMHost", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
            with pytest.raises(ProcessEndedError) as ended:
                caller.call("get_host")
        assert "profile" not in str(ended.value)
    finally:
        profile.unlink()


@pytest.fixture(scope="module")
def odd_vm(whole_world: SignalWorld) -> str:
    """A VM whose name is hard on code pages, quotes and separators."""
    host = whole_world.lab.host("hv01")
    disk = LabDisk(size_bytes=4 * MIB, path=DISK)
    vm = host.create_vm(NAME, disks=[disk], memory_bytes=MIB, state="Off")
    return str(vm["vm_id"])


@pytest.mark.parametrize("page", [437, 850, 65001])
def test_code_page_of_the_host_changes_no_name(world: SignalWorld, odd_vm: str, caller: HostCaller, page: int) -> None:
    world.lab.host("hv01").change_facts(console_code_page=page)
    try:
        (found,) = caller.call("get_vm", {"name_or_id": NAME}).result.matches
        assert (found.vm_id, found.name) == (odd_vm, NAME)
        assert found.disks[0].chain[0].path == DISK
        about = {"vm_id": odd_vm, "vm_name": NAME, "by": "test"}
        migration_id = new_migration_id()
        caller.call("create_record", {**about, "role": "source", "peer": "HV02", "plan": {}}, migration_id=migration_id)
        refused = caller.call("hand_over", {"vm_id": odd_vm}, migration_id=migration_id, revision=1).error
        assert refused is not None
        assert NAME in refused.message
    finally:
        world.lab.host("hv01").change_facts(console_code_page=None)


@pytest.mark.parametrize(("probe_seconds", "calls"), [(60, 2), (1, 1)])
def test_slow_start_and_slow_import_are_waited_for(
    world: SignalWorld, doing: Callable[[str], None], probe_seconds: int, calls: int
) -> None:
    """Each Receive ends several times without output; a start that outlasts the probe costs a process per call."""
    doing("wait at import")
    (world.folder / "slow").touch()
    try:
        before = world.started
        host = world.connect("hv01", limits=TimeLimits(receive_seconds=1, stdin_probe_seconds=probe_seconds))
        for _ in range(calls):
            assert host.ask(operations.get_host, m.GetHostArguments()).computer_name == "HV01"
        assert world.started - before == 2
    finally:
        (world.folder / "slow").unlink()


def test_input_that_arrives_at_its_end_only(world: SignalWorld) -> None:
    host = world.connect("late", limits=TimeLimits(stdin_probe_seconds=1))
    assert host.ask(operations.get_host, m.GetHostArguments()).computer_name == "LATE"
    before = world.started
    about = m.CreateRecordArguments(role="source", vm_id=NO_VM, vm_name=NAME, peer="HV02", by="test", plan={})
    told, revision = host.change(operations.create_record, about, call=Call(new_migration_id()))
    assert (told.record.vm_name, revision) == (NAME, 1)
    assert world.started - before == 1


@dataclass
class Change:
    """A VM on hv01 in a migration that has begun, and two ways to change it."""

    host: Host
    vm_id: str
    migration_id: str

    @property
    def settings(self) -> m.RestoreSettingsArguments:
        """Of an operation that is simply done again: it converges."""
        return m.RestoreSettingsArguments(vm_id=self.vm_id, automatic_start_action="Nothing", checkpoint_type=None)

    @property
    def checkpoint(self) -> m.TakeCheckpointArguments:
        """Of an operation that nobody may do twice."""
        return m.TakeCheckpointArguments(
            vm_id=self.vm_id, name=f"QSM {self.migration_id}", checkpoint_type="Production", expected_state="Off",
            expected_disks=(),
        )  # fmt: skip

    def states(self, operation: str) -> list[str]:
        """How the journal has the attempts at an operation."""
        found = self.host.ask(operations.find_migrations, m.FindMigrationArguments(migration_id=self.migration_id))
        return [outcome.state for outcome in found.migrations[0].outcomes if outcome.operation == operation]


@pytest.fixture
def change(world: SignalWorld) -> Iterator[Change]:
    host = world.connect("hv01")
    vm = world.lab.host("hv01").create_vm("changed", disks=[], adapters=[], memory_bytes=MIB, state="Off")
    made = Change(host, vm["vm_id"], new_migration_id())
    about = {"vm_id": made.vm_id, "vm_name": "changed", "by": "test"}
    call = Call(made.migration_id)
    host.change(
        operations.create_record, m.CreateRecordArguments(role="source", peer="HV02", plan={}, **about), call=call
    )
    host.change(operations.take_lock, m.LockArguments(**about), call=call)
    yield made
    world.lab.host("hv01").clear_faults()
    world.lab.host("hv01").hyperv("remove_vm", vm_id=made.vm_id)


def test_control_c_in_the_middle_of_an_act(world: SignalWorld, change: Change) -> None:
    """By somebody's own client, as wsmprovhost takes it: the process ends, and the journal keeps what is not known."""
    lab_host = world.lab.host("hv01")
    hang = Hang.of_cmdlet(lab_host, "Set-VM")
    line = {
        "call": wire.new_call_id(), "module": wire.module_hash(), "operation": "restore_settings", "subject": "",
        "migration_id": change.migration_id, "revision": 1, "wait_seconds": 0,
        "arguments": change.settings.model_dump(mode="json"),
    }  # fmt: skip
    program, _, arguments = wire.bootstrap_command("serve").partition(" ")
    with WSMan(**wsman_options(world, "hv01")) as wsman, WinRS(wsman, codepage=65001) as shell:
        process = Process(shell, program, [arguments])
        process.begin_invoke()
        process.send(wire.encode_line(line), end=False)
        hang.wait()
        assert change.states("restore_settings") == ["started"]
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert process.rc != 0
        assert wire.MARK not in process.stdout
    lab_host.clear_faults()
    assert change.states("restore_settings") == ["started"]
    change.host.change(operations.restore_settings, change.settings, call=Call(change.migration_id, revision=1))
    assert change.states("restore_settings") == ["failed", "done"]


def test_killed_in_the_middle_of_an_act(world: SignalWorld, change: Change) -> None:
    """The journal decides: what converges is done again, what must not be done twice is unknown, and stays so."""
    lab_host = world.lab.host("hv01")
    lab_host.set_fault(Fault("Set-VM", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    call = Call(change.migration_id, revision=1)
    _, revision = change.host.change(operations.restore_settings, change.settings, call=call)
    assert change.states("restore_settings") == ["failed", "done"]
    lab_host.set_fault(Fault("Checkpoint-VM", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    call = Call(change.migration_id, revision=revision)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="take_checkpoint"):
            change.host.change(operations.take_checkpoint, change.checkpoint, call=call)
    assert change.states("take_checkpoint") == ["started"]


def wsman_options(world: SignalWorld, name: str) -> dict[str, object]:
    """How pypsrp, which is no part of the product, reaches a host."""
    settings = read_settings(world.lab)[name]
    return {
        "server": settings.address, "port": settings.port, "ssl": True, "auth": "ntlm", "username": settings.user,
        "password": settings.secret().get_secret_value(), "cert_validation": str(settings.ca_file), "no_proxy": True,
    }  # fmt: skip
