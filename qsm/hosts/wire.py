"""Lines between the tool and a host, as docs/contract.md describes them.

Code pages, profiles, banners and CLIXML make a remote process's streams untrustworthy. So a call is one ASCII JSON line
in, its answer one ASCII line out that begins with a mark and the call's id; everything else is noise, kept only to
explain a failure.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from qsm.powershell.composed import FOLDER, bootstrap_text, compose

MARK = b"@@QSM "
UNREADABLE_CALL = "0"
"""The id that a bootstrap answers under when it could not read the id in a line."""
MODULE_MISSING = "The module is not installed"
"""How a bootstrap's refusal begins when the module is not there any more or was altered."""
CHUNK_BYTES = 48 * 1024
MODULE_NAME = "QuickStorageMigration"


def new_call_id() -> str:
    """32 hexadecimal digits."""
    return uuid.uuid4().hex


def encode_line(content: Mapping[str, Any]) -> bytes:
    """One line of ASCII JSON with its line end; text beyond ASCII goes as \\u escapes."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


@dataclass(frozen=True)
class Answer:
    """One marked line: the id of the call that it answers, and its content."""

    call: str
    content: dict[str, Any]


def parse_line(line: bytes) -> Answer | None:
    """The answer in a line of output, or None for noise (also for a mark with damaged content).

    A program that writes without a line end leaves its text in front of the next answer: what stands before the mark is
    noise too.
    """
    _, mark, marked = line.partition(MARK)
    call, _, text = marked.strip().partition(b" ")
    try:
        content = json.loads(text) if mark else None
    except (ValueError, RecursionError):
        return None
    return Answer(call.decode("ascii", "replace"), content) if isinstance(content, dict) else None


class LineBuffer:
    """Whole lines out of the pieces in which output arrives.

    A reply that was lost leaves a gap. What stood before it and what comes after it may fit together to a line that reads
    well and says something else (a gap inside a long text): so no line is ever put together across one.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now, without their line ends."""
        first, *others = data.split(b"\n")
        self._pieces.append(first)
        if not others:
            return []
        lines = [b"".join(self._pieces), *others[:-1]]
        self._pieces = [others[-1]]
        if self._broken:
            self._broken = False
            del lines[0]
        return lines

    def gap(self) -> None:
        """Something may be missing here: the line that has begun is given up."""
        self._broken = self._broken or any(self._pieces)
        self._pieces = []


_CLIXML = re.compile(
    r"""(?: \#<\ CLIXML\s*<Objs                             # a document, or
          | \A(?=(?:(?!\#<\ CLIXML).)*</(?:S|Obj|Objs)>)    # the rest of one that began before
        ) .*? (?:</Objs>|\Z)""",
    re.DOTALL | re.VERBOSE,
)
_ERROR_TEXT = re.compile(r'<S S="Error">(.*?)(?:</S>|$)', re.DOTALL)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def readable(noise: bytes) -> str:
    """What a process said besides its answers, in one line for people: of CLIXML only the errors.

    Of much noise only the end may be known, so a document of CLIXML may lack its beginning as well as its end.
    Source of CLIXML and its escapes: [MS-PSRP] 2.2.5.
    """
    text = _CLIXML.sub(lambda found: "".join(_ERROR_TEXT.findall(found[0])), noise.decode("utf-8", "replace"))
    text = html.unescape(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    return " ".join(text.split())


@dataclass(frozen=True)
class ModuleFile:
    """One file of the PowerShell module: its path with /, and its bytes."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@cache
def module_files() -> tuple[ModuleFile, ...]:
    """All files of the module as hosts get them, sorted by path ordinally.

    The functions lie one per file here, in Public and in the rooms of Private; each room travels as one script. A host
    checks, scans and parses every file of the module whenever a process starts, also while the VM stands still.
    """
    root = FOLDER / MODULE_NAME
    kept = [f"{MODULE_NAME}.psd1", f"{MODULE_NAME}.psm1", "Messages.json", "Operations.json", "Work.ps1"]
    files = [ModuleFile(name, compose(root / name).encode("ascii")) for name in kept]
    rooms = [root / "Public", *(path for path in (root / "Private").iterdir() if path.is_dir())]
    for room in rooms:
        named = sorted(room.glob("*.ps1"), key=lambda path: path.name)  # paths have an order of their own on Windows
        functions = [path.read_text("ascii") for path in named]
        files.append(ModuleFile(f"{room.name}.ps1", "\n".join(functions).encode("ascii")))
    return tuple(sorted(files, key=lambda file: file.path))


@cache
def module_hash() -> str:
    """SHA-256 over `path sha256` lines: what the host checks before it imports the module."""
    text = "".join(f"{file.path} {file.sha256}\n" for file in module_files())
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def bootstrap_command(name: str) -> str:
    """The command line that runs one bootstrap script (probe, install, call, serve)."""
    encoded = base64.b64encode(bootstrap_text(name).encode("utf-16-le")).decode("ascii")
    return f"powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {encoded}"


def install_lines(call: str) -> Iterator[bytes]:
    """What the install bootstrap reads: a header, then the files in pieces, in order."""
    files = [{"path": f.path, "length": len(f.data), "sha256": f.sha256} for f in module_files()]
    yield encode_line({"call": call, "module": module_hash(), "files": files})
    for file in module_files():
        for start in range(0, len(file.data), CHUNK_BYTES):
            piece = base64.b64encode(file.data[start : start + CHUNK_BYTES]).decode("ascii")
            yield encode_line({"path": file.path, "data": piece})
