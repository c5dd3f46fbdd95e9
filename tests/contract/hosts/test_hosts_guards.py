"""Acts look before they act: on a changed world they refuse, and what fails half-way is told and leaves no trap."""

from __future__ import annotations

import ntpath
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hosts_driver import MODULES_TESTS_TOO
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.host.handle import MIB
from qsm.hosts.winrm_session import LostError, ProcessEndedError


@pytest.fixture
def running(make_script: Callable[..., MigrationScript]) -> Iterator[MigrationScript]:
    """A running VM whose migration has begun."""
    made = make_script("guarded")
    made.begin()
    yield made
    _end(made)


@pytest.fixture
def copied(make_script: Callable[..., MigrationScript]) -> Iterator[MigrationScript]:
    """A saved VM, with everything copied to the target and nothing merged yet."""
    made = make_script("copied")
    made.begin()
    made.take_checkpoint()
    made.copy_bases()
    made.save()
    made.export()
    made.copy_changes()
    yield made
    _end(made)


def _end(script: MigrationScript) -> None:
    for side in (script.source, script.target):
        host = side.caller.host
        side.caller.recover()
        host.clear_faults()
        for vm in host.vms():
            if vm["vm_id"] == script.vm_id and vm["state"] not in ("Off", "Saved"):
                host.hyperv("stop_vm", vm_id=script.vm_id, turn_off=True)


def changed(answer: Any) -> Any:
    """The part of the world that an answer found changed."""
    assert answer.error_id == "WorldChanged" and answer.error is not None
    assert answer.error.category == "refused" and not answer.repeated
    assert {"found", "expected"} <= answer.error.facts.keys()
    return answer.error.facts["found"]


def test_checkpoint_is_taken_only_of_the_vm_that_was_judged(running: MigrationScript) -> None:
    arguments = running.checkpoint_arguments()
    host = running.source.caller.host
    assert changed(running.source.call("take_checkpoint", **{**arguments, "expected_state": "Paused"})) == {
        "state": "Running"
    }
    moved = [{"slot": "SCSI 0:0", "path": r"D:\elsewhere.vhdx"}]
    assert changed(running.source.call("take_checkpoint", **{**arguments, "expected_disks": moved}))
    assert changed(running.source.call("take_checkpoint", **{**arguments, "expected_disks": []}))
    host.hyperv("arrange_vm", vm_id=running.vm_id, busy_with="BackingUpVirtualMachine")
    assert "BackingUpVirtualMachine" in changed(running.source.call("take_checkpoint", **arguments))["status"]
    host.hyperv("arrange_vm", vm_id=running.vm_id, busy_with="Ok")
    for wrong in ({"vm_id": "00000000-0000-0000-0000-000000000001"}, {"vm_id": "x"}):
        stranger = running.source.call("take_checkpoint", **{**arguments, **wrong})
        assert (stranger.error_id, stranger.attempt) == ("InvalidArgument", None), "a migration is about one VM"
    other_name = running.source.call("take_checkpoint", **{**arguments, "name": "nobody would find it again"})
    assert other_name.error_id == "InvalidArgument"
    foreign = host.hyperv("add_foreign_snapshot", vm_id=running.vm_id, name="backup")
    found = changed(running.source.call("take_checkpoint", **arguments))
    assert found["checkpoints"] == [foreign["snapshot_id"]] and set(found) == {"checkpoints", "disks"}
    host.hyperv("remove_vm_snapshot", vm_id=running.vm_id, snapshot_id=foreign["snapshot_id"])
    wait_until(lambda: not host.vm(running.vm_id)["snapshots"], what="the backup's end")
    assert running.source.outcomes["take_checkpoint"] == ["refused"] * 6
    assert running.source.record.revision == 1


def test_checkpoint_type_is_put_back_whether_it_succeeds_or_not(running: MigrationScript) -> None:
    host = running.source.caller.host
    if running.vm.checkpoint_type is None:  # before 2016 there is one kind, and nothing to put back
        running.take_checkpoint()
        assert running.taken.checkpoint_id
        return
    host.hyperv("set_vm", vm_id=running.vm_id, checkpoint_type="ProductionOnly")
    host.set_fault(Fault("Checkpoint-VM", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070070, message="no space"))
    arguments = {**running.checkpoint_arguments(), "checkpoint_type": "Standard"}
    failed = running.source.call("take_checkpoint", **arguments)
    assert failed.error_id == "CheckpointFailed" and failed.error is not None
    assert failed.error.hresult == 0x80070070
    assert host.vm(running.vm_id)["checkpoint_type"] == "ProductionOnly"
    assert running.source.call("take_checkpoint", **arguments).repeated, "nobody checkpoints twice"
    done = running.source.do("take_checkpoint", subject="second", **arguments)
    (snapshot,) = host.vm(running.vm_id)["snapshots"]
    assert (snapshot["snapshot_id"], snapshot["snapshot_type"]) == (done.checkpoint_id, "Standard")
    assert host.vm(running.vm_id)["checkpoint_type"] == "ProductionOnly"
    (pair,) = done.disks
    assert pair.leaf.parent_path == pair.base.path


