"""An error, as a host reports it."""

from __future__ import annotations

from typing import Any, Literal

from qsm.facts.frozen import Frozen


class ErrorFacts(Frozen):
    """An error as a host tells it; the id is stable, the message is for people."""

    id: str
    category: Literal["refused", "failed", "unknown"]
    retryable: bool
    message: str
    subject: str
    hresult: int | None
    facts: dict[str, Any]
