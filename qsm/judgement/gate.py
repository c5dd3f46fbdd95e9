"""Whether something may begin now, by the agreed windows, or when; and how long a cutover will take. Pure functions.

Without a window that holds for a VM there is nothing to wait for. With one the cutover must begin and, as predicted, end
while it is open: one that does not fit into a window waits for the next that is long enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from qsm.judgement.calendar import Opening, all_openings
from qsm.plan.windows import AgreedWindow

HORIZON = timedelta(days=62)
"""How far ahead an opening is looked for; a monthly window lies within it in any case."""


@dataclass(frozen=True)
class GateVerdict:
    """Open now, or opening later, or neither."""

    now: Opening | None
    next: Opening | None

    @property
    def open(self) -> bool:
        """Whether it may begin now."""
        return self.now is not None


def windows_for(
    windows: Mapping[str, AgreedWindow], *, purpose: Literal["cutover", "copy"], vm: str, host: str
) -> dict[str, AgreedWindow]:
    """The agreed windows of that purpose that hold for a VM of that host."""
    return {
        name: window
        for name, window in windows.items()
        if window.purpose == purpose and window.holds_for(vm=vm, host=host)
    }


def openings_ahead(windows: Mapping[str, AgreedWindow], *, moment: datetime) -> Sequence[Opening]:
    """When any of them is open, from that moment on up to the horizon, in order. Those that overlap or touch are one."""
    return _joined(all_openings(windows.items(), since=moment, until=moment + HORIZON))


def judge(ahead: Iterable[Opening], *, moment: datetime, seconds: float) -> GateVerdict:
    """Where something that takes so long may begin, seen from a moment at or after that of `openings_ahead`."""
    needed = timedelta(seconds=seconds)
    fitting = [each for each in ahead if each.ends - max(each.begins, moment) >= needed]
    now = next((each for each in fitting if each.holds(moment)), None)
    return GateVerdict(now, next((each for each in fitting if each.begins > moment), None))


def too_short(windows: Mapping[str, AgreedWindow], *, moment: datetime, seconds: float) -> Iterator[str]:
    """A reason against a migration, where no window of the weeks to come is as long as the shortest cutover."""
    verdict = judge(openings_ahead(windows, moment=moment), moment=moment, seconds=seconds)
    if windows and not verdict.open and verdict.next is None:
        yield (
            f"none of the VM's agreed windows ({', '.join(windows)}) is open for {seconds:.0f} s within {HORIZON.days} days,"
            " which is what a cutover takes at least (cutover_allowance_seconds)"
        )


def cutover_seconds(*, change_bytes: int, memory_bytes: int, bytes_per_second: float, allowance_seconds: int) -> float:
    """How long a VM will stand still: its changes are copied and then merged on the target, its memory is copied.

    A merge is taken to be as slow as the copy. All else, which does not grow with the bytes, is the allowance.
    """
    return allowance_seconds + (2 * change_bytes + memory_bytes) / max(bytes_per_second, 1.0)


def _joined(openings: Iterable[Opening]) -> Sequence[Opening]:
    """Openings in order, those that overlap or touch made one; its name is that of all of them."""
    joined: list[Opening] = []
    for each in openings:
        last = joined[-1] if joined else None
        if last is None or each.begins > last.ends:
            joined.append(each)
            continue
        names = dict.fromkeys([*last.window.split(" and "), each.window])
        joined[-1] = Opening(" and ".join(names), last.begins, max(last.ends, each.ends))
    return joined
