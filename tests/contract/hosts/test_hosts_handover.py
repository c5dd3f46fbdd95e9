"""Handing over: killed between any two steps, asked late or twice, the VM has one owner and never runs twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hosts_driver import MODULES_TESTS_TOO
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from qsm.hosts.winrm_session import LostError, ProcessEndedError


@pytest.fixture
def script(make_script: Callable[..., MigrationScript]) -> Iterator[MigrationScript]:
    """A running VM, imported on the target and not handed over."""
    made = make_script("handover")
    made.up_to_import()
    yield made
    for side in (made.source, made.target):
        side.caller.recover()
        side.caller.host.clear_faults()
        if any(vm["vm_id"] == made.vm_id for vm in side.caller.host.vms()):
            vm = side.caller.host.vm(made.vm_id)
            if vm["state"] not in ("Off", "Saved"):
                side.caller.host.hyperv("stop_vm", vm_id=made.vm_id, turn_off=True)


def owners(script: MigrationScript) -> tuple[str, str]:
    return script.source.record.owner, script.target.record.owner


def start(script: MigrationScript, *, epoch: int | None, subject: str = "") -> dict[str, object]:
    return {"vm_id": script.vm_id, "epoch": epoch, "suspend": False, "subject": subject}


def test_only_the_owner_may_start_at_every_step(script: MigrationScript) -> None:
    assert script.target.call("start_vm", **start(script, epoch=1, subject="too early")).error_id == "NotOwner"
    script.hand_over()
    assert owners(script) == ("handed over", "none")
    assert script.source.call("start_vm", **start(script, epoch=None, subject="late")).error_id == "NotOwner"
    assert script.target.call("start_vm", **start(script, epoch=1, subject="not yet")).error_id == "NotOwner"
    assert script.target.call("allow_start", subject="wrong", epoch=2).error_id == "EpochStale"
    script.allow_start()
    assert owners(script) == ("handed over", "may start")
    nothing_else_goes_on(script)
    assert script.target.call("start_vm", **start(script, epoch=2, subject="wrong")).error_id == "EpochStale"
    assert script.target.call("confirm_target", vm_id=script.vm_id, epoch=1, started=True).error_id == "NotOwner"
    assert script.start().state == "Running"
    refused = script.target.call("withdraw", vm_id=script.vm_id)
    assert refused.error_id == "MayHaveRun" and refused.error is not None
    assert any("start_vm was done" in reason for reason in refused.error.facts["reasons"])
    assert script.target.call("turn_back").error_id == "NotOwner"
    assert script.target.call("remove_imported_vm", vm_id=script.vm_id).error_id == "NotOwner"
    assert script.target.call("remove_files", files=[], folders=[]).error_id == "NotOwner"
    script.confirm()
    assert owners(script) == ("handed over", "target")
    assert script.source.call("turn_back").error_id == "NotOwner"
    script.restore_settings(script.target)
    assert script.target.caller.host.vm(script.vm_id)["automatic_start_action"] == "StartIfRunning"
    assert script.lab.witness.findings(script.vm_id) == []


def nothing_else_goes_on(script: MigrationScript) -> None:
    """While the VM is handed over and not started the source stays as it is, and no late call of an earlier step acts."""
    arguments = {"vm_id": script.vm_id, "name": f"QSM {script.migration_id}"}
    assert script.source.call("remove_checkpoint", **arguments).error_id == "NotOwner"
    again = script.target.call("import_vm", subject="late", **script.import_arguments())
    assert again.error_id == "NotOwner"
    file = {"source": r"\\hv01\x$\y", "destination": script.target_disks()[0]["path"], "length_bytes": 1}
    late = script.target.call(
        "start_copy", subject="late", number=7, files=[{**file, "last_write_ticks": 1}], reserve_bytes=0
    )
    assert late.error_id == "NotOwner"
    for side, end in ((script.source, "home"), (script.target, "home"), (script.target, "forward")):
        assert side.call("close_migration", subject=end, end=end, text="").error_id == "NotOwner"
    snapshots = script.source.caller.host.vm(script.vm_id)["snapshots"]
    assert [each["name"] for each in snapshots] == [f"QSM {script.migration_id}"]


@MODULES_TESTS_TOO
def test_running_vm_cannot_be_handed_over(script: MigrationScript) -> None:
    script.source.caller.host.hyperv("start_vm", vm_id=script.vm_id)
    answer = script.source.call("hand_over", vm_id=script.vm_id)
    assert answer.error_id == "NotStandingStill" and answer.error is not None
    assert answer.error.facts["state"] == "Running"
    assert script.source.record.owner == "source"


@MODULES_TESTS_TOO
def test_vm_that_ran_after_its_save_is_not_handed_over(script: MigrationScript) -> None:
    """Started and saved again by hand it stands still, but what was copied lacks its last writes."""
    source = script.source.caller.host
    lives = len(script.lab.witness.lifetimes(script.vm_id))
    source.hyperv("start_vm", vm_id=script.vm_id)
    wait_until(lambda: len(script.lab.witness.lifetimes(script.vm_id)) > lives, what="the guest on the source")
    writes = script.acknowledged()
    wait_until(lambda: script.acknowledged() > writes, what="a write on the source")
    source.hyperv("save_vm", vm_id=script.vm_id)
    answer = script.source.call("hand_over", vm_id=script.vm_id)
    assert answer.error_id == "NotStandingStill" and answer.error is not None
    assert answer.error.facts["state"] == "Saved"
    assert any("changed since" in reason for reason in answer.error.facts["reasons"])
    assert script.source.record.owner == "source"


def test_ended_migration_starts_nothing(make_script: Callable[..., MigrationScript]) -> None:
    """Its record still says that the source owns the VM, and another migration may have moved it since."""
    script = make_script("ended", state="Off")
    script.begin()
    assert script.source.do("close_migration", end="home", text="").record.owner == "source"
    settings = {"automatic_start_action": "Start", "checkpoint_type": None}
    for operation, arguments in (("start_vm", {"epoch": None, "suspend": False}), ("restore_settings", settings)):
        answer = script.source.call(operation, vm_id=script.vm_id, **arguments)
        assert (answer.error_id, answer.attempt) == ("NotOwner", None), operation
    second = MigrationScript(script.source.caller, script.target.caller, script.vm_id)
    arguments = {"vm_id": second.vm_id, "vm_name": second.vm.name, "by": "second"}
    second.source.do("create_record", role="source", peer="HV02", plan={}, **arguments)
    start = {"vm_id": second.vm_id, "epoch": None, "suspend": False}
    assert second.source.call("start_vm", **start).error_id == "NotOwner", "not locked yet"
    second.source.do("take_lock", **arguments)
    assert script.source.caller.host.vm(script.vm_id)["state"] == "Off"
    second.source.do("close_migration", end="home", text="")


def test_withdrawn_target_takes_no_late_call(script: MigrationScript) -> None:
    script.hand_over()
    script.allow_start()
    late = script.target.revision
    record = script.target.do("withdraw", vm_id=script.vm_id).record
    assert (record.owner, record.epoch, record.direction) == ("none", 2, "back")
    script.target.revision = late
    assert script.target.call("start_vm", **start(script, epoch=1)).error_id == "RevisionStale"
    assert script.target.call("start_vm", **start(script, epoch=1)).error_id == "NotOwner"
    assert script.target.call("allow_start", subject="late", epoch=3).error_id == "TurnedBack"
    assert script.source.call("start_vm", **start(script, epoch=None)).error_id == "NotOwner", "not taken back yet"
    record = script.source.do("take_back", epoch=2, override="").record
    assert (record.owner, record.epoch, record.direction) == ("source", 2, "back")
    go_home(script)


def go_home(script: MigrationScript) -> None:
    """What is left of the way home once the source owns the VM again."""
    script.source.do("start_vm", **start(script, epoch=None, subject="home"))
    script.target.do("stop_work")
    script.source.do("close_shares")
    script.source.do("remove_checkpoint", vm_id=script.vm_id, name=f"QSM {script.migration_id}")
    question = {
        "vm_id": script.vm_id,
        "name": f"QSM {script.migration_id}",
        "bases": [{"slot": slot, "path": base.path} for slot, base in script.bases.items()],
        "leaves": [pair.leaf.path for pair in script.taken.disks],
    }
    wait_until(
        lambda: script.source.do("get_checkpoint_removal", wait_seconds=2.0, **question).done, what="the merge back"
    )
    script.restore_settings(script.source, subject="home")
    script.target.do("remove_imported_vm", vm_id=script.vm_id)
    found = script.target.caller.call("find_migrations", {"migration_id": script.migration_id}).result.migrations[0]
    copied = [
        file["destination"]
        for outcome in found.outcomes
        if outcome.operation == "start_copy"
        for file in outcome.arguments["files"]
    ]
    names = ("Virtual Hard Disks", rf"Virtual Machines\{script.vm_id}", "Virtual Machines", "Snapshots")
    folders = [rf"{script.folder}\{name}" for name in names]
    removed = script.target.do("remove_files", files=copied, folders=[*folders, script.folder])
    assert removed.kept == ()
    assert not script.target.caller.host.files.exists(script.folder)
    for side in (script.source, script.target):
        assert side.do("close_migration", end="home", text="home").record.end == "home"
    vm = script.source.caller.host.vm(script.vm_id)
    assert vm["state"] == "Running" and vm["snapshots"] == []
    assert [drive["path"] for drive in vm["hard_drives"]] == [base.path for base in script.bases.values()]
    assert script.lab.witness.findings(script.vm_id) == []


@MODULES_TESTS_TOO
def test_without_an_intent_withdrawing_raises_the_epoch_all_the_same(script: MigrationScript) -> None:
    script.hand_over()
    record = script.target.do("withdraw", vm_id=script.vm_id).record
    assert (record.owner, record.epoch) == ("none", 1)
    assert script.target.call("allow_start", epoch=1).error_id == "TurnedBack"
    script.source.do("take_back", epoch=1, override="")
    assert script.source.record.owner == "source"


@MODULES_TESTS_TOO
def test_vm_that_ran_without_our_doing_is_not_withdrawn(script: MigrationScript) -> None:
    """Started and saved again by hand: state and record look untouched, the disks tell."""
    script.hand_over()
    script.allow_start()
    target = script.target.caller.host
    lives = len(script.lab.witness.lifetimes(script.vm_id))
    target.hyperv("start_vm", vm_id=script.vm_id)
    wait_until(lambda: len(script.lab.witness.lifetimes(script.vm_id)) > lives, what="the guest on the target")
    writes = script.acknowledged()
    wait_until(lambda: script.acknowledged() > writes, what="a write on the target")
    target.hyperv("save_vm", vm_id=script.vm_id)
    refused = script.target.call("withdraw", vm_id=script.vm_id)
    assert refused.error_id == "MayHaveRun" and refused.error is not None
    assert any("changed since" in reason for reason in refused.error.facts["reasons"])
    assert script.target.record.owner == "may start"
    assert script.source.call("take_back", epoch=None, override="").error_id == "InvalidArgument"


@MODULES_TESTS_TOO
def test_any_change_of_a_file_counts_as_having_run(script: MigrationScript) -> None:
    files = script.target.caller.host.files
    disk = files.host_path(script.target_disks()[0]["path"])
    memory = files.host_path(script.imported.vm.saved_state_files[0].path)
    for path in (disk, memory):
        with path.open("ab") as file:
            file.write(b"\0")
        refused = script.target.call("withdraw", vm_id=script.vm_id)
        assert refused.error_id == "MayHaveRun" and refused.error is not None
        assert any(path.name in reason for reason in refused.error.facts["reasons"])
    disk.rename(disk.with_suffix(".away"))
    refused = script.target.call("withdraw", vm_id=script.vm_id)
    assert refused.error is not None
    assert any("cannot be read" in reason for reason in refused.error.facts["reasons"])
    assert script.target.record.epoch == 0


@MODULES_TESTS_TOO
def test_destroyed_target_needs_an_override_which_stays_on_record(script: MigrationScript) -> None:
    script.hand_over()
    script.source.do("take_back", epoch=None, override="Jo: hv02 burned down; writes since the save may be lost")
    record = script.source.record
    assert record.owner == "source" and record.end_text.startswith("Jo: hv02 burned down")
    record = script.source.do("close_migration", end="home", text="home").record
    assert record.end_text == "Jo: hv02 burned down; writes since the save may be lost\nhome"


@MODULES_TESTS_TOO
def test_lost_start_is_unknown_and_its_vm_is_the_targets(script: MigrationScript) -> None:
    script.hand_over()
    script.allow_start()
    script.target.caller.host.set_fault(
        Fault("Start-VM", FaultAction.KILL_PROCESS, FaultPlace.CMDLET, FaultMoment.AFTER)
    )
    with pytest.raises(ProcessEndedError):
        script.target.call("start_vm", **start(script, epoch=1))
    script.target.caller.forget()
    assert script.target.call("start_vm", **start(script, epoch=1)).error_id == "OutcomeUnknown"
    assert script.target.call("withdraw", vm_id=script.vm_id).error_id == "MayHaveRun"
    again = script.target.do("start_vm", **start(script, epoch=1, subject="after the survey"))
    assert again.state == "Running"
    script.confirm()
    assert owners(script) == ("handed over", "target")


@MODULES_TESTS_TOO
def test_start_that_hyperv_refuses_leaves_the_way_home_open(script: MigrationScript) -> None:
    script.hand_over()
    script.allow_start()
    script.target.caller.host.set_fault(
        Fault("Start-VM", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x8007000E, message="not enough memory")
    )
    refused = script.target.call("start_vm", **start(script, epoch=1))
    assert refused.error_id == "StartRefused" and refused.error is not None
    assert refused.error.facts["state"] == "Saved"
    assert script.target.outcomes["start_vm"] == ["refused"]
    record = script.target.do("withdraw", vm_id=script.vm_id).record
    script.source.do("take_back", epoch=record.epoch, override="")
    go_home(script)


def test_power_cut_between_any_two_steps_keeps_one_owner(script: MigrationScript) -> None:
    """Both hosts lose power after each step, and the record says the same as before."""

    def cut() -> None:
        sides = (script.source, script.target)
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda side: side.caller.host.reboot(orderly=False), sides))
        for side in sides:
            side.caller.forget()

    script.hand_over()
    cut()
    assert owners(script) == ("handed over", "none")
    assert script.source.call("start_vm", **start(script, epoch=None)).error_id == "NotOwner"
    script.allow_start()
    script.target.caller.host.set_fault(Fault("Start-VM", FaultAction.KILL_HOST, FaultPlace.CMDLET, FaultMoment.AFTER))
    with pytest.raises(LostError):
        script.target.call("start_vm", **start(script, epoch=1))
    script.target.caller.forget()
    script.target.caller.host.wait_until_off()
    script.target.caller.host.boot()
    assert owners(script) == ("handed over", "may start")
    assert script.target.call("start_vm", **start(script, epoch=1)).error_id == "OutcomeUnknown"
    script.target.do("start_vm", **start(script, epoch=1, subject="after the cut"))
    script.confirm()
    cut()
    assert owners(script) == ("handed over", "target")
    assert script.source.caller.host.vm(script.vm_id)["state"] == "Saved"
    kinds = {finding.kind.value for finding in script.lab.witness.findings(script.vm_id)}
    assert not any("two" in kind or "overlap" in kind for kind in kinds), kinds


@MODULES_TESTS_TOO
def test_source_is_touched_only_when_the_target_owns_the_vm(script: MigrationScript) -> None:
    script.hand_over()
    script.allow_start()
    for record in (script.target.record, script.source.record):
        told = record.model_dump(mode="json")
        for operation, arguments in {
            "retire_source": {"vm_id": script.vm_id, "note": "moved"},
            "remove_source": {"vm_id": script.vm_id},
            "remove_source_files": {"files": [base.path for base in script.bases.values()], "folders": []},
        }.items():
            answer = script.source.call(operation, subject=record.role, target_record=told, **arguments)  # type: ignore[arg-type]
            assert answer.error_id == "NotOwner", operation
    script.start()
    script.confirm()
    told = script.target.record.model_dump(mode="json")
    script.source.do("retire_source", vm_id=script.vm_id, target_record=told, note="[moved to hv02]")
    vm = script.source.caller.host.vm(script.vm_id)
    assert vm["state"] == "Saved" and vm["automatic_start_action"] == "Nothing"
    assert vm["notes"].startswith("[moved to hv02]")
    assert [adapter["switch_name"] for adapter in vm["network_adapters"]] == [None]
    stranger = {**told, "migration_id": "20200101T000000-00000000"}
    assert (
        script.source.call("remove_source", subject="x", vm_id=script.vm_id, target_record=stranger).error_id
        == "NotOwner"
    )
    assert script.source.caller.host.files.exists(next(iter(script.bases.values())).path)
