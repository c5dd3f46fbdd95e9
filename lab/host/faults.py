"""What goes wrong on a lab host, at a named moment.

A migration is only worth its name if it survives a fault at every single point, and a point that cannot be named
cannot be tested. So faults act at three places only, all outside the product: in the host model, before or after a
cmdlet (`Start-VM`); at the endpoint, before or after an operation (`start_vm`); and there when somebody logs on. What
only asks (`Get-VMProcessor`, `Win32_Volume`) has no place in the model; the engine `powershell` has it fail by its name
where processes ask. Faults are set from outside by name, counted, and used up; an operation's code knows nothing of
them.

A cmdlet can fail (an error with an HRESULT, before or after it acted), hang (until the fault is cleared or its process
is ended), end the process that called it, or take the whole host down as a power cut does. A call can be refused (an
answer before anything was done), dropped before it reached the operation, lose its answer after the operation is over,
or hang before or after. A logon with the right password can be refused, as by a host whose domain does not answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

POLL_SECONDS = 0.05


class FaultPlace(StrEnum):
    """Where a fault acts."""

    CMDLET = "cmdlet"
    OPERATION = "operation"
    LOGON = "logon"


class FaultMoment(StrEnum):
    """On which side of the act."""

    BEFORE = "before"
    AFTER = "after"


class FaultAction(StrEnum):
    """What happens. `DROP` and `REFUSE` belong to operations, `FAIL` and `KILL_PROCESS` to cmdlets."""

    FAIL = "fail"
    """The cmdlet raises an error with the fault's HRESULT and message."""
    REFUSE = "refuse"
    """The call is answered with `Busy`, retryable; the operation never sees it. A logon is answered with HTTP 401."""
    DROP = "drop"
    """Before: the connection is closed and the operation never sees the call. After: the answer is lost."""
    HANG = "hang"
    """Nothing moves until the fault is cleared or the process is ended."""
    KILL_PROCESS = "kill process"
    """The PowerShell process that called ends at once, as when somebody stops it."""
    KILL_HOST = "kill host"
    """The host loses power."""


_ALLOWED = {
    FaultPlace.CMDLET: {FaultAction.FAIL, FaultAction.HANG, FaultAction.KILL_PROCESS, FaultAction.KILL_HOST},
    FaultPlace.OPERATION: {FaultAction.REFUSE, FaultAction.DROP, FaultAction.HANG, FaultAction.KILL_HOST},
    FaultPlace.LOGON: {FaultAction.REFUSE},
}


