"""What a recording says of itself: the comment of its section, all that is read to tell it from other captures."""

from __future__ import annotations

import re

from probe import __version__

SCHEMA = 1
_SECTION = re.compile(r"probe [\w-]+, profile \S+; recording (\d+) by probe (\S+)")


def section_comment(command: str, profile: str) -> str:
    """The comment of a recording that this command writes."""
    return f"probe {command}, profile {profile}; recording {SCHEMA} by probe {__version__}"


def schema(comment: str) -> tuple[int, str] | None:
    """(schema, version of the probe that wrote it) of a section comment; None where it is not one of ours."""
    found = _SECTION.match(comment)
    return (int(found[1]), found[2]) if found else None
