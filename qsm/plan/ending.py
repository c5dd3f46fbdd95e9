"""How a migration ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """The three ends of a migration; the report says which."""

    HOME = "home"
    FORWARD = "forward"
    HELD = "held"


@dataclass(frozen=True)
class Ending:
    """How a migration ended: the sentence for the operator, and what was left over."""

    end: End
    text: str
    left_over: tuple[str, ...] = ()
