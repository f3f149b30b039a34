"""Sets a re-enactment beside the capture: which live segment stands for which captured one."""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.belief.events import Seen
from probe.engine.play.reenact.conductor import Reenactment
from probe.results.verdict import Captured
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Segment

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
    seen = [(index, event) for index, event in enumerate(play.transcript.events) if isinstance(event, Seen)]
    rows = [
        _Live(place, event.to_peer, _kind(event.segment), play.places.get(index, 0))
        for place, (index, event) in enumerate(seen)
    ]
    sent: dict[int, int] = {}
    for row in rows:
        if row.step:
            sent.setdefault(row.step, row.place)
    packets, out, last = play.script.packets, list[Captured](), -1
    limits = [len(rows)] * (
        len(packets) + 1
    )  # for each step the place of what we sent for a later one, at the earliest
    for step in range(len(packets), 1, -1):
        limits[step - 1] = min(limits[step], sent.get(step, limits[step]))
    for step, packet in enumerate(packets, 1):
        match = sent.get(step)
        if not packet.from_client:
            between, kind = rows[last + 1 : limits[step]], _kind(packet.segment)
            match = next((row.place for row in between if not row.to_peer and row.kind == kind), None)
        last = last if match is None else max(last, match)
        note = NEEDLESS if step in play.left_out else ""
        direction = ">" if packet.from_client else "<"
        time, plain = packet.time - packets[0].time, packet.segment.flags & ~PSH == ACK
        out.append(Captured(step, time, direction, play.script.text(packet), match, note, plain))
    return tuple(out)


def _kind(segment: Segment) -> int:
    """Alike are segments with the same steering flags, with text or without."""
    return segment.flags & (SYN | FIN | RST) | bool(segment.length) << 8