@dataclass(frozen=True)
class Fault:
    """One fault, as it is set. Raises ValueError for what cannot be."""

    name: str
    """A cmdlet ("Start-VM"), an operation ("start_vm") or a user who logs on, by `place`; "*" for any."""
    action: FaultAction
    place: FaultPlace
    moment: FaultMoment = FaultMoment.BEFORE
    times: int | None = 1
    """How often it acts before it is used up; None: every time."""
    skip: int = 0
    """How many calls pass first."""
    hresult: int = 0x80004005
    """For FAIL: E_FAIL, unless said otherwise."""
    message: str = "The operation failed."

    def __post_init__(self) -> None:
        if self.action not in _ALLOWED[self.place]:
            raise ValueError(f"{self.action.value!r} cannot happen to a {self.place.value}.")
        if self.action is FaultAction.REFUSE and self.moment is FaultMoment.AFTER:
            raise ValueError("A call that has been carried out cannot be refused.")
        if (self.times is not None and self.times < 1) or self.skip < 0:
            raise ValueError(f"A fault acts at least once, and skips no negative number of calls: {self}.")

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Fault:
        """Read what `to_json` wrote. Raises ValueError."""
        try:
            return cls(
                **{
                    **facts,
                    "action": FaultAction(facts["action"]),
                    "place": FaultPlace(facts["place"]),
                    "moment": FaultMoment(facts.get("moment", "before")),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no fault: {dict(facts)} ({error}).") from error

    def to_json(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, StrEnum) else value for key, value in asdict(self).items()}


def _drops_request(fault: Fault) -> bool:
    return fault.place is FaultPlace.OPERATION and (fault.action, fault.moment) == (
        FaultAction.DROP,
        FaultMoment.BEFORE,
    )


class CmdletFaultError(Exception):
    """An error that a fault makes a cmdlet raise; the host model turns it into its own kind."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.hresult = fault.hresult
        self.message = fault.message


class ProcessEnded(BaseException):
    """The PowerShell process in which this runs has been ended. Nothing of it may go on, hence no Exception."""


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0
    acted: int = 0

    @property
    def used_up(self) -> bool:
        return self.fault.times is not None and self.acted >= self.fault.times


class Faults:
    """The faults of one host. Safe for threads."""

    def __init__(self, *, power_off: Callable[[], None]) -> None:
        """`power_off` takes the whole host down and does not return."""
        self._power_off = power_off
        self._armed: dict[int, _Armed] = {}
        self._next = 1
        self._lock = threading.Lock()

    def set(self, fault: Fault) -> int:
        """Arm a fault; returns the number by which it is cleared or asked for."""
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._armed[number] = _Armed(fault)
            return number

    def clear(self, number: int | None = None) -> None:
        """Clear one fault or all; what hangs by it goes on."""
        with self._lock:
            for each in [number] if number is not None else list(self._armed):
                self._armed.pop(each, None)

    def acted(self, number: int) -> int:
        """How often a fault has acted. Raises KeyError once it was cleared."""
        with self._lock:
            return self._armed[number].acted

    def list(self) -> list[dict[str, Any]]:
        """All armed faults with their counts, used-up ones included."""
        with self._lock:
            return [
                {"number": number, "seen": armed.seen, "acted": armed.acted, **armed.fault.to_json()}
                for number, armed in self._armed.items()
            ]

    def at_cmdlet(self, name: str, moment: FaultMoment, *, ended: Callable[[], bool]) -> None:
        """Called by the host model around each cmdlet. `ended` tells whether the calling process was ended meanwhile.

        Raises CmdletFaultError, or ProcessEnded.
        """
        found = self._take(name, moment, matches=lambda fault: fault.place is FaultPlace.CMDLET)
        if found is None:
            return
        number, fault = found
        if fault.action is FaultAction.FAIL:
            raise CmdletFaultError(fault)
        if fault.action is FaultAction.KILL_PROCESS:
            raise ProcessEnded(f"{name}: the process was ended by a fault")
        self._hang_or_die(number, fault, ended=ended)

    def drops_request(self, name: str) -> bool:
        """Called by the wire when a call arrives: whether the connection breaks before anything is carried out."""
        return self._take(name, FaultMoment.BEFORE, matches=_drops_request) is not None

    def refuses_logon(self, user: str) -> bool:
        """Called by the wire when somebody has proved who it is: whether the host refuses it all the same."""
        return self._take(user, FaultMoment.BEFORE, matches=lambda fault: fault.place is FaultPlace.LOGON) is not None

    def at_operation(self, name: str, moment: FaultMoment, *, ended: Callable[[], bool]) -> FaultAction | None:
        """Called by the engine around each call; returns REFUSE (before) or DROP (after: lose the answer) or None.

        Raises ProcessEnded if the process is ended while it hangs.
        """
        found = self._take(
            name, moment, matches=lambda fault: fault.place is FaultPlace.OPERATION and not _drops_request(fault)
        )
        if found is None:
            return None
        number, fault = found
        if fault.action in (FaultAction.REFUSE, FaultAction.DROP):
            return fault.action
        self._hang_or_die(number, fault, ended=ended)
        return None

    def _hang_or_die(self, number: int, fault: Fault, *, ended: Callable[[], bool]) -> None:
        if fault.action is FaultAction.KILL_HOST:
            self._power_off()
        while self._is_armed(number):
            if ended():
                raise ProcessEnded(f"{fault.name}: the process was ended while it hung")
            time.sleep(POLL_SECONDS)

    def _is_armed(self, number: int) -> bool:
        with self._lock:
            return number in self._armed

    def _take(self, name: str, moment: FaultMoment, *, matches: Callable[[Fault], bool]) -> tuple[int, Fault] | None:
        with self._lock:
            for number, armed in self._armed.items():
                fault = armed.fault
                if fault.moment is not moment or fault.name not in (name, "*") or not matches(fault):
                    continue
                armed.seen += 1
                if armed.used_up or armed.seen <= fault.skip:
                    continue
                armed.acted += 1
                return number, fault
            return None
