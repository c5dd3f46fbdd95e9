"""Which MAC addresses are made static; like `qsm.plan.state_transfer`, what the command line needs before anything else."""

from __future__ import annotations

from enum import StrEnum


class PinMac(StrEnum):
    """Which dynamic MAC addresses of a VM the target makes static at the import. Of one that comes with its memory: none."""

    AUTO = "auto"
    """Those that the target would make anew when this migration starts the VM from off."""
    ON = "on"
    """All."""
    OFF = "off"
    """None."""
