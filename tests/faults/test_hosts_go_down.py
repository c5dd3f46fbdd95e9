"""Hosts are restarted, lose their power, freeze or stay away, before, in and after the offline window.

A restart of the source before handing over ends at home: its temporary shares are gone, and the VM may have moved on. A
restart of the target is waited for. A host that stays away after handing over is the one case in which the VM is held.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_lab import AFTER, BEFORE, HELD, HOME, LEFT_OVER, REFUSED, UNREACHABLE, FaultLab
from waiting import DEADLINE_SECONDS, wait_until

from lab.host.faults import FaultMoment

ORDERLY = pytest.mark.parametrize("orderly", [True, False], ids=["restart", "power-cut"])


@ORDERLY
def test_the_source_restarts_while_bases_are_copied(fault_lab: FaultLab, slow_link: None, orderly: bool) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=AFTER), vm)
    fault_lab.source.reboot(orderly=orderly)
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    assert "was restarted" in run.output or "is gone" in run.output
    fault_lab.assert_home(vm, before, after_crash=not orderly)


@ORDERLY
def test_the_source_restarts_while_changes_are_copied(fault_lab: FaultLab, orderly: bool) -> None:
    """The VM is saved at that moment, and does not start by itself."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "start_copy", moment=BEFORE, skip=1), vm)
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    fault_lab.source.reboot(orderly=orderly)
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    fault_lab.clear_faults()
    assert run.exit_code() == HOME, run.output
    fault_lab.assert_home(vm, before)


def test_the_source_restarts_after_handing_over(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "allow_start", moment=AFTER), vm)
    fault_lab.source.reboot()
    fault_lab.clear_faults()
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=str)
def test_the_source_loses_its_power_at_the_save(fault_lab: FaultLab, moment: FaultMoment) -> None:
    """Before the memory is on disk the VM is off without it: home and cold, never on to the target."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.cut_power_at("source", "Save-VM", moment=moment)
    run = fault_lab.start_migration(vm)
    fault_lab.source.wait_until_off()
    fault_lab.source.boot()
    assert fault_lab.state(fault_lab.source, vm) == ("Off" if moment is BEFORE else "Saved")
    assert run.exit_code() == HOME, run.output
    assert [life.host_name for life in fault_lab.witness.lifetimes(vm.vm_id)] == ["HV01", "HV01"]
    fault_lab.assert_home(vm, before, after_crash=moment is BEFORE)


def test_the_target_loses_its_power_while_bases_are_copied(fault_lab: FaultLab, slow_link: None) -> None:
    """The copy is taken up again, or begun again; the VM has not noticed."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("source", "watch_source", moment=BEFORE), vm)
    fault_lab.target.reboot(orderly=False)
    fault_lab.clear_faults()
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before)


def test_the_target_loses_its_power_while_it_merges(fault_lab: FaultLab) -> None:
    """What was half merged on the target is a copy: the source's chain is whole."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang_cmdlet("target", "Merge-VHD"), vm)
    fault_lab.target.reboot(orderly=False)
    code = run.exit_code()
    assert code in (0, HOME), run.output
    if code == 0:
        fault_lab.assert_forward(vm, before)
    else:
        fault_lab.assert_home(vm, before)


@ORDERLY
def test_the_target_restarts_after_the_vm_is_back(fault_lab: FaultLab, orderly: bool) -> None:
    """Its automatic start is its own again, so that it comes up before the tool does anything."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("source", "close_shares", moment=BEFORE), vm)
    fault_lab.target.reboot(orderly=orderly)
    fault_lab.wait_until_running(fault_lab.target, vm)
    fault_lab.clear_faults()
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before, after_crash=not orderly)


def test_the_target_restarts_before_automatic_start_is_back(fault_lab: FaultLab) -> None:
    """Nothing starts the VM by itself then; the run does."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", "confirm_target", moment=AFTER), vm)
    fault_lab.wait_for_writes(vm)
    fault_lab.target.reboot()
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize(("side", "operation"), [("target", "get_copy"), ("source", "start_merge")])
def test_a_host_freezes_for_a_while(fault_lab: FaultLab, operation: str, side: str) -> None:
    """In base copy and in the window; longer than a request waits, shorter than a host may be silent."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    run = fault_lab.run_into(fault_lab.hang("target", operation, moment=BEFORE), vm)
    fault_lab.clear_faults()
    fault_lab.host(side).freeze()
    frozen_at = fault_lab.witness.now()
    wait_until(lambda: fault_lab.witness.now() - frozen_at > 3.5, what="the time that the host is frozen")
    fault_lab.host(side).thaw()
    assert run.exit_code() == 0, run.output
    fault_lab.assert_forward(vm, before)


@pytest.mark.parametrize("command", ["abandon", "finish"])
def test_held_while_the_target_is_away_after_handing_over(fault_lab: FaultLab, command: str) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.give_up_soon()
    run = fault_lab.run_into(fault_lab.hang("target", "allow_start", moment=BEFORE), vm)
    fault_lab.target.power_off()
    assert run.exit_code() == HELD, run.output
    assert "is held" in run.output
    assert fault_lab.abandon(vm) == fault_lab.finish(vm) == UNREACHABLE
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    fault_lab.target.boot()
    if command == "abandon":
        assert fault_lab.abandon(vm) == 0
        fault_lab.assert_home(vm, before)
    else:
        assert fault_lab.finish(vm) == 0
        fault_lab.assert_forward(vm, before)


def test_a_target_that_is_destroyed_for_good(fault_lab: FaultLab) -> None:
    """The override counts for a target that does not answer. Should it come back, it is not finished there, but cleaned."""
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("target", "allow_start", moment=AFTER), vm)
    fault_lab.target.power_off()
    fault_lab.give_up_soon()
    assert typed(vm.name, "another name").returncode == 2
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    done = typed(vm.name, vm.name)
    assert done.returncode == LEFT_OVER, done.stderr
    assert "hv02" in done.stdout
    assert fault_lab.state(fault_lab.source, vm) == "Running"
    record = fault_lab.record("source", vm)
    assert record is not None
    assert (record.owner, record.end) == ("source", "home")
    assert "declared the target destroyed" in record.end_text
    fault_lab.target.boot()
    assert fault_lab.finish(vm) == REFUSED
    assert fault_lab.state(fault_lab.target, vm) == "Saved"
    assert fault_lab.abandon(vm) == 0
    fault_lab.assert_home(vm, before)


def test_the_override_does_not_count_while_the_target_answers(fault_lab: FaultLab) -> None:
    vm = fault_lab.small_vm()
    before = fault_lab.before(vm)
    fault_lab.kill_in(fault_lab.hang("target", "start_vm", moment=AFTER), vm)
    fault_lab.clear_faults()
    assert typed(vm.name, vm.name).returncode == REFUSED
    assert fault_lab.state(fault_lab.source, vm) == "Saved"
    assert fault_lab.finish(vm) == 0
    fault_lab.assert_forward(vm, before)


def typed(vm_name: str, answer: str) -> subprocess.CompletedProcess[str]:
    """`qsm abandon VM --target-is-destroyed`, as installed, with an answer typed."""
    command = Path(sys.executable).parent / "qsm"
    arguments = [str(command), "abandon", vm_name, "--target-is-destroyed"]
    return subprocess.run(
        arguments,
        input=f"{answer}\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
        env=dict(os.environ),
    )
