"""Pairs of names as Windows tells them apart: asked of Python, of the lab's files and of the module on a host.

Where the engine of the tests has a younger Unicode than Windows, `engine` is False: the pair is asked of all others.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """Two spellings, whether Windows takes them for one, and what the pair stands for."""

    one: str
    other: str
    same: bool
    what: str
    engine: bool = True


PAIRS = (
    Pair("web", "WEB", True, "letters of ASCII"),
    Pair("web", "web2", False, "one more letter"),
    Pair("Größe Ñandú", "GRÖSSE ÑANDÚ", False, "sharp s and two s, written large"),
    Pair("Größe Ñandú", "GRÖßE ÑANDÚ", True, "letters of Western Europe"),
    Pair("Straße", "Strasse", False, "sharp s is no s"),
    Pair("Straße", "Stra\u1e9ee", False, "large sharp s is a letter of its own"),
    Pair("\ufb01le", "file", False, "the ligature fi"),
    Pair("\u212aelvin", "kelvin", False, "the Kelvin sign"),
    Pair("\u212bngstrom", "\u00e5ngstrom", False, "the Angstrom sign"),
    Pair("DI\u015e", "di\u015f", True, "Turkish s with cedilla"),
    Pair("d\u0131sk", "disk", False, "dotless i"),
    Pair("d\u0131sk", "DISK", False, "dotless i and large i"),
    Pair("d\u0130sk", "disk", False, "large i with dot"),
    Pair("DISK", "disk", True, "large i and small i, in any language of the host"),
    Pair("di\u017fk", "disk", False, "long s"),
    Pair("\u03c3\u03b1", "\u03a3\u0391", True, "Greek sigma"),
    Pair("\u03b1\u03c2", "\u0391\u03a3", False, "Greek sigma at the end of a word", engine=False),
    Pair("\u00b5s", "\u039cS", False, "the micro sign and large mu", engine=False),
    Pair("\u00b5s", "\u03bcs", False, "the micro sign and small mu", engine=False),
    Pair("\u01c6", "\u01c4", True, "small and large dz"),
    Pair("\u01c5", "\u01c4", False, "dz as in titles", engine=False),
    Pair("\u1f80", "\u1f88", True, "Greek alpha whose large form Python writes with two letters"),
    Pair("\u0436\u044f", "\u0416\u042f", True, "Cyrillic"),
    Pair("\u10d0", "\u1c90", False, "Georgian capitals, younger than the table", engine=False),
    Pair("e\u0301", "\u00e9", False, "composed and decomposed"),
    Pair("a\u200bb", "ab", False, "a letter that is not shown"),
    Pair("\U00010428", "\U00010400", False, "beyond 16 bits: no case", engine=False),
    Pair("\uff41", "\uff21", True, "full width"),
)
