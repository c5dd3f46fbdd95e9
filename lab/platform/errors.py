"""Errors as Windows tells them: an HRESULT and a sentence.

Trouble: the product judges by HRESULT, never by localised text, so the number must be the documented one. Answer: one
class with the number, and the numbers by name. Sources: [MS-ERREF] 2.1 and 2.2 (0x8007xxxx wraps a Win32 code),
"BITS Return Values" (0x8020xxxx), LMErr.h (NERR codes from 2100).
"""

from __future__ import annotations

from typing import Final

UNEXPECTED: Final = 0x8000FFFF
FILE_NOT_FOUND: Final = 0x80070002
PATH_NOT_FOUND: Final = 0x80070003
ACCESS_DENIED: Final = 0x80070005
NOT_SAME_DEVICE: Final = 0x80070011
SHARING_VIOLATION: Final = 0x80070020
BAD_NETWORK_PATH: Final = 0x80070035
NETWORK_NAME_DELETED: Final = 0x80070040
BAD_NETWORK_NAME: Final = 0x80070043
FILE_EXISTS: Final = 0x80070050
INVALID_PARAMETER: Final = 0x80070057
DISK_FULL: Final = 0x80070070
TIMED_OUT: Final = 0x80070079  # ERROR_SEM_TIMEOUT, what a request over SMB ends with when no answer comes
INVALID_NAME: Final = 0x8007007B
FOLDER_NOT_EMPTY: Final = 0x80070091
ALREADY_EXISTS: Final = 0x800700B7
FOLDER_NAME_INVALID: Final = 0x8007010B
NETWORK_UNREACHABLE: Final = 0x800704CF
NOT_LOGGED_ON: Final = 0x800704DD
ACCOUNT_NOT_MAPPED: Final = 0x80070534
SERVICE_DISABLED: Final = 0x80070422
SHARE_EXISTS: Final = 0x80070846  # NERR_DuplicateShare, 2118
SHARE_NOT_FOUND: Final = 0x80070906  # NERR_NetNameNotFound, 2310
BITS_NOT_FOUND: Final = 0x80200001
BITS_INVALID_STATE: Final = 0x80200002
BITS_DESTINATION_LOCKED: Final = 0x8020000D
BITS_NETWORK_DISCONNECTED: Final = 0x80200010


class PlatformError(Exception):
    """A cmdlet failed as on Windows.

    ``hresult`` is unsigned (0x80070020, not a negative number). ``message`` is English, names the object and is what an
    ErrorRecord would carry.
    """

    def __init__(self, hresult: int, message: str) -> None:
        super().__init__(f"{message} (0x{hresult:08X})")
        self.hresult = hresult
        self.message = message
