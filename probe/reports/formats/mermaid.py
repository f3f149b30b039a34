"""A ladder as a Mermaid sequence diagram: GitHub and GitLab draw it where they show Markdown."""

from __future__ import annotations

import re

from probe.reports.document import Ladder
from probe.results.verdict import Finding

_ODD = re.compile(r"[^A-Za-z0-9 .,=+()/*'_-]")
_LONGEST = 40
"""So many segments are drawn; of more, the first and the last."""


def diagram(ladder: Ladder) -> str:
    """Segments, states where they become certain, findings where they belong, how many are left out.

    Without segments each finding is drawn by what it says: what was sent, and what came of it.
    """
    ends = [name[:1].upper() for name in ladder.ends]
    both = ",".join(ends)
    lines = ["sequenceDiagram"]
    lines += [
        f"  participant {end} as {label(f'{role} {name}')}"
        for end, role, name in zip(ends, ladder.ends, ladder.names, strict=True)
    ]
    rungs, left = ladder.rungs(), list(ladder.found)
    if not rungs:
        for found in left:
            there, back = f"{ends[0]}->>{ends[1]}", f"{ends[1]}->>{ends[0]}"
            there, back = (back, there) if found in ladder.leftward else (there, back)
            lines += [f"  {there}: {label(found.sent)}"] if found.sent else []
            lines += [f"  {back}: {label(found.came)}", _note(found, both)]
        return "\n".join(lines)
    known: list[tuple[str, ...]] = [(), ()]
    after = 0
    half = _LONGEST // 2
    for rung in rungs if len(rungs) <= _LONGEST else [*rungs[:half], *rungs[-half:]]:
        lines += _left_out(rung.place - after, both)
        after = rung.place + 1
        if rung.place == ladder.judged:
            lines.append(f"  Note over {both}: clearing up")
        here, there = ends if rung.rightward else reversed(ends)
        lines.append(f"  {here}->>{there}: {label(rung.text)}")
        for side, states in enumerate((rung.left, rung.right)):
            if len(states) == 1 and states != known[side]:
                lines.append(f"  Note {'right' if side else 'left'} of {ends[side]}: {label(states[0])}")
            known[side] = states
        about = [found for found in left if rung.number and max(found.packets, default=0) == rung.number]
        lines += [_note(found, both) for found in about]
        left = [found for found in left if found not in about]
    return "\n".join([*lines, *_left_out(ladder.total - after, both), *(_note(found, both) for found in left)])


def _left_out(count: int, both: str) -> list[str]:
    more = label(f"{count:,} segment{'s' * (count != 1)} more")
    return [f"  Note over {both}: {more}"] if count else []


def _note(found: Finding, both: str) -> str:
    parts = (found.rule, f"due {found.due}", f"came {found.came}")
    return f"  Note over {both}: {'<br/>'.join(label(part) for part in parts)}"


def label(text: str) -> str:
    """Text as Mermaid shows it: what its syntax knows (; ends a line, # begins a code) is written as a code."""
    return _ODD.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split())) or " "
