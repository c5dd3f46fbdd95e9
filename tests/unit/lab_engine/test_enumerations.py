"""Numbers of the module's enumerations, from its own code (fact book of the module, section 3)."""

from __future__ import annotations

import json

import pytest

from lab.engines.powershell.standins import ENUMERATIONS_FILE
from qsm.facts import states

HYPERV = "Microsoft.HyperV.PowerShell."
NUMBERS: dict[str, dict[str, int]] = json.loads(ENUMERATIONS_FILE.read_text("ascii"))
BOOK = {
    "VMState": "Other 1, Running 2, Off 3, Stopping 4, Saved 6, Paused 9, Starting 10, Reset 11, Saving 32773, Pausing 32776,"
    " Resuming 32777, FastSaved 32779, FastSaving 32780, ForceShutdown 32781, ForceReboot 32782, Hibernated 32783,"
    " ComponentServicing 32784, RunningCritical 32785, OffCritical 32786, StoppingCritical 32787, SavedCritical 32788,"
    " PausedCritical 32789, StartingCritical 32790, ResetCritical 32791, SavingCritical 32792, FastSavingCritical 32796",
    "VMOperationalStatus": "ApplyingSnapshot 23769, NoIommu 32785, IovGuestDriversNeeded 32790, CriticalIoError 32795",
    "SnapshotType": "Standard 0, Recovery 1, Planned 2, Missing 5, Replica 6, AppConsistentReplica 7, SyncedReplica 8",
    "ControllerType": "IDE 0, SCSI 1, PMEM 2",
    "VMNetworkAdapterVlanMode": "Untagged 0, Access 1, Trunk 2, Private 3",
    "OperationType": "MoveVirtualMachine 0, ImportVirtualMachine 1, MoveVirtualMachineAndStorage 2",
    "VirtualMachineType": "RealizedVirtualMachine 3, PlannedVirtualMachine 4",
    "CheckpointType": "Disabled 2, Production 3, ProductionOnly 4, Standard 5",
}
WHOLE = set(BOOK) - {"VMState", "VMOperationalStatus"}
"""The book has all members of these."""


@pytest.mark.parametrize("name", BOOK)
def test_members_have_the_numbers_of_the_book(name: str) -> None:
    told = {member: int(number) for member, number in (each.split() for each in BOOK[name].split(", "))}
    ours = NUMBERS[HYPERV + name]
    assert {member: ours.get(member) for member in told} == told
    assert name not in WHOLE or ours == told
    assert len(set(ours.values())) == len(ours)


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("VMState", states.VMState),
        ("VMOperationalStatus", states.VMOperationalStatus),
        ("CheckpointType", states.CheckpointType),
        ("SnapshotType", states.SnapshotType),
        ("StartAction", states.StartAction),
        ("StopAction", states.StopAction),
        ("VMReplicationMode", states.ReplicationMode),
        ("VMNetworkAdapterVlanMode", states.VlanMode),
        ("VMSwitchType", states.SwitchType),
    ],
)
def test_names_are_those_that_the_product_knows(name: str, type_name: type[states.ReportedName]) -> None:
    assert set(NUMBERS[HYPERV + name]) == {str(member) for member in type_name}
