"""An error, as a host reports it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from qsm.facts.frozen import Frozen


class ErrorKind(StrEnum):
    """What an error says of the world."""

    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ErrorFacts(Frozen):
    """An error as a host reports it; the id is stable, the message is for people."""

    id: str
    category: ErrorKind = Field(
        description="refused: provably nothing changed; failed: something may have; unknown: nobody knows"
    )
    retryable: bool
    message: str
    subject: str
    hresult: int | None
    facts: dict[str, Any]
