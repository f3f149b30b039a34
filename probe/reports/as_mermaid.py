"""A Mermaid sequence diagram of an exchange: GitHub and GitLab draw it where they show Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from probe.reports.wording import states_text
from probe.results.verdict import ExchangeResult, Finding, Step

_ODD = re.compile(r"[^A-Za-z0-9 .,=+()/*'_-]")
_LONGEST = 40
"""So many segments are drawn; of more, the first and the last."""
_PLAYERS = ("sequenceDiagram", "  participant T as tester", "  participant P as peer")


def diagram(result: ExchangeResult) -> str:
    """The ladder of an exchange: segments, the states the peer can be in after them, findings where they belong."""
    steps, findings = result.steps, list(result.findings)
    lines = list(_PLAYERS)
    for place in _drawn(len(steps)):
        if place is None:
            lines.append(f"  Note over T,P: {label(f'{len(steps) - _LONGEST} segments more')}")
            continue
        if place == result.judged:
            lines.append("  Note over T,P: clearing up")
        lines += _step(steps[place])
        about = [f for f in findings if f.packets and steps[place].number == max(f.packets)]
        lines += [_finding(f) for f in about]
        findings = [f for f in findings if f not in about]
    return "\n".join([*lines, *(_finding(f) for f in findings)])


def stimulus(sent: str, came: str, finding: Finding) -> str:
    """One segment and what came of it, where that is all that is known."""
    lines = [*_PLAYERS, f"  T->>P: {label(sent)}", f"  P-->>T: {label(came)}", _finding(finding)]
    return "\n".join(lines)


def label(text: str) -> str:
    """Text as Mermaid shows it: what its syntax knows (; ends a line, # begins a code) is written as a code."""
    return _ODD.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split())) or " "


def _drawn(count: int) -> Iterator[int | None]:
    """The places of the segments to draw; None stands for those left out."""
    if count <= _LONGEST:
        yield from range(count)
        return
    yield from range(_LONGEST // 2)
    yield None
    yield from range(count - _LONGEST // 2, count)


def _step(step: Step) -> Sequence[str]:
    """The arrow, and what it told about the peer where that is one state."""
    arrow = "T->>P" if step.direction == ">" else "P->>T"
    lines = [f"  {arrow}: {label(step.text)}"]
    if len(step.peer_states) == 1:
        lines.append(f"  Note right of P: {label(states_text(step.peer_states))}")
    return lines


def _finding(finding: Finding) -> str:
    return note(finding, "T,P")


def note(finding: Finding, over: str) -> str:
    """What a finding says, across the lines of these participants."""
    parts = (finding.rule, f"due {finding.due}", f"came {finding.came}")
    return f"  Note over {over}: {'<br/>'.join(label(part) for part in parts)}"
