"""The PowerShell engine that tests run on: QSM_PWSH names its program, and what needs it is skipped without."""

from __future__ import annotations

import os

import pytest

PROGRAM = os.environ.get("QSM_PWSH", "")
REASON = "needs a PowerShell engine: QSM_PWSH names its program"
NEEDS_ENGINE = pytest.mark.skipif(not PROGRAM, reason=REASON)


def require_engine() -> str:
    """Skips a test where there is no engine; returns the program."""
    if not PROGRAM:
        pytest.skip(REASON)
    return PROGRAM
