"""The base of all values: frozen, and a field that nobody knows is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Values that travel, that are written down, or that decide; a change makes a new object."""

    model_config = ConfigDict(frozen=True, extra="forbid")
