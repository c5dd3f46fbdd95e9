"""The operations of a host, as a table: the one place that says what can be asked of a host and what can be changed.

A host is reached over a wire that loses replies, by processes that are killed. So each changing operation has an id
(migration, operation, subject), the host remembers what became of it, and the table says what happens when nobody knows:

- ``CONVERGE``: the function looks first and does what is left; an attempt that never ended is closed and tried again.
- ``SURVEY``: the host answers ``OutcomeUnknown``; the caller looks at the world and decides (normally: go home).

A *fenced* operation changes ownership or the VM: it carries the revision of the record that its sender saw, is refused
(``RevisionStale``) when somebody else changed the record since, and raises the revision. ``forward`` operations are
refused (``TurnedBack``) as soon as the record's direction is back. ``python -m qsm.hosts.operations`` writes the part
of the table that the PowerShell module reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from qsm.facts.files import FileFacts
from qsm.facts.frozen import Frozen
from qsm.facts.hosts import HostFacts
from qsm.hosts import messages as m

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)


class AfterUnknown(StrEnum):
    """What the host does with an attempt that was started and never ended."""

    CONVERGE = "converge"
    SURVEY = "survey"


@dataclass(frozen=True)
class Operation(Generic[A, R]):
    """One operation.

    ``record`` says what an operation needs of the migration's record: ``none`` (no migration), ``makes`` (creates it),
    ``reads`` (needs one, leaves it), ``changes`` (fenced: checks and raises the revision). ``locked`` operations act on the
    VM or decide who does: the VM's lock on this host must be this migration's, and the migration not ended.
    """

    name: str
    function: str
    arguments: type[A]
    result: type[R]
    changes: bool
    side: str  # "source", "target" or "either"
    record: str
    forward: bool
    after_unknown: AfterUnknown
    error_ids: tuple[str, ...]
    time_limit_seconds: int
    poll: str | None  # the operation that reports how far it is, for one that goes on after the call
    locked: bool = False

    @property
    def fenced(self) -> bool:
        """Whether calls carry a revision."""
        return self.record == "changes"


OPERATIONS: dict[str, Operation[Any, Any]] = {}
"""All operations by name, in the order in which a migration uses them."""


def _enter(operation: Operation[A, R]) -> Operation[A, R]:
    OPERATIONS[operation.name] = operation
    return operation


# Errors any operation may answer. Category and meaning: docs/contract.md.
COMMON_ERRORS = ("InvalidArgument", "HostFailed", "AccessDenied", "RecordMissing", "Busy")
CHANGE_ERRORS = ("OperationMismatch", "OutcomeUnknown", "RevisionStale", "TurnedBack", "WrongRole", "NotOwner")


def _asks(
    name: str,
    function: str,
    arguments: type[A],
    result: type[R],
    *,
    side: str = "either",
    record: str = "none",
    errors: Iterable[str] = (),
    limit: int = 120,
) -> Operation[A, R]:
    return _enter(Operation(
        name, function, arguments, result, changes=False, side=side, record=record, forward=False,
        after_unknown=AfterUnknown.CONVERGE, error_ids=(*COMMON_ERRORS, *(("WrongRole",) if record == "reads" else ()), *errors),
        time_limit_seconds=limit, poll=None,
    ))  # fmt: skip


def _changes(
    name: str,
    function: str,
    arguments: type[A],
    result: type[R],
    *,
    side: str = "either",
    record: str = "changes",
    forward: bool = False,
    locked: bool = False,
    after_unknown: AfterUnknown = AfterUnknown.CONVERGE,
    errors: Iterable[str] = (),
    limit: int = 120,
    poll: str | None = None,
) -> Operation[A, R]:
    return _enter(Operation(
        name, function, arguments, result, changes=True, side=side, record=record, forward=forward,
        after_unknown=after_unknown, error_ids=(*COMMON_ERRORS, *CHANGE_ERRORS, *errors), time_limit_seconds=limit, poll=poll,
        locked=locked,
    ))  # fmt: skip


_SURVEY = AfterUnknown.SURVEY

# fmt: off
# questions
get_host = _asks("get_host", "Get-QsmHost", m.GetHostArguments, HostFacts)
get_vm = _asks("get_vm", "Get-QsmVM", m.GetVMArguments, m.GetVMResult)
get_inventory = _asks("get_inventory", "Get-QsmInventory", m.InventoryArguments, m.InventoryResult)
get_compatibility = _asks("get_compatibility", "Get-QsmCompatibility", m.VMArguments, m.CompatibilityResult, side="source", errors=["VMNotFound"])
resolve_account = _asks("resolve_account", "Resolve-QsmAccount", m.AccountArguments, m.AccountResult, side="source")
test_target = _asks("test_target", "Test-QsmTarget", m.TestTargetArguments, m.TestTargetResult, side="target")
find_migrations = _asks("find_migrations", "Find-QsmMigration", m.FindMigrationArguments, m.FindMigrationResult)
watch_source = _asks("watch_source", "Watch-QsmSource", m.WatchSourceArguments, m.WatchSourceResult, side="source", record="reads")
get_copy = _asks("get_copy", "Get-QsmCopy", m.WorkArguments, m.GetCopyResult, side="target", record="reads")
get_merge = _asks("get_merge", "Get-QsmMerge", m.WorkArguments, m.GetMergeResult, side="target", record="reads")
get_checkpoint_removal = _asks("get_checkpoint_removal", "Get-QsmCheckpointRemoval", m.CheckpointRemovalArguments, m.CheckpointRemovalResult, side="source", record="reads", errors=["VMNotFound"])
get_source_removal = _asks("get_source_removal", "Get-QsmSourceRemoval", m.VMArguments, m.SourceRemovalResult, side="source", record="reads")

# record and lock
create_record = _changes("create_record", "New-QsmRecord", m.CreateRecordArguments, m.RecordResult, record="makes", errors=["RecordExists"])
take_lock = _changes("take_lock", "Lock-QsmVM", m.LockArguments, m.LockResult, record="reads", forward=True, errors=["AlreadyMigrating"])
turn_back = _changes("turn_back", "Set-QsmTurnedBack", m.Nothing, m.RecordResult, record="reads")
close_migration = _changes("close_migration", "Close-QsmMigration", m.CloseMigrationArguments, m.RecordResult, record="reads")
clean_host = _changes("clean_host", "Clear-QsmHost", m.Nothing, m.CleanHostResult, record="none")

# while the VM runs
take_checkpoint = _changes("take_checkpoint", "Checkpoint-QsmVM", m.TakeCheckpointArguments, m.TakeCheckpointResult, side="source", forward=True, locked=True, after_unknown=_SURVEY, errors=["VMNotFound", "WorldChanged", "CheckpointFailed"], limit=600)
open_share = _changes("open_share", "Open-QsmShare", m.OpenShareArguments, m.OpenShareResult, side="source", record="reads", forward=True, errors=["AccountUnknown", "ShareFailed"])
start_copy = _changes("start_copy", "Start-QsmCopy", m.StartCopyArguments, m.WorkResult, side="target", record="reads", forward=True, errors=["NoSpace", "FileInTheWay"], poll="get_copy")

# the offline window
save_vm = _changes("save_vm", "Save-QsmVM", m.SaveVMArguments, m.SaveVMResult, side="source", forward=True, locked=True, after_unknown=_SURVEY, errors=["VMNotFound", "WorldChanged", "NoSpace", "SaveFailed"], limit=3600)
export_configuration = _changes("export_configuration", "Export-QsmVMConfiguration", m.VMArguments, m.ExportResult, side="source", forward=True, locked=True, errors=["VMNotFound", "ExportFailed"], limit=1800)
start_merge = _changes("start_merge", "Start-QsmMerge", m.StartMergeArguments, m.WorkResult, side="target", record="reads", forward=True, errors=["NoSpace", "FileMissing"], poll="get_merge")
import_vm = _changes("import_vm", "Import-QsmVM", m.ImportVMArguments, m.ImportVMResult, side="target", forward=True, locked=True, errors=["VMExists", "ImportIncompatible", "ImportFailed"], limit=600)

# handing over: the only way a VM changes hands
hand_over = _changes("hand_over", "Set-QsmHandedOver", m.VMArguments, m.RecordResult, side="source", forward=True, locked=True, errors=["NotStandingStill"])
allow_start = _changes("allow_start", "Grant-QsmStart", m.EpochArguments, m.RecordResult, side="target", forward=True, locked=True, errors=["EpochStale"])
start_vm = _changes("start_vm", "Start-QsmVM", m.StartVMArguments, m.VMStateResult, locked=True, after_unknown=_SURVEY, errors=["EpochStale", "StartRefused", "VMNotFound"], limit=1800)
confirm_target = _changes("confirm_target", "Confirm-QsmTarget", m.ConfirmTargetArguments, m.RecordResult, side="target", errors=["EpochStale", "VMNotFound"])
restore_settings = _changes("restore_settings", "Restore-QsmVMSetting", m.RestoreSettingsArguments, m.Nothing, locked=True, errors=["VMNotFound"])

# going home
withdraw = _changes("withdraw", "Revoke-QsmStart", m.VMArguments, m.RecordResult, side="target", errors=["MayHaveRun"])
take_back = _changes("take_back", "Restore-QsmOwner", m.TakeBackArguments, m.RecordResult, side="source")
stop_work = _changes("stop_work", "Stop-QsmWork", m.Nothing, m.StopWorkResult, side="target", record="reads", limit=300)
close_shares = _changes("close_shares", "Close-QsmShare", m.Nothing, m.CloseSharesResult, side="source", record="reads")
remove_checkpoint = _changes("remove_checkpoint", "Remove-QsmCheckpoint", m.RemoveCheckpointArguments, m.Nothing, side="source", record="reads", errors=["VMNotFound"], poll="get_checkpoint_removal", limit=600)
remove_imported_vm = _changes("remove_imported_vm", "Remove-QsmImportedVM", m.VMArguments, m.Nothing, side="target", locked=True, limit=600)
remove_files = _changes("remove_files", "Remove-QsmCopiedFile", m.RemoveFilesArguments, m.RemoveFilesResult, side="target", record="reads")

# cleaning up the source, last
retire_source = _changes("retire_source", "Disable-QsmSourceVM", m.RetireSourceArguments, m.Nothing, side="source", errors=["VMNotFound"])
remove_source = _changes("remove_source", "Remove-QsmSourceVM", m.RemoveSourceArguments, m.Nothing, side="source", poll="get_source_removal", limit=600)
remove_source_files = _changes("remove_source_files", "Remove-QsmSourceFile", m.RemoveSourceFilesArguments, m.RemoveFilesResult, side="source", record="reads")

# checking hosts
create_probe_file = _changes("create_probe_file", "New-QsmProbeFile", m.ProbeFileArguments, FileFacts, record="reads", forward=True)
# fmt: on


def module_table() -> str:
    """What the PowerShell module needs of the table, as JSON text (ASCII, one operation a line)."""
    rows = [
        json.dumps(
            {
                "name": o.name,
                "function": o.function,
                "changes": o.changes,
                "side": o.side,
                "record": o.record,
                "forward": o.forward,
                "locked": o.locked,
                "after_unknown": o.after_unknown.value,
            }
        )
        for o in OPERATIONS.values()
    ]
    return "[\n" + ",\n".join(rows) + "\n]\n"


MODULE_FOLDER = Path(__file__).parent.parent / "powershell" / "QuickStorageMigration"
MODULE_TABLE_FILE = MODULE_FOLDER / "Operations.json"

if __name__ == "__main__":
    MODULE_TABLE_FILE.write_text(module_table(), encoding="ascii", newline="\n")
