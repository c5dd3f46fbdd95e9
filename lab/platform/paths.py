r"""Windows paths as text: full local paths (``D:\VMs\Web.vhdx``) and UNC paths (``\\HV1\share$\Web.vhdx``).

Trouble: ``pathlib.PureWindowsPath`` folds case in ways the file system does not, and accepts what Windows' cmdlets
refuse. Answer: the few rules that matter here. Names are compared as NTFS does (`qsm.facts.names`); a name must not hold
the reserved characters nor end in a blank or dot ("Naming Files, Paths, and Namespaces").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lab.platform.errors import INVALID_NAME, PlatformError
from qsm.facts.names import name_key, same_name

MAX_PATH = 260  # with the final NUL, "Maximum Path Length Limitation"
LONGEST_NAME = 255  # of one part, on NTFS
SYSTEM_VOLUME = "C:\\"
PROGRAM_DATA = rf"{SYSTEM_VOLUME}ProgramData"

_DRIVE = re.compile(r"^[A-Za-z]:\\")
_RESERVED = re.compile(r'[<>:"|?*\x00-\x1f]')
_UNC = re.compile(r"^\\\\([^\\/?.][^\\/]*)\\([^\\/]+)\\?(.*)$", re.DOTALL)


def split(path: str) -> tuple[str, ...]:
    r"""``("D:", "VMs", "Web.vhdx")`` of a full local path. INVALID_NAME for anything else, ``.`` and ``..`` too."""
    text = path.replace("/", "\\")
    if same_name(text[:13], "%programdata%"):
        text = PROGRAM_DATA + text[13:]
    if not _DRIVE.match(text):
        raise PlatformError(INVALID_NAME, f"'{path}' is not a full path on a drive of this computer.")
    drive, *names = [part for part in text.split("\\") if part]
    for name in names:
        if _RESERVED.search(name) or name.endswith((" ", ".")) or len(name) > LONGEST_NAME:
            raise PlatformError(INVALID_NAME, f"The name '{name}' in '{path}' is not a valid file or folder name.")
    return (drive.upper(), *names)


def join(parts: tuple[str, ...]) -> str:
    r"""A full path of its parts; a drive alone gets its backslash."""
    return "\\".join(parts) if len(parts) > 1 else f"{parts[0]}\\"


def key(path: str) -> str:
    """The form under which two spellings of one path are equal; INVALID_NAME as in ``split``."""
    return name_key(join(split(path)))


def parent(path: str) -> str:
    """The folder of a path; a drive's root is its own parent."""
    parts = split(path)
    return join(parts[:-1] if len(parts) > 1 else parts)


@dataclass(frozen=True)
class UncPath:
    server: str
    share: str
    below: str  # path below the share, backslashes, may be empty


def split_unc(path: str) -> UncPath | None:
    """None for what is no UNC path (``\\\\?\\`` paths are none)."""
    found = _UNC.match(path.replace("/", "\\"))
    return UncPath(found[1], found[2], found[3].strip("\\")) if found else None
