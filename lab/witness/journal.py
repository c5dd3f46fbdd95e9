"""What the witness heard, on disk: it survives the witness's own end."""

import struct
from collections.abc import Iterator
from pathlib import Path

from lab.witness.ledger import Ledger

RECORD_HEADER = struct.Struct("<dcI")  # seconds since 1970, kind, length
JOURNAL_NAME = "witness.journal"


class WitnessJournal:
    """The ledger and the file from which it can be made again."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier witness wrote; a record that it could not finish is cut off."""
        self.ledger = Ledger()
        self._file = path.open("ab+", buffering=0)
        self._file.seek(0)
        whole = 0
        for time_heard, kind, contents, end in _records(self._file.read()):
            self.ledger.feed(time_heard, kind, contents=contents)
            whole = end
        self._file.truncate(whole)

    def record(self, time_heard: float, kind: bytes, *, contents: bytes) -> None:
        """Take one record in, and keep it."""
        self.ledger.feed(time_heard, kind, contents=contents)
        self._file.write(RECORD_HEADER.pack(time_heard, kind, len(contents)) + contents)


def _records(data: bytes) -> Iterator[tuple[float, bytes, bytes, int]]:
    position = 0
    while position + RECORD_HEADER.size <= len(data):
        time_heard, kind, length = RECORD_HEADER.unpack_from(data, position)
        start = position + RECORD_HEADER.size
        position = start + length
        if position > len(data):
            return
        yield time_heard, kind, data[start:position], position
