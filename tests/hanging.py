"""An operation or a cmdlet that hangs on a host: the moment in which tests kill, cut and interfere."""

from __future__ import annotations

from typing import Self

from command_line import QsmCommand
from waiting import wait_until

from lab.host.faults import Fault, FaultAction, FaultMoment, FaultPlace
from lab.host.handle import LabHost
from lab.process import control


class Hang:
    """A call or cmdlet that hangs as soon as it comes, until it is let go or all faults are cleared."""

    def __init__(self, host: LabHost, fault: Fault) -> None:
        self._host, self._name, self._number = host, fault.name, host.set_fault(fault)

    @classmethod
    def of_call(cls, host: LabHost, operation: str, *, moment: FaultMoment, skip: int = 0) -> Self:
        """A call hangs before it reaches its operation, or after that is done."""
        return cls(host, Fault(operation, FaultAction.HANG, FaultPlace.OPERATION, moment, skip=skip))

    @classmethod
    def of_cmdlet(cls, host: LabHost, cmdlet: str, *, moment: FaultMoment = FaultMoment.BEFORE) -> Self:
        """A cmdlet hangs before or after it acts."""
        return cls(host, Fault(cmdlet, FaultAction.HANG, FaultPlace.CMDLET, moment))

    def wait(self, command: QsmCommand | None = None) -> None:
        """Until something hangs here; a command that leads to it must not end before."""

        def acted() -> bool:
            assert command is None or not command.is_over, f"it ended before {self._name}:\n{command.output}"
            return any(fault["acted"] for fault in self._host.faults() if fault["number"] == self._number)

        wait_until(acted, what=f"{self._name} to hang on {self._host.name}")

    def release(self) -> None:
        """Lets it go on; other faults stay."""
        control.ask(self._host.folder, "clear_faults", number=self._number)
