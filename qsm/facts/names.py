r"""Names and paths, compared as Windows compares them: VMs, switches, shares, accounts, files.

Trouble: ``str.casefold`` and ``str.upper`` compare for readers. They take ß for ss and ﬁ for fi, the Kelvin sign for k,
dotless ı for i, so that ``D:\Straße`` and ``D:\Strasse`` would be one folder. Answer: as NTFS, SMB and Hyper-V do, sign by
sign, each in upper case, with Windows' own table: "ordinal, case ignored" (``StringComparison.OrdinalIgnoreCase`` of
.NET Framework, which the module on the hosts uses).

The table is what NTFS writes into ``$UpCase`` since Windows 7 (MD5 7ff498a4...: libntfs-3g/unistr.c notes it, and dumps
of system volumes of Windows 8 to 11 show it). Its rule, found by comparing: Unicode's simple mapping of one sign of 16
bits to another, taken only where it goes there and back (ß, ﬁ, ı, ſ, ς, µ and the Kelvin sign stay what they are), as
Unicode was at version 5.1. Signs beyond 16 bits have no case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LAST = 0xFFFF
# Capitals that Unicode got after 5.1, or whose small letter it got later; the table does not know these pairs.
_YOUNGER = (
    (0x037F, 0x037F), (0x0524, 0x052F), (0x10C7, 0x10CD), (0x13A0, 0x13F5), (0x1C89, 0x1CBF), (0x2C2F, 0x2C2F),
    (0x2C70, 0x2C70), (0x2C7E, 0x2C7F), (0x2CEB, 0x2CF2), (0xA660, 0xA660), (0xA698, 0xA69A), (0xA78D, 0xA7FF),
)  # fmt: skip
_SAYS_SOMETHING_ELSE = re.compile(r"[\\/]\.{1,2}[\\/]|/")


class _UpperCase(dict[int, int]):
    """A table for ``str.translate``, filled as signs are met: to fill it whole would slow every start."""

    def __missing__(self, code: int) -> int:
        upper = self[code] = _upper(code)
        return upper


def _upper(code: int) -> int:
    sign = chr(code)
    upper = sign.upper()
    if len(upper) != 1:  # a longer spelling; the title case is the simple mapping, where there is one
        upper = sign.title()
    if code > _LAST or len(upper) != 1 or ord(upper) > _LAST or upper.lower() != sign:
        return code
    return code if any(first <= ord(upper) <= last for first, last in _YOUNGER) else ord(upper)


_TABLE = _UpperCase()


def name_key(name: str) -> str:
    """The form in which two spellings of one name are equal; for dictionaries and sets, never to be shown."""
    return name.upper() if name.isascii() else name.translate(_TABLE)


def same_name(one: str, other: str) -> bool:
    """Two spellings of one name of a VM, switch, share, account or file."""
    return name_key(one) == name_key(other)


def one_of(name: str, others: Iterable[str]) -> bool:
    """Whether a name is one of others, in any spelling."""
    return name_key(name) in {name_key(other) for other in others}


def path_key(path: str) -> str:
    r"""The form in which two spellings of one path are equal: also with ``/``, and with a ``\`` at the end."""
    return name_key(path.replace("/", "\\")).rstrip("\\")


def same_path(one: str, other: str) -> bool:
    """Two spellings of one full path."""
    return path_key(one) == path_key(other)


def inside_folder(path: str, folder: str) -> bool:
    r"""Whether the path is the folder or lies below it; ``D:\VMs10`` does not lie in ``D:\VMs1``.

    A path with ``.`` or ``..`` or ``/`` lies nowhere, since it says something else than it looks like. The module on the
    hosts decides alike (Test-QsmPathUnder).
    """
    if not path or not folder or _SAYS_SOMETHING_ELSE.search(path + "\\"):
        return False
    return (path_key(path) + "\\").startswith(path_key(folder) + "\\")
