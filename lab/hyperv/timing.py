"""How long Hyper-V takes.

A host that does everything at once hides what a migration is made of: the wait. So each act has a fixed time and, where
it moves bytes, a speed. The defaults are short, for tests; a demonstration sets what its hosts were measured at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Fixed times in seconds, and speeds in bytes per second, of one host."""

    checkpoint_seconds: float = 0.3
    start_seconds: float = 0.3
    stop_seconds: float = 0.1
    guest_shutdown_seconds: float = 0.3
    shutdown_patience_seconds: float = 300.0
    """How long Stop-VM waits for a guest that does not go down, before its job has failed."""
    save_seconds: float = 0.1
    export_seconds: float = 0.1
    compare_seconds: float = 0.1
    import_seconds: float = 0.2
    remove_seconds: float = 0.1
    memory_bytes_per_second: float = 500e6
    """Speed at which memory is written when saving, and read when starting from a saved state."""
    copy_bytes_per_second: float = 500e6
    """Speed at which an export or import copies saved memory."""
    merge_bytes_per_second: float = 400e6
    """Speed at which a differencing disk is folded into its parent."""
    object_age_seconds: float = 5.0
    """How old what a PowerShell process knows of a VM may be before it is read anew (HP/Constants.cs of the module)."""


INSTANT = Timing(
    checkpoint_seconds=0.0,
    start_seconds=0.0,
    stop_seconds=0.0,
    guest_shutdown_seconds=0.0,
    shutdown_patience_seconds=0.0,
    save_seconds=0.0,
    export_seconds=0.0,
    compare_seconds=0.0,
    import_seconds=0.0,
    remove_seconds=0.0,
    memory_bytes_per_second=1e12,
    copy_bytes_per_second=1e12,
    merge_bytes_per_second=1e12,
    object_age_seconds=3600.0,
)
"""No waiting but for the real work: for tests of rules, not of times. And nobody waits until a process reads anew."""


class Pace:
    """Keeps an act at a speed: `reached` waits until so many bytes may be done."""

    def __init__(self, bytes_per_second: float) -> None:
        self._bytes_per_second = bytes_per_second
        self._began_at = time.monotonic()

    def reached(self, done_bytes: int) -> None:
        """Wait as long as the bytes done so far should have taken."""
        ahead_seconds = self._began_at + done_bytes / self._bytes_per_second - time.monotonic()
        if ahead_seconds > 0:
            time.sleep(ahead_seconds)
