"""The seam between a lab host and its engine.

The two engines must not know each other, nor the host know them, or what helps one would quietly be there for the
other. So an engine is the program of a host's process (`python -m lab.engines.python ...`): it says how it is built, and
`lab.host.process.run_host` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.host.faults import Faults
from lab.host.model import HostModel
from lab.host.tally import Tally
from lab.platform.tasks import TaskRunner
from lab.settings import HostPlan
from lab.winrm.engine import Engine


@dataclass(frozen=True)
class EngineGround:
    """What an engine stands on."""

    model: HostModel
    faults: Faults
    tally: Tally
    """Takes what PowerShell processes cost, where there are any."""
    plan: HostPlan


@dataclass(frozen=True)
class EngineParts:
    """What an engine does for its host."""

    commands: Engine
    """Starts what clients send to the endpoint."""
    tasks: TaskRunner
    """Starts what scheduled tasks say."""


EngineBuilder = Callable[[EngineGround], EngineParts]
