"""A host, its volumes and its switches, as it reports them."""

from __future__ import annotations

from pydantic import Field

from qsm.facts.frozen import Frozen
from qsm.facts.states import SwitchType


class VolumeFacts(Frozen):
    """The volume that holds a path: never judged by drive letter alone, mount points count."""

    root: str = Field(description=r"mount path with trailing backslash, e.g. D:\ or C:\ClusterStorage\Volume1\ ")
    capacity_bytes: int
    free_bytes: int
    file_system: str


class SwitchFacts(Frozen):
    name: str
    switch_id: str
    type: SwitchType


class MacRange(Frozen):
    """From which addresses a host makes dynamic ones: first and last, twelve hex digits each."""

    minimum: str
    maximum: str


class HostFacts(Frozen):
    """What a host says of itself."""

    computer_name: str
    fqdn: str
    computer_account: str | None = Field(description=r"DOMAIN\NAME$; None in a workgroup")
    os_caption: str
    os_build: int
    powershell_version: str
    language_mode: str
    execution_policy: str
    administrator: bool = Field(description="the logon holds the unfiltered administrator token")
    hyperv: bool = Field(description="the Hyper-V module answers")
    cluster: str | None
    supported_vm_versions: tuple[str, ...]
    processor_vendor: str
    processor_name: str
    logical_processors: int = Field(description="as Hyper-V counts them; 0 where it does not answer")
    mac_range: MacRange | None = Field(description="None: Hyper-V does not tell it")
    memory_free_bytes: int
    boot_time_ticks: int
    volumes: tuple[VolumeFacts, ...]
    system_volume: str = Field(description="root of the volume that Windows itself lies on")
    switches: tuple[SwitchFacts, ...]
    bits_start_mode: str
    max_shells_per_user: int
    max_processes_per_shell: int
    max_memory_per_shell_mb: int
