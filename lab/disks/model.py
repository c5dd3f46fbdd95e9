"""What a virtual disk file says about itself, and the errors Windows gives for one that cannot be used.

Trouble: a disk chain with a wrong, altered or truncated parent shows garbage without any error unless every
link is checked. Answer: each refusal has the HRESULT that Windows gives for it, so that the reader of the
error meets the same number on the lab and on a real host.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
SECTOR_BYTES = 512


class DiskFormat(enum.StrEnum):
    """Names of `Get-VHD`'s VhdFormat."""

    VHD = "VHD"
    VHDX = "VHDX"


class DiskKind(enum.StrEnum):
    """Names of `Get-VHD`'s VhdType."""

    FIXED = "Fixed"
    DYNAMIC = "Dynamic"
    DIFFERENCING = "Differencing"


class Hresult(enum.IntEnum):
    """winerror.h, facility "virtual disk" (0xC03A) and the three Win32 errors a disk file can meet."""

    DRIVE_FOOTER_MISSING = 0xC03A0001
    DRIVE_FOOTER_CHECKSUM_MISMATCH = 0xC03A0002
    DRIVE_FOOTER_CORRUPT = 0xC03A0003
    FORMAT_UNKNOWN = 0xC03A0004
    FORMAT_UNSUPPORTED_VERSION = 0xC03A0005
    SPARSE_HEADER_CHECKSUM_MISMATCH = 0xC03A0006
    SPARSE_HEADER_UNSUPPORTED_VERSION = 0xC03A0007
    SPARSE_HEADER_CORRUPT = 0xC03A0008
    BLOCK_ALLOCATION_TABLE_CORRUPT = 0xC03A000A
    INVALID_BLOCK_SIZE = 0xC03A000B
    PARENT_NOT_FOUND = 0xC03A000D
    CHILD_PARENT_ID_MISMATCH = 0xC03A000E
    CHILD_PARENT_TIMESTAMP_MISMATCH = 0xC03A000F
    METADATA_READ_FAILURE = 0xC03A0010
    INVALID_SIZE = 0xC03A0012
    INVALID_FILE_SIZE = 0xC03A0013
    PARENT_ACCESS_DENIED = 0xC03A0016
    CHILD_PARENT_SIZE_MISMATCH = 0xC03A0017
    CHAIN_CYCLE_DETECTED = 0xC03A0018
    CHAIN_ERROR_IN_PARENT = 0xC03A0019
    LIMITATION = 0xC03A001A
    INVALID_TYPE = 0xC03A001B
    INVALID_STATE = 0xC03A001C
    UNSUPPORTED_SECTOR_SIZE = 0xC03A001D
    FILE_NOT_FOUND = 0x80070002
    SHARING_VIOLATION = 0x80070020
    FILE_EXISTS = 0x80070050
    CANCELLED = 0x800704C7


class DiskError(Exception):
    """A virtual disk file cannot be used as asked.

    `hresult` is the number Windows gives for the case; `message` says what is wrong with which file.
    Whatever raises it has not changed the contents that the chain shows.
    """

    def __init__(self, hresult: int, message: str = "") -> None:
        self.hresult = int(hresult)
        name = Hresult(hresult).name if hresult in Hresult.__members__.values() else "error"
        self.message = message or name.replace("_", " ").lower()
        super().__init__(f"{self.message} (0x{self.hresult:08X})")

    def __reduce__(self) -> tuple[type[DiskError], tuple[int, str]]:
        return type(self), (self.hresult, self.message)


@dataclass(frozen=True)
class DiskInfo:
    """What one file says, without its parents."""

    path: Path
    format: DiskFormat
    kind: DiskKind
    size_bytes: int  # of the virtual disk, as the guest sees it
    file_bytes: int  # length of the file
    block_bytes: int  # unit of allocation; 0 for a fixed VHD, which has none
    logical_sector_bytes: int
    physical_sector_bytes: int
    parent_windows_path: str | None  # absolute path in the parent locator
    parent_relative_path: str | None  # relative path in the parent locator, e.g. ".\\base.vhdx"
    disk_identifier: str  # upper case like Get-VHD; VHDX: virtual disk id, VHD: unique id of the footer
    content_identity: str  # VHDX: DataWriteGuid; VHD: SHA-256 of the footer
    parent_identity: str | None  # VHDX: parent_linkage (parent's DataWriteGuid); VHD: parent's unique id


Resolver = Callable[[DiskInfo], Path]
"""Maps a child's parent locator to the parent's file; raises DiskError(0xC03A000D) when there is none."""

AllowGrowth = Callable[[int], bool]
"""Asked before a file grows, with the bytes it would grow by; False = the volume is full."""
