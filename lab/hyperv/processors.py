"""Whether a saved state can be restored on a host's processor.

A guest's memory holds what its processor can do. On a processor of another vendor it is worthless, on one with fewer
features it is unless the VM was told to do without them ("Processor compatibility mode in Hyper-V", Microsoft Learn).
"""

from __future__ import annotations

from lab.hyperv.configuration import SavedState
from lab.hyperv.core import Core
from lab.hyperv.machine import Machine


def saved_on(core: Core, machine: Machine) -> SavedState:
    """Return what a state saved on this host needs."""
    return SavedState(
        core.host.processor_vendor,
        core.host.processor_generation,
        machine.configuration.compatibility_for_migration_enabled,
    )


def why_not_restorable(core: Core, saved: SavedState) -> str | None:
    """Return why a saved state cannot be restored on this host's processor; None if it can."""
    host = core.host
    if saved.processor_vendor != host.processor_vendor:
        return (
            f"The saved state is from a processor of {saved.processor_vendor}; this host has {host.processor_vendor}."
        )
    if saved.processor_generation > host.processor_generation and not saved.compatibility_for_migration:
        return "The saved state uses processor features that this host does not have."
    return None
