"""The versions of Windows Server that a lab host can be: what it calls itself, its build and its PowerShell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Windows:
    """One version. `build` as Win32_OperatingSystem.BuildNumber tells it."""

    caption: str
    build: int
    powershell: str


VERSIONS = {
    "2012R2": Windows("Microsoft Windows Server 2012 R2 Datacenter", 9600, "4.0"),
    "2016": Windows("Microsoft Windows Server 2016 Datacenter", 14393, "5.1.14393.206"),
    "2019": Windows("Microsoft Windows Server 2019 Datacenter", 17763, "5.1.17763.1"),
    "2022": Windows("Microsoft Windows Server 2022 Datacenter", 20348, "5.1.20348.2227"),
    "2025": Windows("Microsoft Windows Server 2025 Datacenter", 26100, "5.1.26100.1"),
}
"""By the names that cmdlets.json has."""


def version_of(build: int) -> str:
    """Return the version of Windows Server that has this build, or the newest one before it."""
    return next((name for name, windows in reversed(VERSIONS.items()) if windows.build <= build), "2012R2")
