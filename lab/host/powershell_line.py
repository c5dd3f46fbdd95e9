"""What a command line asks of powershell.exe.

The lab's Python engine runs no PowerShell: it must see which script a client sends, and must not take one script for
another. So the line is read as powershell.exe reads it (parameter names may be cut short), and what comes out is the
script's text or the reason why there is none.
"""

from __future__ import annotations

import base64
import binascii
import shlex
from dataclasses import dataclass, field

PROGRAMS = ("powershell", "powershell.exe", r"\system32\windowspowershell\v1.0\powershell.exe")

_SWITCHES = ("noprofile", "noninteractive", "nologo", "noexit", "sta", "mta")
_VALUES = ("executionpolicy", "inputformat", "outputformat", "windowstyle", "version", "configurationname")
_ALIASES = {
    "ec": "encodedcommand",
    "e": "encodedcommand",
    "enc": "encodedcommand",
    "ep": "executionpolicy",
    "ex": "executionpolicy",
    "nop": "noprofile",
    "noni": "noninteractive",
}


class NotUnderstood(Exception):
    """powershell.exe would complain about this line."""


@dataclass(frozen=True)
class PowerShellLine:
    """A line that was understood. Exactly one of `script` and `file` is set."""

    script: str | None
    """Text of -EncodedCommand."""
    file: str | None
    """Path of -File."""
    arguments: dict[str, str] = field(default_factory=dict)
    """Arguments of -File by name, lower case."""


def is_powershell(program: str) -> bool:
    """Whether a program's name or path is that of Windows PowerShell."""
    name = program.strip('"').lower()
    return name in PROGRAMS or name.endswith(PROGRAMS[2])


def parse(line: str) -> PowerShellLine:
    """Read what follows the program's name. Raises NotUnderstood."""
    words = _split(line)
    position = 0
    while position < len(words):
        name = _parameter(words[position])
        position += 1
        if name in _SWITCHES:
            continue
        if position >= len(words):
            raise NotUnderstood(f"Cannot process the command because of a missing parameter: {words[-1]}.")
        if name == "encodedcommand":
            return PowerShellLine(script=_decode(words[position]), file=None)
        if name == "file":
            return PowerShellLine(None, words[position], _named(words[position + 1 :]))
        position += 1
    raise NotUnderstood("A command is missing.")


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters, lexer.quotes = True, "", "", '"'
    try:
        return list(lexer)
    except ValueError as error:
        raise NotUnderstood(f"The line cannot be read: {error}.") from error


def _parameter(word: str) -> str:
    if word[:1] not in "-/" or len(word) < 2:
        raise NotUnderstood(f"The term '{word}' is not recognized as the name of a cmdlet, function, or program.")
    given = word[1:].lower()
    given = _ALIASES.get(given, given)
    known = [name for name in (*_SWITCHES, *_VALUES, "encodedcommand", "file") if name.startswith(given)]
    if len(known) != 1:
        raise NotUnderstood(f"The parameter '{word}' is not known, or could be several.")
    return known[0]


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotUnderstood(
            "Cannot process the command because the value specified with -EncodedCommand is not properly encoded."
        ) from error


def _named(words: list[str]) -> dict[str, str]:
    if len(words) % 2 or any(not word.startswith("-") for word in words[::2]):
        raise NotUnderstood("The arguments of the script are not pairs of name and value.")
    return {name[1:].lower(): value for name, value in zip(words[::2], words[1::2], strict=True)}
