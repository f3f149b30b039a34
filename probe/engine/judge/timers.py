"""The rules about time: repeated segments at growing gaps, acknowledgments in under half a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from probe.engine.belief.transcript import Transcript
from probe.engine.belief.watch import Watch
from probe.scenarios.steps import Repeats
from probe.spec.segment import ACK, FIN, MSS, SYN

HALF_SECOND = 0.5
"""MUST-40: an ACK must be delayed less than this (RFC 9293 section 3.8.6.3)."""
GROWTH = 1.3
"""A later gap below this multiple of the first one does not grow (RFC 6298 section 5.5 doubles it)."""
FULL = "ack.every-second-full-segment"
DEFAULT_MSS = 536
"""The size of a segment where the receiver named none (RFC 9293 section 3.7.1)."""
AT_ONCE = 0.15
"""Seconds below every usual timer of delayed acknowledgments."""
TICK = 0.05
"""Seconds granted to the peer's timer tick."""


@dataclass(frozen=True, slots=True)
class Late:
    """A broken timing rule: what was due, what came, and the events that show it."""

    rule: str
    due: str
    came: str
    events: tuple[int, ...]


_WANTED = {"S": (SYN | ACK, SYN), "S.": (SYN | ACK, SYN | ACK), "F": (FIN, FIN)}


def judge_repeats(transcript: Transcript, repeats: Repeats) -> list[Late]:
    """Gaps between the copies of a repeated SYN, SYN,ACK or FIN."""
    events, gaps = _copies(transcript, repeats)
    shown = ", ".join(f"{gap:.2f} s" for gap in gaps)
    late = []
    if gaps and repeats.first_rule and gaps[0] < repeats.first - TICK:
        late.append(Late(repeats.first_rule, f"first repetition after {repeats.first:g} s or more", shown, events))
    if len(gaps) > 1 and gaps[-1] < gaps[0] * GROWTH:
        late.append(Late(repeats.growth_rule, "gaps that grow (doubled each time)", shown, events))
    return late


def kept_gaps(transcript: Transcript, repeats: Repeats) -> Iterator[str]:
    """The rules that the gaps between the copies show kept; one gap says nothing about growth."""
    _, gaps = _copies(transcript, repeats)
    broken = {late.rule for late in judge_repeats(transcript, repeats)}
    wanted = (repeats.first_rule if gaps else "", repeats.growth_rule if len(gaps) > 1 else "")
    yield from (rule for rule in wanted if rule and rule not in broken)


def _copies(transcript: Transcript, repeats: Repeats) -> tuple[tuple[int, ...], list[float]]:
    """Event indices of the copies, and the seconds between them."""
    mask, wanted = _WANTED[repeats.what]
    copies = [(i, e) for i, e in transcript.seen() if not e.to_peer and e.segment.flags & mask == wanted]
    return tuple(i for i, _ in copies), [later.time - earlier.time for (_, earlier), (_, later) in pairwise(copies)]


def judge_delayed_acks(transcript: Transcript, watch: Watch, slack: float) -> list[Late]:
    """Acknowledgments of text or FIN that came later than half a second plus ``slack`` (the path's delay)."""
    return [
        Late(rule, "an ACK in less than 0.5 s", f"an ACK after {waited:.2f} s", events)
        for rule, waited, events in _acks(transcript, watch)
        if waited > HALF_SECOND + slack
    ]


def prompt_acks(transcript: Transcript, watch: Watch) -> Iterator[str]:
    """The rules that acknowledgments in time show kept."""
    yield from (rule for rule, waited, _ in _acks(transcript, watch) if waited <= HALF_SECOND)


def judge_full_segments(transcript: Transcript, slack: float) -> list[Late]:
    """The ACK of a second full-sized segment that only a timer brought (RFC 9293 section 3.8.6.3, SHLD-19)."""
    waited, events = _second_full(transcript)
    if waited is None or waited <= AT_ONCE + slack:
        return []
    return [Late(FULL, "an ACK of every second full-sized segment at once", f"an ACK after {waited:.2f} s", events)]


def full_segments_acked(transcript: Transcript) -> bool:
    """Whether a second full-sized segment was acknowledged without waiting for a timer."""
    waited, _ = _second_full(transcript)
    return waited is not None and waited <= AT_ONCE


def _second_full(transcript: Transcript) -> tuple[float | None, tuple[int, ...]]:
    """Seconds from the segment that completed two full ones to the first ACK of them, and the two events.

    A full one has the size the peer asked for in its SYN,ACK; where that is more than the text, nothing can be said.
    """
    seen = transcript.seen()
    asked = next((e.segment.option(MSS) for _, e in seen if not e.to_peer and e.segment.flags & SYN), None)
    size = int.from_bytes(asked.data, "big") if asked is not None else DEFAULT_MSS
    large = [(i, e) for i, e in seen if e.to_peer and e.segment.length >= DEFAULT_MSS]
    if not large or sum(e.segment.length for _, e in large) < 2 * size:
        return None, ()
    (index, sent), first = large[-1], large[0][1]
    for i, event in seen:
        covers = event.segment.ack > first.segment.end
        if i > index and not event.to_peer and event.segment.flags & ACK and covers:
            return event.time - sent.time, (index, i)
    return None, ()


def _acks(transcript: Transcript, watch: Watch) -> Iterator[tuple[str, float, tuple[int, int]]]:
    """Rule, seconds waited and the two events of every acknowledgment of text or FIN whose cause is certain."""
    seen = dict(transcript.seen())
    for index, event in seen.items():
        for answer in watch.answers[index]:
            asked = seen.get(answer.index)
            if asked is None or answer.row not in _ACKS or len(watch.answers[index]) > 1:
                continue
            rule = "ack.fin-prompt" if asked.segment.flags & FIN else "ack.under-half-second"
            yield rule, event.time - asked.time, (answer.index, index)


_ACKS = {"E3", "E6", "W3", "W4", "W5", "V3", "V4"}
