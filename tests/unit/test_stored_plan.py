"""The plan in a record: a typed one, none for a check of hosts, and one of another version that hides nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sample_plan import FIRST, SECOND, VM_ID, plan

from qsm.hosts import messages as m
from qsm.migration.survey import PlanUnreadable, unfinished_plans
from qsm.plan.plan import PLAN_VERSION, Plan
from qsm.plan.stored import UnreadablePlan


def record(held: dict[str, Any] | None, *, migration_id: str = FIRST, end: str = "") -> dict[str, Any]:
    return {
        "schema_version": 1, "migration_id": migration_id, "vm_id": VM_ID, "vm_name": "sql-01", "role": "source",
        "peer": "HV02", "by": "ann@tool01 (process 7)", "created_utc": "2030-01-31T23:59:59Z", "revision": 1, "epoch": 0,
        "owner": "source", "direction": "forward", "step": "create_record", "end": end, "end_text": "", "plan": held,
    }  # fmt: skip


def answer(*records: dict[str, Any]) -> m.FindMigrationResult:
    """What a host answers, through the text that travels."""
    told = {"migrations": [{"record": each, "outcomes": [], "locked": True} for each in records], "locks": []}
    return m.FindMigrationResult.model_validate_json(json.dumps(told))


NEWER = {**plan(), "version": PLAN_VERSION + 1, "rounds": 3}
OLDER = {key: value for key, value in plan().items() if key not in ("version", "disks")}


@pytest.mark.parametrize("held", [plan(), {}, NEWER, OLDER], ids=["ours", "none", "newer", "older"])
def test_a_plan_is_given_back_as_it_was_held(held: dict[str, Any]) -> None:
    told = answer(record(held)).migrations[0].record
    assert told.model_dump(mode="json")["plan"] == held
    assert (
        m.RetireSourceArguments(vm_id=VM_ID, target_record=told, note="").model_dump(mode="json")["target_record"][
            "plan"
        ]
        == held
    )


def test_a_record_without_a_vm_has_no_plan() -> None:
    for held in ({}, None):
        assert answer(record(held)).migrations[0].record.plan is None
    arguments = m.CreateRecordArguments(role="source", vm_id=VM_ID, vm_name="x", peer="", by="", plan=None)
    assert arguments.model_dump(mode="json")["plan"] == {}


def test_a_plan_of_ours_is_typed() -> None:
    told = answer(record(plan())).migrations[0].record.plan
    assert isinstance(told, Plan)
    assert told.disk("SCSI 0:0").chain.base.target_path == r"E:\sql\sql.vhdx"


@pytest.mark.parametrize(("held", "version"), [(NEWER, str(PLAN_VERSION + 1)), (OLDER, "1 or none")])
def test_a_plan_of_another_version_says_so_and_hides_no_other(held: dict[str, Any], version: str) -> None:
    foreign = record({**held, "migration_id": SECOND}, migration_id=SECOND)
    foreign["vm_name"], foreign["vm_id"] = "web-01", VM_ID.replace("0", "9")
    told = {"hv01": answer(foreign, record(plan()))}
    assert isinstance(told["hv01"].migrations[0].record.plan, UnreadablePlan)
    assert [each.migration_id for each in unfinished_plans(told, "sql-01", requested_by=None)] == [FIRST]
    with pytest.raises(PlanUnreadable) as caught:
        unfinished_plans(told, "web-01", requested_by=None)
    for part in (f"version {version}", f"reads version {PLAN_VERSION}", "host hv01", SECOND, "ann@tool01"):
        assert part in str(caught.value)
    assert unfinished_plans(told, "web-01", requested_by="flow run x") == ()


def test_one_host_that_tells_the_plan_is_enough() -> None:
    told = {"hv01": answer(record(NEWER)), "hv02": answer(record(plan()))}
    assert [each.migration_id for each in unfinished_plans(told, VM_ID, requested_by=None)] == [FIRST]


def test_what_has_ended_is_not_judged() -> None:
    assert unfinished_plans({"hv01": answer(record(NEWER, end="home"))}, "sql-01", requested_by=None) == ()
