"""What a migration left behind: each kind of it is found, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.judges.leftovers import HostInventory, PlaceOfVM, left_over
from qsm.facts.files import FileEntry
from qsm.facts.machines import LockFacts
from qsm.hosts.messages import InventoryResult

MOVED, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
ID = "20260101T000000-0badcafe"
TOOL = r"C:\ProgramData\QuickStorageMigration"
DISK = r"D:\VMs\sql-01\sql-01-0.vhdx"
CONFIGURATION = r"D:\VMs\sql-01\Virtual Machines"
NEIGHBOUR = r"D:\VMs\dc-01\dc-01-0.vhdx"
RECORD = rf"{TOOL}\migrations\{ID}\record.json"
JOURNAL = rf"{TOOL}\migrations\{ID}\operations\{'a' * 64}.json"
MODULE = rf"{TOOL}\modules\{'b' * 64}\QuickStorageMigration\Public\Get-QsmVM.ps1"


def file(path: str, **changes: Any) -> FileEntry:
    """A file as a host tells it."""
    return FileEntry(**{"path": path, "length_bytes": 1, "last_write_ticks": 2, "access": (), **changes})


def host(*paths: str, vms: tuple[str, ...] = (f"{OTHER} dc-01 Off",), **told: Any) -> HostInventory:
    """A host with these files, all of which it tells."""
    files = tuple(file(path) for path in paths)
    nothing: dict[str, Any] = dict.fromkeys(
        ("planned_vms", "checkpoints", "shares", "tasks", "jobs", "migrations", "locks", "modules"), ()
    )
    result = InventoryResult(**{**nothing, "vms": vms, "files": files, **told})
    return HostInventory(result, PlaceOfVM(), tuple(entry.path for entry in result.files))


BEFORE = host(NEIGHBOUR)
AFTER = host(NEIGHBOUR, RECORD, JOURNAL, MODULE, migrations=(ID,), modules=("b" * 64,))
LOCK = LockFacts(migration_id=ID, vm_id=MOVED, vm_name="sql-01", by="me", since_utc="now")


def test_record_and_module_may_stay() -> None:
    assert left_over(BEFORE, AFTER, migration_id=ID) == ()


def test_the_moved_vm_is_not_counted_where_it_is() -> None:
    own = (DISK, rf"{CONFIGURATION}\{MOVED.upper()}.vmcx", rf"{CONFIGURATION}\{MOVED.upper()}.vmrs")
    with_vm = host(NEIGHBOUR, *own, vms=(f"{MOVED} sql-01 Running", f"{OTHER} dc-01 Off"))
    with_vm = replace(with_vm, place=PlaceOfVM(MOVED, (DISK,), CONFIGURATION))
    assert left_over(with_vm, AFTER, migration_id=ID) == ()
    assert left_over(BEFORE, with_vm, migration_id=ID) == ()


def told(**changes: Any) -> HostInventory:
    """The clean host, with something different."""
    result = AFTER.told.model_copy(update=changes)
    return replace(AFTER, told=result, files_on_disk=tuple(entry.path for entry in result.files))


def with_file(path: str, **changes: Any) -> HostInventory:
    """The clean host with one more file, or with another one of that path."""
    kept = tuple(entry for entry in AFTER.told.files if entry.path != path)
    return told(files=(*kept, file(path, **changes)))


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (told(vms=(f"{MOVED} sql-01 Saved", f"{OTHER} dc-01 Off")), f"VM {MOVED} sql-01 Saved was not there before"),
        (told(vms=(f"{OTHER} dc-01 Running",)), f"VM {OTHER} dc-01 Off is gone"),
        (told(planned_vms=(f"{MOVED} sql-01 Off",)), f"planned VM {MOVED} sql-01 Off was not there before"),
        (told(checkpoints=(f"{OTHER} QSM {ID}",)), f"checkpoint {OTHER} QSM {ID} was not there before"),
        (told(shares=(f"qsm-{ID}-0$",)), f"share qsm-{ID}-0$ was not there before"),
        (told(tasks=(f"qsm-{ID}-copy-1",)), f"scheduled task qsm-{ID}-copy-1 was not there before"),
        (told(jobs=(f"qsm-{ID}-copy-1-0",)), f"BITS job qsm-{ID}-copy-1-0 was not there before"),
        (told(migrations=(ID, "other")), "migration other was not there before"),
        (told(locks=(LOCK,)), f"the lock of VM sql-01 by migration {ID} is held"),
        (with_file(DISK), f"file {DISK} was not there before"),
        (with_file(rf"{TOOL}\migrations\{ID}\copies\1.json"), rf"file {TOOL}\migrations\{ID}\copies\1.json was not"),
        (with_file(rf"{TOOL}\migrations\x\record.json"), rf"file {TOOL}\migrations\x\record.json was not there before"),
        (with_file(rf"{TOOL}\locks\{MOVED}.json"), rf"file {TOOL}\locks\{MOVED}.json was not there before"),
        (with_file(NEIGHBOUR, length_bytes=9), f"file {NEIGHBOUR} has another length (1 -> 9) now"),
        (with_file(NEIGHBOUR, last_write_ticks=9), f"file {NEIGHBOUR} has another time now"),
        (with_file(NEIGHBOUR, access=(r"LAB\HV02$:Read",)), r"has another access (none -> LAB\HV02$:Read) now"),
        (told(files=AFTER.told.files[1:]), f"file {NEIGHBOUR} is gone"),
        (replace(AFTER, files_on_disk=(DISK,)), f"file {DISK} lies on the host, which does not tell of it"),
    ],
)
def test_what_is_left_over_is_found(after: HostInventory, sentence: str) -> None:
    differences = left_over(BEFORE, after, migration_id=ID)
    assert any(sentence in difference for difference in differences), differences


def test_a_stranger_in_the_folder_of_the_moved_vm_is_no_file_of_it() -> None:
    place = PlaceOfVM(MOVED, (DISK,), CONFIGURATION)
    assert place.owns(DISK.upper())
    assert place.owns(rf"{CONFIGURATION}\{MOVED.upper()}.vmcx")
    assert not place.owns(rf"D:\VMs\sql-01\{MOVED}.vmcx")
    assert not place.owns(rf"{CONFIGURATION}\{OTHER}.vmcx")
    assert not place.owns(r"D:\VMs\sql-01\sql-01-0_1234.avhdx")
    assert not PlaceOfVM().owns(r".vmcx")
