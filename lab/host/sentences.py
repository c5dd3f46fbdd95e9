"""What errors say, in the words of the module: its `Messages.json`, read here too.

Somebody who has learnt on a laboratory what a refusal means must find the same sentence on Windows. So no operation writes
sentences of its own; it names one and gives the values of its places.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import NewType

from qsm.hosts.operations import MODULE_FOLDER

Sentence = NewType("Sentence", str)
_PLACE = re.compile(r"\{(\w+)\}")


def say(name: str, host: str, /, **values: object) -> Sentence:
    """A sentence of that host, or a part of one. Raises ValueError unless the values are those of its places."""
    template = _sentences()[name]
    known = {"host": host} | {place: "" if value is None else str(value) for place, value in values.items()}
    missing, unused = set(_PLACE.findall(template)) - set(known), set(values) - set(_PLACE.findall(template))
    if missing or unused:
        raise ValueError(f"The sentence {name!r} needs {sorted(missing)} and has no place for {sorted(unused)}.")
    return Sentence(_PLACE.sub(lambda found: known[found[1]], template))


def because(error: BaseException) -> str:
    """What an error says, as a sentence within one of ours: one line, with its HRESULT and a full stop."""
    words = " ".join((str(getattr(error, "message", "")) or str(error) or type(error).__name__).split())
    hresult = getattr(error, "hresult", None)
    if hresult is not None:
        code = f"0x{int(hresult) & 0xFFFFFFFF:08X}"
        words = words if code in words else f"{words.removesuffix('.')} ({code})"
    return words if words.endswith((".", "!", "?")) else f"{words}."


@cache
def _sentences() -> dict[str, str]:
    return dict(json.loads((MODULE_FOLDER / "Messages.json").read_text("ascii")))
