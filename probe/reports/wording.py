"""How verdict records read in a line: flag sequences, state sets, clauses, packet lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from probe.results.verdict import ExchangeResult, Known, Step, Verdict
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, flags_text
from probe.spec.states import State

_MANY = 4
"""So many states are named, and so many of the same word in a row written out."""


def flags_of(steps: Iterable[Step], direction: str) -> str:
    """The flags of one side's segments in order, as tcpdump writes them."""
    return sequence_text(flags_text(s.segment.flags) for s in steps if s.direction == direction)


def sequence_text(words: Iterable[str]) -> str:
    """The words in a row; a long run of the same one as ``.x12``."""
    counted = [(word, len(list(run))) for word, run in groupby(words)]
    return " ".join(f"{word}x{count}" if count >= _MANY else " ".join([word] * count) for word, count in counted)


def states_text(states: tuple[str, ...]) -> str:
    """The states the peer can be in; a set that says little is abbreviated."""
    if not states:
        return "unknown"
    if set(states) >= set(State):
        return "any state"
    if len(states) > _MANY:
        return f"{', '.join(states[: _MANY - 1])} or {len(states) - _MANY + 1} more"
    return listed(states, "or")


def path_text(steps: Iterable[Step]) -> str:
    """The states the peer certainly went through, in order; SYN-RECEIVED goes without saying where others follow."""
    certain = [s.peer_states[0] for s in steps if len(s.peer_states) == 1]
    path = [state for state, _ in groupby(certain)]
    return " > ".join(path[1:] if path[1:] and path[0] == State.SYN_RECEIVED else path)


def packets_text(packets: tuple[int, ...]) -> str:
    """Packet numbers as people list them: ``3, 4, 7-9``."""
    runs: list[list[int]] = []
    for number in sorted(set(packets)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def listed(items: Iterable[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    words = list(items)
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def attempts_text(result: ExchangeResult) -> str:
    """``passed in 1 of 3 attempts``: how often what the verdict says was seen."""
    total = f"{result.attempts} attempt{'s' * (result.attempts != 1)}"
    if result.verdict is Verdict.PASS:
        return f"passed in {result.passed} of {total}"
    if result.deviated:
        passed = f", passed in {result.passed}" if result.passed else ""
        return f"deviated in {result.deviated} of {total}{passed}"
    return f"no verdict in {result.attempts - result.passed} of {total}"


def departures(result: ExchangeResult) -> list[str]:
    """``step 5: captured . seq 1 ack 31, live nothing for 1.0 s``: where a re-enactment left the capture."""
    return [f"step {d.step}: captured {d.captured}, live {d.live}" for d in result.departures]


def share_text(share: float) -> str:
    """``[######------------------]  25%``: how much is done."""
    return f"[{'#' * round(24 * min(1.0, share)):-<24}] {min(1.0, share):4.0%}"


def known_text(known: Known) -> str:
    """``expected: close.fin-acked, known since 2026-11-21: the firewall drops it``."""
    return f"expected: {known.rule}, known since {known.date}: {known.reason}"


_CONTROLS = re.compile(r"(?<![.\w-])(SYN,ACK|RST,ACK|RST|ACK)(?![\w=-])")
_BITS = {"SYN": SYN, "ACK": ACK, "RST": RST, "FIN": FIN}


def due_flags(steps: Iterable[Step]) -> str:
    """One word for every segment the peer owed or its application called for, in the order they came.

    It follows from the rows of SEGMENT ARRIVES that the tracker noted at each reply.
    """
    every = []
    for step in (s for s in steps if s.direction == "<" and not s.origin.unexplained):
        came = owed = step.segment.flags
        # Without rows it is the application's data or FIN, or a retransmission: nothing but itself was called for.
        if step.origin.rows:
            reaction = ROWS[step.origin.rows[0]].reaction
            choices = [sum(_BITS[name] for name in text.split(",")) for text in _CONTROLS.findall(reaction)]
            if reaction.startswith("taken"):
                choices.append(ACK)  # text that is taken is acknowledged (RFC 9293 section 3.10.7.4, seventh)
            # The alternative of the row that came, or else the first one; what came where the row names none.
            owed = came if not choices or came in choices else choices[0]
            if owed == ACK and not came & (SYN | RST):
                owed |= came & (FIN | PSH)  # may ride on what the application sends (RFC 9293 section 3.8.6.3)
        every.append(flags_text(owed))
    return sequence_text(every)
