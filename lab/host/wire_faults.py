"""Faults of operations as the endpoint asks for them: the connection breaks before the call arrives."""

from __future__ import annotations

import re

from lab.host.faults import Faults
from lab.winrm.fault_hooks import OperationName, RequestInfo, WireFault


class WireFaults:
    """Breaks the connection when a named operation arrives, before anything is carried out."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        """See `lab.winrm.fault_hooks.EndpointFaults`."""
        if operation != "Send" or not info.data:
            return WireFault.PASS
        named = re.search(rb'"operation" ?: ?"(\w+)"', info.data)
        if named and self._faults.drops_request(named[1].decode("ascii")):
            return WireFault.DROP_BEFORE
        return WireFault.PASS
