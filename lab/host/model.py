"""The host model: Windows' half and Hyper-V's half of one lab host, as whatever runs on the host finds them."""

from __future__ import annotations

from dataclasses import dataclass

from lab.host.windows_process import current_process
from lab.hyperv import HyperV
from lab.platform.identity import SYSTEM, Identity
from lab.platform.platform import Platform


@dataclass(frozen=True)
class HostModel:
    """One lab host, as its processes see it."""

    platform: Platform
    hyperv: HyperV
    """Hyper-V with faults around its cmdlets."""

    @property
    def name(self) -> str:
        """The computer's name, for messages."""
        return self.platform.accounts.settings.computer_name

    @property
    def caller(self) -> Identity:
        """Who calls: the identity of this thread's process; SYSTEM for the host itself."""
        process = current_process()
        return process.identity if process is not None else SYSTEM