@pytest.mark.parametrize("asked", ["Production", "ProductionOnly"])
def test_guest_that_can_make_no_production_checkpoint(running: MigrationScript, asked: str) -> None:
    """Only the type says whether Hyper-V falls back to a standard one; the VM runs on, and its own setting stays."""
    if running.vm.checkpoint_type is None:  # before 2016 there are none
        return
    host = running.source.caller.host
    host.hyperv("arrange_vm", vm_id=running.vm_id, production_checkpoint_fails=True)
    answer = running.source.call("take_checkpoint", **{**running.checkpoint_arguments(), "checkpoint_type": asked})
    if asked == "Production":
        assert answer.ok
    else:
        assert answer.error_id == "CheckpointFailed"
        assert host.vm(running.vm_id)["snapshots"] == []
    assert (host.vm(running.vm_id)["state"], host.vm(running.vm_id)["checkpoint_type"]) == ("Running", "Production")


def test_checkpoint_without_a_known_end_is_not_adopted(running: MigrationScript) -> None:
    host = running.source.caller.host
    host.set_fault(Fault("Checkpoint-VM", FaultAction.KILL_HOST, FaultPlace.CMDLET, FaultMoment.AFTER))
    with pytest.raises(LostError):
        running.source.call("take_checkpoint", **running.checkpoint_arguments())
    running.source.caller.forget()
    host.wait_until_off()
    host.boot()
    assert running.source.call("take_checkpoint", **running.checkpoint_arguments()).error_id == "OutcomeUnknown"
    wait_until(lambda: host.vm(running.vm_id)["state"] == "Running", what="the automatic start")
    other = running.source.call("take_checkpoint", subject="again", **running.checkpoint_arguments())
    assert "checkpoints" in changed(other)
    running.source.do("turn_back")
    another = running.source.call("remove_checkpoint", vm_id=running.vm_id, name="another name")
    assert another.error_id == "InvalidArgument"
    assert host.vm(running.vm_id)["snapshots"], "only the checkpoint of our name goes"
    running.source.do("remove_checkpoint", subject="ours", vm_id=running.vm_id, name=f"QSM {running.migration_id}")
    wait_until(lambda: not host.vm(running.vm_id)["snapshots"], what="the end of the checkpoint")


def test_vm_is_saved_only_on_the_world_that_was_frozen(running: MigrationScript) -> None:
    running.take_checkpoint()
    arguments = running.save_arguments()
    host = running.source.caller.host
    base = running.taken.disks[0].base
    for change in ({"length_bytes": base.length_bytes + 1}, {"last_write_ticks": 1}, {"content_identity": "0" * 36}):
        altered = [{**base.model_dump(mode="json"), **change}]
        assert changed(running.source.call("save_vm", **{**arguments, "expected_bases": altered})), change
    without = {**arguments, "expected_checkpoint": None}
    assert changed(running.source.call("save_vm", **without))
    bases = {"expected_disks": [{"slot": "SCSI 0:0", "path": base.path}]}
    assert changed(running.source.call("save_vm", **{**arguments, **bases}))
    host.hyperv("add_foreign_snapshot", vm_id=running.vm_id, name="backup")
    assert changed(running.source.call("save_vm", **arguments))
    assert host.vm(running.vm_id)["state"] == "Running"
    assert host.vm(running.vm_id)["automatic_start_action"] == "StartIfRunning"


@MODULES_TESTS_TOO
def test_save_without_room_is_refused_and_the_guest_goes_on(running: MigrationScript) -> None:
    running.take_checkpoint()
    answer = running.source.call("save_vm", **{**running.save_arguments(), "reserve_bytes": 1 << 50})
    assert answer.error_id == "NoSpace"
    assert running.source.caller.host.vm(running.vm_id)["state"] == "Running"
    running.source.caller.host.set_fault(
        Fault("Save-VM", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070070, message="no space")
    )
    failed = running.source.call("save_vm", **running.save_arguments())
    assert failed.error_id == "SaveFailed" and failed.error is not None
    assert failed.error.facts["state"] == "Running"


@pytest.fixture
def saved(running: MigrationScript) -> MigrationScript:
    """A saved VM that has not been exported yet."""
    running.take_checkpoint()
    running.save()
    return running


