"""Wait for a host: look, and look again, until what is waited for is there or the time is over.

Every wait says how long it lasts at most, how long it pauses between two looks (0 where the host itself waits inside a
look, and answers as soon as something changed), and whether a request to stop counts. Where it counts, such a request is
seen within a second, also while a look is under way at a host that is silent: the look then ends by itself later, and
nobody reads its answer. So only a question may be a look, never a change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from qsm.errors import TimeRanOut

T = TypeVar("T")

STOP_SECONDS = 0.5
"""How often a wait looks whether somebody asked for the end."""


def wait_for(
    look: Callable[[], T],
    *,
    is_over: Callable[[T], bool],
    limit_seconds: float,
    pause_seconds: float,
    check_stop: Callable[[], None] | None,
    too_late: Callable[[T], str] | None,
    moved: Callable[[T], object] | None = None,
) -> T:
    """What the last look found, as soon as `is_over` says so; it may raise what speaks against waiting on.

    `check_stop` raises when somebody asked for the end; None: a request to stop does not count here. After
    `limit_seconds` without the end: TimeRanOut with the text that `too_late` makes of the last look; None: the last look
    itself. With `moved` the limit counts anew whenever its value is another one, so that only a standstill reaches it.
    """
    began, last_move = time.monotonic(), None
    while True:
        found = look() if check_stop is None else _stoppable(look, check_stop)
        if is_over(found):
            return found
        now = time.monotonic()
        move = moved(found) if moved is not None else None
        if move != last_move:
            began, last_move = now, move
        if now - began > limit_seconds:
            if too_late is None:
                return found
            raise TimeRanOut(too_late(found))
        _pause(pause_seconds, check_stop)


def _pause(seconds: float, check_stop: Callable[[], None] | None) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if check_stop is not None:
            check_stop()
        time.sleep(left if check_stop is None else min(left, STOP_SECONDS))


def _stoppable(look: Callable[[], T], check_stop: Callable[[], None]) -> T:
    check_stop()
    under_way = _Look(look)
    while not under_way.over.wait(STOP_SECONDS):
        check_stop()
    return under_way.result()


class _Look(Generic[T]):
    """A look in a thread of its own, in the context of its caller (loggers of a flow run are found by that)."""

    def __init__(self, look: Callable[[], T]) -> None:
        self.over = threading.Event()
        self._look = look
        self._found: list[T] = []
        self._error: BaseException | None = None
        run = copy_context().run
        threading.Thread(target=run, args=(self._work,), name="looks at a host", daemon=True).start()

    def _work(self) -> None:
        try:
            self._found.append(self._look())
        except BaseException as error:  # whoever waits raises it
            self._error = error
        finally:
            self.over.set()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._found[0]
