"""The laboratory's WinRM endpoint in the hands of a test: started with changed settings, its wire broken by plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lab.winrm.endpoint import Endpoint
from lab.winrm.engine import Engine
from lab.winrm.fault_hooks import OperationName, RequestInfo, WireFault
from lab.winrm.settings import EndpointSettings


@dataclass
class PlannedFault:
    """What the wire does with a request that fits."""

    action: WireFault
    when: Callable[[RequestInfo], bool]


class ScriptedFaults:
    """Plays the actions planned for an operation, one per request that fits, and notes what was asked."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.asked: list[tuple[OperationName, RequestInfo]] = []
        self.counts: Counter[str] = Counter()
        self.reactions: dict[str, Callable[[], None]] = {}
        """What is done, once, when a request of that name comes."""
        self._planned: dict[str, list[PlannedFault]] = defaultdict(list)

    def plan(self, name: OperationName, *actions: WireFault, containing: bytes = b"") -> None:
        """The next requests of this name, or those with these bytes on standard input, meet these actions in turn."""
        fits = (lambda info: containing in (info.data or b"")) if containing else (lambda info: True)
        self._planned[name] += [PlannedFault(action, fits) for action in actions]

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        """See `lab.winrm.fault_hooks.EndpointFaults`."""
        self.asked.append((operation, info))
        self.counts[operation] += 1
        if operation in self.reactions:
            self.reactions.pop(operation)()
        planned = self._planned[operation]
        if planned and planned[0].when(info):
            return planned.pop(0).action
        return WireFault.PASS

    @property
    def all_played(self) -> bool:
        """Whether every action that was planned has been met."""
        return not any(self._planned.values())


@contextmanager
def endpoints_of(
    settings: EndpointSettings, engine: Engine, faults: ScriptedFaults
) -> Iterator[Callable[..., Endpoint]]:
    """Give what starts an endpoint with these settings and the changes given; all of them end with the block."""
    endpoints: list[Endpoint] = []

    def start_endpoint(**changes: Any) -> Endpoint:
        endpoint = Endpoint(replace(settings, **changes), engine, faults)
        endpoint.start()
        endpoints.append(endpoint)
        return endpoint

    yield start_endpoint
    for endpoint in endpoints:
        endpoint.stop()
