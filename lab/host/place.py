"""Where a lab host's things lie, how it was planned, and how its folder is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.platform.accounts import WindowsFacts
from lab.platform.platform import Platform
from lab.platform.windows import VERSIONS
from lab.settings import DNS_DOMAIN, DOMAIN, HostPlan, LabSettings


@dataclass(frozen=True)
class HostPlace:
    """One host of a laboratory, on or off."""

    lab_folder: Path
    settings: LabSettings
    plan: HostPlan
    witness: tuple[str, int] | None

    @property
    def folder(self) -> Path:
        """The host's folder."""
        return self.lab_folder / self.plan.name

    @property
    def address(self) -> str:
        """Where its endpoint and its SMB server listen."""
        return self.settings.address(self.plan.name)


def create_host(lab_folder: Path, settings: LabSettings, plan: HostPlan) -> None:
    """Lay out the folder of a new host."""
    windows = VERSIONS[plan.windows]
    facts = {
        "os_caption": windows.caption,
        "os_build": windows.build,
        "powershell_version": windows.powershell,
        "computer_name": plan.name.upper(),
        "address": settings.address(plan.name),
        "domain": DOMAIN,
        "dns_domain": DNS_DOMAIN,
        **plan.facts,
    }
    Platform.create(lab_folder / plan.name, settings=WindowsFacts(**facts), volumes=plan.volumes)
