"""Faults of operations and logons as the endpoint asks for them: the connection breaks before the call arrives, and the
right password is refused."""

from __future__ import annotations

import re

from lab.host.faults import Faults
from lab.winrm.fault_hooks import OperationName, RequestInfo, WireFault


class WireFaults:
    """Breaks the connection when a named operation arrives, before anything is carried out; refuses logons."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def decide(self, operation: OperationName, info: RequestInfo) -> WireFault:
        """See `lab.winrm.fault_hooks.EndpointFaults`."""
        if operation == "Logon":
            return WireFault.REFUSE_LOGON if self._faults.refuses_logon(info.user or "") else WireFault.PASS
        if operation != "Send" or not info.data:
            return WireFault.PASS
        named = re.search(rb'"operation" ?: ?"(\w+)"', info.data)
        if named and self._faults.drops_request(named[1].decode("ascii")):
            return WireFault.DROP_BEFORE
        return WireFault.PASS
