"""A disk in a plain file, a quick workload, and waiting with a deadline."""

import time
from collections.abc import Callable
from pathlib import Path

from lab.guest import Workload
from lab.guest_block import BLOCK_BYTES

VM_ID = "5f0c2a4e-6a1d-4b8f-9c3e-0d1e2f3a4b5c"
QUICK = Workload(
    writes_per_second=400, working_set_blocks=64, hot_set_share=0.5, hot_set_blocks=8, memory_bytes=1 << 20
)


class PlainDisk:
    """A raw disk image: the file is the disk."""

    def __init__(self, path: Path, *, blocks: int = 256) -> None:
        self.path = path
        self.size_bytes = blocks * BLOCK_BYTES
        if not path.exists():
            path.write_bytes(bytes(self.size_bytes))

    def read(self, offset: int, length: int, /) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def write(self, offset: int, data: bytes, /) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(data)


def wait_until(condition: Callable[[], bool], *, what: str, limit_seconds: float = 20.0) -> None:
    """Ask until the answer is yes."""
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, f"not seen within {limit_seconds} s: {what}"
        time.sleep(0.01)
