"""Names that hosts report: known ones are members, unknown ones stay what they are and count as the unsafe answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_facts import disk_file, vm

import lab.engines.powershell
from qsm.facts.states import (
    CARRIED_FORMATS,
    CARRIED_STATES,
    CARRIED_TYPES,
    CHECKPOINTS_TAKEN,
    CRITICAL_STATES,
    HEALTH,
    LIVE_STATES,
    ON_THE_WAY,
    CheckpointType,
    CopyJobState,
    ReplicationMode,
    ReportedName,
    SnapshotType,
    StartAction,
    StopAction,
    SwitchType,
    VhdFormat,
    VhdType,
    VlanMode,
    VMOperationalStatus,
    VMState,
    busy_with,
    is_quiet,
    may_pass,
)
from qsm.hosts import messages as m
from qsm.judgement.obstacles import about_vm
from qsm.judgement.room import merge_growth

ENUMERATIONS = json.loads(
    (Path(lab.engines.powershell.__file__).parent / "enumerations.json").read_text(encoding="utf-8")
)
NEW = "InventedIn2030"


@pytest.mark.parametrize("names", ReportedName.__subclasses__())
def test_a_name_of_a_newer_windows_stays_what_it_is(names: type[ReportedName]) -> None:
    unknown = names(NEW)
    assert not unknown.known and all(name.known for name in names)
    assert unknown == NEW and str(unknown) == NEW and unknown == names(NEW) and hash(unknown) == hash(names(NEW))
    assert unknown not in list(names) and NEW not in names.__members__
    assert all(names.named(name.value) is name for name in names)
    with pytest.raises(ValueError, match=NEW):
        names.named(NEW)
    with pytest.raises(ValueError, match="valid"):
        names(7)


@pytest.mark.parametrize(
    ("names", "type_name"),
    [
        (VMState, "Microsoft.HyperV.PowerShell.VMState"),
        (VMOperationalStatus, "Microsoft.HyperV.PowerShell.VMOperationalStatus"),
        (CheckpointType, "Microsoft.HyperV.PowerShell.CheckpointType"),
        (SnapshotType, "Microsoft.HyperV.PowerShell.SnapshotType"),
        (StartAction, "Microsoft.HyperV.PowerShell.StartAction"),
        (StopAction, "Microsoft.HyperV.PowerShell.StopAction"),
        (ReplicationMode, "Microsoft.HyperV.PowerShell.VMReplicationMode"),
        (VlanMode, "Microsoft.HyperV.PowerShell.VMNetworkAdapterVlanMode"),
        (SwitchType, "Microsoft.HyperV.PowerShell.VMSwitchType"),
        (VhdFormat, "Microsoft.Vhd.PowerShell.VhdFormat"),
        (VhdType, "Microsoft.Vhd.PowerShell.VhdType"),
        (CopyJobState, "Microsoft.BackgroundIntelligentTransfer.Management.BitsJobState"),
    ],
)
def test_every_name_that_the_stand_ins_for_windows_use_is_known(names: type[ReportedName], type_name: str) -> None:
    assert set(ENUMERATIONS[type_name]) <= {name.value for name in names}


def test_no_group_holds_an_unknown_name() -> None:
    for group in (CARRIED_STATES, LIVE_STATES, CRITICAL_STATES, ON_THE_WAY):
        assert VMState(NEW) not in group
    assert VMOperationalStatus(NEW) not in HEALTH and CheckpointType(NEW) not in CHECKPOINTS_TAKEN
    assert VhdFormat(NEW) not in CARRIED_FORMATS and VhdType(NEW) not in CARRIED_TYPES
    assert may_pass(VMState(NEW)), "nobody knows whether it ends by itself: it is waited for"
    assert may_pass(VMState.SAVING) and not may_pass(VMState.RUNNING) and not may_pass(VMState.PAUSED_CRITICAL)
    assert VMState(NEW + "Critical") not in CRITICAL_STATES and VMState.PAUSED_CRITICAL in CRITICAL_STATES


@pytest.mark.parametrize(
    ("status", "quiet", "busy"),
    [
        (["Ok"], True, []),
        ([], False, []),
        (["InService"], False, ["InService"]),
        (["Ok", "InService"], False, ["InService"]),
        (["InService", "MergingDisks"], False, ["InService", "MergingDisks"]),
        (["Degraded"], False, []),
        (["Dormant"], False, ["Dormant"]),
        (["Ok", NEW], False, [NEW]),
    ],
)
def test_one_rule_says_whether_a_vm_is_at_rest(status: list[str], quiet: bool, busy: list[str]) -> None:
    words = tuple(VMOperationalStatus(word) for word in status)
    assert (is_quiet(words), list(busy_with(words))) == (quiet, busy)
    reasons = [
        reason for reason in about_vm(vm(operational_status=status), host="hv01") if "busy or unhealthy" in reason
    ]
    assert bool(reasons) is not quiet
    for word in status:
        assert word == "Ok" or word in reasons[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": NEW},
        {"operational_status": ["Ok", NEW]},
        {"checkpoint_type": NEW},
        {"checkpoint_type": NEW, "state": "Off"},
        {"automatic_start_action": NEW},
        {"replication_mode": NEW},
        {"file": disk_file(type=NEW)},
        {"file": disk_file(format=NEW)},
    ],
)
def test_what_nobody_knows_is_read_and_refused_by_name(changes: dict[str, object]) -> None:
    assert list(about_vm(vm(), host="hv01")) == []
    reasons = list(about_vm(vm(**changes), host="hv01"))  # type: ignore[arg-type]
    assert reasons and all(NEW in reason for reason in reasons)


def test_an_unknown_name_travels_through_an_inventory_unchanged() -> None:
    told = vm(state=NEW, operational_status=[NEW], checkpoint_type=NEW).model_dump_json()
    read = m.GetVMResult.model_validate_json(f'{{"matches": [{told}]}}')
    assert read.matches[0].model_dump_json() == told


def test_a_disk_of_unknown_type_may_grow() -> None:
    sizes = [merge_growth(disk_file(type=kind), leaf_bytes=100) for kind in ("Fixed", "Dynamic", NEW)]
    assert sizes == [0, 100, 100]