def test_an_exported_file_is_reported_once_it_stands_still(saved: MigrationScript) -> None:
    """VMMS still writes the last of them when the export has returned: what is reported is what will be copied."""
    saved.source.caller.host.hyperv("arrange_vm", vm_id=saved.vm_id, export_written_seconds=0.5)
    before = {ntpath.basename(file.path).lower(): file.length_bytes for file in saved.saved.saved_state_files}
    saved.export()
    found = {ntpath.basename(file.path).lower(): file.length_bytes for file in saved.exported.files}
    assert sorted(found[name] - length for name, length in before.items()) == [0] * (len(before) - 1) + [1]


def test_an_export_that_lacks_a_file_names_it(saved: MigrationScript) -> None:
    extension = "vmrs" if float(saved.vm.version) >= 6.2 else "bin"
    saved.source.caller.host.hyperv("arrange_vm", vm_id=saved.vm_id, export_omits=extension)
    answer = saved.source.call("export_configuration", vm_id=saved.vm_id)
    assert answer.error_id == "ExportFailed" and answer.error is not None
    assert f"lacks {saved.vm_id.upper()}.{extension}" in answer.error.message


def test_guest_is_shut_down_where_its_memory_cannot_travel(running: MigrationScript) -> None:
    running.take_checkpoint()
    running.shut_down()
    saved = running.saved
    guest_state = ["vmgs"] if float(running.vm.version) >= 10 else []
    assert [file.path.rpartition(".")[2] for file in saved.saved_state_files] == guest_state
    (disk,) = saved.disks
    assert [bool(file.content_identity) for file in disk.chain] == [True, True]


def merge_arguments(script: MigrationScript, **changes: Any) -> dict[str, Any]:
    base = script.taken.disks[0].base
    return {
        "number": 0,
        "base": script.target_path(base.path),
        "children": [script.target_path(script.saved.disks[0].chain[0].path)],
        "base_length_bytes": base.length_bytes,
        "base_content_identity": base.content_identity,
        "reserve_bytes": 0,
        **changes,
    }


@MODULES_TESTS_TOO
def test_merge_into_another_base_is_refused_before_a_byte_is_written(copied: MigrationScript) -> None:
    path = copied.target.caller.host.files.host_path(copied.target_path(copied.taken.disks[0].base.path))
    content = path.read_bytes()
    for number, wrong in enumerate(({"base_content_identity": "0" * 36}, {"base_length_bytes": 1})):
        copied.target.do("start_merge", subject=str(number), **merge_arguments(copied, **wrong))
        state = copied.wait_for_merge(0)
        assert state.state == "Failed" and state.error is not None and state.error.id == "DiskChainBroken"
    missing = copied.target.call("start_merge", subject="missing", **merge_arguments(copied, base=r"D:\missing.vhdx"))
    assert missing.error_id == "FileMissing"
    full = copied.target.call("start_merge", subject="full", **merge_arguments(copied, reserve_bytes=1 << 50))
    assert full.error_id == "NoSpace"
    assert path.read_bytes() == content
    copied.target.caller.host.set_fault(
        Fault("Merge-VHD", FaultAction.FAIL, FaultPlace.CMDLET, hresult=0x80070070, message="no space")
    )
    copied.target.do("start_merge", subject="failing", **merge_arguments(copied))
    state = copied.wait_for_merge(0)
    assert state.error is not None and (state.error.id, state.error.hresult) == ("MergeFailed", 0x80070070)
    copied.target.do("start_merge", subject="at last", **merge_arguments(copied))
    state = copied.wait_for_merge(0)
    assert state.state == "Done" and state.disk is not None
    assert state.disk.type == "Dynamic" and state.disk.parent_path is None
    assert not copied.target.caller.host.files.exists(copied.target_path(copied.saved.disks[0].chain[0].path))
    again = copied.target.call("start_merge", subject="once more", **merge_arguments(copied))
    assert again.ok and copied.target.do("get_merge", number=0).state == "Done", "a done merge is left alone"


