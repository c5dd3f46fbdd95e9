"""What PowerShell processes have cost: how many, and how long each took."""

from __future__ import annotations

from lab.host.tally import Spent, Tally, told


class HandClock:
    """A clock that is set by hand."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_process_counts_from_its_start_to_its_end() -> None:
    clock = HandClock()
    tally = Tally(clock)
    tally.started("a", "endpoint")
    clock.seconds += 2
    tally.started("b", "tasks")
    assert tally.spent() == {"endpoint": Spent(1, 2.0), "tasks": Spent(1, 0.0)}
    clock.seconds += 3
    tally.ended("a")
    clock.seconds += 10
    assert tally.spent() == {"endpoint": Spent(1, 5.0), "tasks": Spent(1, 13.0)}
    tally.started("c", "endpoint")
    tally.ended("c")
    assert tally.spent()["endpoint"] == Spent(2, 5.0)


def test_it_is_told_for_each_host_and_in_all() -> None:
    hosts = {
        "hv01": {"endpoint": Spent(2, 10.0), "tasks": Spent()},
        "hv02": {"endpoint": Spent(1, 20.25), "tasks": Spent(4, 8.0)},
    }
    assert told(hosts) == (
        "7 processes, 38.2 s (hv01: endpoint 2 processes, 10.0 s, tasks 0 processes, 0.0 s;"
        " hv02: endpoint 1 process, 20.2 s, tasks 4 processes, 8.0 s)"
    )
