r"""Which paths Windows takes, and how long they may be, by Microsoft's "Naming Files, Paths, and Namespaces".

Trouble: ``D:\VMs\nul.txt`` is a device, ``D:\VMs\web.`` is opened as ``D:\VMs\web``, and some of Windows' programs take
``D:\VMs\\web`` where others refuse it. Answer: such a path is refused as it is typed, never put right, for nobody could say
under which spelling its files are found again. The module on the hosts decides alike (Get-QsmFolderKind).
"""

from __future__ import annotations

import re

LONGEST_NAME = 255
"""Signs of one part of a path, on NTFS and ReFS."""

LONGEST_FILE_PATH = 259
"""Signs of a file's full path: MAX_PATH is 260 with the sign that ends it."""

LONGEST_FOLDER_PATH = 247
"""Signs of a folder's full path: a name of the form 8.3 must find room below it, MAX_PATH minus 12."""

_RESERVED_SIGNS = re.compile(r'[<>:"|?*\x00-\x1f]')
# Devices in each folder, with an extension too ("NUL.txt and NUL.tar.gz are both equivalent to NUL"); the last three
# numbers are superscripts. Blanks before the extension are no matter either.
_DEVICE = re.compile("(CON|PRN|AUX|NUL|(COM|LPT)[1-9\u00b9\u00b2\u00b3]) *([.].*)?", re.IGNORECASE | re.DOTALL)
_BEGIN = re.compile(r"[A-Za-z]:\\|\\\\")


def wrong_names(path: str) -> str:
    r"""Why Windows does not take a full path's names as they stand: a clause that names the part; empty when it does.

    One backslash at the end is no matter. Whether the path begins as a full path is the caller's question.
    """
    if "/" in path:
        return r"it has a forward slash; write \ between folders"
    below = _BEGIN.sub("", path, count=1).removesuffix("\\")
    if not below:
        return ""
    return next((why for part in below.split("\\") if (why := _wrong_name(part))), "")


def pattern_names(path: str) -> str:
    r"""Which part of a path Hyper-V's disk cmdlets and BITS take for a pattern; a clause, empty for none.

    ``D:\VMs [old]`` is a folder for Windows and everything that works in it, but for these it stands for ``D:\VMs o``. An
    apostrophe is no matter in folders. Of disks the module on the hosts decides, by more rules (Assert-QsmDiskPath).
    """
    part = next((part for part in path.split("\\") if re.search(r"[\[\]]", part)), None)
    return "" if part is None else f"the brackets in {part!r} make it a pattern for Hyper-V's disk cmdlets and for BITS"


def signs(text: str) -> int:
    """Length as Windows counts it, in units of 16 bits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _wrong_name(part: str) -> str:
    if not part:
        return "it has two backslashes in a row; write one"
    if found := _RESERVED_SIGNS.search(part):
        return f"{part!r} holds {found[0]!r}, which no name in Windows may hold"
    if part.endswith((" ", ".")):
        return f"{part!r} ends in a blank or dot, which Windows drops when it opens a file"
    if _DEVICE.fullmatch(part):
        return f"{part!r} is the name of a device, also with an extension"
    if signs(part) > LONGEST_NAME:
        return f"{part!r} has {signs(part)} signs; {LONGEST_NAME} are allowed in one name"
    return ""
