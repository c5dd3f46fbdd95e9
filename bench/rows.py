"""What a measure found: a ratio, the two figures behind it, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the page."""

    measure: str
    this: float
    against: float
    unit: str
    """Of both figures."""
    goal: str
    """What was asked for, in words: '≤ 1/8'. Nothing is judged here."""

    @property
    def ratio(self) -> float:
        """This build's figure over the other."""
        return self.this / self.against


@dataclass(frozen=True)
class Table:
    """The rows of one measure, and how they came about."""

    title: str
    how: str
    this_name: str
    against_name: str
    rows: tuple[Row, ...]