def test_import_of_a_vm_that_does_not_fit_leaves_no_planned_vm(copied: MigrationScript) -> None:
    copied.merge()
    host = copied.target.caller.host
    arguments = copied.import_arguments()
    unknown = {**arguments, "switches": [{"adapter_id": arguments["switches"][0]["adapter_id"], "switch_name": "DMZ"}]}
    failed = copied.target.call("import_vm", **unknown)
    assert failed.error_id == "ImportFailed"
    assert host.planned_vms() == [] and all(vm["vm_id"] != copied.vm_id for vm in host.vms())
    nowhere = {
        **arguments,
        "disks": [{"slot": "SCSI 0:0", "path": r"D:\missing.vhdx", "was": arguments["disks"][0]["was"]}],
    }
    answer = copied.target.call("import_vm", subject="missing", **nowhere)
    assert answer.error_id in ("ImportIncompatible", "ImportFailed")
    assert host.planned_vms() == [] and all(vm["vm_id"] != copied.vm_id for vm in host.vms())
    host.set_fault(Fault("Import-VM", FaultAction.KILL_PROCESS, FaultPlace.CMDLET))
    with pytest.raises(ProcessEndedError):
        copied.target.call("import_vm", subject="killed", **arguments)
    copied.target.caller.forget()
    assert [vm["vm_id"] for vm in host.planned_vms()] == [copied.vm_id]
    imported = copied.target.do("import_vm", subject="killed", **arguments)
    assert host.planned_vms() == [] and imported.vm.state == "Saved"
    assert imported.vm.disks[0].path == copied.target_disks()[0]["path"]
    assert imported.vm.adapters[0].mac_address == copied.vm.adapters[0].mac_address
    files = imported.vm.saved_state_files
    memory = {"bin", "vsv"} if copied.vm.version == "5.0" else {"vmrs"}
    assert {file.path.rpartition(".")[2] for file in files} >= memory
    account = f"NT VIRTUAL MACHINE\\{copied.vm_id}".casefold()
    entries = copied.target.caller.call("get_inventory", {"folders": [copied.folder]}).result.files
    disk = next(entry for entry in entries if entry.path == imported.vm.disks[0].path)
    assert f"{account}:fullcontrol" in [text.casefold() for text in disk.access]
    again = copied.target.call("import_vm", subject="again", **arguments)
    assert again.error_id == "VMExists" and again.error is not None and again.error.facts["state"] == "Saved"
    copied.target.do("remove_imported_vm", vm_id=copied.vm_id)
    assert all(vm["vm_id"] != copied.vm_id for vm in host.vms()) and host.files.exists(imported.vm.disks[0].path)
    assert not any(host.files.exists(file.path) for file in files)


def test_disks_that_hyperv_points_elsewhere_are_not_imported(copied: MigrationScript) -> None:
    """Section 6, steps 4 and 6 of the fact book: whatever is set, the module takes files of the disks' names beside it."""
    copied.merge()
    host = copied.target.caller.host
    arguments = copied.import_arguments()
    ours = copied.target_disks()[0]["path"]
    wanted = rf"{copied.folder}\elsewhere\{ntpath.basename(ours)}"
    host.files.make_folder(ntpath.dirname(wanted))
    host.hyperv("new_vhd", path=wanted, size_bytes=8 * MIB)
    leaf = copied.target_path(copied.saved.disks[0].chain[0].path)
    shutil.copyfile(host.files.host_path(wanted), host.files.host_path(leaf))
    disks = [{**arguments["disks"][0], "path": wanted}]
    answer = copied.target.call("import_vm", **{**arguments, "disks": disks})
    assert answer.error is not None and answer.error.id == "ImportIncompatible", answer
    assert [finding["id"] for finding in answer.error.facts["findings"]] == ["DiskPath"], answer.error.message
    assert ours in answer.error.message and wanted in answer.error.message
    assert host.planned_vms() == [] and all(vm["vm_id"] != copied.vm_id for vm in host.vms())
    host.files.remove_file(leaf)
    for name in ("DMZ 1", "DMZ [1]"):
        host.hyperv("new_vm_switch", name=name)
    switches = [{"adapter_id": arguments["switches"][0]["adapter_id"], "switch_name": "dmz [1]"}]
    imported = copied.target.do("import_vm", subject="alone", **{**arguments, "switches": switches})
    assert imported.vm.disks[0].path == copied.target_disks()[0]["path"]
    assert imported.vm.adapters[0].switch_name == "DMZ [1]", "a name is no pattern (section 10)"
    for name in ("DMZ 1", "DMZ [1]"):
        host.hyperv("remove_vm_switch", name=name)
    copied.target.do("remove_imported_vm", vm_id=copied.vm_id)


@MODULES_TESTS_TOO
def test_vm_of_somebody_else_is_not_removed(copied: MigrationScript) -> None:
    host = copied.target.caller.host
    other = host.create_vm("bystander", vm_id=copied.vm_id, state="Off", folder=r"D:\Bystander")
    answer = copied.target.call("remove_imported_vm", vm_id=copied.vm_id)
    assert answer.error_id == "NotOwner"
    assert copied.target.call("import_vm", **copied.import_arguments()).error_id == "VMExists"
    assert host.vm(copied.vm_id)["name"] == other["name"]
    host.hyperv("remove_vm", vm_id=copied.vm_id)
