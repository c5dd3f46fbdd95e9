"""The two engines that answer a lab host's calls; each needs only what stands above them."""

from __future__ import annotations

from typing import Literal, get_args

EngineName = Literal["python", "powershell"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
"""How a lab host's half of the operations can be run; the first is the one that needs nothing else."""
