"""What a host takes over WinRM: the four scripts, byte for byte, with the module really on its disk, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from hanging import Hang
from hosts_driver import LABS_OWN_ENGINE, HostCaller, encoded, new_migration_id, plain, run
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings
from qsm.hosts import wire
from qsm.hosts.winrm_session import LostError, ProcessEndedError

NO_VM = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A host with a folder of its own: module not installed, slow PowerShell, impatient lock, input only at the end."""
    plan = HostPlan(
        name="odd", start_delay_seconds=0.2, lock_wait_seconds=0.5, endpoint={"stdin_only_at_end": True}, switches=()
    )
    with Laboratory(tmp_path_factory.mktemp("odd")).running(LabSettings(hosts=(plan,))) as running:
        yield running


@pytest.mark.parametrize(
    ("program", "arguments", "complaint"),
    [
        ("cmd.exe", ["/c", "dir"], "not recognized"),
        ("hostname", [], "not recognized"),
        ("powershell.exe", ["-Command", "Get-VM"], "parameter"),
        ("powershell.exe", ["-EncodedCommand", encoded("Get-VM")], "none of them"),
        ("powershell.exe", ["-EncodedCommand", "%%%"], "not properly encoded"),
        ("powershell.exe", [], "command is missing"),
    ],
)
@LABS_OWN_ENGINE
def test_anything_but_the_scripts_is_refused(
    laboratory: Laboratory, program: str, arguments: list[str], complaint: str
) -> None:
    out, err, code = run(plain(laboratory, "hv01"), program, arguments)
    assert code == 1 and out == ""
    assert complaint in err


@LABS_OWN_ENGINE
def test_script_that_differs_by_one_letter_is_not_the_script(laboratory: Laboratory) -> None:
    program, _, arguments = wire.bootstrap_command("probe").partition(" ")
    text = base64.b64decode(arguments.rpartition(" ")[2]).decode("utf-16-le")
    altered = arguments.rpartition(" ")[0] + " " + encoded(text.replace("Test-Module", "Test-Modula"))
    assert run(plain(laboratory, "hv01"), program, [altered])[2] == 1


@LABS_OWN_ENGINE
def test_console_input_does_not_reach_the_script(laboratory: Laboratory) -> None:
    protocol = plain(laboratory, "hv01")
    program, _, arguments = wire.bootstrap_command("probe").partition(" ")
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, program, [arguments], console_mode_stdin=True)
    out, _, code = protocol.get_command_output(shell, command)
    protocol.close_shell(shell)
    assert (out, code) == (b"", 0)


@LABS_OWN_ENGINE
def test_noise_on_standard_error_is_no_failure(laboratory: Laboratory) -> None:
    program, _, arguments = wire.bootstrap_command("probe").partition(" ")
    line = wire.encode_line({"call": "0" * 32, "module": wire.module_hash()})
    out, err, code = run(plain(laboratory, "hv01"), program, [arguments], stdin=line)
    assert code == 0
    assert err.startswith("#< CLIXML")
    assert wire.parse_line(out.encode()) is not None


@LABS_OWN_ENGINE
def test_constrained_language_is_told_and_runs_no_module(laboratory: Laboratory, source: HostCaller) -> None:
    source.host.change_facts(language_mode="ConstrainedLanguage")
    try:
        found = source.probe()["result"]
        assert (found["language_mode"], found["installed"]) == ("ConstrainedLanguage", False)
        program, _, arguments = wire.bootstrap_command("serve").partition(" ")
        out, err, code = run(plain(laboratory, "hv01"), program, [arguments])
        assert (out, code) == ("", 1) and "language mode" in err
    finally:
        source.host.change_facts(language_mode="FullLanguage")


def test_module_is_installed_checked_and_not_believed_when_altered(odd: Laboratory) -> None:
    caller = HostCaller(odd, "odd", bootstrap="call")
    found = caller.probe()["result"]
    assert found["installed"] is False and found["administrator"] is True
    missing = caller.call("get_host")
    assert missing.error_id == "HostFailed" and missing.error is not None
    assert missing.error.category == "refused" and "not installed" in missing.error.message
    caller.install()
    assert caller.probe()["result"]["installed"] is True
    assert caller.call("get_host").result.computer_name == "ODD"
    folder = rf"C:\ProgramData\QuickStorageMigration\modules\{wire.module_hash()}\QuickStorageMigration"
    table = caller.host.files.host_path(rf"{folder}\Operations.json")
    content = table.read_bytes()
    table.write_bytes(content + b" ")
    assert caller.probe()["result"]["installed"] is False
    assert caller.call("get_host").error_id == "HostFailed"
    caller.install()
    assert table.read_bytes() == content
    caller.close()


def test_host_that_hands_over_input_only_at_its_end_is_found_out(odd: Laboratory) -> None:
    caller = HostCaller(odd, "odd")
    caller.install()
    with pytest.raises(AssertionError, match="did not answer ping"):
        caller.exchange({"operation": "ping"}, limit_seconds=0.1)
    caller.close()
    single = HostCaller(odd, "odd", bootstrap="call")
    assert single.exchange({"operation": "ping"})["ok"] is True
    single.close()


