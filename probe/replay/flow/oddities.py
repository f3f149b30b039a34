"""What of a connection is strange and breaks no rule, or none that a capture can prove: told on request, no verdict.

Each has a plain explanation beside the bad one: a Fast Open, a middlebox that sends in an end's name, a clock set back.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterator, Sequence

from probe.engine.path.artefacts import injected
from probe.results.connection import Oddity, Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq, later

Odd = tuple[Oddity, int]
"""An oddity, and the place of the packet that shows it."""


def oddities(packets: Sequence[Packet]) -> tuple[Odd, ...]:
    """What order, flags and numbers show: the same in every connection of one shape."""
    return tuple(sorted((*_early_text(packets), *_after_reset(packets)), key=lambda odd: odd[1]))


def oddities_in_full(packets: Sequence[Packet]) -> tuple[Odd, ...]:
    """All of a connection whose packets are there as they were captured, with payload, windows and options."""
    found = [*_early_text(packets), *_after_reset(packets)]
    for by_client in (True, False):
        own = [(place, p.segment) for place, p in enumerate(packets) if p.from_client == by_client]
        found += [*_clock_back(own), *_other_text(own), *_shrinking(own, _shift(packets, by_client=by_client))]
    return tuple(sorted(found, key=lambda odd: odd[1]))


def _early_text(packets: Sequence[Packet]) -> Iterator[Odd]:
    """Text of the server behind its SYN,ACK, before the client acknowledged that (RFC 9293 section 3.10.7.4 fifth)."""
    isn: Seq | None = None
    for place, packet in enumerate(packets):
        segment = packet.segment
        if packet.from_client:
            if isn is not None and segment.flags & (ACK | RST) == ACK and segment.ack > isn:
                return
        elif segment.has(SYN | ACK):
            isn = segment.seq
        elif isn is not None and segment.length and not segment.flags & (SYN | RST):
            yield Oddity.EARLY_TEXT, place
            return


def _after_reset(packets: Sequence[Packet]) -> Iterator[Odd]:
    """A RST after which its sender goes on: of each end the first."""
    places = injected(packets)
    for by_client in (True, False):
        yield from [(Oddity.GOES_ON_AFTER_RST, p) for p in places if packets[p].from_client == by_client][:1]


def _clock_back(own: Sequence[tuple[int, Segment]]) -> Iterator[Odd]:
    """A new segment with an older TSval than the one before (RFC 7323 section 5.3); overtaken ones are not new."""
    clock = top = heard = None
    for place, s in own:
        stamps = s.timestamps
        if stamps is None or s.flags & RST:
            continue
        now, ack = Seq(stamps[0]), s.ack if s.flags & ACK else None
        new = (top is None or s.seq >= top) and (heard is None or (ack is not None and ack >= heard))
        if new and clock is not None and now < clock:
            yield Oddity.OLD_TIMESTAMP, place
            return
        clock = now if clock is None else later(clock, now)
        top = s.end if top is None else later(top, s.end)
        if ack is not None:
            heard = ack if heard is None else later(heard, ack)


def _other_text(own: Sequence[tuple[int, Segment]]) -> Iterator[Odd]:
    """Octets sent again that differ from those sent before; but for the one octet of a keep-alive (3.8.4)."""
    first = next((s.seq for _, s in own), Seq(0))
    sent: list[tuple[int, bytes]] = []
    longest = top = 0
    for place, s in own:
        if not s.payload or s.flags & (SYN | RST):
            continue
        start, text = s.seq.ahead_of(first), s.payload
        if len(text) == 1 and start == top - 1:
            continue
        at = bisect(sent, (start + len(text), b""))
        while at and sent[at - 1][0] > start - longest:
            at -= 1
            begin, known = sent[at]
            low, high = max(begin, start), min(begin + len(known), start + len(text))
            if low < high and known[low - begin : high - begin] != text[low - start : high - start]:
                yield Oddity.OTHER_TEXT, place
                return
        insort(sent, (start, text))
        longest, top = max(longest, len(text)), max(top, start + len(text))


def _shift(packets: Sequence[Packet], *, by_client: bool) -> int | None:
    """By how much the end scales its windows; None where the SYNs do not say so (RFC 7323 section 2.2)."""
    opening = [p for p in packets if p.segment.flags & SYN]
    scales = {p.from_client: p.segment.window_scale for p in opening}
    if len(scales) < 2 or any(p.segment.scale_lost for p in opening):
        return None
    return (scales[by_client] or 0) if None not in scales.values() else 0


def _shrinking(own: Sequence[tuple[int, Segment]], shift: int | None) -> Iterator[Odd]:
    """A window whose right edge moves to the left (RFC 9293 section 3.8.6), by more than scaling rounds off."""
    edge = heard = None
    for place, s in own:
        if shift is None or s.flags & (SYN | RST | FIN) or not s.flags & ACK:
            continue
        now = s.ack + (s.window << shift)
        if edge is not None and heard is not None and s.ack >= heard and now + (1 << shift) <= edge:
            yield Oddity.WINDOW_SHRINKS, place
            return
        edge = now if edge is None else later(edge, now)
        heard = s.ack if heard is None else later(heard, s.ack)
