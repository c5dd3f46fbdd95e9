"""Calls that go on in a thread of their own while a test does something else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from waiting import DEADLINE_SECONDS


class Background:
    """A call in a thread of its own."""

    def __init__(self, act: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        self._outcome: list[Any] = []
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(act, arguments, options))
        self._thread.start()

    def _run(self, act: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        try:
            self._outcome.append(act(*arguments, **options))
        except Exception as error:
            self._outcome.append(error)

    def waited(self, seconds: float) -> bool:
        """Whether the call has been under way for so long. It must not have come back."""
        assert not self._outcome, f"the call came back: {self._outcome[0]!r}"
        return time.monotonic() - self._began > seconds

    def outcome(self) -> Any:
        """What the call returned or raised."""
        self._thread.join(DEADLINE_SECONDS)
        assert self._outcome, "the call did not come back"
        return self._outcome[0]
