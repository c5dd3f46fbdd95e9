"""Agreed windows: a VM is stopped inside of one, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flow_lab import MIB, FlowLab, TestVM

from lab.host.handle import LabDisk
from qsm.errors import PreflightRefused
from qsm.plan.ending import End
from qsm.run import MigrationFailed
from qsm.settings import load_settings

Agree = Callable[..., None]


@pytest.fixture
def agree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agree]:
    """Agrees windows for all VMs of the source, each by its distance from now and its length; second by second."""

    def agree(*, purpose: str = "cutover", begins: timedelta, minutes: int, allowance_seconds: int = 5) -> None:
        first = datetime.now(UTC) + begins
        rule = f"FREQ=DAILY;BYHOUR={first.hour};BYMINUTE={first.minute};BYSECOND={first.second}"
        window: dict[str, Any] = {"rrule": rule, "minutes": minutes, "time_zone": "UTC"}
        agreed = {"agreed": {**window, "purpose": purpose, "hosts": ["hv01"]}}
        monkeypatch.setenv("QSM_WINDOWS", json.dumps(agreed))
        monkeypatch.setenv("QSM_CUTOVER_ALLOWANCE_SECONDS", str(allowance_seconds))
        load_settings.cache_clear()

    yield agree
    load_settings.cache_clear()


def small_vm(flow_lab: FlowLab, **settings: Any) -> TestVM:
    return flow_lab.make_vm(disks=[LabDisk(size_bytes=8 * MIB)], **settings)


def test_inside_a_window_nothing_waits(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    agree(begins=-timedelta(minutes=5), minutes=600)
    report = flow_lab.migrate(vm, window_wait_minutes=0)
    assert report.end is End.FORWARD
    (note,) = [note for note in report.notes if "window agreed" in note]
    assert f"The cutover of VM {vm.name} began within window agreed, open until " in note
    assert "expected back after" in note


@pytest.mark.parametrize(("purpose", "step"), [("copy", "take_checkpoint"), ("cutover", "save_state")])
def test_a_window_that_opens_soon_is_waited_for(flow_lab: FlowLab, agree: Agree, purpose: str, step: str) -> None:
    vm = small_vm(flow_lab)
    agree(purpose=purpose, begins=timedelta(seconds=20), minutes=600)
    opens = datetime.now(UTC) + timedelta(seconds=18)  # the rule knows whole seconds
    report = flow_lab.migrate(vm)
    assert report.end is End.FORWARD
    (line,) = [line for line in report.steps if line.step == step]
    assert datetime.fromisoformat(line.started_utc) >= opens
    flow_lab.assert_never_ran_twice(vm)


def test_a_window_that_opens_too_late_is_missed_and_the_vm_runs_on(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    before = flow_lab.before(vm)
    agree(begins=timedelta(hours=3), minutes=60)
    with pytest.raises(MigrationFailed) as missed:
        flow_lab.migrate(vm, window_wait_minutes=60)
    report = missed.value.report
    assert report.end is End.HOME
    assert report.error.startswith("MissedWindow: ")
    assert report.offline_window is None
    for part in ("(agreed) is open now", "opens at ", "may wait 60 min", vm.name, "hv01"):
        assert part in str(missed.value)
    flow_lab.assert_home(vm, before)


def test_a_copy_that_may_not_begin_leaves_no_checkpoint(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    before = flow_lab.before(vm)
    agree(purpose="copy", begins=timedelta(hours=3), minutes=60)
    with pytest.raises(MigrationFailed, match="was not copied: no window agreed"):
        flow_lab.migrate(vm, window_wait_minutes=1)
    flow_lab.assert_home(vm, before)


def test_a_cutover_that_would_outlast_its_window_does_not_begin(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    before = flow_lab.before(vm)
    agree(begins=-timedelta(minutes=59), minutes=60, allowance_seconds=300)  # open, and the next one is long enough
    with pytest.raises(MigrationFailed, match="The cutover would take 3"):
        flow_lab.migrate(vm, window_wait_minutes=1)
    flow_lab.assert_home(vm, before)


def test_windows_that_are_never_long_enough_are_found_before_anything_begins(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    agree(begins=timedelta(hours=3), minutes=1, allowance_seconds=61)
    with pytest.raises(PreflightRefused, match=r"none of the VM's agreed windows \(agreed\) is open for 61 s"):
        flow_lab.migrate(vm)


def test_a_gate_that_a_person_opens_is_recorded_with_the_reason(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab)
    agree(begins=timedelta(hours=3), minutes=60)
    report = flow_lab.migrate(vm, window_wait_minutes=0, open_gate="change 4711, approved by the owner")
    assert report.end is End.FORWARD
    text = f"The gate for the cutover of VM {vm.name} was opened by hand: change 4711, approved by the owner"
    assert text in report.notes


def test_a_vm_that_stands_still_waits_for_no_cutover(flow_lab: FlowLab, agree: Agree) -> None:
    vm = small_vm(flow_lab, state="Off")
    agree(begins=timedelta(hours=3), minutes=60)
    assert flow_lab.migrate(vm, window_wait_minutes=0).end is End.FORWARD
