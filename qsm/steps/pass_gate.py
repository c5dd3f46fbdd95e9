"""The gate: before the copy, and again before the VM is stopped, wait for an agreed window, or turn back.

A cutover passes if a window is open now and, as predicted from this migration's own copies, the VM will be back before
the window closes. Else the gate waits for the next window that is long enough, if that opens within the wait that was
allowed; the guest runs on meanwhile, its differencing disks and the world around it are watched, and the prediction is
made anew with each look at them. Until here turning back costs nothing: a window that is missed sends the migration home.

A window is agreed for the VM's name or its source host, in the settings of whoever runs the migration, by whose clock it
is read. Where none is agreed, or a person has opened the gate by hand, the gate is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from qsm.acts.watching import watch_source
from qsm.errors import Failed
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.judgement.gate import GateVerdict, cutover_seconds, judge, openings_ahead, windows_for
from qsm.migration.migration import Migration
from qsm.migration.progress import step
from qsm.migration.waiting import wait_for
from qsm.plan.plan import TransferMode
from qsm.plan.windows import AgreedWindow


class MissedWindow(Failed):
    """No agreed window opens in time; nothing was stopped, and the migration goes home."""


Purpose = Literal["copy", "cutover"]


def pass_gate(migration: Migration, purpose: Purpose) -> None:
    """Returns when the act may begin. Raises MissedWindow, Stopped, and what watching the source raises."""
    plan = migration.plan
    windows = windows_for(migration.settings.windows, purpose=purpose, vm=plan.vm_name, host=plan.source)
    if not windows or (purpose == "cutover" and not plan.live):
        return  # a VM that stands still loses nothing by standing still
    if plan.gate_opened:
        migration.note(f"The gate for the {purpose} of VM {plan.vm_name} was opened by hand: {plan.gate_opened}")
        return
    wait_for_window(migration, purpose, windows=windows)


@step
def wait_for_window(migration: Migration, purpose: Purpose, *, windows: Mapping[str, AgreedWindow]) -> None:
    """Returns within a window that is long enough. Raises as `pass_gate`."""
    plan = migration.plan
    began = datetime.now(UTC)
    deadline = began + timedelta(minutes=plan.window_wait_minutes)
    ahead = openings_ahead(windows, moment=began)
    rate = _measured_rate(migration) if purpose == "cutover" else 0.0
    names = ", ".join(windows)

    def look() -> tuple[GateVerdict, float]:
        seconds = _predict(migration, rate) if purpose == "cutover" else 0.0
        return judge(ahead, moment=datetime.now(UTC), seconds=seconds), seconds

    def is_open(seen: tuple[GateVerdict, float]) -> bool:
        verdict, seconds = seen
        if verdict.open:
            return True
        if verdict.next is None or verdict.next.begins > deadline:
            raise MissedWindow(_missed(migration, verdict, seconds, purpose=purpose, names=names))
        return False

    verdict, seconds = wait_for(
        look,
        is_over=is_open,
        limit_seconds=60.0 * plan.window_wait_minutes + migration.settings.limits.unreachable_seconds,
        pause_seconds=migration.settings.poll_seconds,
        check_stop=migration.check_stop,
        too_late=lambda seen: _missed(migration, *seen, purpose=purpose, names=names),
    )
    assert verdict.now is not None
    expected = f", and the VM is expected back after {seconds:.0f} s" if seconds else ""
    window, ends = verdict.now.window, _clock(verdict.now.ends)
    migration.note(f"The {purpose} of VM {plan.vm_name} began within window {window}, open until {ends}{expected}.")


def _predict(migration: Migration, bytes_per_second: float) -> float:
    """Seconds that the VM would stand still if it were stopped now; a look at the source."""
    plan = migration.plan
    added = sum(watch_source(migration, shares=()).values())
    return cutover_seconds(
        change_bytes=added,
        memory_bytes=plan.memory_bytes if plan.transfer is TransferMode.SAVE else 0,
        bytes_per_second=bytes_per_second,
        allowance_seconds=migration.settings.cutover_allowance_seconds,
    )


def _measured_rate(migration: Migration) -> float:
    """Bytes per second of this migration's base copies, which ran side by side."""
    plan = migration.plan
    copies = [
        migration.target.ask(
            operations.get_copy, m.WorkArguments(number=plan.work_number(chain.slot, layer)), wait_seconds=0
        )
        for chain in migration.chains()
        for layer in range(len(chain.own))
    ]
    done = sum(file.bytes_transferred for copy in copies for file in copy.files)
    return done / max((copy.seconds for copy in copies), default=1.0)


def _missed(migration: Migration, verdict: GateVerdict, seconds: float, *, purpose: Purpose, names: str) -> str:
    plan = migration.plan
    act = "copied" if purpose == "copy" else "stopped"
    needs = f" The cutover would take {seconds:.0f} s." if seconds else ""
    then = (
        f"The next one that is long enough opens at {_clock(verdict.next.begins)}"
        if verdict.next is not None
        else "None of the next weeks is long enough"
    )
    return (
        f"VM {plan.vm_name} on host {plan.source} was not {act}: no window agreed for that VM ({names}) is open now.{needs}"
        f" {then}; the migration may wait {plan.window_wait_minutes} min. Start it nearer to the window, allow a longer"
        " wait, or open the gate by hand with a reason."
    )


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
