r"""Assert-QsmDiskPath of the module: paths of virtual disks that Windows' cmdlets do not take as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.engines.python.operations.errors import refused
from lab.host.sentences import Sentence, say
from qsm.facts.paths import LONGEST_FILE_PATH, signs

PATTERN = re.compile(r"[\[\]*?]")


def assert_disk_path(host: str, path: str) -> None:
    """Raises OperationError (HostFailed, refused) with the part that is wrong."""
    why = next(_reasons(host, path), None)
    if why is not None:
        sentence = say("disk_path_refused", host, path=path, why=why)
        raise refused("HostFailed", sentence, subject=path, path=path)


def _reasons(host: str, path: str) -> Iterator[Sentence]:
    parts = path.split("\\")
    if path.startswith(("\\\\?\\", "\\\\.\\")):
        yield say("why_path_device", host)
    yield from (say("why_path_pattern", host, part=part) for part in parts if PATTERN.search(part) and part != "?")
    if "'" in parts[-1]:
        yield say("why_path_apostrophe", host, part=parts[-1])
    yield from (say("why_path_end", host, part=part) for part in parts if part.endswith((" ", ".")))
    if signs(path) > LONGEST_FILE_PATH:
        yield say("why_path_long", host, count=signs(path))
