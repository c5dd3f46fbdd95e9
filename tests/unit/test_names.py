"""Names as Windows compares them: one table of pairs, here for Python and for the lab's paths."""

from __future__ import annotations

import hashlib
import struct

import pytest
from windows_names import PAIRS, Pair

from lab.platform import paths
from qsm.facts.names import inside_folder, name_key, path_key, same_name, same_path

WINDOWS_8_UPCASE_MD5 = "7ff498a44e45e77374cc7c962b1b92f2"  # libntfs-3g/unistr.c


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_pairs(pair: Pair) -> None:
    assert same_name(pair.one, pair.other) is pair.same
    assert same_path(f"D:\\{pair.one}\\a.vhdx", f"d:\\{pair.other}\\A.VHDX") is pair.same
    assert inside_folder(f"D:\\{pair.one}\\a.vhdx", f"d:\\{pair.other}") is pair.same
    assert (paths.key(f"D:\\{pair.one}") == paths.key(f"d:\\{pair.other}")) is pair.same


def test_the_whole_table_is_the_one_of_ntfs() -> None:
    """Also with a Python whose Unicode is younger. NTFS keeps 65,536 signs of 16 bits, surrogates as they are."""
    signs = [code if 0xD800 <= code < 0xE000 else ord(name_key(chr(code))) for code in range(0x10000)]
    assert hashlib.md5(struct.pack("<65536H", *signs), usedforsecurity=False).hexdigest() == WINDOWS_8_UPCASE_MD5


def test_paths_are_one_with_slashes_and_a_backslash_at_the_end() -> None:
    assert same_path("D:\\VMs\\web\\", "d:/vms/WEB")
    assert path_key("D:\\") == path_key("d:")


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        (r"D:\VMs\web\a.vhdx", r"d:\vms", True),
        (r"D:\VMs", "D:\\VMs\\", True),
        (r"D:\VMs10\a.vhdx", r"D:\VMs1", False),
        (r"D:\a.vhdx", "D:\\", True),
        (r"E:\a.vhdx", "D:\\", False),
        (r"D:\VMs\..\other\a.vhdx", r"D:\VMs", False),
        (r"D:\VMs\.", r"D:\VMs", False),
        ("D:\\VMs/../other", r"D:\VMs", False),
        ("", r"D:\VMs", False),
        (r"D:\VMs", "", False),
    ],
)
def test_inside_folder(path: str, folder: str, inside: bool) -> None:
    assert inside_folder(path, folder) is inside
