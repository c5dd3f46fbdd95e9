"""How a VM changes hands on the hosts, and how it comes back: what each record allows and what counts as proof."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from engine import EngineAnswer
from levers import MEBIBYTE, QUIET, fault
from test_dispatcher import NAME, put_attempt, record, record_arguments, refused
from two_hosts import Hosts

from lab.disks import DiskFormat, DiskKind, create_disk
from lab.host.faults import FaultAction
from lab.hyperv.model import HardDiskDrive
from lab.hyperv.new_vm import NewDisk, NewVM
from qsm.facts.states import VMState

REAL_VM = "0f000000-0000-4000-8000-000000000001"
SLOTS = ("SCSI 0:0", "SCSI 0:1", "SCSI 0:2")
MEMORY = b"memory" * 512


@dataclass
class HandoverMigration:
    """One migration on one host, whose VM has two disks and a saved state. Another VM there has the same name."""

    hosts: Hosts
    role: str
    migration_id: str
    vm_id: str

    def __post_init__(self) -> None:
        self.session, self.hyperv = self.hosts.session, self.hosts.host.hyperv
        above = f"D:\\VMs\\{self.vm_id}"
        self.disks = [f"{above}\\Bücher 1.vhd", f"{above}\\2.vhd"]
        for path in self.disks:
            self.place(path).parent.mkdir(parents=True, exist_ok=True)
            create_disk(self.place(path), format=DiskFormat.VHD, kind=DiskKind.FIXED, size_bytes=MEBIBYTE)
        self.new = NewVM(
            name=NAME,
            path=above,
            vm_id=self.vm_id,
            workload=QUIET,
            disks=tuple(NewDisk(slot, path) for slot, path in zip(SLOTS, self.disks, strict=False)),
            version="9.0",  # whose memory is the only file of its state
        )
        self.hyperv.new_vm(replace(self.new, vm_id=REAL_VM, path="D:\\x", disks=()))
        self.hyperv.show_vm_as(REAL_VM, state=VMState.RUNNING)
        self.hyperv.new_vm(self.new)
        (self.saved_state,) = self.hyperv.lay_saved_state(self.vm_id, MEMORY).saved_state_files
        self.saved_at_ns = self.place(self.saved_state).stat().st_mtime_ns
        assert self.call("create_record", record_arguments(self.vm_id, self.role)).ok
        assert self.call("take_lock", {"vm_id": self.vm_id, "vm_name": NAME, "by": "ann@tool"}).ok

    def place(self, path: str) -> Path:
        return self.session.host.path(path)

    def show(self, state: str = "Saved", *, disks: list[str] | None = None) -> None:
        """What the host tells of the VM from now on; Broken: nothing."""
        faults = self.hosts.host.faults
        faults.clear()
        if state == "Broken":
            faults.set(fault("Get-VM", FaultAction.FAIL, times=None))
            return
        told = self.disks if disks is None else disks
        drives = tuple(HardDiskDrive(self.vm_id, slot, path) for slot, path in zip(SLOTS, told, strict=False))
        self.hyperv.show_vm_as(self.vm_id, state=VMState(state), hard_drives=drives)

    def remove_vm(self) -> None:
        self.hyperv.show_vm_as(self.vm_id)
        self.hyperv.remove_vm(self.vm_id)

    def bring_vm_back(self) -> None:
        """As it was, its memory too."""
        self.hyperv.new_vm(self.new)
        self.hyperv.lay_saved_state(self.vm_id, MEMORY)
        os.utime(self.place(self.saved_state), ns=(self.saved_at_ns, self.saved_at_ns))

    def call(
        self, operation: str, arguments: dict[str, Any] | None = None, *, subject: str | None = None
    ) -> EngineAnswer:
        """Calls with the revision of the moment and a subject of its own, so that nothing is told from the journal."""
        place = self.session.host.root / "migrations" / self.migration_id / "record.json"
        revision = self.record["revision"] if place.exists() else None
        return self.session.call(
            operation,
            arguments,
            migration_id=self.migration_id,
            subject=secrets.token_hex(4) if subject is None else subject,
            revision=revision,
        )

    @property
    def record(self) -> dict[str, Any]:
        return record(self.session, self.migration_id)

    def owned(self) -> tuple[str, int, str]:
        return self.record["owner"], self.record["epoch"], self.record["direction"]

    def put(self, operation: str, state: str = "done", **fields: Any) -> None:
        """An outcome of another operation, as it stands in the journal."""
        put_attempt(self.session, self.migration_id, operation, subject=secrets.token_hex(4), state=state, **fields)

    def facts(self) -> Any:
        """The VM as the host tells it now."""
        return self.session.run(f"Get-QsmVMFact -VM (Get-QsmVMObject -VMId '{self.vm_id}' -Required)")[0]

    def put_save(self) -> None:
        """The outcome of save_vm, with the VM as it stands now."""
        facts = self.facts()
        told = {"state": facts["state"], "disks": facts["disks"], "saved_state_files": [], "seconds": 1.0}
        self.put("save_vm", result=told)

    def put_import(self) -> None:
        """The outcome of import_vm, with the VM as the host tells it now."""
        facts = self.facts()
        assert len(facts["disks"]) == 2
        assert len(facts["saved_state_files"]) == 1
        self.put("import_vm", result={"vm": facts, "repaired": []})

    @property
    def vm(self) -> dict[str, Any]:
        return {"vm_id": self.vm_id}


@pytest.fixture
def source(hosts: Hosts, migration_id: str, vm_id: str) -> Iterator[HandoverMigration]:
    yield HandoverMigration(hosts, "source", migration_id, vm_id)
    hosts.reset()


@pytest.fixture
def target(hosts: Hosts, migration_id: str, vm_id: str) -> Iterator[HandoverMigration]:
    yield HandoverMigration(hosts, "target", migration_id, vm_id)
    hosts.reset()


# --- the source


def test_only_a_vm_that_stands_still_is_handed_over(source: HandoverMigration) -> None:
    answer = refused(source.call("hand_over", source.vm), "NotStandingStill")
    assert answer.error is not None
    assert "no save_vm is done" in answer.error.message
    source.put("save_vm", "failed")
    refused(source.call("hand_over", source.vm), "NotStandingStill")
    source.put_save()
    for state in ("Off", "Running", "Paused", "Saving", "SavedCritical", "OffCritical", "Broken"):
        source.show(state)
        answer = refused(source.call("hand_over", source.vm), "NotStandingStill")
        assert answer.error is not None
        assert NAME in answer.error.message
        assert answer.error.facts["state"] == ("Unknown" if state == "Broken" else state)
        assert answer.error.facts["reasons"]
    source.show()
    source.remove_vm()
    answer = refused(source.call("hand_over", source.vm), "NotStandingStill")
    assert answer.error is not None
    assert answer.error.facts == {"state": "Absent", "reasons": ["the VM is not there"]}
    assert source.owned() == ("source", 0, "forward")
    assert source.record["revision"] == 1


@pytest.mark.parametrize("state", ["Saved", "Off"])
def test_handing_over_is_written_once(source: HandoverMigration, state: str) -> None:
    source.show(state)
    source.put_save()
    answer = source.call("hand_over", source.vm, subject="1")
    assert answer.result.record.model_dump() == source.record
    assert (source.owned(), answer.revision) == (("handed over", 0, "forward"), 2)
    # Written, and killed before the journal knew: the next attempt finds it done.
    again = source.call("hand_over", source.vm)
    assert again.result.record.model_dump() == source.record
    assert (source.owned(), again.revision) == (("handed over", 0, "forward"), 3)
    refused(source.call("turn_back"), "NotOwner")
    refused(source.call("start_vm", {**source.vm, "epoch": None, "suspend": False}), "NotOwner")


@pytest.mark.parametrize(
    "what", ["time", "identity", "length", "unreadable", "missing", "another disk", "disks swapped"]
)
def test_a_vm_that_ran_after_its_save_is_not_handed_over(source: HandoverMigration, what: str) -> None:
    """It stands still, but what was copied lacks its last writes."""
    source.put_save()
    DIFFERENCES[f"disk {what}" if f"disk {what}" in DIFFERENCES else what](source)
    answer = refused(source.call("hand_over", source.vm), "NotStandingStill")
    assert answer.error is not None
    assert answer.error.facts["state"] == "Saved"
    assert answer.error.facts["reasons"]
    assert source.owned() == ("source", 0, "forward")


def test_a_vm_is_acted_on_only_under_its_lock(source: HandoverMigration) -> None:
    start = {**source.vm, "epoch": None, "suspend": False}
    lock = source.session.host.root / "locks" / f"{source.vm_id}.json"
    held = json.loads(lock.read_text("ascii"))
    lock.write_text(json.dumps({**held, "migration_id": "20300131T235959-00000000"}), "ascii")
    answer = refused(source.call("start_vm", start), "NotOwner")
    assert answer.error is not None
    assert answer.error.facts["lock"]["migration_id"] == "20300131T235959-00000000"
    assert answer.attempt is None
    lock.unlink()  # gone, but it was ours
    source.show("Running")
    assert source.call("start_vm", start).ok
    assert source.call("close_migration", {"end": "home", "text": ""}).ok
    answer = refused(source.call("start_vm", start), "NotOwner")
    assert answer.error is not None
    assert answer.error.facts["end"] == "home"


def test_a_migration_ends_only_where_its_record_says_so(source: HandoverMigration) -> None:
    refused(source.call("close_migration", {"end": "forward", "text": ""}), "NotOwner")
    source.put_save()
    source.call("hand_over", source.vm)
    refused(source.call("close_migration", {"end": "home", "text": ""}), "NotOwner")
    lock = source.session.host.root / "locks" / f"{source.vm_id}.json"
    assert source.call("close_migration", {"end": "held", "text": "?"}).ok
    assert lock.exists()
    assert source.call("close_migration", {"end": "forward", "text": "gone"}).ok
    assert source.call("close_migration", {"end": "forward", "text": "gone"}).ok
    assert (source.record["end"], source.record["end_text"], lock.exists()) == ("forward", "?\ngone", False)


def test_another_vm_is_not_handed_over(source: HandoverMigration) -> None:
    source.put_save()
    answer = refused(source.call("hand_over", {"vm_id": REAL_VM}), "InvalidArgument")
    assert answer.error is not None
    assert source.vm_id in answer.error.message


def test_a_vm_is_taken_back_only_with_proof(source: HandoverMigration) -> None:
    source.put_save()
    source.call("hand_over", source.vm)
    refused(source.call("take_back", {"epoch": None, "override": "  "}), "InvalidArgument")
    refused(source.call("take_back", {"epoch": 0, "override": ""}), "InvalidArgument")
    assert source.owned() == ("handed over", 0, "forward")
    answer = source.call("take_back", {"epoch": 2, "override": ""})
    assert answer.result.record.model_dump() == source.record
    assert source.owned() == ("source", 2, "back")
    assert source.call("take_back", {"epoch": 2, "override": ""}).ok
    refused(source.call("hand_over", source.vm), "TurnedBack")


def test_an_override_stays_in_the_record(source: HandoverMigration) -> None:
    source.put_save()
    source.call("hand_over", source.vm)
    text = "ann: HV02 burnt down; writes since 23:59 may be lost"
    assert source.call("take_back", {"epoch": None, "override": text}).ok
    assert source.owned() == ("source", 0, "back")
    assert source.record["end_text"] == text
    source.call("close_migration", {"end": "home", "text": "home"})
    assert source.record["end_text"] == f"{text}\nhome"


# --- the target


def test_a_start_is_allowed_once_an_epoch(target: HandoverMigration) -> None:
    answer = refused(target.call("allow_start", {"epoch": 1}), "EpochStale")
    assert answer.error is not None
    assert "no import_vm is done" in answer.error.message
    target.put_import()
    for epoch in (2, 7):
        answer = refused(target.call("allow_start", {"epoch": epoch}), "EpochStale")
        assert answer.error is not None
        assert answer.error.facts == {"owner": "none", "epoch": 0}
    refused(target.call("allow_start", {"epoch": 0}), "InvalidArgument")
    answer = target.call("allow_start", {"epoch": 1})
    assert answer.result.record.model_dump() == target.record
    assert target.owned() == ("may start", 1, "forward")
    assert target.call("allow_start", {"epoch": 1}).result.record.model_dump() == target.record
    refused(target.call("allow_start", {"epoch": 2}), "EpochStale")
    refused(target.call("turn_back"), "NotOwner")


def allowed(target: HandoverMigration) -> HandoverMigration:
    target.put_import()
    assert target.call("allow_start", {"epoch": 1}).ok
    return target


def confirm(target: HandoverMigration, *, epoch: int = 1, started: bool = True) -> EngineAnswer:
    return target.call("confirm_target", {**target.vm, "epoch": epoch, "started": started})


def test_the_target_takes_over_what_it_started(target: HandoverMigration) -> None:
    refused(confirm(target), "NotOwner")
    allowed(target)
    refused(confirm(target, epoch=2), "EpochStale")
    refused(confirm(target), "NotOwner")
    target.put("start_vm", "refused")
    target.show("Running")
    refused(confirm(target), "NotOwner")
    target.put("start_vm", "started")
    target.show("Saved")
    refused(confirm(target), "NotOwner")
    target.remove_vm()
    refused(confirm(target), "VMNotFound")
    target.bring_vm_back()
    target.show("Running")
    assert confirm(target).result.record.model_dump() == target.record
    assert target.owned() == ("target", 1, "forward")
    assert confirm(target, epoch=5).ok  # the target's already
    refused(target.call("withdraw", target.vm), "MayHaveRun")


def test_a_vm_that_was_off_needs_no_start(target: HandoverMigration) -> None:
    target.show("Off")
    allowed(target)
    assert confirm(target, started=False).ok
    assert target.owned() == ("target", 1, "forward")


# --- withdrawing


def withdraw(target: HandoverMigration) -> EngineAnswer:
    return target.call("withdraw", target.vm)


def test_what_never_ran_is_withdrawn(target: HandoverMigration) -> None:
    allowed(target)
    target.put("start_vm", "refused")
    answer = withdraw(target)
    assert answer.result.record.model_dump() == target.record
    assert target.owned() == ("none", 2, "back")
    # Again, as after a kill before the journal knew: higher still, and late calls start nothing.
    assert withdraw(target).ok
    assert target.owned() == ("none", 3, "back")
    refused(target.call("allow_start", {"epoch": 4}), "TurnedBack")
    refused(target.call("start_vm", {**target.vm, "epoch": 1, "suspend": False}), "NotOwner")
    refused(confirm(target, started=False), "NotOwner")


def test_nothing_allowed_yet_is_withdrawn_too(target: HandoverMigration) -> None:
    target.put_import()
    assert withdraw(target).ok
    assert target.owned() == ("none", 1, "back")


def test_without_an_import_only_an_absent_vm_is_proof(target: HandoverMigration) -> None:
    answer = refused(withdraw(target), "MayHaveRun")
    assert answer.error is not None
    assert "no import_vm is on record" in answer.error.facts["reasons"][0]
    target.show("Broken")
    refused(withdraw(target), "MayHaveRun")
    target.show()
    target.remove_vm()
    assert withdraw(target).ok


def test_an_imported_vm_that_is_gone_is_no_proof(target: HandoverMigration) -> None:
    allowed(target)
    target.remove_vm()
    refused(withdraw(target), "MayHaveRun")
    assert target.owned() == ("may start", 1, "forward")
    target.bring_vm_back()
    assert withdraw(target).ok
    target.remove_vm()
    refused(withdraw(target), "MayHaveRun")
    target.put("remove_imported_vm")
    assert withdraw(target).ok  # withdrawn before, and removed by us


@pytest.mark.parametrize("state", ["started", "done", "failed"])
def test_a_start_on_record_is_never_withdrawn(target: HandoverMigration, state: str) -> None:
    allowed(target)
    target.put("start_vm", state)
    answer = refused(withdraw(target), "MayHaveRun")
    assert answer.error is not None
    assert f"start_vm was {state} at" in answer.error.facts["reasons"][0]
    assert target.owned() == ("may start", 1, "forward")


def touch(place: Path) -> None:
    status = place.stat()
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns + 100))


def rewrite(place: Path) -> None:
    """A VHD that was made at another time, as its footer says ("Hard Disk Footer Format"); same length, same time."""
    status = place.stat()
    content = bytearray(place.read_bytes())
    footer = content[-512:]
    footer[24] ^= 1
    footer[64:68] = bytes(4)
    footer[64:68] = (~sum(footer) & 0xFFFFFFFF).to_bytes(4, "big")
    content[-512:] = footer
    place.write_bytes(content)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def grow(place: Path) -> None:
    """Longer, with the same end and time."""
    status = place.stat()
    place.write_bytes(bytes(512) + place.read_bytes())
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def lose_place(target: HandoverMigration) -> None:
    """As a process finds it that has not seen the VM before: others know it by its old place for a while."""
    target.hyperv.show_vm_as(target.vm_id, configuration_location="Q:\\gone")
    target.session = target.hosts.host.session()


DIFFERENCES: dict[str, Callable[[HandoverMigration], object]] = {
    "state": lambda target: target.show("Off"),
    "running": lambda target: target.show("Running"),
    "disk time": lambda target: touch(target.place(target.disks[1])),
    "disk identity": lambda target: rewrite(target.place(target.disks[0])),
    "disk length": lambda target: grow(target.place(target.disks[0])),
    "disk unreadable": lambda target: target.place(target.disks[1]).write_bytes(b"x"),
    "disk missing": lambda target: target.place(target.disks[1]).unlink(),
    "another disk": lambda target: target.show(disks=[*target.disks, target.disks[1] + "x"]),
    "no disk": lambda target: target.show(disks=[]),
    "disks swapped": lambda target: target.show(disks=target.disks[::-1]),
    "saved state time": lambda target: touch(target.place(target.saved_state)),
    "saved state length": lambda target: grow(target.place(target.saved_state)),
    "saved state missing": lambda target: target.place(target.saved_state).unlink(),
    "more saved state": lambda target: target.place(target.saved_state.replace(".vmrs", ".vmgs")).touch(),
    "place of the saved state unknown": lose_place,
    "no answer": lambda target: target.show("Broken"),
}


@pytest.mark.parametrize("what", DIFFERENCES)
def test_any_difference_means_that_it_may_have_run(target: HandoverMigration, what: str) -> None:
    allowed(target)
    DIFFERENCES[what](target)
    answer = refused(withdraw(target), "MayHaveRun")
    assert answer.error is not None
    assert answer.error.facts["reasons"]
    assert target.owned() == ("may start", 1, "forward")
    assert target.record["revision"] == 2
