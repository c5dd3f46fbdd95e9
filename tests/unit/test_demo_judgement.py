"""Each thing that the demonstration's verdict stands on turns it red, alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cli.demonstration import Outcome, show_verdict
from lab.demonstration.verdict import ChangesFile, Comparison, Evidence, judge
from lab.host.tally import Kind, Spent
from lab.judges.verify_guest import GuestFinding, GuestFindingKind, Verification
from lab.witness.client import Lifetime
from lab.witness.ledger import WitnessFinding, WitnessFindingKind
from qsm.report.report import Report

SLOTS = ("SCSI 0:0", "SCSI 0:1")
BOTH = dict.fromkeys(SLOTS, 7)
ONE = {SLOTS[0]: 7, SLOTS[1]: 0}
CHANGES = {slot: ChangesFile(f"{slot}.avhdx", 4 << 20, 4096) for slot in SLOTS}
VERIFICATION = Verification((), dict.fromkeys(SLOTS, 2), blocks_written=dict.fromkeys(SLOTS, 1))
COMPARISON = Comparison(VERIFICATION, dict.fromkeys(SLOTS, 8192), 0.1, writes_meanwhile=0)
FINDING = GuestFinding(
    GuestFindingKind.OLDER, SLOTS[0], block=1, text="disk SCSI 0:0, block 1: nothing was written here."
)


def life(number: int, host_name: str, **changes: Any) -> Lifetime:
    """One incarnation, which runs."""
    facts: dict[str, Any] = {
        "incarnation": number, "host_name": host_name, "restored": False, "parent_incarnation": None,
        "saved_state_id": None, "registered_at": float(number), "first_write_at": None, "last_write_at": None,
        "acknowledged_writes": 7, "continues_from": 0, "last_sequence": 7, "ended_at": None, "ended_how": None,
        "saved_as": None,
    }  # fmt: skip
    return Lifetime(**{**facts, **changes})


FIRST = life(1, "HV01", ended_at=1.5, ended_how="saved")
SECOND = life(2, "HV02", restored=True, parent_incarnation=1)
GOOD = Evidence(
    slots=SLOTS,
    source_name="HV01",
    target_name="HV02",
    writes_during_base_copy=BOTH,
    writes_in_last_second=BOTH,
    writes_after_resume=BOTH,
    changes=CHANGES,
    comparison=COMPARISON,
    lives=(FIRST, SECOND),
    witness_findings=(),
    witness_window=None,
    left_over={"hv01": (), "hv02": ()},
    network=(),
    adapters=1,
)


def test_all_checks_hold() -> None:
    assert all(check.holds for check in judge(GOOD))


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"writes_during_base_copy": ONE}, "acknowledged writes during the base copy"),
        ({"writes_in_last_second": ONE}, "acknowledged writes in the last second before the save"),
        ({"writes_after_resume": {}}, "acknowledged writes after the resume"),
        ({"changes": {SLOTS[0]: CHANGES[SLOTS[0]]}}, "bytes of each AVHDX"),
        ({"changes": {**CHANGES, SLOTS[1]: ChangesFile("empty", 4 << 20, 0)}}, "bytes of each AVHDX"),
        ({"comparison": None}, "every block"),
        ({"comparison": replace(COMPARISON, writes_meanwhile=1)}, "every block"),
        ({"comparison": replace(COMPARISON, size_bytes=dict.fromkeys(SLOTS, 12288))}, "every block"),
        ({"comparison": replace(COMPARISON, verification=replace(VERIFICATION, findings=(FINDING,)))}, "every block"),
        ({"lives": (FIRST,)}, "one incarnation"),
        ({"lives": (FIRST, SECOND, life(3, "HV01"))}, "one incarnation"),
        ({"lives": (FIRST, replace(SECOND, registered_at=1.4))}, "one incarnation"),
        ({"lives": (FIRST, replace(SECOND, restored=False, parent_incarnation=None))}, "one incarnation"),
        ({"lives": (FIRST, replace(SECOND, host_name="HV01"))}, "one incarnation"),
        ({"lives": (replace(FIRST, ended_how="lost"), SECOND)}, "one incarnation"),
        ({"lives": (FIRST, replace(SECOND, ended_at=3.0, ended_how="lost"))}, "one incarnation"),
        ({"witness_findings": (WitnessFinding(WitnessFindingKind.OVERLAP, "vm", text="two"),)}, "one incarnation"),
        ({"network": ("adapter is on LAN",)}, "network adapters"),
        ({"adapters": 0}, "network adapters"),
        ({"left_over": {"hv01": ("share qsm-1$ was not there before",), "hv02": ()}}, "inventory of hv01"),
    ],
)
def test_each_of_them_alone_turns_the_verdict_red(changes: dict[str, Any], failing: str) -> None:
    checks = judge(replace(GOOD, **changes))
    assert [check.name for check in checks if not check.holds] == [
        check.name for check in checks if check.name.startswith(failing)
    ]


def test_a_vm_without_disks_proves_nothing() -> None:
    assert not all(check.holds for check in judge(replace(GOOD, slots=())))


def test_the_verdict_tells_what_a_real_powershell_has_cost(capsys: pytest.CaptureFixture[str]) -> None:
    spent: dict[str, dict[Kind, Spent]] = {"hv01": {"endpoint": Spent(2, 10.0), "tasks": Spent(1, 3.0)}}
    report = Report.model_construct(offline_window=None)
    show_verdict(Outcome(report, GOOD, judge(GOOD), seconds=60.0, powershell=spent))
    assert (
        "- PowerShell: 3 processes, 13.0 s (hv01: endpoint 2 processes, 10.0 s, tasks 1 process, 3.0 s)"
        in capsys.readouterr().out
    )
    show_verdict(Outcome(report, GOOD, judge(GOOD), seconds=60.0, powershell={}))
    assert "PowerShell" not in capsys.readouterr().out