def test_second_call_that_waits_too_long_is_busy(odd: Laboratory) -> None:
    host = odd.host("odd")
    vm = host.create_vm("locked", adapters=[], state="Off")
    first, second = (HostCaller(odd, "odd", bootstrap="call") for _ in range(2))
    first.install()
    migration_id = new_migration_id()
    about = {"vm_id": vm["vm_id"], "vm_name": "locked", "by": "test"}
    first.call("create_record", {**about, "role": "source", "peer": "x", "plan": {}}, migration_id=migration_id)
    first.call("take_lock", about, migration_id=migration_id, subject="first")
    hang = Hang.of_cmdlet(host, "Set-VM")
    arguments = {"vm_id": vm["vm_id"], "automatic_start_action": "Nothing", "checkpoint_type": None}
    with pytest.raises(AssertionError, match="did not answer restore_settings"):
        first.call("restore_settings", arguments, migration_id=migration_id, revision=1, limit_seconds=0.1)
    hang.wait()
    busy = second.call("take_lock", about, migration_id=migration_id)
    assert busy.error_id == "Busy" and busy.error is not None and busy.error.retryable
    first.close()  # ends its process: what it held is free, and nobody knows what it did
    assert wait_until(
        lambda: second.call("take_lock", about, migration_id=migration_id, subject="again").ok, what="a free lock"
    )
    found = second.call("find_migrations", {"migration_id": migration_id}).result.migrations[0]
    assert [o.state for o in found.outcomes if o.operation == "restore_settings"] == ["started"]
    second.close()


def test_answer_lost_after_the_act_is_told_again_by_the_journal(source: HostCaller) -> None:
    migration_id = new_migration_id()
    arguments = {"role": "source", "vm_id": NO_VM, "vm_name": "x", "peer": "hv02", "by": "test", "plan": {}}
    source.host.set_fault(Fault("create_record", FaultAction.DROP, FaultPlace.OPERATION, FaultMoment.AFTER))
    with pytest.raises(LostError):
        source.call("create_record", arguments, migration_id=migration_id)
    source.forget()
    again = source.call("create_record", arguments, migration_id=migration_id)
    assert again.repeated and again.attempt == 1


def test_call_dropped_before_the_act_was_never_heard(source: HostCaller) -> None:
    migration_id = new_migration_id()
    arguments = {"role": "source", "vm_id": NO_VM, "vm_name": "x", "peer": "hv02", "by": "test", "plan": {}}
    source.host.set_fault(Fault("create_record", FaultAction.DROP, FaultPlace.OPERATION))
    source.exchange({"operation": "ping"})
    with pytest.raises(LostError):
        source.call("create_record", arguments, migration_id=migration_id)
    source.forget()
    assert source.call("find_migrations", {"migration_id": migration_id}).result.migrations == ()
    assert source.call("create_record", arguments, migration_id=migration_id).attempt == 1


def test_refused_call_is_worth_asking_again(source: HostCaller) -> None:
    source.host.set_fault(Fault("get_host", FaultAction.REFUSE, FaultPlace.OPERATION, times=2))
    answers = [source.call("get_host") for _ in range(3)]
    assert [answer.error_id for answer in answers] == ["Busy", "Busy", ""]
    assert answers[0].error is not None and answers[0].error.retryable


def test_hanging_call_is_dropped_with_its_process(source: HostCaller) -> None:
    source.host.set_fault(Fault("get_vm", FaultAction.HANG, FaultPlace.OPERATION))
    with pytest.raises(AssertionError, match="did not answer get_vm"):
        source.call("get_vm", {"name_or_id": "x"}, limit_seconds=0.1)
    source.close()
    assert source.call("get_vm", {"name_or_id": "x"}).result.matches == ()


def test_killed_process_says_nothing_more(source: HostCaller) -> None:
    source.host.set_fault(Fault("Get-VMHost", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    with pytest.raises(ProcessEndedError):
        source.call("get_host")
    source.forget()
    assert source.call("get_host").ok


def test_words_of_all_languages_travel_as_ascii(source: HostCaller) -> None:
    name = "Bücher 数据 😀"
    vm = source.host.create_vm(name, state="Off")
    told = source.call("get_vm", {"name_or_id": name.upper()}).result.matches
    assert [match.name for match in told] == [name]
    assert told[0].disks[0].chain[0].path.endswith(f"{name}-0.vhdx")
    source.host.hyperv("remove_vm", vm_id=vm["vm_id"])


def test_names_that_only_a_language_takes_for_one_are_two(source: HostCaller) -> None:
    names = ("Straße", "Strasse")
    made = [source.host.create_vm(name, disks=[], adapters=[], state="Off")["vm_id"] for name in names]
    for name, vm_id in zip(names, made, strict=True):
        asked = name.replace("Str", "sTR")
        assert [match.vm_id for match in source.call("get_vm", {"name_or_id": asked}).result.matches] == [vm_id]
        migration_id = new_migration_id()
        about = {"role": "source", "vm_id": vm_id, "vm_name": name, "peer": "hv02", "by": "test", "plan": {}}
        assert source.call("create_record", about, migration_id=migration_id).ok
        found = source.call("find_migrations", {"vm": asked}).result.migrations
        assert [migration.record.migration_id for migration in found] == [migration_id]
    for vm_id in made:
        source.host.hyperv("remove_vm", vm_id=vm_id)


def test_line_that_is_no_call_is_answered_as_such(source: HostCaller) -> None:
    wrong = source.exchange({"operation": "get_host", "surprise": 1})
    assert wrong["error"]["id"] == "InvalidArgument"
    unknown = source.exchange(
        {
            "operation": "format_disk",
            "migration_id": "",
            "subject": "",
            "revision": None,
            "wait_seconds": 0,
            "arguments": {},
        }
    )
    assert unknown["error"]["id"] == "InvalidArgument"
