"""Which checkpoint freezes the disks: a word of a request that the command line needs before anything else is imported."""

from __future__ import annotations

from enum import StrEnum


class CheckpointChoice(StrEnum):
    """A standard one, a production one, or what the VM's own setting allows."""

    AUTO = "auto"
    PRODUCTION = "production"
    STANDARD = "standard"
