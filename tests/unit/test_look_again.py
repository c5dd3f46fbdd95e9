"""Whoever is overtaken by somebody else looks again; whoever is refused for another reason is told so at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qsm.errors import HostRefused
from qsm.facts.errors import ErrorFacts
from qsm.ways.look_again import MOST_LOOKS, look_again


def refusals(*ids: str) -> tuple[Callable[[], int], list[int]]:
    """An act that is refused with these ids one after the other, and then gives how often it was tried."""
    tried: list[int] = []

    def act() -> int:
        tried.append(1)
        if len(tried) <= len(ids):
            raise HostRefused("hv01", "turn_back", refusal(ids[len(tried) - 1]))
        return len(tried)

    return act, tried


def refusal(error_id: str) -> ErrorFacts:
    """What a host tells."""
    return ErrorFacts(
        id=error_id, category="refused", retryable=False, message="Refused.", subject="", hresult=None, facts={}
    )


@pytest.mark.parametrize("error_id", ["RevisionStale", "NotOwner", "EpochStale"])
def test_overtaken_once(error_id: str) -> None:
    act, _ = refusals(error_id)
    assert look_again(act) == 2


def test_busy_does_not_count_as_overtaken() -> None:
    act, _ = refusals(*["Busy"] * (MOST_LOOKS + 1), "RevisionStale")
    assert look_again(act) == MOST_LOOKS + 3


def test_overtaken_for_good() -> None:
    act, tried = refusals(*["RevisionStale"] * 10)
    with pytest.raises(HostRefused, match="RevisionStale"):
        look_again(act)
    assert len(tried) == MOST_LOOKS


def test_refused_for_another_reason() -> None:
    act, tried = refusals("MayHaveRun")
    with pytest.raises(HostRefused, match="MayHaveRun"):
        look_again(act)
    assert len(tried) == 1
