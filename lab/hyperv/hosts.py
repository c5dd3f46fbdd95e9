"""What Hyper-V can do on a version of Windows.

Which configuration versions a host takes, and whether it knows checkpoint types, follows from its build; a lab host that
mixed them freely would be a host nobody has.
"""

from __future__ import annotations

from lab.hyperv.model import VMHost
from lab.platform.platform import Platform
from lab.platform.windows import VERSIONS, version_of

SECOND_MODULE_BUILD = VERSIONS["2016"].build
"""From here on the module is 2.0. What 1.1 does about ids is not known, so that by default it is played the other way."""
MAC_PREFIX = "00155D"  # Microsoft's, of Hyper-V's address pools
AUTOMATIC_CHECKPOINTS_BUILD = VERSIONS["2019"].build

# "Upgrade virtual machine version in Hyper-V", Microsoft Learn
SUPPORTED_VERSIONS = {
    "2025": ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0", "11.0", "12.0"),
    "2022": ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0"),
    "2019": ("5.0", "6.2", "7.0", "7.1", "8.0", "8.1", "8.2", "8.3", "9.0"),
    "2016": ("5.0", "6.2", "7.0", "7.1", "8.0"),
    "2012R2": ("5.0",),
}


def vm_host(platform: Platform, *, processor_generation: int = 1) -> VMHost:
    """Return what Get-VMHost says on the platform's version of Windows."""
    settings = platform.accounts.settings
    second_module = settings.os_build >= SECOND_MODULE_BUILD
    return VMHost(
        name=settings.computer_name,
        processor_vendor=settings.processor_vendor,
        processor_name=settings.processor_name,
        os_caption=settings.os_caption,
        os_build=settings.os_build,
        supported_vm_versions=SUPPORTED_VERSIONS[version_of(settings.os_build)],
        checkpoint_types_known=second_module,
        automatic_checkpoints_known=settings.os_build >= AUTOMATIC_CHECKPOINTS_BUILD,
        absent_id="ObjectNotFound" if second_module else "InvalidParameter",
        id_finds_planned=second_module,
        processor_generation=processor_generation,
        memory_capacity_bytes=settings.memory_bytes,
        logical_processors=settings.logical_processors,
        mac_address_minimum=_mac_stem(settings.address) + "00",
        mac_address_maximum=_mac_stem(settings.address) + "FF",
    )


def _mac_stem(address: str) -> str:
    """What the addresses of a host's range begin with: Microsoft's KB 2804678."""
    return MAC_PREFIX + "".join(f"{int(octet):02X}" for octet in address.split(".")[2:])
