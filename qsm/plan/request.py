"""What a person asks for: the form in the UI, the options on the command line."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from qsm.facts.frozen import Frozen
from qsm.facts.names import name_key
from qsm.facts.paths import LONGEST_FOLDER_PATH, pattern_names, signs, wrong_names
from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.state_transfer import StateTransfer

Name = Annotated[str, Field(min_length=1, max_length=260)]
"""A text that a person types and that may not be empty."""


_QUOTES = "\"'"
_QUOTED = "|".join(f"{quote}(?:[^{quote}]|{quote}{quote})+{quote}" for quote in _QUOTES)
_PLAIN = r"""[^\s="'](?:[^=]*[^\s="'])?"""
_SWITCH_PAIR = re.compile(rf"\s*(?P<source>{_QUOTED}|{_PLAIN})\s*=\s*(?P<target>{_QUOTED}|{_PLAIN}|)\s*")


class SwitchPair(Frozen):
    """Which switch of the target takes the place of one of the source; an empty target leaves adapters unconnected."""

    source: str = Field(min_length=1)
    target: str

    @classmethod
    def parse(cls, text: str) -> SwitchPair:
        """From ``switch = switch``; a name with ``=`` in it, or with a blank or quote at an end, stands in quotes, single or
        double, in which the quote itself is doubled: ``"Net=10G" = 'Mgmt '``. Raises ValueError.
        """
        match = _SWITCH_PAIR.fullmatch(text)
        if match is None:
            raise ValueError(
                f"switch map entry {text!r} must look like 'switch on the source = switch on the target'; a name with = in it,"
                " or with a blank or quote at an end, stands in quotes: '\"Net=10G\" = LAN'"
            )
        return cls(source=_unquoted(match["source"]), target=_unquoted(match["target"]))


def _unquoted(name: str) -> str:
    quote = name[:1]
    return name[1:-1].replace(quote * 2, quote) if quote in _QUOTES and quote else name


class MigrationRequest(Frozen):
    """What a person asks for. Raises pydantic's ValidationError on nonsense, before any host is touched."""

    vm: str = Field(min_length=1, max_length=200, description="name or id of the VM")
    source: str = Field(min_length=1, description="host of the inventory that runs the VM")
    target: str = Field(min_length=1, description="host of the inventory that the VM is moved to")
    target_folder: str = Field(description=r"full path of a folder on the target, e.g. D:\VMs\sql-01")
    switch_map: tuple[SwitchPair, ...] = ()
    state_transfer: StateTransfer = StateTransfer.AUTO
    pin_mac: PinMac = PinMac.AUTO
    checkpoint_type: CheckpointChoice = CheckpointChoice.AUTO
    keep_source: bool = True
    window_wait_minutes: int = Field(
        default=60, ge=0, le=14 * 24 * 60, description="longest wait for an agreed window, at each gate"
    )
    open_gate: str = Field(default="", max_length=200, description="reason to pass the gates outside of agreed windows")

    @field_validator("target_folder")
    @classmethod
    def _full_folder(cls, folder: str) -> str:
        folder = folder.rstrip("\\")
        if folder.startswith("\\\\"):
            raise ValueError("SMB paths are not supported yet; give a folder on a local volume of the target")
        if re.fullmatch(r"[A-Za-z]:", folder):
            raise ValueError("the root of a volume is not supported by Hyper-V; give a subfolder")
        begins = re.match(r"[A-Za-z]:\\", folder)
        why = wrong_names(folder) or pattern_names(folder) if begins else "it does not begin with a drive"
        if why:
            raise ValueError(rf"must be a full Windows path such as D:\VMs\sql-01: {why}")
        if signs(folder) > LONGEST_FOLDER_PATH:
            raise ValueError(f"has {signs(folder)} signs; Windows takes {LONGEST_FOLDER_PATH} of a folder")
        return folder

    @model_validator(mode="after")
    def _two_hosts(self) -> MigrationRequest:
        if self.source.lower() == self.target.lower():
            raise ValueError("source and target are the same host; use Move-VMStorage to move storage within a host")
        sources = [name_key(pair.source) for pair in self.switch_map]
        if len(sources) != len(set(sources)):
            raise ValueError("switch_map names a source switch twice")
        return self
