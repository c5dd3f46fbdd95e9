"""What a cmdlet of a PowerShell process asks of the host model, and how it is refused.

A stand-in that quietly ignores a parameter lies to whoever relies on it. So each cmdlet here names the parameters it
acts on, and any other that was given is an error which says so, as is a cmdlet that nobody answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.engines.powershell.proxies import Proxies
from lab.host.faults import ProcessEnded
from lab.host.model import HostModel
from lab.host.windows_process import WindowsProcess, running_as
from lab.hyperv.lookup import SeenMachines
from lab.hyperv.model import CompatibilityReport

Given = Mapping[str, Any]
Handler = Callable[["CmdletCall", Given], Iterable[Any]]


class CmdletError(Exception):
    """An ErrorRecord. `category` is a name of System.Management.Automation.ErrorCategory."""

    def __init__(self, message: str, *, error_id: str, category: str = "NotSpecified") -> None:
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.category = category


@dataclass
class WmiJob:
    """An Msvm_ConcreteJob: a method of Hyper-V that goes on after it answered."""

    instance_id: str
    name: str
    state: int = 4
    error_code: int = 0
    """A return code of WMI (327xx), never an HRESULT: that stands in the text."""
    error_text: str = ""
    over: threading.Event = field(default_factory=threading.Event)


@dataclass
class CmdletJob:
    """A cmdlet that was called with -AsJob."""

    state: str = "Running"
    errors: list[str] = field(default_factory=list)


@dataclass
class HostMemory:
    """What the host remembers between calls: jobs of WMI and merges that somebody watches."""

    wmi_jobs: dict[str, WmiJob] = field(default_factory=dict)
    merges: dict[str, int] = field(default_factory=dict)
    """Percent, by the child's path."""
    access: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    """Access lists by device and inode: PowerShell renames files without telling the host model."""


@dataclass
class ProcessMemory:
    """What lives in one PowerShell process only."""

    process: WindowsProcess
    end: Callable[[], None]
    """Ends the process at once."""
    seen: SeenMachines = field(default_factory=SeenMachines)
    proxies: Proxies = field(default_factory=Proxies)
    reports: dict[int, CompatibilityReport] = field(default_factory=dict)
    jobs: dict[int, CmdletJob] = field(default_factory=dict)


@dataclass(frozen=True)
class CmdletCall:
    """One call of a cmdlet."""

    host: HostModel
    memory: HostMemory
    caller: ProcessMemory


@dataclass(frozen=True)
class Cmdlet:
    """A cmdlet that is answered."""

    handler: Handler
    parameters: frozenset[str]


CMDLETS: dict[str, Cmdlet] = {}
IGNORED = frozenset({"Confirm", "WhatIf"})
"""Dealt with in the process, before anything is asked."""


def cmdlet(name: str, *parameters: str) -> Callable[[Handler], Handler]:
    """Register what answers a cmdlet, and the parameters it acts on."""

    def register(handler: Handler) -> Handler:
        CMDLETS[name] = Cmdlet(handler, frozenset(parameters))
        return handler

    return register


def in_background(call: CmdletCall, work: Callable[[], None], *, name: str) -> None:
    """Go on with what a cmdlet began after the cmdlet has returned, in the name of its process."""

    def run() -> None:
        try:
            with running_as(call.caller.process):
                work()
        except ProcessEnded:
            call.caller.end()

    threading.Thread(target=run, name=name, daemon=True).start()


def answer(call: CmdletCall, name: str, given: Given) -> list[Any]:
    """Call a cmdlet; an error among what it gives is a record of its own, after which it goes on (1.1).

    Raises CmdletError, HyperVError, PlatformError.
    """
    found = CMDLETS.get(name)
    if found is None:
        raise CmdletError(f"The lab does not answer {name}.", error_id="NotImplemented", category="NotImplemented")
    unknown = sorted(set(given) - found.parameters - IGNORED)
    if unknown:
        raise CmdletError(
            f"The lab's {name} does not act on the parameter {', '.join(unknown)}.",
            error_id="NotImplemented",
            category="NotImplemented",
        )
    return list(found.handler(call, given))


def first(value: Any) -> Any:
    """Return a parameter that takes several values and was given one. Raises CmdletError."""
    values = value if isinstance(value, list) else [value]
    if len(values) != 1:
        raise CmdletError("The lab takes one object at a time.", error_id="NotImplemented", category="NotImplemented")
    return values[0]


def reference(value: Any, key: str) -> Any:
    """Return what an object that a cmdlet handed out is about. Raises CmdletError."""
    known = first(value)
    if not isinstance(known, dict) or key not in known.get("$ref", {}):
        raise CmdletError(
            "The object given was not made by a cmdlet of this host.",
            error_id="InvalidParameter",
            category="InvalidArgument",
        )
    return known["$ref"][key]
