"""Names that cmdlets take as patterns: `*`, `?` and `[...]`, so that brackets in a name of somebody's bite (2.5)."""

from __future__ import annotations

import re

from qsm.facts.names import same_name

WILDCARDS = re.compile(r"[*?\[\]]")


def has_wildcard(text: str) -> bool:
    """Whether a name that a cmdlet takes is a pattern: brackets are enough (2.5)."""
    return WILDCARDS.search(text) is not None


def fits(pattern: str, name: str) -> bool:
    """Compare as a WildcardPattern does, without regard to case; a backtick makes the next letter an ordinary one."""
    if not has_wildcard(pattern):
        return same_name(pattern, name)
    expression, rest = "", pattern
    while rest:
        group = re.match(r"\[[^\]]+\]", rest)
        if rest[0] == "`" and len(rest) > 1:
            expression, rest = expression + re.escape(rest[1]), rest[2:]
        elif group is not None:
            inner = group[0][1:-1].replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
            expression, rest = f"{expression}[{inner}]", rest[group.end() :]
        else:
            expression, rest = expression + {"*": ".*", "?": "."}.get(rest[0], re.escape(rest[0])), rest[1:]
    return re.fullmatch(expression, name, re.IGNORECASE | re.DOTALL) is not None
