"""What Hyper-V can do on a version of Windows.

Which configuration versions a host takes, and whether it knows checkpoint types, follows from its build; a lab host that
mixed them freely would be a host nobody has.
"""

from __future__ import annotations

from lab.hyperv.model import VMHost
from lab.platform.platform import Platform

CHECKPOINT_TYPES_BUILD = 14393  # Windows Server 2016

# "Upgrade virtual machine version in Hyper-V", Microsoft Learn: first build, and what it supports
SUPPORTED_VERSIONS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (26100, ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0", "11.0", "12.0")),
    (20348, ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0")),
    (17763, ("5.0", "6.2", "7.0", "7.1", "8.0", "8.1", "8.2", "8.3", "9.0")),
    (14393, ("5.0", "6.2", "7.0", "7.1", "8.0")),
    (0, ("5.0",)),
)


def vm_host(platform: Platform, *, processor_generation: int = 1) -> VMHost:
    """Return what Get-VMHost says on the platform's version of Windows."""
    settings = platform.accounts.settings
    return VMHost(
        name=settings.computer_name,
        processor_vendor=settings.processor_vendor,
        processor_name=settings.processor_name,
        os_caption=settings.os_caption,
        os_build=settings.os_build,
        supported_vm_versions=next(found for build, found in SUPPORTED_VERSIONS if settings.os_build >= build),
        checkpoint_types_known=settings.os_build >= CHECKPOINT_TYPES_BUILD,
        processor_generation=processor_generation,
        memory_capacity_bytes=settings.memory_bytes,
    )
