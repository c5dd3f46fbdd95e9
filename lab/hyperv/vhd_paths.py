r"""How the VHD cmdlets find the file that -Path names: not as a path, but by a question to WMI.

Trouble: Get-, Set-, Test- and Merge-VHD look a local path up as a CIM_DataFile, by drive, folder, name and extension. So a
legal name such as ``disk[1].vhdx`` is a pattern, which finds ``disk1.vhdx`` or nothing, and ``it's.vhdx`` breaks the
question. Answer: the same here, for whoever gives such a cmdlet a path. Only -Path is looked up, never the path of a
parent or of a merge's destination.

Source: the decompiled Hyper-V module of Windows Server 2016 and later (HC/VhdPathResolver.cs, HC/PathUtility.cs,
VM/ObjectLocator.cs).
"""

from __future__ import annotations

import ntpath
import re

from lab.hyperv.core import Core
from lab.hyperv.errors import ErrorCategory, HyperVError
from lab.platform.errors import PlatformError

EXTENSIONS = (".vhd", ".avhd", ".vhdx", ".avhdx", ".vhds", ".vhdpmem")
MAKE_A_PATTERN = re.compile(r"[\[\]*?]")


def resolve(core: Core, path: str) -> str:
    """Return the one file that a cmdlet acts on for this -Path. Raises HyperVError, which has no number then."""
    trimmed = path.strip(" ")
    if ntpath.splitext(trimmed)[1].lower() not in EXTENSIONS:
        raise _invalid(f"'{path}' has no extension of a virtual hard disk.")
    folder, name = ntpath.split(_full(trimmed))
    if "'" in name:
        # the folder is escaped in the question, the name is not
        raise HyperVError(None, ErrorCategory.UNSPECIFIED, f"Invalid query: the name '{name}' holds an apostrophe.")
    found = _matching(core, ntpath.join(folder, name)) if MAKE_A_PATTERN.search(path) else _named(core, folder, name)
    if len(found) == 1:
        return found[0]
    if found:
        raise _invalid(f"'{path}' stands for {len(found)} files on {core.host.name}; one is wanted.")
    raise _invalid(f"'{path}' is not an existing virtual hard disk file on {core.host.name}.")


def _full(path: str) -> str:
    """Path.GetFullPath of .NET Framework: a name loses the dots and blanks at its end."""
    drive, rest = ntpath.splitdrive(path)
    return drive + "\\".join(part.rstrip(" .") for part in rest.replace("/", "\\").split("\\"))


def _named(core: Core, folder: str, name: str) -> list[str]:
    path = ntpath.join(folder, name)
    try:
        return [core.platform.files.full_path(path)] if core.platform.files.is_file(path) else []
    except PlatformError:
        return []


def _matching(core: Core, pattern: str) -> list[str]:
    """WQL's LIKE over all files of the drive: sets in brackets, % for *, _ for ?."""
    wanted = re.compile(
        "".join(_piece(piece) for piece in re.findall(r"\[[^\]]+\]|.", pattern)), re.IGNORECASE | re.DOTALL
    )
    root = ntpath.splitdrive(pattern)[0] + "\\"
    try:
        files = core.platform.files.list(root, recursive=True)
    except PlatformError:
        return []
    return [file.path for file in files if not file.folder and wanted.fullmatch(file.path)]


def _piece(piece: str) -> str:
    if len(piece) > 1:
        return piece.replace("\\", r"\\")
    return {"*": r"[^\\]*", "%": r"[^\\]*", "?": r"[^\\]", "_": r"[^\\]"}.get(piece, re.escape(piece))


def _invalid(what: str) -> HyperVError:
    return HyperVError(None, ErrorCategory.INVALID_PARAMETER, what)
