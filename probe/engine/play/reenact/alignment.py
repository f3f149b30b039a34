"""Sets a re-enactment beside the capture: which live segment stands for which captured one."""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.belief.events import Seen
from probe.engine.play.reenact.conductor import Reenactment
from probe.results.verdict import Captured
from probe.spec.segment import FIN, RST, SYN, Segment

NEEDLESS = "left out: acknowledged without it"


@dataclass(frozen=True, slots=True)
class _Live:
    """A live segment: its place among the segments seen, and the captured step it was sent for (0: none)."""

    place: int
    to_peer: bool
    kind: int
    step: int


def beside(play: Reenactment) -> tuple[Captured, ...]:
    """Every captured segment; ``live`` is the place of its counterpart among the live segments.

    Our own are known. The peer's are matched in order, before what we sent next, by the flags that steer and by
    carrying text or not: where a stack merges or splits segments some have no counterpart.
    """
    rows = _rows(play)
    sent: dict[int, int] = {}
    for row in rows:
        if row.step:
            sent.setdefault(row.step, row.place)
    packets, out, last = play.script.packets, list[Captured](), -1
    limits = _limits(len(packets), sent, len(rows))
    for step, packet in enumerate(packets, 1):
        match = sent.get(step) if packet.from_client else _next(rows, last + 1, limits[step], _kind(packet.segment))
        last = last if match is None else max(last, match)
        note = NEEDLESS if step in play.left_out else ""
        direction = ">" if packet.from_client else "<"
        time = packet.time - packets[0].time
        out.append(Captured(step, time, direction, play.script.text(packet), match, note))
    return tuple(out)


def _limits(steps: int, sent: dict[int, int], limit: int) -> list[int]:
    """For each step the place of what we sent for a later one, at the earliest."""
    found = [limit] * (steps + 1)
    for step in range(steps, 0, -1):
        found[step] = limit
        limit = min(limit, sent.get(step, limit))
    return found


def _next(rows: list[_Live], start: int, end: int, kind: int) -> int | None:
    """The place of the peer's first segment of that kind."""
    return next((row.place for row in rows[start:end] if not row.to_peer and row.kind == kind), None)


def _rows(play: Reenactment) -> list[_Live]:
    seen = [(index, event) for index, event in enumerate(play.transcript.events) if isinstance(event, Seen)]
    return [
        _Live(place, event.to_peer, _kind(event.segment), play.places.get(index, 0))
        for place, (index, event) in enumerate(seen)
    ]


def _kind(segment: Segment) -> int:
    """Alike are segments with the same steering flags, with text or without."""
    return segment.flags & (SYN | FIN | RST) | bool(segment.length) << 8
