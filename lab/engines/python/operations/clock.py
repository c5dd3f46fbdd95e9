"""Times as they are written in records: UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime


def now_utc() -> str:
    """Return the time, e.g. 2026-03-01T12:00:00.000Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
