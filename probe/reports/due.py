"""What was due in an exchange, as flags: read from the rows of SEGMENT ARRIVES that the tracker noted at each reply."""

from __future__ import annotations

import re
from collections.abc import Iterable

from probe.reports.wording import sequence_text
from probe.results.verdict import Step
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, flags_text

_CONTROLS = re.compile(r"(?<![.\w-])(SYN,ACK|RST,ACK|RST|ACK)(?![\w=-])")
_BITS = {"SYN": SYN, "ACK": ACK, "RST": RST, "FIN": FIN}


def due_flags(steps: Iterable[Step]) -> str:
    """One word for every segment the peer owed or its application called for, in the order they came."""
    owed = (s for s in steps if s.direction == "<" and not s.origin.unexplained)
    return sequence_text(flags_text(_due(step)) for step in owed)


def _due(step: Step) -> int:
    came = step.segment.flags
    if not step.origin.rows:
        return came  # the application's data or FIN, or a retransmission: nothing but itself was called for
    owed = _of_row(ROWS[step.origin.rows[0]].reaction, came)
    if owed == ACK and not came & (SYN | RST):
        return owed | came & (FIN | PSH)  # an acknowledgment may ride on what the application sends (RFC 9293 3.8.6.3)
    return owed


def _of_row(reaction: str, came: int) -> int:
    """The alternative of the row that came, or else the first one; what came where the row names none."""
    choices = [sum(_BITS[name] for name in text.split(",")) for text in _CONTROLS.findall(reaction)]
    if reaction.startswith("taken"):
        choices.append(ACK)  # text that is taken is acknowledged (RFC 9293 section 3.10.7.4, seventh)
    return came if not choices or came in choices else choices[0]
