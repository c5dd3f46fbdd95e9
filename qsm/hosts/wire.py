"""Lines between the tool and a host, as docs/contract.md describes them.

Code pages, profiles, banners and CLIXML make a remote process's streams untrustworthy. So a call is one ASCII JSON line
in, its answer one ASCII line out that begins with a mark and the call's id; everything else is noise, kept only to
explain a failure.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MARK = b"@@QSM "
CHUNK_BYTES = 48 * 1024
_POWERSHELL = Path(__file__).parent.parent / "powershell"
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
    """The answer in a line of output, or None for noise (also for a mark with damaged content)."""
    if not line.startswith(MARK):
        return None
    call, _, text = line[len(MARK) :].strip().partition(b" ")
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return Answer(call.decode("ascii", "replace"), content) if isinstance(content, dict) else None


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
    """All files of the module, sorted by path ordinally."""
    root = _POWERSHELL / MODULE_NAME
    found = (p for p in root.rglob("*") if p.is_file() and p.suffix in (".ps1", ".psm1", ".psd1", ".json"))
    files = [ModuleFile(p.relative_to(root).as_posix(), p.read_bytes()) for p in found]
    return tuple(sorted(files, key=lambda file: file.path))


@cache
def module_hash() -> str:
    """SHA-256 over `path sha256` lines: what the host checks before it imports the module."""
    text = "".join(f"{file.path} {file.sha256}\n" for file in module_files())
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def bootstrap_command(name: str) -> str:
    """The command line that runs one bootstrap script (probe, install, call, serve)."""
    script = (_POWERSHELL / "bootstrap" / f"{name}.ps1").read_text(encoding="ascii")
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return f"powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {encoded}"


def install_lines(call: str) -> Iterator[bytes]:
    """What the install bootstrap reads: a header, then the files in pieces, in order."""
    files = [{"path": f.path, "length": len(f.data), "sha256": f.sha256} for f in module_files()]
    yield encode_line({"call": call, "module": module_hash(), "files": files})
    for file in module_files():
        for start in range(0, len(file.data), CHUNK_BYTES):
            piece = base64.b64encode(file.data[start : start + CHUNK_BYTES]).decode("ascii")
            yield encode_line({"path": file.path, "data": piece})
